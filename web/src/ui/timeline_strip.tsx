// SPDX-License-Identifier: MIT
//
// The conversation over time: two lanes of sound with what happened in them. Follows what happens
// until it is dragged away; wheel and buttons zoom; a mark opens its events.

import { signal, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { theme } from './colours';
import { playground, showEventsOf } from './playground';
import { markAt, paintTimeline, type Span } from './timeline_paint';

const kSpanMinMs = 2_000;
const kSpanMaxMs = 30 * 60_000;
const kQuietMs = 2_000;

const spanMs = signal(30_000);
/** The right edge on the session clock; null follows the clock. */
const endMs = signal<number | null>(null);
const selected = signal<number | null>(null); // id of a mark

let seenVersion = -1;
let changedAtMs = 0;

/** Now; but while nothing happens the picture stays, for there would be nothing left to see. */
function latestMs(): number {
  const { timeline } = playground;
  const now = timeline.nowMs();
  if (timeline.version.peek() !== seenVersion) {
    seenVersion = timeline.version.peek();
    changedAtMs = now;
  }
  return Math.max(Math.min(now, changedAtMs + kQuietMs), spanMs.peek());
}

function view(): Span {
  const to = endMs.peek() ?? latestMs();
  return { fromMs: to - spanMs.peek(), toMs: to };
}

function zoom(factor: number, aboutMs?: number): void {
  const { fromMs, toMs } = view();
  const span = Math.min(kSpanMaxMs, Math.max(kSpanMinMs, (toMs - fromMs) * factor));
  if (endMs.value !== null && aboutMs !== undefined) {
    endMs.value = aboutMs + ((toMs - aboutMs) * span) / (toMs - fromMs);
  }
  spanMs.value = span;
}

function pan(milliseconds: number): void {
  const end = view().toMs + milliseconds;
  endMs.value = end >= latestMs() ? null : Math.max(end, spanMs.peek());
}

function openMark(): void {
  const mark = playground.timeline.marks.find(({ id }) => id === selected.peek());
  if (mark) showEventsOf(mark.responseId ? null : mark.itemId, mark.responseId);
}

/** The next or previous mark of any kind, brought into view. */
function stepMark(step: number): void {
  const { marks } = playground.timeline;
  if (marks.length === 0) return;
  const at = marks.findIndex(({ id }) => id === selected.peek());
  const next = at < 0 ? (step > 0 ? 0 : marks.length - 1) : at + step;
  const mark = marks[Math.min(Math.max(next, 0), marks.length - 1)]!;
  selected.value = mark.id;
  const { fromMs, toMs } = view();
  if (mark.startMs < fromMs || mark.startMs > toMs) {
    endMs.value = Math.max(spanMs.peek(), mark.startMs + spanMs.peek() / 2);
  }
}

export function TimelineStrip() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drag = useRef<{ x: number; moved: boolean } | null>(null);
  const said = useSignal('');

  useEffect(() => {
    let frame = 0;
    let drawn = '';
    const draw = () => {
      frame = requestAnimationFrame(draw);
      const element = canvas.current;
      if (!element) return;
      const span = view();
      const moves = endMs.peek() === null && playground.connection.peek().phase === 'open';
      const state = [
        playground.timeline.version.peek(),
        spanMs.peek(),
        endMs.peek(),
        selected.peek(),
        theme.peek(),
        element.clientWidth,
        element.clientHeight,
        moves ? Math.round(span.toMs / (spanMs.peek() / element.clientWidth)) : 0,
      ].join();
      if (state === drawn) return;
      drawn = state;
      paintTimeline(element, playground.timeline, span, selected.peek());
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, []);

  useEffect(() => {
    const element = canvas.current;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const span = view();
      const perPixel = (span.toMs - span.fromMs) / element!.clientWidth;
      if (event.deltaX !== 0 && Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        pan(event.deltaX * perPixel);
      } else {
        zoom(1.0015 ** event.deltaY, span.fromMs + event.offsetX * perPixel);
      }
    };
    element?.addEventListener('wheel', wheel, { passive: false });
    return () => element?.removeEventListener('wheel', wheel);
  }, []);

  useSignalEffect(() => {
    const chosen = selected.value;
    const mark = playground.timeline.marks.find(({ id }) => id === chosen);
    said.value = mark
      ? `${mark.label || mark.kind} at ${(mark.startMs / 1000).toFixed(1)} seconds`
      : '';
  });

  const keys = (event: KeyboardEvent) => {
    const run = {
      ArrowLeft: () => pan(-spanMs.peek() / 8),
      ArrowRight: () => pan(spanMs.peek() / 8),
      '+': () => zoom(0.7),
      '=': () => zoom(0.7),
      '-': () => zoom(1.4),
      End: () => (endMs.value = null),
      ',': () => stepMark(-1),
      '.': () => stepMark(1),
      Enter: openMark,
    }[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  };

  return (
    <section class="timeline" aria-label="Timeline">
      <div class="lane-names" aria-hidden="true">
        <span>You</span>
        <span>Assistant</span>
      </div>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label="Timeline. Arrows scroll, plus and minus zoom, comma and full stop step through what happened, Enter opens its events."
        onKeyDown={keys}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, moved: false };
        }}
        onPointerMove={(event) => {
          const state = drag.current;
          if (!state) return;
          const by = event.clientX - state.x;
          if (!state.moved && Math.abs(by) < 4) return;
          state.moved = true;
          state.x = event.clientX;
          pan((-by * spanMs.peek()) / event.currentTarget.clientWidth);
        }}
        onPointerUp={(event) => {
          const moved = drag.current?.moved;
          drag.current = null;
          if (moved) return;
          const box = event.currentTarget.getBoundingClientRect();
          const at = { x: event.clientX - box.left, y: event.clientY - box.top };
          const mark = markAt(event.currentTarget, playground.timeline, view(), at);
          selected.value = mark?.id ?? null;
          if (mark) openMark();
        }}
      />
      <div class="zoom">
        <button class="icon" aria-label="Zoom in" onClick={() => zoom(0.6)}>
          +
        </button>
        <button class="icon" aria-label="Zoom out" onClick={() => zoom(1.6)}>
          −
        </button>
        <button
          class="icon"
          aria-label="Follow the clock"
          aria-pressed={endMs.value === null}
          onClick={() => (endMs.value = null)}
        >
          ⇥
        </button>
      </div>
      <span class="unseen" role="status">
        {said.value}
      </span>
    </section>
  );
}
