// SPDX-License-Identifier: MIT
//
// Levels over the whole session, 20 ms a bin, two bytes a bin, in pages that exist only where there
// was sound. Bounded: four hours; later levels are not kept.

import type { LevelTrack } from './api';

const kBinMs = 20;
const kPageBins = 4096;
const kPagesMax = Math.ceil((4 * 3600 * 1000) / kBinMs / kPageBins);
const kSteps = 254; // 0 is "no sound captured", 1..255 are levels

interface Page {
  readonly peak: Uint8Array;
  readonly rms: Uint8Array;
}

export class Levels implements LevelTrack {
  readonly binMs = kBinMs;
  private readonly pages_ = new Map<number, Page>();
  private endBin_ = 0;

  get endMs(): number {
    return this.endBin_ * kBinMs;
  }

  /** The level of the sound within [fromMs, toMs), at least of the bin at fromMs. */
  write(fromMs: number, toMs: number, peak: number, rms: number): void {
    const first = Math.max(0, Math.floor(fromMs / kBinMs));
    const last = Math.max(first + 1, Math.ceil(toMs / kBinMs - 0.5));
    for (let bin = first; bin < last; bin += 1) {
      const page = this.page_(bin);
      if (!page) return;
      const at = bin % kPageBins;
      page.peak[at] = Math.max(page.peak[at] as number, step(peak));
      page.rms[at] = Math.max(page.rms[at] as number, step(rms));
    }
    this.endBin_ = Math.max(this.endBin_, last);
  }

  read(fromMs: number, toMs: number, columns: number, out: Float32Array): void {
    const width = (toMs - fromMs) / columns;
    for (let column = 0; column < columns; column += 1) {
      const start = fromMs + column * width;
      const first = Math.max(0, Math.floor(start / kBinMs));
      const last = Math.min(
        this.endBin_,
        Math.max(first + 1, Math.floor((start + width) / kBinMs)),
      );
      let peak = 0;
      let rms = 0;
      if (start + width > 0) {
        for (let bin = first; bin < last; bin += 1) {
          const page = this.pages_.get(Math.floor(bin / kPageBins));
          if (!page) {
            bin = (Math.floor(bin / kPageBins) + 1) * kPageBins - 1;
            continue;
          }
          peak = Math.max(peak, page.peak[bin % kPageBins] as number);
          rms = Math.max(rms, page.rms[bin % kPageBins] as number);
        }
      }
      out[column * 2] = peak === 0 ? -1 : (peak - 1) / kSteps;
      out[column * 2 + 1] = rms === 0 ? -1 : (rms - 1) / kSteps;
    }
  }

  clear(): void {
    this.pages_.clear();
    this.endBin_ = 0;
  }

  private page_(bin: number): Page | null {
    const index = Math.floor(bin / kPageBins);
    let page = this.pages_.get(index);
    if (!page) {
      if (index >= kPagesMax) return null;
      page = { peak: new Uint8Array(kPageBins), rms: new Uint8Array(kPageBins) };
      this.pages_.set(index, page);
    }
    return page;
  }
}

function step(level: number): number {
  return 1 + Math.round(Math.max(0, Math.min(1, level)) * kSteps);
}
