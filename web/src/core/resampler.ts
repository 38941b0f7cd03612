// SPDX-License-Identifier: MIT
//
// Streaming resampler between two whole rates: a windowed sinc (Kaiser, about -80 dB), one row of
// taps per phase.
//
// Linear phase. The stream is primed so that output sample n lies exactly at n / outRate: no delay
// to account for, only a look-ahead of `lookAheadSamples` input samples that `flush` fills with
// silence at the end. The window-design formulas are those of Kaiser and Schafer, "On the use of
// the I0-sinh window", 1980.

const kZeroCrossings = 16; // on either side, at the lower of the two rates
const kKaiserBeta = 8.0;
const kCutoff = 0.94; // of the lower Nyquist: leaves room for the transition band

export class Resampler {
  readonly lookAheadSamples: number;

  private readonly up_: number;
  private readonly down_: number;
  private readonly taps_: number; // per phase
  private readonly table_: Float32Array | null; // up_ rows of taps_; null: the rates are equal
  private history_: Float32Array; // input that later output still needs
  private historyEnd_: number; // samples in it
  private position_ = 0; // of the next output, in history samples, whole part
  private phase_ = 0; // and its fraction, in 1/up_

  constructor(
    readonly inRate: number,
    readonly outRate: number,
  ) {
    if (!Number.isInteger(inRate) || !Number.isInteger(outRate) || inRate < 1 || outRate < 1) {
      throw new RangeError(`cannot resample ${inRate} Hz to ${outRate} Hz`);
    }
    const divisor = greatestCommonDivisor(inRate, outRate);
    this.up_ = outRate / divisor;
    this.down_ = inRate / divisor;
    const stretch = Math.max(1, inRate / outRate);
    const half = Math.ceil(kZeroCrossings * stretch);
    this.taps_ = 2 * half;
    this.lookAheadSamples = half;
    this.table_ = inRate === outRate ? null : makeTable(this.up_, half, stretch);
    // Output 0 is centred on input 0: half - 1 samples of silence come before it.
    this.history_ = new Float32Array(this.taps_ * 2 + 1024);
    this.historyEnd_ = half - 1;
  }

  process(input: Float32Array): Float32Array<ArrayBuffer> {
    if (!this.table_) return input.slice();
    this.append_(input);
    const out = new Float32Array(this.available_());
    const { table_: table, taps_: taps, history_: history, up_: up, down_: down } = this;
    let position = this.position_;
    let phase = this.phase_;
    for (let at = 0; at < out.length; at += 1) {
      const row = phase * taps;
      let sum = 0;
      for (let tap = 0; tap < taps; tap += 1) {
        sum += (table[row + tap] as number) * (history[position + tap] as number);
      }
      out[at] = sum;
      phase += down;
      position += Math.floor(phase / up);
      phase %= up;
    }
    this.phase_ = phase;
    this.position_ = position;
    this.forget_();
    return out;
  }

  /** What is still inside; afterwards the resampler is at the end of its stream. */
  flush(): Float32Array<ArrayBuffer> {
    return this.table_
      ? this.process(new Float32Array(this.lookAheadSamples))
      : new Float32Array(0);
  }

  private available_(): number {
    const room = this.historyEnd_ - this.taps_ - this.position_;
    if (room < 0) return 0;
    // Outputs whose whole position stays within room: phase + n * down < (room + 1) * up.
    return Math.ceil(((room + 1) * this.up_ - this.phase_) / this.down_);
  }

  private append_(input: Float32Array): void {
    const needed = this.historyEnd_ + input.length;
    if (needed > this.history_.length) {
      const larger = new Float32Array(needed * 2);
      larger.set(this.history_.subarray(0, this.historyEnd_));
      this.history_ = larger;
    }
    this.history_.set(input, this.historyEnd_);
    this.historyEnd_ = needed;
  }

  private forget_(): void {
    const gone = Math.min(this.position_, this.historyEnd_);
    this.history_.copyWithin(0, gone, this.historyEnd_);
    this.historyEnd_ -= gone;
    this.position_ -= gone;
  }
}

/** A whole recording at once. */
export function resample(
  samples: Float32Array,
  inRate: number,
  outRate: number,
): Float32Array<ArrayBuffer> {
  const resampler = new Resampler(inRate, outRate);
  const body = resampler.process(samples);
  const rest = resampler.flush();
  const length = Math.min(
    body.length + rest.length,
    Math.round((samples.length * outRate) / inRate),
  );
  const out = new Float32Array(length);
  out.set(body.subarray(0, length));
  if (length > body.length) out.set(rest.subarray(0, length - body.length), body.length);
  return out;
}

function makeTable(up: number, half: number, stretch: number): Float32Array {
  const taps = 2 * half;
  const table = new Float32Array(up * taps);
  const bandwidth = kCutoff / stretch; // of the input's Nyquist
  const norm = besselI0(kKaiserBeta);
  for (let phase = 0; phase < up; phase += 1) {
    const row = new Float64Array(taps);
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const distance = tap - (half - 1) - phase / up; // in input samples
      const edge = distance / half;
      if (Math.abs(edge) >= 1) continue;
      const window = besselI0(kKaiserBeta * Math.sqrt(1 - edge * edge)) / norm;
      const value = sinc(bandwidth * distance) * window;
      row[tap] = value;
      sum += value;
    }
    // Each phase passes a constant unchanged; otherwise the phases would hum at the input's rate.
    for (let tap = 0; tap < taps; tap += 1) table[phase * taps + tap] = (row[tap] as number) / sum;
  }
  return table;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 40; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
