// SPDX-License-Identifier: MIT
// POST …/audio/speech as OpenAI, Azure OpenAI, Kokoro-FastAPI, Speaches, openedai-speech and
// vLLM-Omni answer it. The voice is a 400 Hz tone, 60 ms per character.
import { any, bearer, header, none } from './auth.mjs';
import { cut, speech, wavHeader } from '../support/audio.mjs';
import { azureError, openaiError, speachesError, vllmError } from './openai_errors.mjs';

const script = ['piece_bytes', 'ms_per_char', 'tone_hz', 'rate', 'wav_size', 'wav_list',
  'content_type', 'done', 'format', 'whole'];

function kokoroError(what, { message } = {}) {
  const status = what === 'quota' ? 429 : what;
  const [error, type] = { 400: ['validation_error', 'invalid_request_error'],
    403: ['permission_denied', 'permission_error'] }[status] ??
    ['processing_error', 'server_error'];
  return { status, headers: {}, body: { detail: { error, message: message ?? error, type } } };
}

function openedaiError(what, { message } = {}) {
  const status = what === 'quota' ? 429 : what;
  return { status, headers: {}, body: { message: message ?? `Error ${status}`, code: status,
    type: status < 500 ? 'BadRequestError' : 'ServiceUnavailableError', param: null } };
}

const types = { pcm: 'audio/pcm', wav: 'audio/wav', mp3: 'audio/mpeg', opus: 'audio/opus',
  aac: 'audio/aac', flac: 'audio/flac' };
const loose = any(bearer, ({ headers }) => headers.authorization === undefined);

const flavours = {
  openai: { path: /^\/openai\/v1\/audio\/speech$/, auth: bearer, error: openaiError,
    format: 'mp3', strict: true, sse: 'openai' },
  azure: { path: /^\/azure\/openai\/(?:v1|deployments\/(?<deployment>[^/]+))\/audio\/speech$/,
    auth: any(header('api-key'), bearer), error: azureError, format: 'mp3', sse: 'openai' },
  kokoro: { path: /^\/kokoro\/v1\/audio\/speech$/, auth: none, error: kokoroError, format: 'mp3',
    sentences: true, models: ['tts-1', 'tts-1-hd', 'kokoro'] },
  speaches: { path: /^\/speaches\/v1\/audio\/speech$/, auth: loose, error: speachesError,
    format: 'mp3', sse: 'speaches' },
  openedai: { path: /^\/openedai\/v1\/audio\/speech$/, auth: none, error: openedaiError,
    format: 'mp3', rate: 22050, types: { ...types, opus: 'audio/ogg;codec=opus',
      flac: 'audio/x-flac', pcm: 'audio/pcm;rate=22050' } },
  'vllm-omni': { path: /^\/vllm-omni\/v1\/audio\/speech$/, auth: loose, error: vllmError,
    format: 'wav', sse: 'vllm', streamsWhenAsked: true },
};

const inputMax = 4096;
const known = new Set(['model', 'input', 'voice', 'response_format', 'speed', 'instructions',
  'stream_format']);

function problemOf(request, flavour, exchange) {
  if (typeof request.input !== 'string' || request.input === '') return ['input', 'is required'];
  if (flavour.strict) {
    const unknown = Object.keys(request).find((name) => !known.has(name));
    if (unknown) return [unknown, `Unrecognized request argument supplied: ${unknown}`];
    if (!request.model) return ['model', 'you must provide a model parameter'];
    if (!request.voice) return ['voice', 'is required'];
    if ([...request.input].length > inputMax) return ['input', 'string too long'];
    if (request.speed !== undefined && !(request.speed >= 0.25 && request.speed <= 4)) {
      return ['speed', 'must be between 0.25 and 4'];
    }
  }
  if (flavour.models && !flavour.models.includes(request.model)) {
    return ['model', `Unsupported model: ${request.model}`];
  }
  if (!(request.response_format ?? flavour.format) in types) {
    return ['response_format', `no format ${request.response_format}`];
  }
  if (flavour.name === 'azure' && !request.model && !exchange.params.deployment) {
    return ['model', 'is required'];
  }
  return null;
}

async function handle(exchange, body, flavour) {
  const { script: entry, record } = exchange;
  let request;
  try {
    request = JSON.parse(body);
  } catch {
    return exchange.whole(flavour.error(400, { message: 'We could not parse the JSON body.' }));
  }
  record.body = request;
  const problem = problemOf(request, flavour, exchange);
  if (problem) {
    return exchange.whole(flavour.error(400, { param: problem[0], message: problem.join(': ') }));
  }
  const format = entry.format ?? request.response_format ?? flavour.format;
  const rate = entry.rate ?? request.sample_rate ?? flavour.rate ?? 24000;
  const perCharacter = (entry.ms_per_char ?? 60) / (request.speed ?? 1);
  const sound = await speech(format, request.input, { rate, perCharacter, hz: entry.tone_hz });
  record.speech = { format, rate, bytes: sound.length };
  if (request.stream_format === 'sse' && flavour.sse) {
    return streamEvents(exchange, request, flavour, sound);
  }
  const type = entry.content_type ?? (flavour.types ?? types)[format];
  if (entry.whole || (flavour.streamsWhenAsked && request.stream_format !== 'audio')) {
    return exchange.whole({ headers: { 'content-type': type }, body: sound });
  }
  await exchange.head(200, { 'content-type': type, ...(flavour.sentences
    ? { 'x-accel-buffering': 'no', 'cache-control': 'no-cache' } : {}) });
  const streamed = format === 'wav' ? falseHeader(sound, rate, entry) : sound;
  for (const piece of pieces(streamed, request.input, entry, flavour)) await exchange.piece(piece);
  return exchange.end();
}

// A streamed WAV cannot know its sizes.
function falseHeader(sound, rate, entry) {
  return Buffer.concat([wavHeader({ rate, dataBytes: entry.wav_size ?? 0xffffffff,
    list: entry.wav_list }), sound.subarray(44)]);
}

// Odd, so that pieces end inside samples.
const pieceBytes = 4801;

function pieces(sound, input, entry, flavour) {
  if (!flavour.sentences || entry.piece_bytes) {
    return cut(sound, entry.piece_bytes ?? pieceBytes);
  }
  const sentences = input.match(/[^.!?。！？]+[.!?。！？]*\s*/gu) ?? [input];
  return cut(sound, Math.ceil(sound.length / sentences.length));
}

async function streamEvents(exchange, request, flavour, sound) {
  const { script: entry } = exchange;
  await exchange.sseHead();
  const event = (type) => (flavour.sse === 'vllm' ? type : undefined);
  for (const piece of cut(sound, entry.piece_bytes ?? pieceBytes)) {
    await exchange.sse({ type: 'speech.audio.delta', audio: piece.toString('base64'),
      ...(flavour.sse === 'vllm' ? { response_format: request.response_format ?? 'wav' } : {}) },
    event('speech.audio.delta'));
  }
  const usage = { input_tokens: 14, output_tokens: 101, total_tokens: 115 };
  await exchange.sse({ type: 'speech.audio.done',
    ...(flavour.sse === 'speaches' ? { token_usage: usage } : { usage }) },
  event('speech.audio.done'));
  await (entry.done ? exchange.end('data: [DONE]\n\n') : exchange.end());
}

function streamError(exchange, flavour) {
  const { body } = flavour.error(500);
  if (exchange.response.getHeader('content-type')?.startsWith('text/event-stream')) {
    const event = { type: 'speech.audio.error', error: body.error ?? body };
    return `event: speech.audio.error\ndata: ${JSON.stringify(event)}\n\n`;
  }
  return Buffer.alloc(0);
}

export const routes = [
  ...Object.entries(flavours).map(([name, given]) => {
    const flavour = { name, ...given };
    return { id: `${name}.speech`, path: flavour.path, auth: flavour.auth, script,
      error: (what) => flavour.error(what),
      streamError: (exchange) => streamError(exchange, flavour),
      handle: (exchange, body) => handle(exchange, body, flavour) };
  }),
  { id: 'kokoro.voices', path: /^\/kokoro\/v1\/audio\/voices$/, method: 'GET', auth: none,
    error: kokoroError,
    handle: (exchange) => exchange.whole({ body: { voices: ['af_heart', 'af_bella'] } }) },
];
