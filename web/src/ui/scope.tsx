// SPDX-License-Identifier: MIT
//
// Both voices as they sound now: two spectra back to back, the user's above and the assistant's
// below, drawn while there is something to hear.

import { useEffect, useRef } from 'preact/hooks';
import { colours, theme } from './colours';
import { playground } from './playground';

const kBars = 56;
const kLowestHz = 80;
const kHighestHz = 7000;

export function Scope() {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    const calm = matchMedia('(prefers-reduced-motion: reduce)');
    const bins = new Uint8Array(2048);
    let frame = 0;
    let quiet = 0;
    let number = 0;
    const draw = () => {
      frame = requestAnimationFrame(draw);
      number += 1;
      const { user, assistant } = levels();
      quiet = user + assistant < 0.002 ? quiet + 1 : 0;
      if (quiet > 30 && number % 30 !== 0) return; // nobody speaks: twice a second will do
      if (calm.matches && number % 15 !== 0) return;
      paint(element, context, bins);
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, []);
  void theme.value;
  return <canvas class="scope" ref={canvas} aria-hidden="true" />;
}

function levels() {
  return { user: playground.userLevel.peek(), assistant: playground.assistantLevel.peek() };
}

function paint(
  element: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  bins: Uint8Array,
): void {
  const ratio = devicePixelRatio;
  const width = Math.round(element.clientWidth * ratio);
  const height = Math.round(element.clientHeight * ratio);
  if (element.width !== width) element.width = width;
  if (element.height !== height) element.height = height;
  context.clearRect(0, 0, width, height);
  const middle = height / 2;
  const { user, assistant, line } = colours();
  const voices = [
    [playground.userAnalyser.peek(), user, -1],
    [playground.assistantAnalyser.peek(), assistant, 1],
  ] as const;
  const step = width / kBars;
  for (const [analyser, colour, direction] of voices) {
    context.fillStyle = analyser ? colour : line;
    if (analyser) analyser.getByteFrequencyData(bins as Uint8Array<ArrayBuffer>);
    const hertz = analyser ? analyser.context.sampleRate / analyser.fftSize : 1;
    for (let bar = 0; bar < kBars; bar += 1) {
      // Mirrored, lows in the middle: a voice opens from the centre.
      const place = Math.abs(bar - (kBars - 1) / 2) / (kBars / 2);
      const level = analyser
        ? (bins[Math.min(Math.round(frequency(place) / hertz), analyser.frequencyBinCount - 1)] ??
            0) / 255
        : 0;
      const length = Math.max(ratio, level ** 1.5 * (middle - ratio));
      context.beginPath();
      context.roundRect(
        bar * step + step * 0.2,
        direction < 0 ? middle - length : middle,
        step * 0.6,
        length,
        step * 0.3,
      );
      context.fill();
    }
  }
}

function frequency(place: number): number {
  return kLowestHz * (kHighestHz / kLowestHz) ** place;
}
