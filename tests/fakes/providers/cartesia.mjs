// SPDX-License-Identifier: MIT
// Cartesia text to speech: raw bytes, SSE, and the WebSocket with many contexts.
import { any, bearer, header, query } from './auth.mjs';
import { cut, speech } from '../support/audio.mjs';
import { timedWords } from './text.mjs';

const script = ['piece_bytes', 'ms_per_char', 'tone_hz', 'old_errors'];

const kinds = { 400: ['invalid_request', 'Bad request'], 401: ['unauthorized', 'Unauthorized'],
  402: ['payment_required', 'Payment required'], 403: ['forbidden', 'Forbidden'],
  404: ['voice_not_found', 'Voice not found'],
  429: ['concurrency_limited', 'Too many concurrent requests'],
  quota: ['quota_exceeded', 'Quota exceeded'], 500: ['internal_error', 'Internal server error'],
  503: ['unavailable', 'Service unavailable'] };

function error(what, exchange, message) {
  const [code, title] = kinds[what] ?? kinds[500];
  const status = what === 'quota' ? 402 : what;
  if (exchange?.script?.old_errors) return { status, headers: {}, body: title };
  return { status, headers: {}, body: { error_code: code, title, message: message ?? title,
    request_id: 'fake-cartesia', doc_url: 'https://docs.cartesia.ai/api-reference/errors' } };
}

const rates = [8000, 16000, 22050, 24000, 44100, 48000];

function problemOf(request, containers) {
  const { output_format: output } = request;
  if (!request.model_id) return 'model_id is required';
  if (typeof request.transcript !== 'string') return 'transcript is required';
  const voice = typeof request.voice === 'string' ? request.voice : request.voice?.id;
  if (!voice) return 'voice is required';
  if (!output || !containers.includes(output.container)) return 'output_format.container';
  if (!rates.includes(output.sample_rate)) return 'output_format.sample_rate';
  const encodings = ['pcm_s16le', 'pcm_f32le', 'pcm_mulaw', 'pcm_alaw'];
  if (output.container !== 'mp3' && !encodings.includes(output.encoding)) {
    return 'output_format.encoding';
  }
  return null;
}

function toFloat(pcm) {
  const out = Buffer.alloc(pcm.length * 2);
  for (let i = 0; i < pcm.length / 2; i += 1) {
    out.writeFloatLE(pcm.readInt16LE(i * 2) / 32768, i * 4);
  }
  return out;
}

async function soundOf(request, entry) {
  const { container, encoding, sample_rate: rate } = request.output_format;
  const options = { rate, hz: entry.tone_hz,
    perCharacter: (entry.ms_per_char ?? 60) / (request.generation_config?.speed ?? 1) };
  const format = container !== 'raw' ? container
    : { pcm_mulaw: 'mulaw', pcm_alaw: 'alaw' }[encoding] ?? 'pcm';
  const sound = await speech(format, request.transcript, options);
  return { ms: [...request.transcript].length * options.perCharacter,
    bytes: encoding === 'pcm_f32le' && container === 'raw' ? toFloat(sound) : sound };
}

// The request, or what to answer instead.
function readRequest(exchange, body, containers) {
  if (!exchange.headers['cartesia-version']) {
    return { refused: error(400, exchange, 'Cartesia-Version header is required') };
  }
  let request;
  try {
    request = JSON.parse(body);
  } catch {
    return { refused: error(400, exchange, 'invalid JSON') };
  }
  exchange.record.body = request;
  const problem = problemOf(request, containers);
  return problem ? { refused: error(400, exchange, problem) } : { request };
}

async function handleBytes(exchange, body) {
  const { request, refused } = readRequest(exchange, body, ['raw', 'wav', 'mp3']);
  if (refused) return exchange.whole(refused);
  const { bytes } = await soundOf(request, exchange.script);
  const type = { raw: 'audio/pcm', wav: 'audio/wav', mp3: 'audio/mpeg' };
  await exchange.head(200, { 'content-type': type[request.output_format.container] });
  for (const piece of cut(bytes, exchange.script.piece_bytes ?? 4801)) await exchange.piece(piece);
  return exchange.end();
}

const chunk = (context, piece) => ({ type: 'chunk', context_id: context,
  data: piece.toString('base64'), done: false, status_code: 206, step_time: 9.1, flush_id: 1 });

function timestamps(context, transcript, ms, offsetMs) {
  const words = timedWords(transcript, ms);
  return { type: 'timestamps', context_id: context, done: false, status_code: 206,
    word_timestamps: { words: words.map(({ word }) => word),
      start: words.map((word) => (word.start_ms + offsetMs) / 1000),
      end: words.map((word) => (word.end_ms + offsetMs) / 1000) } };
}

async function handleSse(exchange, body) {
  const { request, refused } = readRequest(exchange, body, ['raw']);
  if (refused) return exchange.whole(refused);
  const { bytes, ms } = await soundOf(request, exchange.script);
  const context = request.context_id ?? 'fake-context';
  await exchange.sseHead();
  const send = (data) => exchange.sse(data, data.type);
  if (request.add_timestamps) await send(timestamps(context, request.transcript, ms, 0));
  for (const piece of cut(bytes, exchange.script.piece_bytes ?? 9600)) {
    await send(chunk(context, piece));
  }
  await send({ type: 'done', context_id: context, done: true, status_code: 200 });
  return exchange.end();
}

// One context: its text waits for enough of it, its sound leaves in order.
class Context {
  #tail = Promise.resolve();
  #text = '';
  #timer = null;
  #spokenMs = 0;
  cancelled = false;

  constructor(channel, id) {
    Object.assign(this, { channel, id });
  }

  take(request) {
    this.#text += request.transcript;
    clearTimeout(this.#timer);
    if (!request.continue || request.flush || request.max_buffer_delay_ms === 0) {
      this.#generate(request);
    } else {
      this.#timer = setTimeout(() => this.#generate(request),
        request.max_buffer_delay_ms ?? 3000);
    }
    if (request.flush) {
      this.#then(() => ({ type: 'flush_done', flush_id: 1, flush_done: true, done: false,
        status_code: 206, context_id: this.id }));
    }
    if (!request.continue) {
      this.#then(() => ({ type: 'done', done: true, status_code: 200, context_id: this.id }));
    }
    return this.#tail;
  }

  cancel() {
    this.cancelled = true;
    clearTimeout(this.#timer);
  }

  #then(message) {
    this.#tail = this.#tail.then(() => (this.cancelled ? null : this.channel.send(message())));
    this.channel.background(this.#tail);
  }

  #generate(request) {
    const transcript = this.#text;
    this.#text = '';
    if (!transcript.trim()) return;
    this.#tail = this.#tail.then(() => this.#say({ ...request, transcript }));
    this.channel.background(this.#tail);
  }

  async #say(request) {
    const { bytes, ms } = await soundOf(request, this.channel.script);
    if (request.add_timestamps && !this.cancelled) {
      await this.channel.send(timestamps(this.id, request.transcript, ms, this.#spokenMs));
    }
    this.#spokenMs += ms;
    for (const piece of cut(bytes, this.channel.script.piece_bytes ?? 9600)) {
      if (this.cancelled) return;
      await this.channel.send(chunk(this.id, piece));
    }
  }
}

async function converse(channel, accept) {
  if (!channel.headers['cartesia-version'] && !channel.query.get('cartesia_version')) {
    return channel.refuse(error(400, channel, 'Cartesia-Version is required'));
  }
  await accept();
  const contexts = new Map();
  channel.gone.catch(() => contexts.forEach((context) => context.cancel()));
  const fail = (context, title) => channel.send({ type: 'error', done: true, status_code: 400,
    error_code: 'invalid_request', title, message: title, request_id: 'fake-cartesia',
    context_id: context ?? null, doc_url: 'https://docs.cartesia.ai/api-reference/errors' });
  return channel.listen((text) => {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return fail(null, 'invalid JSON');
    }
    const id = message.context_id;
    if (message.cancel) {
      channel.stopped();
      contexts.get(id)?.cancel();
      contexts.delete(id);
      return undefined;
    }
    const problem = id ? problemOf(message, ['raw']) : 'context_id is required';
    if (problem) return fail(id, problem);
    if (!contexts.has(id)) contexts.set(id, new Context(channel, id));
    const said = contexts.get(id).take(message);
    if (!message.continue) said.then(() => contexts.delete(id), () => {});
    return undefined;
  });
}

const auth = any(bearer, header('x-api-key'), query('api_key'));
const errorEvent = { type: 'error', done: true, status_code: 500, error_code: null,
  title: 'Internal server error', message: 'Internal server error', request_id: 'fake-cartesia' };

export const routes = [
  { id: 'cartesia.bytes', path: /^\/cartesia\/tts\/bytes$/, auth, error, script,
    streamError: () => Buffer.alloc(0), handle: handleBytes },
  { id: 'cartesia.sse', path: /^\/cartesia\/tts\/sse$/, auth, error, script,
    streamError: () => `event: error\ndata: ${JSON.stringify(errorEvent)}\n\n`, handle: handleSse },
  { id: 'cartesia.ws', kind: 'websocket', path: /^\/cartesia\/tts\/websocket$/, auth, error, script,
    streamError: () => ({ messages: [JSON.stringify(errorEvent)] }), handle: converse },
];
