// SPDX-License-Identifier: MIT
//
// The sound of the session, for replaying items and for the two-channel export: what the user said
// and where on the session clock, each item's audio, and which part of it was heard when. 16-bit
// samples, bounded in bytes; when full, the oldest sound goes first.

import { resample } from './resampler';
import { fromPcm16, toPcm16 } from './samples';

/** One stretch of sound without a break. */
interface Run {
  readonly startMs: number;
  readonly rate: number;
  readonly chunks: Int16Array[];
  samples: number;
}

/** Samples [from, to) of an item, heard from startMs on. */
interface HeardSpan {
  readonly itemId: string;
  readonly startMs: number;
  from: number;
  to: number;
}

interface ItemAudio {
  readonly rate: number;
  readonly chunks: Int16Array[];
  samples: number;
  dropped: boolean;
}

const kGapMs = 120; // a longer pause between appends begins a new run
const kRunSecondsMax = 30; // so that old sound can go in pieces

export const kExportRate = 24000;

export class AudioStore {
  private readonly runs_: Run[] = [];
  private readonly items_ = new Map<string, ItemAudio>();
  private heard_: HeardSpan[] = [];
  private bytes_ = 0;

  constructor(private readonly bytesMax_: number) {}

  get bytes(): number {
    return this.bytes_;
  }

  get empty(): boolean {
    return this.runs_.length === 0 && this.heard_.length === 0;
  }

  /** Sound of the user that ends at `endMs`. */
  addUser(samples: Int16Array, rate: number, endMs: number): void {
    const durationMs = (samples.length / rate) * 1000;
    let run = this.runs_[this.runs_.length - 1];
    const runEndMs = run ? run.startMs + (run.samples / run.rate) * 1000 : 0;
    if (
      !run ||
      run.rate !== rate ||
      endMs - durationMs - runEndMs > kGapMs ||
      run.samples > kRunSecondsMax * rate
    ) {
      // A run that follows on closely starts exactly where the one before it ends.
      const follows = run !== undefined && Math.abs(endMs - durationMs - runEndMs) <= kGapMs;
      run = {
        startMs: follows ? runEndMs : Math.max(runEndMs, endMs - durationMs),
        rate,
        chunks: [],
        samples: 0,
      };
      this.runs_.push(run);
    }
    run.chunks.push(samples);
    run.samples += samples.length;
    this.grow_(samples.byteLength);
  }

  addItem(itemId: string, samples: Int16Array, rate: number): void {
    let audio = this.items_.get(itemId);
    if (!audio) {
      audio = { rate, chunks: [], samples: 0, dropped: false };
      this.items_.set(itemId, audio);
    }
    if (audio.dropped) return;
    audio.chunks.push(samples);
    audio.samples += samples.length;
    this.grow_(samples.byteLength);
  }

  /** The user's audio of one item, cut out of the runs. */
  userAudio(
    fromMs: number,
    toMs: number,
  ): { samples: Int16Array<ArrayBuffer>; rate: number } | null {
    for (const run of this.runs_) {
      const runEndMs = run.startMs + (run.samples / run.rate) * 1000;
      if (fromMs >= runEndMs || toMs <= run.startMs) continue;
      const whole = this.userLane_(fromMs, toMs);
      return { samples: whole, rate: kExportRate };
    }
    return null;
  }

  /** All audio received of an item; null when there is none or it had to go. */
  itemAudio(itemId: string): { samples: Int16Array<ArrayBuffer>; rate: number } | null {
    const audio = this.items_.get(itemId);
    if (!audio || audio.dropped || audio.samples === 0) return null;
    return { samples: joined(audio.chunks, audio.samples), rate: audio.rate };
  }

  itemMs(itemId: string): number {
    const audio = this.items_.get(itemId);
    return audio ? (audio.samples / audio.rate) * 1000 : 0;
  }

  /** The item begins to sound (again, after a pause) at its sample `fromSample`. */
  heardStarted(itemId: string, fromSample: number, atMs: number): void {
    this.heard_.push({ itemId, startMs: atMs, from: fromSample, to: fromSample });
  }

  heardUntil(itemId: string, sample: number): void {
    for (let at = this.heard_.length - 1; at >= 0; at -= 1) {
      const span = this.heard_[at] as HeardSpan;
      if (span.itemId !== itemId) continue;
      span.to = Math.max(span.to, sample);
      return;
    }
  }

  /**
   * User and assistant as they sounded, from `startMs` of the session clock on. null: nothing
   * there.
   */
  lanes(): {
    startMs: number;
    user: Int16Array<ArrayBuffer>;
    assistant: Int16Array<ArrayBuffer>;
  } | null {
    let startMs = Infinity;
    let endMs = 0;
    for (const run of this.runs_) {
      startMs = Math.min(startMs, run.startMs);
      endMs = Math.max(endMs, run.startMs + (run.samples / run.rate) * 1000);
    }
    for (const span of this.heard_) {
      const audio = this.items_.get(span.itemId);
      if (!audio || audio.dropped) continue;
      startMs = Math.min(startMs, span.startMs);
      endMs = Math.max(endMs, span.startMs + ((span.to - span.from) / audio.rate) * 1000);
    }
    if (startMs === Infinity || endMs <= startMs) return null;
    return {
      startMs,
      user: this.userLane_(startMs, endMs),
      assistant: this.assistantLane_(startMs, endMs),
    };
  }

  clear(): void {
    this.runs_.length = 0;
    this.items_.clear();
    this.heard_ = [];
    this.bytes_ = 0;
  }

  private userLane_(startMs: number, endMs: number): Int16Array<ArrayBuffer> {
    const lane = new Int16Array(Math.ceil(((endMs - startMs) * kExportRate) / 1000));
    for (const run of this.runs_) {
      const at = Math.round(((run.startMs - startMs) * kExportRate) / 1000);
      if (at >= lane.length || at + (run.samples * kExportRate) / run.rate <= 0) continue;
      put(lane, at, atExportRate(joined(run.chunks, run.samples), run.rate));
    }
    return lane;
  }

  private assistantLane_(startMs: number, endMs: number): Int16Array<ArrayBuffer> {
    const lane = new Int16Array(Math.ceil(((endMs - startMs) * kExportRate) / 1000));
    for (const span of this.heard_) {
      const audio = this.itemAudio(span.itemId);
      if (!audio || span.to <= span.from) continue;
      const part = atExportRate(audio.samples.slice(span.from, span.to), audio.rate);
      put(lane, Math.round(((span.startMs - startMs) * kExportRate) / 1000), part);
    }
    return lane;
  }

  private grow_(bytes: number): void {
    this.bytes_ += bytes;
    while (this.bytes_ > this.bytesMax_ && this.dropOldest_()) {
      // until it fits, or only the sound of this moment is left
    }
  }

  private dropOldest_(): boolean {
    const run = this.runs_.length > 1 ? this.runs_[0] : undefined;
    const [oldestId, audio] = this.oldestItem_();
    const itemMs = this.heard_.find((span) => span.itemId === oldestId)?.startMs ?? 0;
    if (audio && (!run || itemMs <= run.startMs)) {
      this.bytes_ -= audio.samples * 2;
      audio.chunks.length = 0;
      audio.dropped = true;
      this.heard_ = this.heard_.filter((span) => span.itemId !== oldestId);
      return true;
    }
    if (!run) return false;
    this.bytes_ -= run.samples * 2;
    this.runs_.shift();
    return true;
  }

  private oldestItem_(): [string, ItemAudio | null] {
    let seen = 0;
    for (const [id, audio] of this.items_) {
      seen += 1;
      if (seen === this.items_.size) break; // the newest may still be coming in
      if (!audio.dropped) return [id, audio];
    }
    return ['', null];
  }
}

function joined(chunks: readonly Int16Array[], samples: number): Int16Array<ArrayBuffer> {
  const out = new Int16Array(samples);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

function atExportRate(samples: Int16Array, rate: number): Int16Array {
  return rate === kExportRate ? samples : toPcm16(resample(fromPcm16(samples), rate, kExportRate));
}

function put(lane: Int16Array, at: number, samples: Int16Array): void {
  const skip = Math.max(0, -at);
  const room = lane.length - Math.max(0, at);
  if (room > 0 && skip < samples.length)
    lane.set(samples.subarray(skip, skip + room), Math.max(0, at));
}
