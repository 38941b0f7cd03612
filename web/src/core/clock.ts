// SPDX-License-Identifier: MIT
//
// The session clock, and how other clocks relate to it.

/** Milliseconds since the first connect; goes on over reconnects. */
export class SessionClock {
  private startedAt_: number | null = null;

  constructor(private readonly now_: () => number) {}

  start(): void {
    this.startedAt_ ??= this.now_();
  }

  reset(): void {
    this.startedAt_ = null;
  }

  nowMs(): number {
    return this.startedAt_ === null ? 0 : this.now_() - this.startedAt_;
  }
}

/**
 * Where the pieces of a live recording lie on the session clock. They are announced a little late,
 * each time by another amount; as long as that stays within `kSlackMs`, a piece begins where the
 * one before it ended.
 */
export class StreamClock {
  private endMs_ = -Infinity;

  /** A piece of this length arrived just now: where it began. */
  place(durationMs: number, arrivedMs: number): number {
    const bySelf = arrivedMs - durationMs;
    const startMs = Math.abs(bySelf - this.endMs_) <= kSlackMs ? this.endMs_ : Math.max(0, bySelf);
    this.endMs_ = startMs + durationMs;
    return startMs;
  }

  /** The next piece begins on its own. */
  interrupt(): void {
    this.endMs_ = -Infinity;
  }
}

const kSlackMs = 80;

/**
 * Offsets of the server (`audio_start_ms`: milliseconds of all audio ever appended) on the session
 * clock. The two drift apart whenever nothing is appended, so each stretch of appends has an
 * anchor.
 */
export class AudioOffsets {
  private anchors_: { offsetMs: number; clockMs: number }[] = [];
  private appendedMs_ = 0;
  private endClockMs_ = -Infinity;

  get appendedMs(): number {
    return this.appendedMs_;
  }

  /** This much audio, captured from `startClockMs` on, was appended. */
  append(durationMs: number, startClockMs: number): void {
    if (Math.abs(startClockMs - this.endClockMs_) > kAnchorSlackMs) {
      this.anchors_.push({ offsetMs: this.appendedMs_, clockMs: startClockMs });
      if (this.anchors_.length > kAnchorsMax) this.anchors_.shift();
      this.endClockMs_ = startClockMs;
    }
    this.appendedMs_ += durationMs;
    this.endClockMs_ += durationMs;
  }

  toClock(offsetMs: number): number {
    let best = this.anchors_[0];
    if (!best) return offsetMs;
    for (const anchor of this.anchors_) {
      if (anchor.offsetMs > offsetMs) break;
      best = anchor;
    }
    return best.clockMs + (offsetMs - best.offsetMs);
  }

  /**
   * As `toClock`, for where a turn begins. What the server adds in front of speech may reach back
   * over a pause in the appends; then the turn begins after the pause.
   */
  startToClock(offsetMs: number): number {
    const next = this.anchors_.find((anchor) => anchor.offsetMs > offsetMs);
    return next && next.offsetMs - offsetMs <= kPaddingMsMax
      ? next.clockMs
      : this.toClock(offsetMs);
  }

  /** A new session counts from zero. */
  reset(): void {
    this.anchors_ = [];
    this.appendedMs_ = 0;
    this.endClockMs_ = -Infinity;
  }
}

const kAnchorSlackMs = 5;
const kPaddingMsMax = 1000;
const kAnchorsMax = 10_000;
