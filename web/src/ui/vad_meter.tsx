// SPDX-License-Identifier: MIT
//
// The detector's verdict, live: how sure it is of speech, against the threshold.

import { playground } from './playground';

export function VadMeter({ threshold }: { threshold: number | null }) {
  const vad = playground.vad.value;
  const at = vad?.threshold ?? threshold;
  return (
    <div class="vad">
      <span class="label">Speech probability</span>
      <div
        class="meter"
        role="meter"
        aria-label="Speech probability"
        aria-valuemin={0}
        aria-valuemax={1}
        aria-valuenow={Number((vad?.probability ?? 0).toFixed(2))}
        data-speech={vad?.speech ?? false}
      >
        <i style={{ width: `${100 * (vad?.probability ?? 0)}%` }} />
        {at !== null && <b style={{ left: `${100 * at}%` }} title={`Threshold ${at}`} />}
      </div>
      <output>{vad ? vad.probability.toFixed(2) : '–'}</output>
    </div>
  );
}
