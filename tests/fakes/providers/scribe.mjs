// SPDX-License-Identifier: MIT
// ElevenLabs Scribe realtime recognition.
import { isSilence } from '../support/audio.mjs';
import { any, header, query } from './auth.mjs';
import { elevenError } from './elevenlabs_tts.mjs';
import { textPieces, timedWords } from './text.mjs';

const script = ['partials', 'commit_at_ms', 'final_first', 'no_answer', 'language'];
const heardDefault = 'Hello there.';
const chunkMsMax = 5000;

const streamErrors = { error: 1011, auth_error: 1008, quota_exceeded: 1008, rate_limited: 1008,
  transcriber_error: 1011, session_time_limit_exceeded: 1000, queue_overflow: 1008,
  resource_exhausted: 1013 };

class Segment {
  constructor(channel, entry) {
    this.text = entry.text ?? heardDefault;
    this.entry = entry;
    let soFar = '';
    this.partials = entry.partials
      ? [...entry.partials] : textPieces(this.text).map((piece) => (soFar += piece));
    this.ms = 0;
    this.steps = 0;
    this.channel = channel;
  }

  // The first segment begins with the first audio, the others with speech.
  async hear(audio, ms) {
    if (this.ms === 0 && this.later && isSilence(audio)) return;
    this.ms += ms;
    while (this.partials.length > 0 && this.ms >= 100 * (this.steps + 1)) {
      this.steps += 1;
      await this.channel.send({ message_type: 'partial_transcript', text: this.partials.shift() });
    }
  }

  async commit(timed) {
    const { channel, entry } = this;
    const text = this.ms > 0 ? this.text : '';
    if (entry.no_answer) return;
    const words = timedWords(text, this.ms).flatMap(({ word, start_ms, end_ms }, index) => [
      ...(index ? [{ text: ' ', start: start_ms / 1000, end: start_ms / 1000, type: 'spacing' }]
        : []),
      { text: word, start: start_ms / 1000, end: end_ms / 1000, type: 'word', logprob: -0.01 }]);
    const language = entry.language ?? 'en';
    if (entry.final_first) {
      await channel.send({ message_type: 'final_transcript', text, language_code: language,
        words });
    }
    await channel.send({ message_type: 'committed_transcript', text });
    if (timed) {
      await channel.send({ message_type: 'committed_transcript_with_timestamps', text,
        language_code: language, words });
    }
  }
}

async function converse(channel, accept) {
  const params = channel.query;
  const format = /^(pcm|ulaw)_(\d+)$/.exec(params.get('audio_format') ?? 'pcm_16000');
  if (!params.get('model_id') || !format) return channel.refuse(elevenError(400));
  await accept();
  const rate = Number(format[2]);
  const bytesPerMs = ((format[1] === 'pcm' ? 2 : 1) * rate) / 1000;
  const strategy = params.get('commit_strategy') ?? 'manual';
  const timed = params.get('include_timestamps') === 'true';
  const fail = async (kind, message, closes) => {
    await channel.send({ message_type: kind, error: message });
    if (closes) await channel.close(1008, message);
  };
  if (!channel.record.authorized) return fail('auth_error', 'Invalid API key', true);
  await channel.send({ message_type: 'session_started', session_id: 'fake-session', config: {
    sample_rate: rate, audio_format: format[0], language_code: params.get('language_code'),
    commit_strategy: strategy, vad_silence_threshold_secs: 1.5, vad_threshold: 0.4,
    min_speech_duration_ms: 100, min_silence_duration_ms: 100, model_id: params.get('model_id'),
    enable_logging: true, include_timestamps: timed, include_language_detection: false,
    keyterms: params.getAll('keyterms'), no_verbatim: false } });
  let segment = new Segment(channel, channel.script);
  const commit = async () => {
    await segment.commit(timed);
    segment = new Segment(channel, channel.board.takeScript(channel.id));
    segment.later = true;
  };
  return channel.listen(async (text) => {
    if (channel.closing) return;
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      message = {};
    }
    if (message.message_type !== 'input_audio_chunk' || typeof message.audio_base_64 !== 'string') {
      await fail('invalid_request', 'expected input_audio_chunk', true);
      return;
    }
    if (message.sample_rate !== undefined && message.sample_rate !== rate) {
      await fail('invalid_request', `sample_rate is not ${rate}`, true);
      return;
    }
    const audio = Buffer.from(message.audio_base_64, 'base64');
    channel.addAudio(audio);
    if (audio.length / bytesPerMs > chunkMsMax) {
      await fail('chunk_size_exceeded', 'The chunk is too large', false);
      return;
    }
    await segment.hear(audio, audio.length / bytesPerMs);
    const { commit_at_ms: commitAt } = segment.entry;
    if (message.commit || (strategy === 'vad' && commitAt && segment.ms >= commitAt)) {
      await commit();
    }
  });
}

export const routes = [{ id: 'elevenlabs.scribe', kind: 'websocket',
  path: /^\/elevenlabs\/v1\/speech-to-text\/realtime$/, auth: any(header('xi-api-key'),
    query('token')), error: elevenError, script, handle: converse,
  streamError: ({ fault }) => {
    const kind = fault.reason in streamErrors ? fault.reason : 'transcriber_error';
    return { messages: [JSON.stringify({ message_type: kind, error: 'Something went wrong' })],
      code: streamErrors[kind], reason: kind };
  } }];
