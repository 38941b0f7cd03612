// SPDX-License-Identifier: MIT
// Sound that the fakes speak and check: a sine tone as long as its text, real encodings of it, and
// a look into the containers that clients upload.
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';

export const msPerCharacter = 60;
// A whole number of periods per character, so that tones played one after the other join without a
// step: whoever sees one lost or doubled a sample.
export const toneHz = 400;
const amplitude = 0.3;

export function textMs(text, perCharacter = msPerCharacter) {
  return [...text].length * perCharacter;
}

const seconds = new Map();

// One second of the tone, a whole number of periods; made once, so that answers come at once.
function second(rate, hz) {
  const key = `${rate}/${hz}`;
  if (!seconds.has(key)) {
    const pcm = Buffer.alloc(rate * 2);
    for (let i = 0; i < rate; i += 1) {
      const sample = amplitude * 32767 * Math.sin((2 * Math.PI * hz * i) / rate);
      pcm.writeInt16LE(Math.round(sample), i * 2);
    }
    seconds.set(key, pcm);
  }
  return seconds.get(key);
}

// s16le mono; `hz` is a whole number.
export function tone(ms, rate, hz = toneHz) {
  const length = Math.round((ms * rate) / 1000) * 2;
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, second(rate, hz));
}

export function mulaw(pcm) {
  const out = Buffer.alloc(pcm.length / 2);
  for (let i = 0; i < out.length; i += 1) {
    let sample = pcm.readInt16LE(i * 2);
    const sign = sample < 0 ? 0x80 : 0;
    sample = Math.min(Math.abs(sample), 32635) + 0x84;
    let exponent = 7;
    while (exponent > 0 && !(sample & (0x80 << exponent))) exponent -= 1;
    out[i] = ~(sign | (exponent << 4) | ((sample >> (exponent + 3)) & 0x0f)) & 0xff;
  }
  return out;
}

export function alaw(pcm) {
  const out = Buffer.alloc(pcm.length / 2);
  for (let i = 0; i < out.length; i += 1) {
    let sample = pcm.readInt16LE(i * 2) >> 3;
    const mask = sample >= 0 ? 0xd5 : 0x55;
    if (sample < 0) sample = -sample - 1;
    const ends = [0x1f, 0x3f, 0x7f, 0xff, 0x1ff, 0x3ff, 0x7ff, 0xfff];
    const segment = ends.findIndex((end) => sample <= end);
    out[i] = segment < 0 ? 0x7f ^ mask
      : ((segment << 4) | ((segment < 2 ? sample >> 1 : sample >> segment) & 0x0f)) ^ mask;
  }
  return out;
}

// `dataBytes` may lie, as the headers of streamed WAV do.
export function wavHeader({ rate, dataBytes, channels = 1, list = false }) {
  const extra = list ? Buffer.from('LIST\x0c\0\0\0INFOISFT\0\0\0\0', 'latin1') : Buffer.alloc(0);
  const header = Buffer.alloc(36);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(dataBytes >= 0xffffffff - 36 ? 0xffffffff
    : dataBytes === 0 ? 0 : dataBytes + 36 + extra.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  const data = Buffer.alloc(8);
  data.write('data', 0, 'latin1');
  data.writeUInt32LE(dataBytes, 4);
  return Buffer.concat([header, extra, data]);
}

export function wav(pcm, rate, options = {}) {
  return Buffer.concat([wavHeader({ rate, dataBytes: pcm.length, ...options }), pcm]);
}

const encoders = {
  mp3: ['-c:a', 'libmp3lame', '-b:a', '64k', '-write_xing', '0', '-id3v2_version', '0',
    '-f', 'mp3'],
  opus: ['-c:a', 'libopus', '-b:a', '32k', '-page_duration', '20000', '-f', 'ogg'],
  webm: ['-c:a', 'libopus', '-b:a', '32k', '-f', 'webm'],
  aac: ['-c:a', 'aac', '-b:a', '64k', '-f', 'adts'],
  flac: ['-c:a', 'flac', '-f', 'flac'],
};
const encoded = new Map();
const encodedMax = 200;

// The tone as a real file of `format`, by ffmpeg; the same request is encoded once.
export function encodedTone(format, ms, rate) {
  const key = `${format}/${ms}/${rate}`;
  if (!encoded.has(key)) {
    if (encoded.size >= encodedMax) encoded.delete(encoded.keys().next().value);
    encoded.set(key, encode(tone(ms, rate), rate, encoders[format]));
  }
  return encoded.get(key);
}

function encode(pcm, rate, options) {
  return new Promise((resolve, reject) => {
    const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-f', 's16le',
      '-ar', `${rate}`, '-ac', '1', '-i', 'pipe:0', ...options, 'pipe:1']);
    const parts = [];
    child.on('error', reject);
    child.stdin.on('error', () => {});
    child.stdout.on('data', (part) => parts.push(part));
    child.on('close', (status) => (status === 0
      ? resolve(Buffer.concat(parts)) : reject(new Error(`ffmpeg ended with ${status}`))));
    child.stdin.end(pcm);
  });
}

// The tone in any format a speech API may be asked for.
export async function speech(format, text, { rate = 24000, perCharacter, hz } = {}) {
  const ms = textMs(text, perCharacter);
  switch (format) {
    case 'pcm': return tone(ms, rate, hz);
    case 'wav': return wav(tone(ms, rate, hz), rate);
    case 'mulaw': return mulaw(tone(ms, rate, hz));
    case 'alaw': return alaw(tone(ms, rate, hz));
    default: return encodedTone(format, ms, rate);
  }
}

// s16le so quiet that nobody speaks in it.
export function isSilence(pcm) {
  for (let i = 0; i + 1 < pcm.length; i += 2) {
    if (Math.abs(pcm.readInt16LE(i)) >= 64) return false;
  }
  return true;
}

export function cut(bytes, size) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

// What was uploaded: its container and, where that is plain to see, its shape.
export function inspect(bytes) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const base = { bytes: bytes.length, sha256 };
  const magic = bytes.subarray(0, 4).toString('latin1');
  if (magic === 'RIFF') return { ...base, ...inspectWav(bytes) };
  if (bytes.subarray(0, 4).equals(Buffer.from([0x1a, 0x45, 0xdf, 0xa3]))) {
    const text = bytes.toString('latin1');
    return { ...base, container: text.includes('webm') ? 'webm' : 'matroska',
      codec: text.includes('A_OPUS') ? 'opus' : 'unknown', valid: text.includes('OpusHead') };
  }
  if (magic === 'OggS') {
    const opus = bytes.toString('latin1', 0, 100).includes('OpusHead');
    return { ...base, container: 'ogg', codec: opus ? 'opus' : 'unknown', valid: opus };
  }
  if (magic === 'fLaC') return { ...base, container: 'flac', valid: true };
  if (magic.startsWith('ID3') || (bytes[0] === 0xff && (bytes[1] & 0xe0) === 0xe0)) {
    return { ...base, container: 'mp3', valid: true };
  }
  return { ...base, container: 'unknown', valid: false };
}

function inspectWav(bytes) {
  let format = null;
  let at = 12;
  while (at + 8 <= bytes.length) {
    const name = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (name === 'fmt ') {
      format = { encoding: bytes.readUInt16LE(at + 8), channels: bytes.readUInt16LE(at + 10),
        rate: bytes.readUInt32LE(at + 12), bits: bytes.readUInt16LE(at + 22) };
    } else if (name === 'data') {
      return { container: 'wav', ...format, ...inspectSamples(bytes.subarray(at + 8), size, format),
        riff_size: bytes.readUInt32LE(4) };
    }
    at += 8 + size + (size & 1);
  }
  return { container: 'wav', valid: false, ...format };
}

function inspectSamples(data, declared, format) {
  const samples = data.length >> 1;
  let sum = 0;
  for (let i = 0; i < samples; i += 1) sum += data.readInt16LE(i * 2) ** 2;
  return { declared_data_bytes: declared, data_bytes: data.length,
    data_sha256: createHash('sha256').update(data).digest('hex'),
    duration_ms: format ? (1000 * data.length) / (format.rate * format.channels * 2) : null,
    rms: samples ? Math.sqrt(sum / samples) : 0,
    valid: format !== null && format.encoding === 1 && format.bits === 16 &&
      (declared === data.length || declared === 0 || declared === 0xffffffff) };
}
