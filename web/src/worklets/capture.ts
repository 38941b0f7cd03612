// SPDX-License-Identifier: MIT
//
// Capture: hands the sound of its input to the page in blocks of 20 ms. Its output stays silent; it
// is connected only so that the graph is pulled.

import type { CapturedBlock } from './messages';
import { scope } from './scope';

const kBlockSeconds = 0.02;

class CaptureProcessor extends scope.AudioWorkletProcessor {
  private readonly blockSamples_ = Math.round(scope.sampleRate * kBlockSeconds);
  private block_ = new Float32Array(this.blockSamples_);
  private filled_ = 0;

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    // A source that has ended, or is muted, is no channel at all; to the detector it is silence.
    const channels = inputs[0] ?? [];
    const frames = outputs[0]?.[0]?.length ?? 0;
    for (let at = 0; at < frames; at += 1) {
      let sum = 0;
      for (const channel of channels) sum += channel[at] ?? 0;
      this.block_[this.filled_] = channels.length > 0 ? sum / channels.length : 0;
      this.filled_ += 1;
      if (this.filled_ === this.blockSamples_) this.hand_();
    }
    return true;
  }

  private hand_(): void {
    const samples = this.block_;
    let peak = 0;
    let energy = 0;
    for (const value of samples) {
      peak = Math.max(peak, Math.abs(value));
      energy += value * value;
    }
    const block: CapturedBlock = { samples, peak, rms: Math.sqrt(energy / samples.length) };
    this.port.postMessage(block, [samples.buffer]);
    this.block_ = new Float32Array(this.blockSamples_);
    this.filled_ = 0;
  }
}

scope.registerProcessor('parley-capture', CaptureProcessor);
