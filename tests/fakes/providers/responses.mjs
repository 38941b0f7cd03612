// SPDX-License-Identifier: MIT
// OpenAI Responses: typed, numbered events.
import { any, bearer, header } from './auth.mjs';
import { brief } from '../support/board.mjs';
import { azureError, openaiError } from './openai_errors.mjs';
import { textPieces } from './text.mjs';

const script = ['chunk_chars', 'tool_calls', 'finish_reason', 'done', 'reasoning', 'refusal',
  'failed'];

const partTypes = { user: ['input_text', 'input_image', 'input_file'], system: ['input_text'],
  developer: ['input_text'], assistant: ['output_text', 'refusal'] };

// What the service would answer 400 to.
function problemOf(request) {
  if (!request.model) return ['model', "Missing required parameter: 'model'."];
  if (request.input === undefined) return ['input', "Missing required parameter: 'input'."];
  const items = typeof request.input === 'string' ? [] : request.input;
  const calls = new Set();
  for (const [index, item] of items.entries()) {
    if (item.type === 'function_call') {
      calls.add(item.call_id);
    } else if (item.type === 'function_call_output') {
      if (!calls.delete(item.call_id) && !request.previous_response_id) {
        return [`input[${index}]`, `No tool call found for call_id ${item.call_id}.`];
      }
    } else if (Array.isArray(item.content)) {
      const wrong = item.content.find((part) => !partTypes[item.role]?.includes(part.type));
      if (wrong) return [`input[${index}].content`, `Invalid value: '${wrong.type}'.`];
    }
  }
  if (calls.size > 0) return ['input', `No tool output found for ${[...calls].join(', ')}.`];
  const tool = (request.tools ?? []).find((each) => each.type === 'function' && !each.name);
  return tool ? ['tools[0].name', "Missing required parameter: 'tools[0].name'."] : null;
}

function lastText(input) {
  if (typeof input === 'string') return input;
  const item = [...input].reverse().find((each) => each.role === 'user');
  if (typeof item?.content === 'string') return item.content;
  return (item?.content ?? []).map((part) => part.text ?? '').join(' ');
}

async function handle(exchange, body, flavour) {
  const { script: entry, record } = exchange;
  let request;
  try {
    request = JSON.parse(body);
  } catch {
    return exchange.whole(flavour.error(400, { message: 'We could not parse the JSON body.' }));
  }
  record.body = brief(request);
  const problem = problemOf(request);
  if (problem) {
    return exchange.whole(flavour.error(400, { param: problem[0], message: problem[1] }));
  }
  const text = entry.text ?? (entry.tool_calls ? '' : `You said: ${lastText(request.input)}`);
  const output = [];
  if (entry.reasoning) {
    output.push({ id: 'rs_1', type: 'reasoning', summary:
      [{ type: 'summary_text', text: entry.reasoning }] });
  }
  if (text || entry.refusal) {
    output.push({ id: 'msg_1', type: 'message', status: 'completed', role: 'assistant', content: [
      entry.refusal ? { type: 'refusal', refusal: entry.refusal }
        : { type: 'output_text', text, annotations: [], logprobs: [] }] });
  }
  for (const [index, call] of (entry.tool_calls ?? []).entries()) {
    output.push({ id: `fc_${index + 1}`, type: 'function_call', status: 'completed',
      call_id: call.id ?? `call_${index + 1}`, name: call.name, arguments:
        typeof call.arguments === 'string'
          ? call.arguments : JSON.stringify(call.arguments ?? {}) });
  }
  const answer = { request, output, base: { id: 'resp_fake', object: 'response',
    created_at: 1767225600, model: request.model, parallel_tool_calls: true,
    tools: request.tools ?? [], tool_choice: request.tool_choice ?? 'auto' } };
  if (!request.stream) {
    return exchange.whole({ headers: { 'x-request-id': 'req_fake' },
      body: { ...answer.base, status: 'completed', error: null, incomplete_details: null, output,
        usage: usageOf(answer) } });
  }
  return stream(exchange, answer);
}

function usageOf({ request, output }) {
  const input = JSON.stringify(request.input).length >> 2;
  const tokens = Math.max(1, JSON.stringify(output).length >> 2);
  return { input_tokens: input, input_tokens_details: { cached_tokens: 0 }, output_tokens: tokens,
    output_tokens_details: { reasoning_tokens: 0 }, total_tokens: input + tokens };
}

async function stream(exchange, answer) {
  const { script: entry } = exchange;
  let number = 0;
  const send = (type, rest) => exchange.sse({ type, sequence_number: number++, ...rest }, type);
  const open = { ...answer.base, status: 'in_progress', error: null, incomplete_details: null,
    output: [], usage: null };
  await exchange.sseHead({ 'x-request-id': 'req_fake' });
  await send('response.created', { response: open });
  await send('response.in_progress', { response: open });
  for (const [index, item] of answer.output.entries()) {
    await sendItem(send, item, index, entry);
  }
  const incomplete = { length: 'max_output_tokens', content_filter: 'content_filter' }[
    entry.finish_reason];
  const closed = { ...answer.base, output: answer.output, usage: usageOf(answer), error: null,
    incomplete_details: null };
  if (entry.failed) {
    await send('response.failed', { response: { ...closed, status: 'failed',
      error: { code: 'server_error', message: entry.failed } } });
  } else if (incomplete) {
    await send('response.incomplete', { response: { ...closed, status: 'incomplete',
      incomplete_details: { reason: incomplete } } });
  } else if (entry.done !== false) {
    await send('response.completed', { response: { ...closed, status: 'completed' } });
  }
  return exchange.end();
}

async function sendItem(send, item, index, entry) {
  const at = { item_id: item.id, output_index: index };
  const { type } = item;
  const begun = { ...item, status: 'in_progress', ...(type === 'message' ? { content: [] } : {}),
    ...(type === 'function_call' ? { arguments: '' } : {}),
    ...(type === 'reasoning' ? { summary: [] } : {}) };
  await send('response.output_item.added', { output_index: index, item: begun });
  if (type === 'message') {
    await sendPart(send, item.content[0], { ...at, content_index: 0 }, entry);
  } else if (type === 'function_call') {
    for (const delta of textPieces(item.arguments, entry.chunk_chars ?? 6)) {
      await send('response.function_call_arguments.delta', { ...at, delta, obfuscation: 'x' });
    }
    await send('response.function_call_arguments.done', { ...at, arguments: item.arguments,
      name: item.name });
  } else {
    const { text } = item.summary[0];
    for (const delta of textPieces(text, entry.chunk_chars)) {
      await send('response.reasoning_summary_text.delta', { ...at, summary_index: 0, delta });
    }
    await send('response.reasoning_summary_text.done', { ...at, summary_index: 0, text });
  }
  await send('response.output_item.done', { output_index: index, item });
}

async function sendPart(send, part, at, entry) {
  const refusal = part.type === 'refusal';
  const text = refusal ? part.refusal : part.text;
  const name = refusal ? 'response.refusal' : 'response.output_text';
  const empty = refusal ? { ...part, refusal: '' } : { ...part, text: '' };
  await send('response.content_part.added', { ...at, part: empty });
  for (const delta of textPieces(text, entry.chunk_chars)) {
    await send(`${name}.delta`, { ...at, delta, ...(refusal ? {} : { logprobs: [] }),
      obfuscation: 'x7' });
  }
  await send(`${name}.done`, { ...at, ...(refusal ? { refusal: text } : { text, logprobs: [] }) });
  await send('response.content_part.done', { ...at, part });
}

const flavours = {
  openai: { path: /^\/openai\/v1\/responses$/, auth: bearer, error: openaiError },
  azure: { path: /^\/azure\/openai\/v1\/responses$/, auth: any(header('api-key'), bearer),
    error: azureError },
};

export const routes = Object.entries(flavours).map(([name, flavour]) => ({
  id: `${name}.responses`, path: flavour.path, auth: flavour.auth, script,
  error: (what) => flavour.error(what),
  streamError: () => 'event: error\ndata: {"type":"error","sequence_number":99,"code":' +
    '"server_error","message":"The server had an error","param":null}\n\n',
  handle: (exchange, body) => handle(exchange, body, flavour) }));
