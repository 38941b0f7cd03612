// SPDX-License-Identifier: MIT
// POST …/chat/completions as OpenAI, Azure OpenAI, llama.cpp, Ollama, vLLM, vLLM-Omni and DashScope
// (Qwen-Omni) answer it.
import { any, bearer, header, none } from './auth.mjs';
import { brief } from '../support/board.mjs';
import { inspect, speech, wav, cut } from '../support/audio.mjs';
import { azureError, llamacppError, ollamaError, openaiError, vllmError }
  from './openai_errors.mjs';
import { textPieces } from './text.mjs';

const script = ['chunk_chars', 'tool_calls', 'finish_reason', 'done', 'comments', 'reasoning',
  'usage', 'index', 'arguments_object', 'whole_calls', 'repeat_name', 'call_id', 'refusal',
  'audio_text', 'piece_bytes', 'ms_per_char', 'interleave'];

const flavours = {
  openai: { path: /^\/openai\/v1\/chat\/completions$/, auth: bearer, error: openaiError,
    id: 'chatcmpl-fake', audioOut: 'delta.audio', obfuscation: true },
  azure: { path: /^\/azure\/openai\/(?:v1|deployments\/(?<deployment>[^/]+))\/chat\/completions$/,
    auth: any(header('api-key'), bearer), error: azureError, id: 'chatcmpl-azure',
    firstChunk: { choices: [], created: 0, id: '', model: '', object: '', prompt_filter_results:
      [{ prompt_index: 0,
        content_filter_results: { hate: { filtered: false, severity: 'safe' } } }] },
    choiceExtra: { content_filter_results: {} }, audioOut: 'delta.audio' },
  llamacpp: { path: /^\/llamacpp\/v1\/chat\/completions$/, auth: none, error: llamacppError,
    id: 'chatcmpl-llama', timings: true, reasoningField: 'reasoning_content' },
  ollama: { path: /^\/ollama\/v1\/chat\/completions$/, auth: none, error: ollamaError,
    id: 'chatcmpl-42', wholeCalls: true, fingerprint: 'fp_ollama', reasoningField: 'reasoning' },
  vllm: { path: /^\/vllm\/v1\/chat\/completions$/, auth: any(bearer, ({ headers }) =>
    headers.authorization === undefined), error: vllmError, id: 'chatcmpl-vllm',
  reasoningField: 'reasoning_content', firstDelta: { reasoning_content: null } },
  'vllm-omni': { path: /^\/vllm-omni\/v1\/chat\/completions$/, auth: none, error: vllmError,
    id: 'chatcmpl-omni', audioOut: 'modality' },
  dashscope: { path: /^\/dashscope\/compatible-mode\/v1\/chat\/completions$/, auth: bearer,
    error: openaiError, id: 'chatcmpl-qwen', audioOut: 'fragments', streamOnly: true },
};

function lastUserText(messages) {
  const last = [...messages].reverse().find((message) => message.role === 'user');
  if (typeof last?.content === 'string') return last.content;
  const texts = (last?.content ?? []).filter((part) => part.type === 'text');
  return texts.map((part) => part.text).join(' ');
}

// The request's audio parts, decoded and looked into.
function heardAudio(messages, flavour) {
  const heard = [];
  for (const message of messages) {
    for (const part of Array.isArray(message.content) ? message.content : []) {
      const data = part.input_audio?.data ?? part.audio_url?.url;
      if (data === undefined) continue;
      const isUrl = data.startsWith('data:');
      const base64 = isUrl ? data.slice(data.indexOf(',') + 1) : data;
      const audio = inspect(Buffer.from(base64, 'base64'));
      const problem = !audio.valid ? 'not audio'
        : flavour.name === 'dashscope' && !isUrl ? 'DashScope takes a data: URL'
          : flavour.name === 'openai' && isUrl ? 'OpenAI takes bare base64'
            : part.input_audio && !part.input_audio.format && flavour.name === 'openai'
              ? 'format is missing' : null;
      heard.push({ ...audio, data_url: isUrl, format: part.input_audio?.format, problem });
    }
  }
  return heard;
}

function problemOf(request, flavour, exchange) {
  if (!Array.isArray(request.messages) || request.messages.length === 0) {
    return "Missing required parameter: 'messages'.";
  }
  if (!request.model && !exchange.params.deployment) return 'you must provide a model parameter';
  if (flavour.streamOnly && request.stream !== true) return 'This model only supports stream mode.';
  if (request.stream && speaks(request, flavour) && flavour.audioOut === 'delta.audio' &&
      request.audio?.format !== 'pcm16') {
    return "Unsupported value: 'audio.format' does not support that when stream=true.";
  }
  const open = new Set();
  for (const message of request.messages) {
    if (message.role === 'tool') {
      if (!open.delete(message.tool_call_id)) {
        return `tool message without a call of id ${message.tool_call_id}`;
      }
    } else if (open.size > 0) {
      return `tool_call_ids did not have response messages: ${[...open].join(', ')}`;
    }
    for (const call of message.tool_calls ?? []) open.add(call.id);
  }
  if (open.size > 0) return `tool_call_ids did not have response messages: ${[...open].join(', ')}`;
  for (const tool of request.tools ?? []) {
    if (tool.type === 'function' && !tool.function?.name) {
      return "Missing required parameter: 'tools[0].function'.";
    }
  }
  return null;
}

function toolCalls(script) {
  return (script.tool_calls ?? []).map((call, index) => ({
    id: call.id ?? `call_${index + 1}`, name: call.name,
    arguments: typeof call.arguments === 'string'
      ? call.arguments : JSON.stringify(call.arguments ?? {}) }));
}

// Deltas of one list of calls, in fragments; `interleave` mixes those of parallel calls.
function* callDeltas(calls, script, flavour) {
  const whole = script.whole_calls ?? flavour.wholeCalls;
  const numbered = (index, rest) => (script.index === false ? rest : { index, ...rest });
  const id = (call) => script.call_id ?? call.id;
  if (whole) {
    for (const [index, call] of calls.entries()) {
      yield [numbered(index, { id: id(call), type: 'function', function: { name: call.name,
        arguments: script.arguments_object ? JSON.parse(call.arguments) : call.arguments } })];
    }
    return;
  }
  const fragments = calls.map((call) => textPieces(call.arguments, script.chunk_chars ?? 6));
  const rest = function* rest(index, from, to) {
    for (const fragment of fragments[index].slice(from, to)) {
      const named = script.repeat_name ? { name: calls[index].name } : {};
      yield [numbered(index, { function: { ...named, arguments: fragment } })];
    }
  };
  for (const [index, call] of calls.entries()) {
    yield [numbered(index, { id: id(call), type: 'function',
      function: { name: call.name, arguments: '' } })];
    if (!script.interleave) yield* rest(index, 0);
  }
  if (!script.interleave) return;
  const most = Math.max(...fragments.map((list) => list.length));
  for (let at = 0; at < most; at += 1) {
    for (const index of calls.keys()) yield* rest(index, at, at + 1);
  }
}

async function handle(exchange, body, flavour) {
  const { script, record } = exchange;
  let request;
  try {
    request = JSON.parse(body);
  } catch {
    return exchange.whole(flavour.error(400, { message: 'We could not parse the JSON body.' }));
  }
  record.body = brief(request);
  const problem = problemOf(request, flavour, exchange);
  if (problem) return exchange.whole(flavour.error(400, { message: problem }));
  record.heard = heardAudio(request.messages, flavour);
  const bad = record.heard.find((audio) => audio.problem);
  if (bad) return exchange.whole(flavour.error(400, { message: bad.problem }));

  const text = script.text ?? (script.tool_calls ? '' : answerTo(request, record));
  const answer = { text, calls: toolCalls(script), request, flavour,
    speaks: speaks(request, flavour),
    finish: script.finish_reason ?? (script.tool_calls ? 'tool_calls' : 'stop') };
  return request.stream ? stream(exchange, answer) : together(exchange, answer);
}

function answerTo(request, record) {
  const said = lastUserText(request.messages);
  if (!said && record.heard.length) return 'I heard you.';
  return `You said: ${said}`;
}

function speaks(request, flavour) {
  if (!flavour.audioOut) return false;
  if (flavour.audioOut === 'modality') {
    return request.modalities === undefined || request.modalities.includes('audio');
  }
  return request.modalities?.includes('audio') === true;
}

function usageOf({ text, calls, request }) {
  const prompt = JSON.stringify(request.messages).length >> 2;
  const completion = Math.max(1, (text.length + JSON.stringify(calls).length) >> 2);
  return { prompt_tokens: prompt, completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0,
      accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 } };
}

async function stream(exchange, answer) {
  const { script } = exchange;
  const { request, flavour, text } = answer;
  const base = { id: flavour.id, object: 'chat.completion.chunk', created: 1767225600,
    model: request.model ?? exchange.params.deployment,
    ...(flavour.fingerprint ? { system_fingerprint: flavour.fingerprint } : {}) };
  const wantsUsage = request.stream_options?.include_usage === true && script.usage !== false;
  const chunk = (delta, finish = null, extra = {}) => exchange.sse({ ...base,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish, ...flavour.choiceExtra }],
    ...(wantsUsage ? { usage: null } : {}),
    ...(flavour.obfuscation ? { obfuscation: 'x7' } : {}), ...extra });

  await exchange.sseHead({ 'x-request-id': 'req_fake' });
  if (script.comments) await exchange.piece(': ping\n\n');
  if (flavour.firstChunk) await exchange.sse(flavour.firstChunk);
  await chunk({ role: 'assistant', content: answer.calls.length && !text ? null : '',
    ...flavour.firstDelta });
  for (const thought of textPieces(script.reasoning ?? '', script.chunk_chars)) {
    await chunk({ [flavour.reasoningField ?? 'reasoning_content']: thought });
  }
  if (script.comments) await exchange.piece(': OPENROUTER PROCESSING\n\n');
  await say(exchange, answer, chunk, base);
  for (const piece of textPieces(script.refusal ?? '', script.chunk_chars)) {
    await chunk({ refusal: piece });
  }
  for (const calls of callDeltas(answer.calls, script, flavour)) await chunk({ tool_calls: calls });
  await chunk({}, answer.finish, flavour.timings && !wantsUsage ? { timings: timings() } : {});
  if (wantsUsage) {
    await exchange.sse({ ...base, choices: [], usage: usageOf(answer),
      ...(flavour.timings ? { timings: timings() } : {}) });
  }
  await (script.done === false ? exchange.end() : exchange.end('data: [DONE]\n\n'));
}

const timings = () => ({ prompt_n: 10, prompt_ms: 5.1, prompt_per_second: 1960.8,
  predicted_n: 5, predicted_ms: 40.2, predicted_per_second: 124.4 });

// The text, and for those that speak the sound beside it.
async function say(exchange, { text, speaks: withAudio, flavour }, chunk, base) {
  const { script } = exchange;
  const pieces = textPieces(text, script.chunk_chars);
  const pcm = withAudio
    ? await speech('pcm', script.audio_text ?? text, { perCharacter: script.ms_per_char }) : null;
  const sounds = pcm ? cut(pcm, script.piece_bytes ?? 9600) : [];
  if (!withAudio) {
    for (const content of pieces) await chunk({ content });
  } else if (flavour.audioOut === 'delta.audio') {
    await sayAsOpenai({ pieces, sounds }, chunk);
  } else if (flavour.audioOut === 'fragments') {
    for (const content of pieces) await chunk({ content });
    for (const sound of sounds) {
      await chunk({ content: null, audio: { data: sound.toString('base64'),
        expires_at: 1767229200, id: 'audio_qwen' } });
    }
  } else {
    const modal = (modality, content, finish) => exchange.sse({ ...base, modality,
      choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: finish }] });
    for (const content of pieces) await modal('text', content, null);
    for (const sound of sounds) await modal('audio', wav(sound, 24000).toString('base64'), 'stop');
  }
}

async function sayAsOpenai({ pieces, sounds }, chunk) {
  const id = 'audio_fake';
  const most = Math.max(pieces.length, sounds.length);
  for (let at = 0; at < most; at += 1) {
    if (pieces[at] !== undefined) await chunk({ audio: { id, transcript: pieces[at] } });
    if (sounds[at]) await chunk({ audio: { id, data: sounds[at].toString('base64') } });
  }
  await chunk({ audio: { id, expires_at: 1767229200 } });
}

async function together(exchange, answer) {
  const { script } = exchange;
  const { request, text, calls, flavour } = answer;
  const message = { role: 'assistant', content: text || null, refusal: script.refusal ?? null };
  if (calls.length) {
    message.tool_calls = calls.map(({ id, name, arguments: args }) =>
      ({ id, type: 'function', function: { name, arguments: args } }));
  }
  const choices = [{ index: 0, message, logprobs: null, finish_reason: answer.finish }];
  if (answer.speaks) {
    const format = flavour.audioOut === 'modality' ? 'wav' : request.audio?.format ?? 'wav';
    const data = (await speech(format === 'pcm16' ? 'pcm' : format, text,
      { perCharacter: script.ms_per_char })).toString('base64');
    const audio = { id: 'audio_fake', data, expires_at: 1767229200, transcript: text };
    if (flavour.audioOut === 'modality') {
      choices.push({ index: 1, message: { role: 'assistant', content: null,
        audio: { ...audio, transcript: '' } }, finish_reason: 'stop' });
    } else {
      choices[0].message = { ...message, content: null, audio };
    }
  }
  return exchange.whole({ headers: { 'x-request-id': 'req_fake' }, body: { id: flavour.id,
    object: 'chat.completion', created: 1767225600, model: request.model, choices,
    usage: usageOf(answer) } });
}

function streamError(flavour) {
  const { body } = flavour.error(500);
  return `data: ${JSON.stringify(body)}\n\n`;
}

export const routes = Object.entries(flavours).map(([name, given]) => {
  const flavour = { name, ...given };
  return { id: `${name}.chat`, path: flavour.path, auth: flavour.auth, script,
    error: (what) => flavour.error(what), streamError: () => streamError(flavour),
    handle: (exchange, body) => handle(exchange, body, flavour) };
});
