// SPDX-License-Identifier: MIT
// Deepgram live recognition: v1 /listen (Nova) and v2 /listen (Flux). What is said depends on how
// much audio has come: a partial per 100 ms.
import { goodKey } from './auth.mjs';
import { isSilence } from '../support/audio.mjs';
import { textPieces, timedWords } from './text.mjs';

const script = ['partials', 'speech_final_at_ms', 'pieces', 'keepalive_ms', 'empty_finalize',
  'eager', 'resume', 'end_of_turn_at_ms', 'utterance_end'];

const heardDefault = 'hello there';

function auth({ headers }) {
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());
  return headers.authorization === `Token ${goodKey}` ||
    headers.authorization === `Bearer ${goodKey}` ||
    (protocols[0] === 'token' && protocols[1] === goodKey);
}

const kinds = { 400: ['Bad Request', 'Invalid query parameter.'],
  401: ['INVALID_AUTH', 'Invalid credentials.'],
  402: ['ASR_PAYMENT_REQUIRED', 'Project does not have enough credits for an ASR request.'],
  403: ['INSUFFICIENT_PERMISSIONS', 'User does not have sufficient permissions.'],
  429: ['TOO_MANY_REQUESTS', 'Too many requests. Please try again later'],
  500: ['INTERNAL_SERVER_ERROR', 'Internal server error'],
  503: ['SERVICE_UNAVAILABLE', 'Service unavailable'] };

function error(what) {
  const status = what === 'quota' ? 402 : what;
  const [code, message] = kinds[status] ?? kinds[500];
  return { status, headers: { 'dg-error': message, 'dg-request-id': 'fake-deepgram' },
    body: { err_code: code, err_msg: message, request_id: 'fake-deepgram' } };
}

const bytesPerSample = { linear16: 2, linear32: 4, mulaw: 1, alaw: 1 };

// What the query says about the audio, or what is wrong with it.
function format(query, known) {
  const encoding = query.get('encoding');
  if (!query.get('model')) return { problem: 'model' };
  if (encoding && !known.includes(encoding)) return { problem: 'encoding' };
  const rate = Number(query.get('sample_rate'));
  if (encoding && !(rate >= 8000 && rate <= 48000)) return { problem: 'sample_rate' };
  const perSecond = (bytesPerSample[encoding] ?? 2) * (rate || 16000) *
    Number(query.get('channels') ?? 1);
  return { linear: encoding === 'linear16', bytesPerMs: perSecond / 1000 };
}

const encodings = ['linear16', 'linear32', 'flac', 'alaw', 'mulaw', 'amr-nb', 'amr-wb', 'opus',
  'ogg-opus', 'speex', 'g729'];

function badData(channel) {
  return channel.close(1008, 'DATA-0000: could not decode audio');
}

// Closes when neither audio nor KeepAlive came for ten seconds; returns what restarts the wait.
function watch(channel, ms) {
  let timer;
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(() => channel.background(channel.close(1011, 'NET-0001: no audio or ' +
      'KeepAlive was received within the timeout window')), ms);
  };
  restart();
  channel.gone.catch(() => clearTimeout(timer));
  return restart;
}

// ---- v1 -----------------------------------------------------------------------------------------

class Listening {
  constructor(channel, { bytesPerMs, linear }) {
    Object.assign(this, { channel, bytesPerMs, linear });
    this.bytes = 0;
    this.interim = channel.query.get('interim_results') === 'true';
    this.events = channel.query.get('vad_events') === 'true';
    this.#begin(channel.script, 0);
  }

  // The next utterance, from `fromMs` of the stream.
  #begin(entry, fromMs) {
    Object.assign(this, { entry, fromMs, spoken: false, done: false });
    this.text = entry.text ?? heardDefault;
    let soFar = '';
    this.partials = entry.partials
      ? [...entry.partials] : textPieces(this.text).map((piece) => (soFar += piece));
    this.steps = 0;
  }

  get ms() {
    return this.bytes / this.bytesPerMs;
  }

  #results(transcript, flags) {
    const { fromMs } = this;
    const seconds = (ms) => Math.round(ms) / 1000;
    const words = timedWords(transcript, this.ms - fromMs).map(({ word, start_ms, end_ms }) => ({
      word: word.toLowerCase().replace(/[^\p{L}\p{N}']/gu, ''), start: seconds(fromMs + start_ms),
      end: seconds(fromMs + end_ms), confidence: 0.99, punctuated_word: word }));
    return this.channel.send({ type: 'Results', channel_index: [0, 1], start: seconds(fromMs),
      duration: seconds(this.ms - fromMs), is_final: false, speech_final: false,
      from_finalize: false, ...flags, channel: { alternatives: [{ transcript,
        confidence: transcript ? 0.99 : 0, words, languages: ['en'] }] },
      metadata: { request_id: 'fake-deepgram', model_uuid: 'fake-model',
        model_info: { name: 'general-nova-3', version: '2026-01-01.0', arch: 'nova-3' } } });
  }

  async audio(bytes) {
    const before = this.ms;
    this.bytes += bytes.length;
    if (this.done) {
      // The first utterance begins with the first audio, the others with speech.
      if (this.linear && isSilence(bytes)) return;
      this.#begin(this.channel.board.takeScript(this.channel.id), before);
    }
    if (!this.spoken) {
      this.spoken = true;
      if (this.events) {
        await this.channel.send({ type: 'SpeechStarted', channel: [0, 1],
          timestamp: this.fromMs / 1000 });
      }
    }
    while (this.partials.length > 0 && this.ms >= this.fromMs + 100 * (this.steps + 1)) {
      this.steps += 1;
      const partial = this.partials.shift();
      if (this.interim) await this.#results(partial, {});
    }
    const { speech_final_at_ms: finalAt } = this.entry;
    if (finalAt && this.ms >= this.fromMs + finalAt) await this.#final({ speech_final: true });
  }

  // The final pieces; the flags go on the last one.
  async #final(flags) {
    const pieces = this.entry.pieces ?? [this.text];
    for (const [index, piece] of pieces.entries()) {
      await this.#results(piece, { is_final: true, ...(index === pieces.length - 1 ? flags : {}) });
    }
    if (this.entry.utterance_end) {
      await this.channel.send({ type: 'UtteranceEnd', channel: [0, 1],
        last_word_end: this.ms / 1000 });
    }
    this.done = true;
    this.channel.record.finals = (this.channel.record.finals ?? 0) + 1;
  }

  async finalize() {
    if (this.spoken && !this.done && !this.entry.empty_finalize) {
      await this.#final({ from_finalize: true, speech_final: true });
    } else {
      await this.#results('', { is_final: true, from_finalize: true });
      this.done = true;
    }
  }

  async close() {
    if (this.spoken && !this.done) await this.#final({ speech_final: true });
    await this.channel.send({ type: 'Metadata', transaction_key: 'deprecated',
      request_id: 'fake-deepgram', sha256: '0'.repeat(64), created: '2026-01-01T00:00:00.000Z',
      duration: this.ms / 1000, channels: 1 });
    await this.channel.close(1000);
  }
}

async function listenV1(channel, accept) {
  const audio = format(channel.query, encodings);
  if (audio.problem) return channel.refuse(error(400));
  await accept();
  const listening = new Listening(channel, audio);
  const restart = watch(channel, channel.script.keepalive_ms ?? 10000);
  return channel.listen(async (text) => {
    restart();
    const { type } = parse(text);
    if (channel.closing || type === 'KeepAlive') return;
    if (type === 'Finalize') await listening.finalize();
    else if (type === 'CloseStream') await listening.close();
    else await badData(channel);
  }, async (bytes) => {
    restart();
    if (channel.closing) return;
    channel.addAudio(bytes);
    if (bytes.length > 0) await listening.audio(bytes);
    else await listening.close();
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

// ---- v2, Flux -----------------------------------------------------------------------------------

class Flux {
  constructor(channel, { bytesPerMs, linear }) {
    Object.assign(this, { channel, bytesPerMs, linear });
    this.bytes = 0;
    this.sequence = 0;
    this.turn = 0;
    this.eager = channel.query.get('eager_eot_threshold') !== null;
    this.#begin(channel.script, 0);
  }

  #begin(entry, fromMs) {
    Object.assign(this, { entry, fromMs, started: false, steps: 0 });
    this.text = entry.text ?? heardDefault;
    let soFar = '';
    this.partials = entry.partials
      ? [...entry.partials] : textPieces(this.text).map((piece) => (soFar += piece));
  }

  get ms() {
    return this.bytes / this.bytesPerMs;
  }

  send(message) {
    this.sequence += 1;
    return this.channel.send({ request_id: 'fake-deepgram', sequence_id: this.sequence - 1,
      ...message });
  }

  #info(event, transcript, extra = {}) {
    return this.send({ type: 'TurnInfo', event, turn_index: this.turn,
      audio_window_start: this.fromMs / 1000, audio_window_end: this.ms / 1000, transcript,
      words: timedWords(transcript, this.ms - this.fromMs).map(({ word }) =>
        ({ word, confidence: 0.98 })), end_of_turn_confidence: event === 'EndOfTurn' ? 0.83 : 0.1,
      languages: ['en'], ...extra });
  }

  async audio(bytes) {
    const before = this.ms;
    this.bytes += bytes.length;
    if (!this.started) {
      if (this.turn > 0 && this.linear && isSilence(bytes)) return;
      this.fromMs = before;
      this.started = true;
      await this.#info('StartOfTurn', '');
    }
    while (this.partials.length > 0 && this.ms >= this.fromMs + 100 * (this.steps + 1)) {
      this.steps += 1;
      await this.#info('Update', this.partials.shift());
    }
    const endAt = this.entry.end_of_turn_at_ms;
    if (endAt && this.ms >= this.fromMs + endAt) await this.endTurn('model');
  }

  async endTurn(trigger) {
    if (!this.started) return;
    if (this.eager && this.entry.eager !== false) {
      await this.#info('EagerEndOfTurn', this.text);
      if (this.entry.resume) {
        await this.#info('TurnResumed', this.text);
        await this.#info('Update', this.text);
      }
    }
    await this.#info('EndOfTurn', this.text, { trigger });
    this.turn += 1;
    this.#begin(this.channel.board.takeScript(this.channel.id), this.ms);
  }
}

async function listenV2(channel, accept) {
  const known = ['linear16', 'linear32', 'mulaw', 'alaw', 'opus', 'ogg-opus'];
  const audio = format(channel.query, known);
  const model = channel.query.get('model') ?? '';
  if (audio.problem || !model.startsWith('flux-')) return channel.refuse(error(400));
  await accept();
  const flux = new Flux(channel, audio);
  await flux.send({ type: 'Connected' });
  return channel.listen(async (text) => {
    const message = parse(text);
    if (channel.closing) return;
    if (message.type === 'ForceEndTurn') {
      await flux.endTurn('manual');
    } else if (message.type === 'CloseStream') {
      await channel.close(1000);
    } else if (message.type === 'Configure') {
      await flux.send({ type: 'ConfigureSuccess', thresholds: message.thresholds ?? {},
        keyterms: message.keyterms ?? [], language_hints: message.language_hints ?? [] });
    } else {
      await flux.send({ type: 'Error', code: 'INVALID_MESSAGE', description: 'unknown message' });
      await channel.close(1008, 'INVALID_MESSAGE');
    }
  }, async (bytes) => {
    channel.addAudio(bytes);
    if (!channel.closing) await flux.audio(bytes);
  });
}

export const routes = [
  { id: 'deepgram.listen', kind: 'websocket', path: /^\/deepgram\/v1\/listen$/, auth, error, script,
    streamError: () => ({ messages: [], code: 1011, reason: 'NET-0000: internal error' }),
    handle: listenV1 },
  { id: 'deepgram.flux', kind: 'websocket', path: /^\/deepgram\/v2\/listen$/, auth, error, script,
    streamError: () => ({ code: 1011, reason: 'INTERNAL_SERVER_ERROR',
      messages: [JSON.stringify({ type: 'Error', sequence_id: 9, code: 'INTERNAL_SERVER_ERROR',
        description: 'An internal error occurred' })] }), handle: listenV2 },
];
