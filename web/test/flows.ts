// SPDX-License-Identifier: MIT
//
// The project's golden event flows, and sounds to test with.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../src/core/api';

export interface FlowLine {
  readonly dir: 'client' | 'server';
  readonly event: JsonObject;
}

/** Tests run with `web/` as their working directory. */
export function flow(name: string): FlowLine[] {
  const path = join(process.cwd(), '..', 'tests', 'spec', 'flows', 'ga', `${name}.jsonl`);
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as FlowLine);
}

export function sine(hz: number, rate: number, seconds: number, amplitude = 0.5): Float32Array {
  return Float32Array.from(
    { length: Math.round(rate * seconds) },
    (_, at) => amplitude * Math.sin((2 * Math.PI * hz * at) / rate),
  );
}

/** Root of the mean square of a stretch. */
export function rms(samples: ArrayLike<number>, from = 0, to = samples.length): number {
  let energy = 0;
  for (let at = from; at < to; at += 1) energy += (samples[at] ?? 0) ** 2;
  return Math.sqrt(energy / Math.max(1, to - from));
}
