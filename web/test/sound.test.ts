// SPDX-License-Identifier: MIT
//
// Resampler, G.711, samples on the wire, base64 and WAV.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  base64Bytes,
  decodeBase64,
  decodeBase64Url,
  encodeBase64,
  encodeBase64Url,
} from '../src/core/base64';
import { decodeAlaw, decodeUlaw, encodeAlaw, encodeUlaw } from '../src/core/g711';
import { Resampler, resample } from '../src/core/resampler';
import { SampleDecoder, encodeSamples, fromPcm16, levelOf, toPcm16 } from '../src/core/samples';
import { parseWav, writeWav } from '../src/core/wav';
import { rms, sine } from './flows';

/** Largest difference from the ideal sine, away from the ends, in dB below full scale. */
function errorDb(samples: Float32Array, hz: number, rate: number): number {
  const ideal = sine(hz, rate, samples.length / rate + 1);
  const edge = Math.round(rate * 0.02);
  let worst = 0;
  for (let at = edge; at < samples.length - edge; at += 1) {
    worst = Math.max(worst, Math.abs((samples[at] as number) - (ideal[at] as number)));
  }
  return 20 * Math.log10(worst);
}

for (const [from, to] of [
  [48000, 24000],
  [44100, 24000],
  [16000, 24000],
  [24000, 48000],
  [24000, 44100],
  [48000, 8000],
  [44100, 8000],
  [8000, 48000],
  [96000, 24000],
  [22050, 48000],
] as const) {
  test(`resampling ${from} Hz to ${to} Hz keeps a tone in place and in shape`, () => {
    const out = resample(sine(1000, from, 0.5), from, to);
    assert.equal(out.length, Math.round(0.5 * to));
    const db = errorDb(out, 1000, to);
    assert.ok(db < -60, `error ${db.toFixed(1)} dB`);
  });
}

test('resampling down leaves nothing of what lies above the new band', () => {
  const out = resample(sine(5000, 48000, 0.5), 48000, 8000);
  const left = 20 * Math.log10(rms(out, 200, out.length - 200));
  assert.ok(left < -65, `${left.toFixed(1)} dB`);
});

test('resampling passes a constant unchanged in every phase', () => {
  const out = resample(new Float32Array(44100).fill(0.5), 44100, 24000);
  for (let at = 100; at < out.length - 100; at += 1)
    assert.ok(Math.abs((out[at] as number) - 0.5) < 1e-4);
});

test('a stream resampled in odd pieces equals the whole', () => {
  const input = sine(700, 44100, 0.3);
  const whole = new Resampler(44100, 24000).process(input);
  const pieces = new Resampler(44100, 24000);
  const out: number[] = [];
  for (let at = 0, step = 1; at < input.length; at += step, step = (step * 7) % 997 || 1) {
    out.push(...pieces.process(input.subarray(at, at + step)));
  }
  assert.equal(out.length, whole.length);
  for (let at = 0; at < out.length; at += 1)
    assert.ok(Math.abs((out[at] as number) - (whole[at] as number)) < 1e-6);
});

test('equal rates pass samples through untouched', () => {
  const input = sine(440, 24000, 0.1);
  assert.deepEqual(resample(input, 24000, 24000), input);
});

test('a rate that is no whole number is refused', () => {
  assert.throws(() => new Resampler(44100.5, 24000), RangeError);
});

test('mu-law codes of the standard decode to their values', () => {
  assert.equal(decodeUlaw(0xff), 0);
  assert.equal(decodeUlaw(0x80), 32124);
  assert.equal(decodeUlaw(0x00), -32124);
  assert.equal(encodeUlaw(0), 0xff);
  assert.equal(encodeUlaw(32767), 0x80);
  assert.equal(encodeUlaw(-32768), 0x00);
});

test('A-law codes of the standard decode to their values', () => {
  assert.equal(decodeAlaw(0xd5), 8);
  assert.equal(decodeAlaw(0x55), -8);
  assert.equal(decodeAlaw(0xaa), 32256);
  assert.equal(decodeAlaw(0x2a), -32256);
  assert.equal(encodeAlaw(0), 0xd5);
  assert.equal(encodeAlaw(32767), 0xaa);
  assert.equal(encodeAlaw(-32768), 0x2a);
});

for (const [name, encode, decode] of [
  ['mu-law', encodeUlaw, decodeUlaw],
  ['A-law', encodeAlaw, decodeAlaw],
] as const) {
  test(`every ${name} code survives decoding and encoding`, () => {
    for (let code = 0; code < 256; code += 1) {
      const again = encode(decode(code));
      assert.equal(decode(again), decode(code), `code ${code}`);
    }
  });

  test(`${name} stays within half a step of every sample`, () => {
    for (let sample = -32768; sample <= 32767; sample += 13) {
      const off = Math.abs(decode(encode(sample)) - sample);
      assert.ok(off <= Math.max(16, Math.abs(sample) / 16), `sample ${sample} off by ${off}`);
    }
  });
}

test('floats beyond full scale are clipped, not wrapped', () => {
  assert.deepEqual(
    [...toPcm16(Float32Array.of(-2, -1, 0, 1, 2))],
    [-32768, -32768, 0, 32767, 32767],
  );
});

test('PCM deltas that end in the middle of a sample are put together', () => {
  const samples = Int16Array.of(1, -2, 300, -32768, 32767);
  const bytes = encodeSamples('pcm24', samples);
  const decoder = new SampleDecoder('pcm24');
  const out: number[] = [];
  for (const [from, to] of [
    [0, 1],
    [1, 4],
    [4, 7],
    [7, 10],
  ] as const) {
    out.push(...decoder.decode(bytes.subarray(from, to)));
  }
  assert.deepEqual(out, [...samples]);
});

test('G.711 on the wire is one byte a sample', () => {
  const samples = toPcm16(sine(400, 8000, 0.02));
  for (const format of ['pcmu', 'pcma'] as const) {
    const bytes = encodeSamples(format, samples);
    assert.equal(bytes.length, samples.length);
    const back = fromPcm16(new SampleDecoder(format).decode(bytes));
    for (let at = 0; at < back.length; at += 1) {
      assert.ok(Math.abs((back[at] as number) - (samples[at] as number) / 32768) < 0.02);
    }
  }
});

test('levels are peak and root mean square', () => {
  const level = levelOf(sine(1000, 48000, 0.1));
  assert.ok(Math.abs(level.peak - 0.5) < 1e-3 && Math.abs(level.rms - 0.5 / Math.SQRT2) < 1e-3);
});

test('base64 round-trips any bytes, large ones too', () => {
  for (const length of [0, 1, 2, 3, 100_000]) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 31) & 0xff);
    assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes);
    assert.deepEqual(decodeBase64Url(encodeBase64Url(bytes)), bytes);
    assert.equal(base64Bytes(encodeBase64(bytes)), length);
  }
});

// ------------------------------------------------------------------------------------------- WAV

interface Chunk {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly size?: number; // as claimed
}

function riff(...chunks: Chunk[]): ArrayBuffer {
  const parts = chunks.map(({ id, bytes, size }) => {
    const out = new Uint8Array(8 + bytes.length + (bytes.length % 2));
    out.set(new TextEncoder().encode(id));
    new DataView(out.buffer).setUint32(4, size ?? bytes.length, true);
    out.set(bytes, 8);
    return out;
  });
  const total = parts.reduce((sum, part) => sum + part.length, 12);
  const file = new Uint8Array(total);
  file.set(new TextEncoder().encode('RIFF....WAVE'));
  new DataView(file.buffer).setUint32(4, total - 8, true);
  let at = 12;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file.buffer;
}

function format(
  tag: number,
  channels: number,
  rate: number,
  bits: number,
  extension = new Uint8Array(0),
): Chunk {
  const bytes = new Uint8Array(16 + extension.length);
  const view = new DataView(bytes.buffer);
  const frame = (channels * bits) / 8;
  view.setUint16(0, tag, true);
  view.setUint16(2, channels, true);
  view.setUint32(4, rate, true);
  view.setUint32(8, rate * frame, true);
  view.setUint16(12, frame, true);
  view.setUint16(14, bits, true);
  bytes.set(extension, 16);
  return { id: 'fmt ', bytes };
}

function packed(
  values: readonly number[],
  bytesEach: number,
  put: (view: DataView, at: number, value: number) => void,
): Uint8Array {
  const bytes = new Uint8Array(values.length * bytesEach);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) put(view, index * bytesEach, value);
  return bytes;
}

const kValues = [0, 0.5, -0.5, 0.25, -1];

const kEncodings: readonly (readonly [
  string,
  number,
  number,
  (view: DataView, at: number, value: number) => void,
])[] = [
  ['8-bit', 1, 8, (view, at, value) => view.setUint8(at, Math.round(value * 128) + 128)],
  ['16-bit', 1, 16, (view, at, value) => view.setInt16(at, Math.round(value * 32768), true)],
  [
    '24-bit',
    1,
    24,
    (view, at, value) => {
      const whole = Math.round(value * 8388608);
      view.setUint8(at, whole & 0xff);
      view.setInt16(at + 1, whole >> 8, true);
    },
  ],
  ['32-bit', 1, 32, (view, at, value) => view.setInt32(at, Math.round(value * 2147483648), true)],
  ['float', 3, 32, (view, at, value) => view.setFloat32(at, value, true)],
  ['double', 3, 64, (view, at, value) => view.setFloat64(at, value, true)],
];

for (const [name, tag, bits, put] of kEncodings) {
  test(`a ${name} WAV is read`, () => {
    const file = riff(format(tag, 1, 16000, bits), {
      id: 'data',
      bytes: packed(kValues, bits / 8, put),
    });
    const { rate, channels, samples } = parseWav(file);
    assert.deepEqual([rate, channels, [...samples]], [16000, 1, kValues]);
  });
}

test('stereo is mixed to mono', () => {
  const put = kEncodings[1]?.[3] as (view: DataView, at: number, value: number) => void;
  const file = riff(format(1, 2, 44100, 16), {
    id: 'data',
    bytes: packed([0.5, 0.25, -0.5, 0], 2, put),
  });
  const { channels, samples } = parseWav(file);
  assert.deepEqual([channels, [...samples]], [2, [0.375, -0.25]]);
});

test('the extensible header and chunks of other programs are understood', () => {
  const extension = new Uint8Array(24);
  new DataView(extension.buffer).setUint16(8, 3, true); // the real format: float
  const put = kEncodings[4]?.[3] as (view: DataView, at: number, value: number) => void;
  const file = riff(
    { id: 'LIST', bytes: new Uint8Array(7) },
    format(0xfffe, 1, 48000, 32, extension),
    { id: 'fact', bytes: new Uint8Array(4) },
    { id: 'data', bytes: packed(kValues, 4, put) },
  );
  assert.deepEqual([...parseWav(file).samples], kValues);
});

test('a recording whose header was never finished is read to its end', () => {
  const put = kEncodings[1]?.[3] as (view: DataView, at: number, value: number) => void;
  for (const size of [0, 0xffffffff, 1 << 20]) {
    const file = riff(format(1, 1, 8000, 16), { id: 'data', bytes: packed(kValues, 2, put), size });
    assert.deepEqual([...parseWav(file).samples], kValues);
  }
});

test('G.711 in a WAV is read', () => {
  const file = riff(format(7, 1, 8000, 8), { id: 'data', bytes: Uint8Array.of(0xff, 0x80) });
  assert.deepEqual([...parseWav(file).samples], [0, 32124 / 32768]);
});

test('what is no WAV, or a compressed one, is refused in words', () => {
  assert.throws(() => parseWav(new ArrayBuffer(0)), /not a WAV/);
  assert.throws(
    () => parseWav(new TextEncoder().encode('RIFF....AVI LIST').buffer as ArrayBuffer),
    /not a WAV/,
  );
  assert.throws(() => parseWav(riff(format(1, 1, 8000, 16))), /no sound/);
  assert.throws(
    () => parseWav(riff({ id: 'data', bytes: new Uint8Array(4) })),
    /before its format/,
  );
  assert.throws(
    () => parseWav(riff(format(2, 1, 8000, 8), { id: 'data', bytes: new Uint8Array(4) })),
    /compressed/,
  );
  assert.throws(
    () => parseWav(riff(format(1, 0, 8000, 16), { id: 'data', bytes: new Uint8Array(4) })),
    /damaged/,
  );
});

test('random bytes never do worse than an error', () => {
  let seed = 1;
  const random = (): number => (seed = (seed * 48271) % 2147483647) & 0xff;
  for (let round = 0; round < 500; round += 1) {
    const file = new Uint8Array(
      riff(format(1, 1, 8000, 16), { id: 'data', bytes: new Uint8Array(16) }),
    );
    for (let change = 0; change < 4; change += 1)
      file[12 + (random() % (file.length - 12))] = random();
    try {
      for (const sample of parseWav(file.buffer).samples) assert.ok(Math.abs(sample) <= 1);
    } catch (error) {
      assert.match((error as Error).message, /WAV/);
    }
  }
});

test('a written two-channel WAV has the header and frames of the format', () => {
  const file = writeWav(24000, [Int16Array.of(1, 2, 3), Int16Array.of(-1, -2, -3)]);
  const view = new DataView(file);
  assert.equal(view.getUint16(22, true), 2);
  assert.equal(view.getUint32(24, true), 24000);
  assert.equal(view.getUint32(28, true), 96000);
  assert.equal(view.getUint32(40, true), 12);
  assert.deepEqual([...new Int16Array(file, 44)], [1, -1, 2, -2, 3, -3]);
  assert.deepEqual([...parseWav(file).samples], [0, 0, 0]);
});
