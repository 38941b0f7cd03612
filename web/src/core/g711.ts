// SPDX-License-Identifier: MIT
//
// G.711 mu-law and A-law (ITU-T G.711), 8 kHz, one byte a sample, from and to 16-bit samples.

const kUlawBias = 0x84;
const kUlawClip = 32635;

export function encodeUlaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), kUlawClip) + kUlawBias;
  let exponent = 7;
  for (let mask = 0x4000; exponent > 0 && (magnitude & mask) === 0; mask >>= 1) exponent -= 1;
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

export function decodeUlaw(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + kUlawBias) << ((bits >> 4) & 7)) - kUlawBias;
  return bits & 0x80 ? 0 - magnitude : magnitude; // not -0
}

export function encodeAlaw(sample: number): number {
  // The 13-bit value, of which negative ones count from -1 down, so that both signs have all steps.
  const positive = sample >= 0;
  const value = Math.min(positive ? sample >> 3 : (-sample - 1) >> 3, 0x0fff);
  const mask = positive ? 0xd5 : 0x55;
  let segment = 0;
  for (let limit = 0x1f; value > limit && segment < 7; limit = (limit << 1) | 1) segment += 1;
  const mantissa = segment < 2 ? (value >> 1) & 0x0f : (value >> segment) & 0x0f;
  return ((segment << 4) | mantissa) ^ mask;
}

export function decodeAlaw(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  let magnitude = ((bits & 0x0f) << 4) + 8;
  if (segment > 0) magnitude = (magnitude + 0x100) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}
