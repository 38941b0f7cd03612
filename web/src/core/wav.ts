// SPDX-License-Identifier: MIT
//
// WAV files: reads PCM of 8, 16, 24 and 32 bits, float of 32 and 64, and G.711, of any rate and up
// to 8 channels, mixed to mono; writes 16-bit PCM. Sizes in headers of recordings cut short are not
// believed beyond the end of the file.

import { decodeAlaw, decodeUlaw } from './g711';

export const kWavBytesMax = 256 * 1024 * 1024;

export interface WavAudio {
  readonly rate: number;
  readonly channels: number; // of the file; the samples are mono
  readonly samples: Float32Array<ArrayBuffer>;
}

/** Throws an Error whose message may be shown. */
export function parseWav(buffer: ArrayBuffer): WavAudio {
  if (buffer.byteLength > kWavBytesMax) throw new Error('This file is too large: at most 256 MB.');
  const view = new DataView(buffer);
  if (buffer.byteLength < 12 || fourCc(view, 0) !== 'RIFF' || fourCc(view, 8) !== 'WAVE') {
    throw new Error('This is not a WAV file.');
  }
  let format: Format | null = null;
  for (let at = 12; at + 8 <= view.byteLength;) {
    const id = fourCc(view, at);
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    const end = Math.min(start + size, view.byteLength);
    if (id === 'fmt ') format = readFormat(view, start, end);
    if (id === 'data') {
      if (!format) throw new Error('This WAV file has its sound before its format.');
      // Recorders that stream write no size, or the largest.
      const dataEnd = size === 0 ? view.byteLength : end;
      return readSamples(view, start, dataEnd, format);
    }
    at = start + size + (size % 2);
  }
  throw new Error('This WAV file has no sound in it.');
}

interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly rate: number;
  readonly frameBytes: number;
  readonly sampleBytes: number;
}

const kTagPcm = 1;
const kTagFloat = 3;
const kTagAlaw = 6;
const kTagUlaw = 7;
const kTagExtensible = 0xfffe;

function readFormat(view: DataView, start: number, end: number): Format {
  if (end - start < 16) throw new Error('This WAV file has a damaged header.');
  let tag = view.getUint16(start, true);
  const channels = view.getUint16(start + 2, true);
  const rate = view.getUint32(start + 4, true);
  const frameBytes = view.getUint16(start + 12, true);
  const bits = view.getUint16(start + 14, true);
  if (tag === kTagExtensible && end - start >= 26) tag = view.getUint16(start + 24, true);
  const sampleBytes = Math.ceil(bits / 8);
  if (
    channels < 1 ||
    channels > 8 ||
    rate < 4000 ||
    rate > 384_000 ||
    frameBytes !== channels * sampleBytes
  ) {
    throw new Error('This WAV file has a damaged header.');
  }
  const known =
    (tag === kTagPcm && sampleBytes >= 1 && sampleBytes <= 4) ||
    (tag === kTagFloat && (sampleBytes === 4 || sampleBytes === 8)) ||
    ((tag === kTagAlaw || tag === kTagUlaw) && sampleBytes === 1);
  if (!known)
    throw new Error(
      `This WAV file is compressed (format ${tag}, ${bits} bits); please save it as PCM.`,
    );
  return { tag, channels, rate, frameBytes, sampleBytes };
}

function readSamples(view: DataView, start: number, end: number, format: Format): WavAudio {
  const { channels, frameBytes, sampleBytes, rate } = format;
  const read = sampleReader(view, format);
  const samples = new Float32Array(Math.floor((end - start) / frameBytes));
  for (let frame = 0; frame < samples.length; frame += 1) {
    const at = start + frame * frameBytes;
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) sum += read(at + channel * sampleBytes);
    const mono = sum / channels;
    samples[frame] = Number.isFinite(mono) ? Math.max(-1, Math.min(1, mono)) : 0;
  }
  return { rate, channels, samples };
}

function sampleReader(view: DataView, format: Format): (at: number) => number {
  if (format.tag === kTagUlaw) return (at) => decodeUlaw(view.getUint8(at)) / 32768;
  if (format.tag === kTagAlaw) return (at) => decodeAlaw(view.getUint8(at)) / 32768;
  if (format.tag === kTagFloat) {
    return format.sampleBytes === 4
      ? (at) => view.getFloat32(at, true)
      : (at) => view.getFloat64(at, true);
  }
  switch (format.sampleBytes) {
    case 1:
      return (at) => (view.getUint8(at) - 128) / 128;
    case 2:
      return (at) => view.getInt16(at, true) / 32768;
    case 3:
      return (at) => (view.getInt16(at + 1, true) * 256 + view.getUint8(at)) / 8388608;
    default:
      return (at) => view.getInt32(at, true) / 2147483648;
  }
}

/** A 16-bit WAV file of channels of equal length. */
export function writeWav(rate: number, channels: readonly Int16Array[]): ArrayBuffer {
  const frames = channels[0]?.length ?? 0;
  const frameBytes = channels.length * 2;
  const dataBytes = frames * frameBytes;
  const buffer = new ArrayBuffer(44 + dataBytes);
  const view = new DataView(buffer);
  putFourCc(view, 0, 'RIFF');
  view.setUint32(4, 36 + dataBytes, true);
  putFourCc(view, 8, 'WAVE');
  putFourCc(view, 12, 'fmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, kTagPcm, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * frameBytes, true);
  view.setUint16(32, frameBytes, true);
  view.setUint16(34, 16, true);
  putFourCc(view, 36, 'data');
  view.setUint32(40, dataBytes, true);
  for (const [channel, samples] of channels.entries()) {
    for (let frame = 0; frame < frames; frame += 1) {
      view.setInt16(44 + frame * frameBytes + channel * 2, samples[frame] ?? 0, true);
    }
  }
  return buffer;
}

function fourCc(view: DataView, at: number): string {
  return String.fromCharCode(
    view.getUint8(at),
    view.getUint8(at + 1),
    view.getUint8(at + 2),
    view.getUint8(at + 3),
  );
}

function putFourCc(view: DataView, at: number, text: string): void {
  for (let index = 0; index < 4; index += 1) view.setUint8(at + index, text.charCodeAt(index));
}
