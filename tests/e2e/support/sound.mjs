// SPDX-License-Identifier: MIT
// Human speech in any format, a microphone that never sleeps, and a look at what came back.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { speechDir } from './environment.mjs';

const FRAME_MS = 20;

// name: as the API calls it; the rest: how ffmpeg makes it and what silence looks like.
const FORMATS = {
  'audio/pcm': { codec: 's16le', sampleBytes: 2, silence: 0x00 },
  'audio/pcmu': { codec: 'mulaw', sampleBytes: 1, silence: 0xff },
  'audio/pcma': { codec: 'alaw', sampleBytes: 1, silence: 0xd5 },
};
export const PCM24 = { type: 'audio/pcm', rate: 24000 };

const rateOf = (format) => format.rate ?? (format.type === 'audio/pcm' ? 24000 : 8000);
export const bytesPerMs = (format) => (rateOf(format) * FORMATS[format.type].sampleBytes) / 1000;

const clips = new Map();
let texts;

// One of the recorded prompts, resampled and encoded beforehand.
export function speech(name, format = PCM24) {
  const key = `${name} ${format.type} ${rateOf(format)}`;
  if (!clips.has(key)) {
    const wav = join(speechDir(), `${name}.wav`);
    clips.set(key, execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-i', wav,
      '-f', FORMATS[format.type].codec, '-ar', String(rateOf(format)), '-ac', '1', '-'],
    { maxBuffer: 1 << 26 }));
  }
  return clips.get(key);
}

// The words that a prompt says.
export function words(name) {
  texts ??= JSON.parse(readFileSync(join(speechDir(), 'prompts.json'), 'utf8'));
  return texts[name];
}

export function silence(ms, format = PCM24) {
  return Buffer.alloc(ms * bytesPerMs(format), FORMATS[format.type].silence);
}

export const durationMs = (audio, format = PCM24) => audio.length / bytesPerMs(format);

// Appends audio all at once, in frames of 20 ms.
export function pour(session, audio, format = PCM24) {
  const frame = FRAME_MS * bytesPerMs(format);
  for (let at = 0; at < audio.length; at += frame) {
    session.send({ type: 'input_audio_buffer.append',
      audio: audio.subarray(at, at + frame).toString('base64') });
  }
}

// Streams frames of 20 ms at real pace: what was said, silence between, until stopped.
export class Microphone {
  constructor(session, format = PCM24) {
    this.session = session;
    this.format = format;
    this.queue = [];
    this.sent = 0;
    this.quiet = silence(FRAME_MS, format);
    session.closed.then(() => this.stop());
    // Not at once: what the caller says next is the first that is heard.
    this.timer = setTimeout(() => {
      this.started = performance.now();
      this.#tick();
    }, 0);
  }

  // Resolves when the last frame of it was sent.
  say(audio) {
    return new Promise((resolve) => {
      const frame = this.quiet.length;
      for (let at = 0; at < audio.length; at += frame) {
        this.queue.push(audio.subarray(at, at + frame));
      }
      this.queue.push(resolve);
    });
  }

  stop() {
    clearTimeout(this.timer);
    this.stopped = true;
    for (const entry of this.queue) if (typeof entry === 'function') entry();
  }

  #tick() {
    if (this.stopped) return;
    const due = (performance.now() - this.started) / FRAME_MS;
    while (this.sent <= due) {
      while (typeof this.queue[0] === 'function') this.queue.shift()();
      const frame = this.queue.shift() ?? this.quiet;
      this.session.send({ type: 'input_audio_buffer.append', audio: frame.toString('base64') });
      this.sent++;
    }
    while (typeof this.queue[0] === 'function') this.queue.shift()();
    this.timer = setTimeout(() => this.#tick(),
      this.started + this.sent * FRAME_MS - performance.now());
  }
}

// The level of 16-bit samples in dB below full scale.
export function levelDbfs(pcm) {
  let sum = 0;
  const count = Math.floor(pcm.length / 2);
  for (let i = 0; i < count; i++) sum += pcm.readInt16LE(2 * i) ** 2;
  return 10 * Math.log10(sum / count / 32768 ** 2 + 1e-12);
}

export function fromMulaw(bytes) {
  const pcm = Buffer.alloc(2 * bytes.length);
  bytes.forEach((byte, i) => {
    const code = ~byte & 0xff;
    const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84;
    pcm.writeInt16LE(code & 0x80 ? -magnitude : magnitude, 2 * i);
  });
  return pcm;
}

const normal = (text) => text.toLowerCase().match(/[a-z0-9']+/g) ?? [];

// The share of the spoken words that a transcript holds, in any order.
export function heard(transcript, spoken) {
  const got = normal(transcript);
  const wanted = normal(spoken);
  const found = wanted.filter((word) => {
    const at = got.indexOf(word);
    if (at >= 0) got.splice(at, 1);
    return at >= 0;
  });
  return found.length / wanted.length;
}
