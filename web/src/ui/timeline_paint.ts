// SPDX-License-Identifier: MIT
//
// Draws the timeline on a canvas, and tells what is under the pointer. From top to bottom: the
// ruler, the user's lane, the assistant's lane; marks lie on the lane they belong to.

import type { Lane, LevelTrack, MarkKind, Timeline, TimelineMark } from '../core/api';
import { colours, type Colours } from './colours';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const kRulerPx = 16;
const kBandPx = 14; // the strip of a lane that holds labelled spans
const kFont = '11px system-ui, sans-serif';
const kReachPx = 6; // how near a click must be to a point

interface Place {
  readonly top: number;
  readonly height: number;
}

function lanes(height: number): Readonly<Record<Lane, Place>> {
  const each = (height - kRulerPx) / 2;
  return {
    user: { top: kRulerPx, height: each },
    assistant: { top: kRulerPx + each, height: each },
  };
}

const kLaneOf: Readonly<Record<MarkKind, Lane | null>> = {
  speech: 'user',
  turn: 'user',
  text: 'user',
  response: 'assistant',
  playback: 'assistant',
  tool_call: 'assistant',
  interruption: null,
  error: null,
  connection: null,
};

/** Top and height of a mark within the canvas. */
function placeOf(mark: TimelineMark, height: number): Place {
  const lane = kLaneOf[mark.kind];
  if (lane === null) return { top: kRulerPx, height: height - kRulerPx };
  const { top, height: whole } = lanes(height)[lane];
  if (mark.kind === 'speech' || mark.kind === 'playback') {
    return { top: top + kBandPx, height: whole - kBandPx };
  }
  return { top: top + 1, height: kBandPx - 2 };
}

export function paintTimeline(
  canvas: HTMLCanvasElement,
  timeline: Timeline,
  span: Span,
  selected: number | null,
): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const ratio = devicePixelRatio;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = kFont;
  const ink = colours();
  const x = (ms: number) => ((ms - span.fromMs) / (span.toMs - span.fromMs)) * width;

  paintRuler(context, span, width, height, x, ink);
  const shown = timeline.marks.filter(
    (mark) => mark.startMs <= span.toMs && (mark.endMs ?? timeline.nowMs()) >= span.fromMs,
  );
  for (const mark of shown) {
    if (mark.kind !== 'speech' && mark.kind !== 'connection') continue;
    const { top, height: tall } = placeOf(mark, height);
    const left = x(mark.startMs);
    context.globalAlpha = 0.16;
    context.fillStyle = mark.kind === 'speech' ? ink.user : ink.bad;
    context.fillRect(left, top, Math.max(1, x(mark.endMs ?? timeline.nowMs()) - left), tall);
    context.globalAlpha = 1;
  }
  const place = lanes(height);
  paintLevels(context, timeline.user, span, place.user, width, ink.user);
  paintLevels(context, timeline.assistant, span, place.assistant, width, ink.assistant);
  paintVad(context, timeline, span, place.user, x, ink);
  for (const mark of shown) paintMark(context, mark, timeline.nowMs(), height, x, ink, selected);
}

function paintRuler(
  context: CanvasRenderingContext2D,
  span: Span,
  width: number,
  height: number,
  x: (ms: number) => number,
  ink: Colours,
): void {
  const steps = [500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 600_000];
  const wanted = ((span.toMs - span.fromMs) / width) * 70;
  const step = steps.find((candidate) => candidate >= wanted) ?? 600_000;
  context.fillStyle = ink.faint;
  context.textBaseline = 'middle';
  for (let ms = Math.ceil(span.fromMs / step) * step; ms <= span.toMs; ms += step) {
    const at = Math.round(x(ms));
    context.globalAlpha = 0.35;
    context.fillRect(at, kRulerPx, 1, height - kRulerPx);
    context.globalAlpha = 1;
    context.fillText(clock(ms, step), at + 3, kRulerPx / 2);
  }
  context.fillStyle = ink.line;
  context.fillRect(0, lanes(height).assistant.top, width, 1);
}

function clock(ms: number, step: number): string {
  const minutes = Math.floor(ms / 60_000);
  const seconds = (ms % 60_000) / 1000;
  const shown = step < 1000 ? seconds.toFixed(1) : String(Math.round(seconds));
  return minutes > 0 ? `${minutes}:${shown.padStart(step < 1000 ? 4 : 2, '0')}` : `${shown} s`;
}

function paintLevels(
  context: CanvasRenderingContext2D,
  track: LevelTrack,
  span: Span,
  place: Place,
  width: number,
  colour: string,
): void {
  const columns = Math.max(1, Math.floor(width / 2));
  const levels = new Float32Array(columns * 2);
  track.read(span.fromMs, span.toMs, columns, levels);
  const middle = place.top + kBandPx + (place.height - kBandPx) / 2;
  const most = (place.height - kBandPx) / 2 - 1;
  context.fillStyle = colour;
  for (let column = 0; column < columns; column += 1) {
    const peak = levels[column * 2]!;
    if (peak < 0) continue;
    const tall = Math.max(0.5, Math.sqrt(peak) * most);
    context.fillRect(column * 2, middle - tall, 1.4, tall * 2);
  }
}

/** The detector's probability as a line over the user's lane, with the threshold it is held to. */
function paintVad(
  context: CanvasRenderingContext2D,
  timeline: Timeline,
  span: Span,
  place: Place,
  x: (ms: number) => number,
  ink: Colours,
): void {
  const samples = timeline.vad(span.fromMs, span.toMs);
  if (samples.length < 2) return;
  const tall = place.height - kBandPx - 2;
  const y = (value: number) => place.top + kBandPx + 1 + (1 - value) * tall;
  const skip = Math.max(1, Math.floor(samples.length / 1500));
  context.strokeStyle = ink.warn;
  context.lineWidth = 1.2;
  context.beginPath();
  for (let index = 0; index < samples.length; index += skip) {
    const sample = samples[index]!;
    if (index === 0) context.moveTo(x(sample.atMs), y(sample.probability));
    else context.lineTo(x(sample.atMs), y(sample.probability));
  }
  context.stroke();
  const { threshold } = samples[samples.length - 1]!;
  if (threshold === null) return;
  context.setLineDash([3, 4]);
  context.globalAlpha = 0.7;
  context.beginPath();
  context.moveTo(x(samples[0]!.atMs), y(threshold));
  context.lineTo(x(samples[samples.length - 1]!.atMs), y(threshold));
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function paintMark(
  context: CanvasRenderingContext2D,
  mark: TimelineMark,
  nowMs: number,
  height: number,
  x: (ms: number) => number,
  ink: Colours,
  selected: number | null,
): void {
  const { top, height: tall } = placeOf(mark, height);
  const left = x(mark.startMs);
  const right = Math.max(left + 2, x(mark.endMs ?? nowMs));
  if (mark.kind === 'interruption' || mark.kind === 'error') {
    context.fillStyle = mark.kind === 'error' ? ink.bad : ink.warn;
    context.fillRect(left - 0.75, top, 1.5, tall);
    context.beginPath();
    context.moveTo(left - 5, top);
    context.lineTo(left + 5, top);
    context.lineTo(left, top + 7);
    context.fill();
  } else if (mark.kind === 'text') {
    context.fillStyle = ink.user;
    context.beginPath();
    context.arc(left, top + tall / 2, 4.5, 0, 2 * Math.PI);
    context.fill();
  } else if (mark.kind !== 'speech' && mark.kind !== 'playback' && mark.kind !== 'connection') {
    context.fillStyle = mark.failed ? ink.bad : colourOf(mark.kind, ink);
    context.globalAlpha = 0.85;
    context.beginPath();
    context.roundRect(left, top, right - left, tall, 3);
    context.fill();
    context.globalAlpha = 1;
    if (right - left > 34 && mark.label) {
      context.save();
      context.beginPath();
      context.rect(left + 4, top, right - left - 6, tall);
      context.clip();
      context.fillStyle = '#fff';
      context.fillText(mark.label, Math.max(left, 0) + 5, top + tall / 2 + 0.5);
      context.restore();
    }
  }
  if (mark.id === selected) {
    context.strokeStyle = ink.text;
    context.lineWidth = 1.5;
    context.strokeRect(left - 1, top - 0.5, Math.max(3, right - left + 2), tall + 1);
  }
}

function colourOf(kind: MarkKind, ink: Colours): string {
  if (kind === 'turn') return ink.user;
  return kind === 'tool_call' ? ink.tool : ink.assistant;
}

/** The mark under a position in the canvas, in CSS pixels; the smallest when several overlap. */
export function markAt(
  canvas: HTMLCanvasElement,
  timeline: Timeline,
  span: Span,
  at: { readonly x: number; readonly y: number },
): TimelineMark | null {
  const perPixel = (span.toMs - span.fromMs) / canvas.clientWidth;
  const ms = span.fromMs + at.x * perPixel;
  const reach = kReachPx * perPixel;
  let best: TimelineMark | null = null;
  let bestLength = Infinity;
  for (const mark of timeline.marks) {
    const end = mark.endMs ?? timeline.nowMs();
    if (mark.startMs - reach > ms || end + reach < ms) continue;
    const { top, height } = placeOf(mark, canvas.clientHeight);
    if (at.y < top || at.y > top + height) continue;
    if (end - mark.startMs < bestLength) {
      best = mark;
      bestLength = end - mark.startMs;
    }
  }
  return best;
}
