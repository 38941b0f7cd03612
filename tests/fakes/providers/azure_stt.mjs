// SPDX-License-Identifier: MIT
// Azure Speech recognition: short audio over REST, and the WebSocket protocol of the Speech SDK.
// What is said is a function of how much audio has come, so that tests need no clock.
import { auth, error, streamError } from './azure_tts.mjs';
import { inspect, isSilence } from '../support/audio.mjs';
import { problemOf, readBinary, readText, writeText } from './azure_frames.mjs';
import { textPieces, timedWords } from './text.mjs';

const script = ['partials', 'status', 'strings', 'phrase_at_ms', 'end_turn_at_ms',
  'foreign_hypothesis', 'confidence', 'phrases', 'fragments'];

const heardDefault = 'Hello there.';
const ticksPerMs = 10000;

function result(entry, { text, startMs, durationMs, detailed, words }) {
  const status = entry.status ?? 'Success';
  const number = (ms) => (entry.strings ? String(ms * ticksPerMs) : ms * ticksPerMs);
  const times = { Offset: number(Math.round(startMs)), Duration: number(Math.round(durationMs)) };
  if (status !== 'Success') return { RecognitionStatus: status, ...times };
  if (!detailed) return { RecognitionStatus: status, DisplayText: text, ...times };
  const lexical = text.toLowerCase().replace(/[^\p{L}\p{N} ']/gu, '');
  const best = { Confidence: entry.confidence ?? 0.93, Lexical: lexical, ITN: lexical,
    MaskedITN: lexical, Display: text };
  if (words) {
    best.Words = timedWords(lexical, durationMs).map(({ word, start_ms, end_ms }) => ({ Word: word,
      Offset: Math.round((startMs + start_ms) * ticksPerMs),
      Duration: Math.round((end_ms - start_ms) * ticksPerMs) }));
  }
  return { RecognitionStatus: status, ...times, NBest: [best] };
}

async function handleRest(exchange, body) {
  const { headers, query, record, script: entry } = exchange;
  record.audio = inspect(body);
  const type = headers['content-type'] ?? '';
  const text = (status, message) => exchange.whole({ status, body: message,
    headers: { 'content-type': 'text/plain' } });
  if (!query.get('language')) return text(400, 'Required parameter "language" is missing');
  if (!/^audio\/(wav|ogg); ?codecs=(audio\/pcm|"?audio\/pcm"?|opus)/.test(type)) {
    return text(400, `Unsupported content type ${type}`);
  }
  if (!record.audio.valid || record.audio.duration_ms > 60000) return text(400, 'Bad audio');
  return exchange.whole({ body: result(entry, { text: entry.text ?? heardDefault, startMs: 70,
    durationMs: record.audio.duration_ms ?? 1000,
    detailed: query.get('format') === 'detailed' }) });
}

// One turn on the connection: from speech.context to turn.end.
class Turn {
  constructor(channel, requestId, context, entry) {
    Object.assign(this, { channel, requestId, entry });
    this.detailed = (context.phraseOutput?.format ?? channel.query.get('format') ?? 'simple')
      .toLowerCase() === 'detailed';
    this.words = context.phraseOutput?.detailed?.options?.includes('WordTimings') ||
      channel.query.get('wordLevelTimestamps') === 'true';
    this.interactive = context.phraseDetection?.mode?.toLowerCase() === 'interactive' ||
      channel.url.pathname.includes('/interactive/');
    this.rate = null;
    this.bytes = 0;
    this.startedAt = null;
    this.heard = 0;
    this.phrases = 0;
    this.over = false;
    const texts = entry.phrases ?? [entry.text ?? heardDefault];
    this.texts = texts;
    this.#plan();
  }

  #plan() {
    const text = this.texts[Math.min(this.phrases, this.texts.length - 1)];
    this.text = text;
    const spoken = text.toLowerCase().replace(/[^\p{L}\p{N} ']/gu, '');
    let soFar = '';
    this.partials = this.entry.partials
      ? [...this.entry.partials] : textPieces(spoken).map((piece) => (soFar += piece));
  }

  send(path, body) {
    return this.channel.send(writeText(path, this.requestId, body));
  }

  get ms() {
    return this.bytes / 2 / (this.rate / 1000);
  }

  async audio({ headers, payload }) {
    if (this.over) return;
    if (this.rate === null) {
      const problem = this.#readHeader(headers, payload);
      if (problem) {
        await this.channel.close(1007, problem);
        return;
      }
      await this.send('turn.start', { context: { serviceTag: 'fake-service-tag' } });
      return;
    }
    if (payload.length === 0) {
      await this.#finish();
      return;
    }
    this.bytes += payload.length;
    this.channel.addAudio(payload);
    await this.#hear(payload);
  }

  #readHeader(headers, payload) {
    if (!headers['content-type']?.startsWith('audio/x-wav')) {
      return 'the first audio message needs Content-Type audio/x-wav';
    }
    if (payload.length < 44 || payload.toString('latin1', 0, 4) !== 'RIFF') {
      return 'the first audio message is not a WAV header';
    }
    this.rate = payload.readUInt32LE(24);
    this.bytes = payload.length - 44;
    Object.assign(this.channel.record.audio, { rate: this.rate,
      channels: payload.readUInt16LE(22), bits: payload.readUInt16LE(34),
      declared_data_bytes: payload.readUInt32LE(40) });
    return null;
  }

  // A hypothesis per 100 ms of audio, then a phrase when it has been asked for by amount.
  async #hear(payload) {
    const { entry } = this;
    if (this.startedAt === null) {
      // The first phrase begins with the first audio, the others with speech.
      if (this.phrases > 0 && isSilence(payload)) return;
      this.startedAt = this.ms;
      await this.send('speech.startDetected', { Offset: Math.round(this.startedAt) * ticksPerMs });
    }
    if (entry.foreign_hypothesis) {
      await this.channel.send(writeText('speech.hypothesis', 'f'.repeat(32),
        { Id: 'x', Text: 'not for you', Offset: 0, Duration: 0 }));
    }
    while (this.partials.length > 0 && this.ms >= this.startedAt + 100 * (this.heard + 1)) {
      this.heard += 1;
      await this.send(entry.fragments ? 'speech.fragment' : 'speech.hypothesis', {
        Id: `hypothesis-${this.heard}`, Text: this.partials.shift(),
        Offset: Math.round(this.startedAt) * ticksPerMs,
        Duration: Math.round(this.ms - this.startedAt) * ticksPerMs });
    }
    if (entry.phrase_at_ms && this.ms >= this.startedAt + entry.phrase_at_ms) await this.#phrase();
    if (entry.end_turn_at_ms && this.ms >= entry.end_turn_at_ms) await this.#endTurn();
  }

  async #phrase() {
    const { channel, entry } = this;
    const startMs = this.startedAt ?? 0;
    await this.send('speech.phrase', result(entry, { text: this.text, startMs,
      durationMs: Math.max(0, this.ms - startMs), detailed: this.detailed, words: this.words }));
    this.phrases += 1;
    this.startedAt = null;
    this.heard = 0;
    this.#plan();
    channel.record.phrases = (channel.record.phrases ?? 0) + 1;
    if (this.interactive) await this.#endTurn();
  }

  async #finish() {
    if (this.startedAt !== null || (this.phrases === 0 && this.bytes > 0)) await this.#phrase();
    if (!this.over) await this.#endTurn();
  }

  async #endTurn() {
    this.over = true;
    await this.send('speech.endDetected', { Offset: Math.round(this.ms) * ticksPerMs });
    await this.send('turn.end', {});
  }
}

async function converse(channel, accept) {
  if (!/^[0-9a-f]{32}$/i.test(channel.headers['x-connectionid'] ?? '')) {
    return channel.refuse({ status: 400, body: 'X-ConnectionId' });
  }
  if (!channel.query.get('language') && !channel.query.get('cid') &&
      !channel.query.get('lidEnabled')) {
    return channel.refuse({ status: 400, body: 'language' });
  }
  await accept();
  let configured = false;
  let turn = null;
  let turns = 0;
  const bad = (reason) => channel.close(1007, reason);
  return channel.listen(async (text) => {
    const message = readText(text);
    const problem = problemOf(message);
    if (problem) {
      await bad(problem);
    } else if (message.path === 'speech.config') {
      configured = JSON.parse(message.body).context?.system !== undefined;
    } else if (message.path === 'speech.context') {
      if (!configured) {
        await bad('speech.config must come first');
        return;
      }
      const entry = turns === 0 ? channel.script : channel.board.takeScript(channel.id);
      turns += 1;
      channel.record.turns = turns;
      turn = new Turn(channel, message.requestId, JSON.parse(message.body), entry);
    } else if (message.path !== 'telemetry') {
      await bad(`unknown path ${message.path}`);
    }
  }, async (frame) => {
    const message = readBinary(frame);
    const problem = problemOf(message) ?? (message.path === 'audio' ? null : 'not audio');
    if (problem || turn === null) {
      await bad(problem ?? 'speech.context must come first');
    } else if (message.requestId === turn.requestId) {
      await turn.audio(message);
    }
  });
}

const mode = '(?:interactive|conversation|dictation)';

export const routes = [
  { id: 'azure-speech.stt-rest', auth, error, script, handle: handleRest,
    path: new RegExp(`^/azure-speech/speech/recognition/${mode}/cognitiveservices/v1$`) },
  { id: 'azure-speech.stt', kind: 'websocket', auth, error, script, streamError, handle: converse,
    path: new RegExp('^/azure-speech/(?:stt/speech/universal/v2|' +
      `speech/recognition/${mode}/cognitiveservices/v1)$`) },
];
