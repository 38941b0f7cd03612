// SPDX-License-Identifier: MIT
// MiniMax T2A v2: SSE with hex audio whose last event repeats everything, whole clips, WebSocket.
// Refusals come in HTTP 200.
import { bearer } from './auth.mjs';
import { cut, speech, textMs } from '../support/audio.mjs';

const script = ['piece_bytes', 'ms_per_char', 'tone_hz', 'no_space', 'upper_case', 'unaggregated',
  'last_blank_line'];

const messages = {
  1000: 'unknown error', 1001: 'timeout', 1002: 'rate limit exceeded(RPM)',
  1004: "login fail: Please carry the API secret key in the 'Authorization' field of the request " +
    'header', 1008: 'insufficient balance', 1024: 'internal error', 1026: 'input new_sensitive',
  1027: 'output new_sensitive', 1033: 'system error', 1039: 'token limit', 1041: 'conn limit',
  1042: 'invisible character ratio limit', 2013: 'invalid params', 20132: 'invalid voice_id' };
const codes = { 400: 2013, 401: 1004, 403: 1004, 429: 1002, 500: 1000, quota: 1008 };

const baseResp = (code, message) => ({ status_code: code, status_msg: message ?? messages[code] });
const refusal = (code, message) => ({ status: 200, headers: { 'trace-id': 'fake-trace' },
  body: { trace_id: 'fake-trace', base_resp: baseResp(code, message) } });

// Statuses the service itself gives arrive as HTTP 200; those of its gateway as they are.
function error(what, exchange) {
  const fault = exchange?.fault;
  const code = fault?.code ?? codes[what];
  if (fault?.http || code === undefined) {
    return { status: what === 'quota' ? 429 : what, headers: { 'content-type': 'text/plain' },
      body: 'upstream error' };
  }
  return refusal(code);
}

const rates = [8000, 16000, 22050, 24000, 32000, 44100];

// `start` is a request without its text, as WebSockets send it first.
function problemOf(request, { start = false, stream = false } = {}) {
  const audio = request.audio_setting ?? {};
  if (!request.model) return [2013, 'invalid params, model is required'];
  if (!start && (typeof request.text !== 'string' || !request.text)) {
    return [2013, 'invalid params, text is required'];
  }
  if (!request.voice_setting?.voice_id && !request.timbre_weights) {
    return [2013, 'invalid params, voice_id is required'];
  }
  if (request.voice_setting?.voice_id === 'nope') return [20132];
  if (audio.sample_rate !== undefined && !rates.includes(audio.sample_rate)) {
    return [2013, 'invalid params, sample_rate'];
  }
  const format = audio.format ?? 'mp3';
  if (!['mp3', 'pcm', 'flac', 'wav'].includes(format) || (stream && format === 'wav')) {
    return [2013, `invalid params, format ${format}`];
  }
  const { speed = 1, vol = 1, pitch = 0 } = request.voice_setting ?? {};
  if (speed < 0.5 || speed > 2 || vol <= 0 || vol > 10 || !Number.isInteger(pitch)) {
    return [2013, 'invalid params, voice_setting'];
  }
  return null;
}

async function soundOf(request, text, entry) {
  const audio = request.audio_setting ?? {};
  const rate = audio.sample_rate ?? 32000;
  const perCharacter = (entry.ms_per_char ?? 60) / (request.voice_setting?.speed ?? 1);
  const bytes = await speech(audio.format ?? 'mp3', text,
    { rate, perCharacter, hz: entry.tone_hz });
  return { bytes, info: { audio_length: Math.round(textMs(text, perCharacter)),
    audio_sample_rate: rate, audio_size: bytes.length, bitrate: audio.bitrate ?? 128000,
    word_count: text.split(/\s+/u).length, invisible_character_ratio: 0,
    usage_characters: [...text].length, audio_format: audio.format ?? 'mp3',
    audio_channel: audio.channel ?? 1 } };
}

const hex = (bytes, entry) => (entry.upper_case
  ? bytes.toString('hex').toUpperCase() : bytes.toString('hex'));

async function handle(exchange, body) {
  const { script: entry, record } = exchange;
  let request;
  try {
    request = JSON.parse(body);
  } catch {
    return exchange.whole(refusal(2013, 'invalid params, body is not JSON'));
  }
  record.body = request;
  const problem = problemOf(request, { stream: request.stream });
  if (problem) return exchange.whole(refusal(...problem));
  const { bytes, info } = await soundOf(request, request.text, entry);
  if (!request.stream) {
    return exchange.whole({ headers: { 'trace-id': 'fake-trace' }, body: {
      data: { audio: hex(bytes, entry), status: 2 }, extra_info: info, trace_id: 'fake-trace',
      base_resp: baseResp(0, 'success') } });
  }
  await exchange.sseHead({ 'trace-id': 'fake-trace', 'minimax-request-id': 'fake-request' });
  const line = (data, blank = '\n\n') =>
    `data:${entry.no_space ? '' : ' '}${JSON.stringify(data)}${blank}`;
  for (const piece of cut(bytes, entry.piece_bytes ?? 4801)) {
    await exchange.piece(line({ data: { audio: hex(piece, entry), status: 1, ced: '' },
      trace_id: 'fake-trace', base_resp: baseResp(0, '') }));
  }
  const all = request.stream_options?.exclude_aggregated_audio ? '' : hex(bytes, entry);
  return exchange.end(line({ data: { audio: all, status: 2, ced: '' }, extra_info: info,
    trace_id: 'fake-trace', base_resp: baseResp(0, 'success') },
  entry.last_blank_line === false ? '\n' : '\n\n'));
}

async function converse(channel, accept) {
  await accept();
  const about = { session_id: 'fake-session', trace_id: 'fake-trace' };
  const send = (event, rest = {}) => channel.send({ ...about, event,
    base_resp: baseResp(0, 'success'), ...rest });
  const fail = async (code, message) => {
    await send('task_failed', { base_resp: baseResp(code, message) });
    await channel.close(1000);
  };
  if (!channel.record.authorized) return fail(1004);
  await send('connected_success');
  let task = null;
  return channel.listen(async (text) => {
    if (channel.closing) return;
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      await fail(2013, 'invalid params, not JSON');
      return;
    }
    if (message.event === 'task_start' && task === null) {
      const problem = problemOf(message, { start: true, stream: true });
      if (problem) {
        await fail(...problem);
        return;
      }
      task = message;
      await send('task_started');
    } else if (message.event === 'task_continue' && task !== null && message.text) {
      const { bytes, info } = await soundOf(task, message.text, channel.script);
      for (const piece of cut(bytes, channel.script.piece_bytes ?? 9600)) {
        await send('task_continued', { data: { audio: hex(piece, channel.script) },
          is_final: false });
      }
      await send('task_continued', { data: { audio: '' }, is_final: true, extra_info: info });
    } else if (message.event === 'task_finish' && task !== null) {
      await send('task_finished');
      await channel.close(1000);
    } else {
      await fail(2013, `invalid params, event ${message.event}`);
    }
  });
}

const streamErrorEvent = () => ({ trace_id: 'fake-trace', base_resp: baseResp(1024) });

export const routes = [
  { id: 'minimax.t2a', path: /^\/minimax\/v1\/t2a_v2$/, auth: bearer, error, script, handle,
    streamError: () => `data: ${JSON.stringify(streamErrorEvent())}\n\n` },
  { id: 'minimax.t2a-ws', kind: 'websocket', path: /^\/minimax\/ws\/v1\/t2a_v2$/, auth: bearer,
    authInBand: true, script, handle: converse,
    error: (what) => ({ status: what === 'quota' ? 429 : what, body: 'refused' }),
    streamError: () => ({ code: 1000, messages: [JSON.stringify({ session_id: 'fake-session',
      event: 'task_failed', ...streamErrorEvent() })] }) },
];
