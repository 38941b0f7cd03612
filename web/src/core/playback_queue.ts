// SPDX-License-Identifier: MIT
//
// The loudspeaker's jitter buffer: audio of items in, an unbroken stream of samples out. Pure; runs
// in the playback worklet and in tests.
//
// Sound starts once `startMs` of an item are here or the first sample has waited that long,
// whichever is first; after running dry in the middle of an item it waits for `refillMs`, so that a
// slow link stutters once and not at every delta. A flush lets only a fade of `kFadeSamples` out
// and forgets the rest.
//
// Contract: all calls from one thread; samples at the rate of the constructor; `push` keeps the
// array.

export interface PlaybackOptions {
  readonly rate: number;
  readonly startMs: number; // 0..; wait at the start of an item
  readonly refillMs: number; // wait after running dry
  // oldest waiting audio never goes; what exceeds the bound is not taken
  readonly samplesMax: number;
}

export type PlaybackEvent =
  // Also after running dry.
  | { readonly type: 'started'; readonly key: number; readonly played: number }
  | { readonly type: 'ended'; readonly key: number; readonly played: number }
  | { readonly type: 'underrun'; readonly key: number; readonly played: number };

export interface FlushedItem {
  readonly key: number;
  readonly played: number; // samples that were rendered, the fade included
  readonly dropped: number;
}

interface Entry {
  readonly key: number;
  readonly chunks: Float32Array[];
  offset: number; // in the first chunk
  waiting: number; // samples not yet rendered
  played: number;
  ended: boolean; // no more will come
}

const kFadeSamples = 128;
const kFadeStep = 1 / kFadeSamples;

export class PlaybackQueue {
  private readonly entries_: Entry[] = [];
  private fade_: Float32Array | null = null;
  private state_: 'idle' | 'filling' | 'playing' = 'idle';
  private waitedSamples_ = 0;
  private fillTarget_: number;
  private rampIn_ = 0; // samples of the ramp still to come
  private held_ = 0; // samples waiting, all items
  private last_ = 0; // last value rendered, to fade from when running dry

  constructor(private readonly options_: PlaybackOptions) {
    this.fillTarget_ = this.samples_(options_.startMs);
  }

  get playing(): boolean {
    return this.state_ === 'playing';
  }

  get waitingSamples(): number {
    return this.held_;
  }

  /** The item that sounds or is next, and how much of it was rendered. */
  get current(): { readonly key: number; readonly played: number } | null {
    const entry = this.entries_[0];
    return entry ? { key: entry.key, played: entry.played } : null;
  }

  /** False when the bound is reached: the samples were not taken. */
  push(key: number, samples: Float32Array): boolean {
    if (samples.length === 0) return true;
    if (this.held_ + samples.length > this.options_.samplesMax) return false;
    let entry = this.entries_.find((other) => other.key === key);
    if (!entry) {
      entry = { key, chunks: [], offset: 0, waiting: 0, played: 0, ended: false };
      this.entries_.push(entry);
    }
    entry.chunks.push(samples);
    entry.waiting += samples.length;
    this.held_ += samples.length;
    if (this.state_ === 'idle') this.fill_(this.options_.startMs);
    return true;
  }

  /** No more audio will come for the item. */
  end(key: number): void {
    const entry = this.entries_.find((other) => other.key === key);
    if (entry) entry.ended = true;
  }

  /** Stops at once. Tells what was rendered of each item that was waiting or sounding. */
  flush(): FlushedItem[] {
    const current = this.entries_[0];
    if (current && this.state_ === 'playing' && current.waiting > 0) {
      const fade = new Float32Array(Math.min(kFadeSamples, current.waiting));
      this.take_(current, fade, 0, fade.length);
      for (let at = 0; at < fade.length; at += 1)
        fade[at] = (fade[at] as number) * (1 - (at + 1) / fade.length);
      this.fade_ = fade;
    }
    const flushed = this.entries_.map(({ key, played, waiting }) => ({
      key,
      played,
      dropped: waiting,
    }));
    this.entries_.length = 0;
    this.held_ = 0;
    this.state_ = 'idle';
    return flushed;
  }

  /** Fills `out`; what there is no sound for becomes silence. `emit` hears what happened. */
  render(out: Float32Array, emit: (event: PlaybackEvent) => void): void {
    let at = this.renderFade_(out);
    if (this.state_ === 'filling') {
      this.waitedSamples_ += out.length;
      if (this.filled_()) this.start_(emit);
    }
    while (this.state_ === 'playing' && at < out.length) {
      const entry = this.entries_[0] as Entry;
      const taken = Math.min(entry.waiting, out.length - at);
      if (taken > 0) {
        this.take_(entry, out, at, taken);
        this.ramp_(out, at, taken);
        at += taken;
      }
      if (entry.waiting === 0) {
        const dry = !entry.ended && this.entries_.length === 1;
        // An item still open with nothing left may just be late: only a full block of silence
        // tells.
        if (dry && at === out.length) break;
        this.leave_(entry, dry, emit);
      }
    }
    if (at < out.length) this.silence_(out, at);
    else this.last_ = out[out.length - 1] ?? 0;
  }

  private fill_(waitMs: number): void {
    this.state_ = 'filling';
    this.waitedSamples_ = 0;
    this.fillTarget_ = this.samples_(waitMs);
  }

  private filled_(): boolean {
    const entry = this.entries_[0] as Entry;
    if (entry.waiting === 0) return entry.ended || this.entries_.length > 1;
    const enough = this.held_ >= this.fillTarget_ || this.waitedSamples_ >= this.fillTarget_;
    return enough || entry.ended || this.entries_.length > 1;
  }

  private start_(emit: (event: PlaybackEvent) => void): void {
    this.state_ = 'playing';
    this.rampIn_ = kFadeSamples;
    const entry = this.entries_[0] as Entry;
    if (entry.waiting > 0) emit({ type: 'started', key: entry.key, played: entry.played });
  }

  private leave_(entry: Entry, dry: boolean, emit: (event: PlaybackEvent) => void): void {
    if (dry) {
      emit({ type: 'underrun', key: entry.key, played: entry.played });
      this.fill_(this.options_.refillMs);
      return;
    }
    emit({ type: 'ended', key: entry.key, played: entry.played });
    this.entries_.shift();
    const next = this.entries_[0];
    if (!next) this.state_ = 'idle';
    else if (next.waiting > 0) emit({ type: 'started', key: next.key, played: next.played });
  }

  private take_(entry: Entry, out: Float32Array, start: number, count: number): void {
    for (let done = 0; done < count;) {
      const chunk = entry.chunks[0] as Float32Array;
      const step = Math.min(chunk.length - entry.offset, count - done);
      out.set(chunk.subarray(entry.offset, entry.offset + step), start + done);
      entry.offset += step;
      done += step;
      if (entry.offset === chunk.length) {
        entry.chunks.shift();
        entry.offset = 0;
      }
    }
    entry.waiting -= count;
    entry.played += count;
    this.held_ -= count;
  }

  private renderFade_(out: Float32Array): number {
    if (!this.fade_) return 0;
    const count = Math.min(this.fade_.length, out.length);
    out.set(this.fade_.subarray(0, count));
    this.fade_ = count < this.fade_.length ? this.fade_.subarray(count) : null;
    this.last_ = 0;
    return count;
  }

  private ramp_(out: Float32Array, start: number, count: number): void {
    for (let at = start; at < start + count && this.rampIn_ > 0; at += 1, this.rampIn_ -= 1) {
      out[at] = (out[at] as number) * (1 - this.rampIn_ / kFadeSamples);
    }
  }

  /** Silence, reached from the last value without a click; that may take longer than one block. */
  private silence_(out: Float32Array, start: number): void {
    if (start > 0) this.last_ = out[start - 1] as number;
    for (let at = start; at < out.length; at += 1) {
      this.last_ =
        Math.abs(this.last_) > kFadeStep ? this.last_ - Math.sign(this.last_) * kFadeStep : 0;
      out[at] = this.last_;
    }
  }

  private samples_(ms: number): number {
    return Math.round((ms * this.options_.rate) / 1000);
  }
}
