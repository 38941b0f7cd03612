// SPDX-License-Identifier: MIT
// ElevenLabs text to speech: HTTP stream, stream with timestamps, and the two input-streaming
// WebSockets (one utterance; many contexts).
import { goodKey, header } from './auth.mjs';
import { cut, speech } from '../support/audio.mjs';

const script = ['piece_bytes', 'ms_per_char', 'tone_hz', 'snake', 'starts_names', 'no_alignment',
  'inactivity_ms'];

const details = {
  400: ['max_character_limit_exceeded', 'This request exceeds the maximum characters allowed.'],
  401: ['invalid_api_key', 'Invalid API key'],
  403: ['missing_permissions', 'The API key you used is missing the permission text_to_speech.'],
  404: ['voice_not_found', 'A voice for the voice_id nope was not found.'],
  429: ['too_many_concurrent_requests', 'Too many concurrent requests. Your current subscription ' +
    'is associated with a maximum of 2 concurrent requests (running in parallel).'],
  500: ['internal_server_error', 'Something went wrong'],
  503: ['system_busy', 'We are experiencing heavy traffic, please try again shortly.'],
  quota: ['quota_exceeded', 'This request exceeds your quota of 10000. You have 0 credits ' +
    'remaining, while 12 credits are required for this request.'],
};

// A used-up quota is a 401 here.
export function elevenError(what, exchange) {
  const [status, message] = details[what] ?? details[500];
  return { status: what === 'quota' ? 401 : what, headers: { 'request-id': 'fake-eleven' },
    body: { detail: { status: exchange?.fault?.reason ?? status, message } } };
}

// pcm_24000, mp3_44100_128, ulaw_8000, opus_48000_64 → what to make, or null.
function outputFormat(name) {
  const match = /^(pcm|mp3|ulaw|alaw|opus)_(\d+)(?:_(\d+))?$/.exec(name);
  if (!match) return null;
  const rates = { pcm: [8000, 16000, 22050, 24000, 32000, 44100, 48000],
    mp3: [22050, 24000, 44100], ulaw: [8000], alaw: [8000], opus: [48000] }[match[1]];
  const rate = Number(match[2]);
  const bitrated = match[1] === 'mp3' || match[1] === 'opus';
  if (!rates.includes(rate) || bitrated !== (match[3] !== undefined)) return null;
  return { format: { ulaw: 'mulaw' }[match[1]] ?? match[1], rate,
    type: { mp3: 'audio/mpeg', opus: 'audio/opus' }[match[1]] ?? 'audio/pcm',
    bytesPerMs: { pcm: rate / 500, ulaw: 8, alaw: 8 }[match[1]] ?? null };
}

function readRequest(exchange, body) {
  const { params, record, query } = exchange;
  let request;
  try {
    request = JSON.parse(body);
  } catch {
    return { refused: { status: 422, body: { detail: [{ loc: ['body'], msg: 'JSON decode error',
      type: 'json_invalid' }] } } };
  }
  record.body = request;
  if (params.voice === 'nope') return { refused: elevenError(404) };
  if (typeof request.text !== 'string') {
    return { refused: { status: 422, body: { detail: [{ type: 'missing', loc: ['body', 'text'],
      msg: 'Field required', input: {} }] } } };
  }
  const output = outputFormat(query.get('output_format') ?? 'mp3_44100_128');
  if (!output) {
    return { refused: { status: 400, body: { detail: { status: 'invalid_output_format',
      message: `Invalid output format ${query.get('output_format')}` } } } };
  }
  return { request, output };
}

const perCharacter = (entry, settings) => (entry.ms_per_char ?? 60) / (settings?.speed ?? 1);

async function handleStream(exchange, body) {
  const { request, output, refused } = readRequest(exchange, body);
  if (refused) return exchange.whole(refused);
  const { script: entry } = exchange;
  const sound = await speech(output.format, request.text, { rate: output.rate,
    perCharacter: perCharacter(entry, request.voice_settings), hz: entry.tone_hz });
  await exchange.head(200, { 'content-type': output.type, 'request-id': 'fake-eleven',
    'character-cost': String(request.text.length), 'history-item-id': 'fake-history' });
  for (const piece of cut(sound, entry.piece_bytes ?? 4801)) await exchange.piece(piece);
  return exchange.end();
}

// Characters that begin within [from, to) ms of the text, with times relative to `from`.
function characters(text, each, from, to) {
  return [...text].map((character, index) => ({ character, start: index * each - from }))
    .filter(({ start }) => start >= 0 && start < to - from);
}

// The sound of `text` with, for each piece, the characters that begin in it.
async function* timedPieces(text, output, entry, settings) {
  const each = perCharacter(entry, settings);
  const sound = await speech(output.format, text, { rate: output.rate, perCharacter: each,
    hz: entry.tone_hz });
  const size = entry.piece_bytes ?? 9600;
  let first = true;
  for (const [index, piece] of cut(sound, size).entries()) {
    const from = output.bytesPerMs ? (index * size) / output.bytesPerMs : 0;
    const to = output.bytesPerMs ? from + size / output.bytesPerMs : Infinity;
    const within = output.bytesPerMs || first ? characters(text, each, from, to) : [];
    first = false;
    yield { piece, within, each };
  }
}

async function handleTimestamps(exchange, body) {
  const { request, output, refused } = readRequest(exchange, body);
  if (refused) return exchange.whole(refused);
  const { script: entry } = exchange;
  await exchange.head(200, { 'content-type': 'application/json', 'request-id': 'fake-eleven' });
  let offset = 0;
  for await (const { piece, within, each } of timedPieces(request.text, output, entry,
    request.voice_settings)) {
    // Over HTTP the times count from the beginning of the request.
    const from = offset;
    offset += output.bytesPerMs ? piece.length / output.bytesPerMs : 0;
    const alignment = entry.no_alignment ? null : {
      characters: within.map(({ character }) => character),
      character_start_times_seconds: within.map(({ start }) => (start + from) / 1000),
      character_end_times_seconds: within.map(({ start }) => (start + from + each) / 1000) };
    await exchange.piece(`${JSON.stringify({ audio_base64: piece.toString('base64'), alignment,
      normalized_alignment: alignment })}\n`);
  }
  return exchange.end();
}

function alignmentOf({ within, each }, entry) {
  if (entry.no_alignment) return null;
  const [starts, durations] = entry.starts_names
    ? ['charsStartTimesMs', 'charsDurationsMs'] : ['charStartTimesMs', 'charDurationsMs'];
  return { chars: within.map(({ character }) => character),
    [starts]: within.map(({ start }) => Math.round(start)),
    [durations]: within.map(() => Math.round(each)) };
}

const schedule = [120, 160, 250, 290];

// What one utterance or context still has to say, and when it says it.
class Utterance {
  #tail = Promise.resolve();
  #buffer = '';
  #generations = 0;

  constructor(channel, output, fields = {}) {
    Object.assign(this, { channel, output, fields });
    this.settings = {};
    this.schedule = schedule;
    this.auto = channel.query.get('auto_mode') === 'true';
  }

  configure(message) {
    this.settings = message.voice_settings ?? this.settings;
    this.schedule = message.generation_config?.chunk_length_schedule ?? this.schedule;
  }

  add(text, flush) {
    this.#buffer += text;
    const wanted = this.schedule[Math.min(this.#generations, this.schedule.length - 1)];
    if (this.auto || flush || this.#buffer.length >= wanted) return this.generate();
    return Promise.resolve();
  }

  generate() {
    const text = this.#buffer.trim();
    this.#buffer = '';
    if (!text) return this.#tail;
    this.#generations += 1;
    this.#tail = this.#tail.then(() => this.#say(text));
    return this.#tail;
  }

  // What was not flushed by now is dropped.
  finish() {
    this.#buffer = '';
    return this.#tail.then(() => this.channel.send({ audio: null, isFinal: true, ...this.fields }));
  }

  async #say(text) {
    const { channel } = this;
    const entry = channel.script;
    for await (const part of timedPieces(text, this.output, entry, this.settings)) {
      const alignment = alignmentOf(part, entry);
      await channel.send({ audio: part.piece.toString('base64'), isFinal: null, alignment,
        normalizedAlignment: alignment, ...this.fields });
    }
  }
}

async function fail(channel, error, message) {
  await channel.send({ message, error, code: 1008 });
  return channel.close(1008, message);
}

// Runs `handle` for each message until the channel closes; closes it when the client is quiet.
async function converse(channel, accept, handle) {
  await accept();
  const seconds = Number(channel.query.get('inactivity_timeout') ?? 20);
  const quietMs = channel.script.inactivity_ms ?? seconds * 1000;
  let timer;
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(() => channel.background(fail(channel, 'input_timeout_exceeded',
      'Have not received a new text input within the timeout of ' +
      `${quietMs / 1000} seconds. Streaming input terminated.`)), quietMs);
  };
  restart();
  channel.gone.catch(() => clearTimeout(timer));
  const output = outputFormat(channel.query.get('output_format') ?? 'mp3_44100_128');
  if (channel.params.voice === 'nope' || !output) {
    return fail(channel, output ? 'voice_id_does_not_exist' : 'invalid_output_format',
      output ? 'A voice with voice_id nope does not exist.' : 'Invalid output format');
  }
  const state = { output, authorized: channel.record.authorized };
  return channel.listen(async (text) => {
    restart();
    if (channel.closing) return;
    const message = parse(text);
    if (message === null) {
      await fail(channel, 'invalid_message', 'The message is not valid JSON.');
      return;
    }
    if (!state.authorized) {
      const key = message.xi_api_key ?? message.authorization?.replace(/^Bearer /, '');
      if (key !== goodKey) {
        await fail(channel, 'invalid_api_key', 'Invalid API key');
        return;
      }
      state.authorized = true;
      channel.record.authorized = true;
    }
    await handle(message, state);
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function handleInput(channel, accept) {
  let utterance = null;
  return converse(channel, accept, async (message, { output }) => {
    if (typeof message.text !== 'string') {
      await fail(channel, 'invalid_message', 'text is missing');
    } else if (utterance === null) {
      if (message.text !== ' ') {
        await fail(channel, 'invalid_message', 'The first message must have a text of one space');
        return;
      }
      utterance = new Utterance(channel, output);
      utterance.configure(message);
    } else if (message.text === '') {
      await utterance.generate();
      await utterance.finish();
      await channel.close(1000);
    } else {
      await utterance.add(message.text, message.flush);
    }
  });
}

const contextsMax = 5;

function handleMulti(channel, accept) {
  const contexts = new Map();
  const finish = async (id) => {
    const context = contexts.get(id);
    if (!context || context.closing) return;
    context.closing = true;
    await context.finish();
    contexts.delete(id);
  };
  return converse(channel, accept, async (message, { output }) => {
    if (message.close_socket) {
      await Promise.all([...contexts.values()].map((context) => context.generate()));
      await Promise.all([...contexts.keys()].map(finish));
      await channel.close(1000);
      return;
    }
    const id = message.context_id ?? 'default';
    if (message.close_context) {
      channel.stopped();
      channel.background(finish(id));
      return;
    }
    if (!contexts.has(id)) {
      if (contexts.size >= contextsMax) {
        await fail(channel, 'max_active_conversations',
          `Maximum simultaneous contexts exceeded (${contextsMax}).`);
        return;
      }
      const field = channel.script.snake ? 'context_id' : 'contextId';
      contexts.set(id, new Utterance(channel, output, { [field]: id }));
      contexts.get(id).configure(message);
    }
    channel.background(contexts.get(id).add(message.text ?? '', message.flush));
  });
}

const streamError = () => ({ messages: [JSON.stringify({ message: 'Something went wrong',
  error: 'internal_server_error', code: 1011 })], code: 1011, reason: 'Something went wrong' });
const auth = header('xi-api-key');
const error = elevenError;
const voice = String.raw`\/elevenlabs\/v1\/text-to-speech\/(?<voice>[^/]+)`;
const path = (rest) => new RegExp(`^${voice}${rest}$`);

export const routes = [
  { id: 'elevenlabs.tts', path: path('(?:/stream)?'), auth, error, script, handle: handleStream },
  { id: 'elevenlabs.timestamps', path: path('/stream/with-timestamps'), auth, error, script,
    handle: handleTimestamps },
  { id: 'elevenlabs.tts-ws', kind: 'websocket', path: path('/stream-input'), auth, error, script,
    authInBand: true, streamError, handle: handleInput },
  { id: 'elevenlabs.multi', kind: 'websocket', path: path('/multi-stream-input'), auth, error,
    script, authInBand: true, streamError, handle: handleMulti },
  { id: 'elevenlabs.voices', method: 'GET', path: /^\/elevenlabs\/v[12]\/voices$/, auth, error,
    handle: (exchange) => exchange.whole({ body: { voices: [
      { voice_id: '21m00Tcm4TlvDq8ikWAM', name: 'Rachel' }] } }) },
];
