// SPDX-License-Identifier: MIT
//
// Samples on the wire: float to and from the session's audio formats. Mono; floats lie within
// -1..1.

import type { AudioFormatName } from './api';
import { decodeAlaw, decodeUlaw, encodeAlaw, encodeUlaw } from './g711';

export function toPcm16(samples: Float32Array): Int16Array<ArrayBuffer> {
  const out = new Int16Array(samples.length);
  for (let at = 0; at < samples.length; at += 1) {
    const scaled = Math.round((samples[at] as number) * 32768);
    out[at] = scaled > 32767 ? 32767 : scaled < -32768 ? -32768 : scaled;
  }
  return out;
}

export function fromPcm16(samples: Int16Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(samples.length);
  for (let at = 0; at < samples.length; at += 1) out[at] = (samples[at] as number) / 32768;
  return out;
}

/** Bytes of an append event. */
export function encodeSamples(format: AudioFormatName, samples: Int16Array): Uint8Array {
  if (format === 'pcm24') {
    const bytes = new Uint8Array(samples.length * 2);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < samples.length; at += 1)
      view.setInt16(at * 2, samples[at] as number, true);
    return bytes;
  }
  const encode = format === 'pcmu' ? encodeUlaw : encodeAlaw;
  return Uint8Array.from(samples, encode);
}

/** Samples of a stream of deltas; a delta may end in the middle of a sample. */
export class SampleDecoder {
  private carried_: number | null = null;

  constructor(readonly format: AudioFormatName) {}

  decode(bytes: Uint8Array): Int16Array<ArrayBuffer> {
    if (this.format !== 'pcm24') {
      const decode = this.format === 'pcmu' ? decodeUlaw : decodeAlaw;
      return Int16Array.from(bytes, decode);
    }
    let whole = bytes;
    if (this.carried_ !== null) {
      whole = new Uint8Array(bytes.length + 1);
      whole[0] = this.carried_;
      whole.set(bytes, 1);
      this.carried_ = null;
    }
    if (whole.length % 2 === 1) this.carried_ = whole[whole.length - 1] as number;
    const view = new DataView(whole.buffer, whole.byteOffset, whole.length);
    const out = new Int16Array(whole.length >> 1);
    for (let at = 0; at < out.length; at += 1) out[at] = view.getInt16(at * 2, true);
    return out;
  }
}

export interface Level {
  readonly peak: number;
  readonly rms: number;
}

export function levelOf(samples: Float32Array): Level {
  let peak = 0;
  let energy = 0;
  for (let at = 0; at < samples.length; at += 1) {
    const value = samples[at] as number;
    const size = value < 0 ? -value : value;
    if (size > peak) peak = size;
    energy += value * value;
  }
  return { peak, rms: samples.length > 0 ? Math.sqrt(energy / samples.length) : 0 };
}
