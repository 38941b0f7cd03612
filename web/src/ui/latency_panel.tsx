// SPDX-License-Identifier: MIT
//
// Where the time went: running medians, and a waterfall for each of the last turns.

import type { MetricName, TurnMetrics } from '../core/api';
import { playground, showEventsOf } from './playground';

const kStages: readonly (readonly [MetricName, string])[] = [
  ['endpointWaitMs', 'Endpoint wait'],
  ['recognitionMs', 'Recognition'],
  ['firstTokenMs', 'First token'],
  ['firstClauseMs', 'First clause'],
  ['firstAudioMs', 'First sound'],
  ['overheadMs', 'Our overhead'],
];
const kHere: readonly (readonly [MetricName, string])[] = [
  ['totalMs', 'Whole turn'],
  ['clientFirstDeltaMs', 'First delta here'],
  ['playbackStartMs', 'Delta to playback'],
];
const kTurnsShown = 30;

export function LatencyPanel() {
  const medians = playground.medians.value;
  const turns = playground.turns.value.slice(-kTurnsShown).reverse();
  return (
    <div class="latency">
      <h2>Running medians</h2>
      <dl class="medians">
        {[...kHere, ...kStages].map(([name, label]) => (
          <div key={name}>
            <dt>{label}</dt>
            <dd>{milliseconds(medians[name])}</dd>
          </div>
        ))}
      </dl>
      <h2>Turns</h2>
      {turns.length === 0 && (
        <p class="hint">
          Say or type something. Each answered turn draws its stages here, from the end of your
          speech to the first sound of the answer.
        </p>
      )}
      {turns.map((turn) => (
        <Waterfall key={turn.responseId} turn={turn} />
      ))}
    </div>
  );
}

function Waterfall({ turn }: { turn: TurnMetrics }) {
  const whole = turn.totalMs ?? turn.clientFirstDeltaMs ?? 0;
  let at = 0;
  const bars = kStages.map(([name, label], stage) => {
    const length = turn[name] ?? 0;
    // The overhead is a share of the other stages, not one more after them.
    const left = name === 'overheadMs' ? 0 : at;
    if (name !== 'overheadMs') at += length;
    return { name, label, stage, left, length };
  });
  const scale = Math.max(whole, at, 1);
  return (
    <button class="turn" onClick={() => showEventsOf(null, turn.responseId)}>
      <span class="turn-head">
        <span>at {(turn.startedAtMs / 1000).toFixed(1)} s</span>
        <strong>{milliseconds(whole)}</strong>
      </span>
      {bars.filter((bar) => bar.length > 0).map((bar) => (
        <span class="bar" key={bar.name}>
          <span>{bar.label}</span>
          <span class="track">
            <i
              data-stage={bar.stage}
              style={{
                marginLeft: `${(100 * bar.left) / scale}%`,
                width: `${(100 * bar.length) / scale}%`,
              }}
            />
          </span>
          <span>{milliseconds(bar.length)}</span>
        </span>
      ))}
    </button>
  );
}

function milliseconds(value: number | null): string {
  if (value === null) return '–';
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}
