// SPDX-License-Identifier: MIT
//
// Playback: the jitter buffer behind an AudioWorklet. Reports what began, ended, ran dry and how
// far it has come.

import { PlaybackQueue } from '../core/playback_queue';
import type { FromPlayback, ToPlayback } from './messages';
import { scope } from './scope';

const kReportSeconds = 0.02;
const kWaitingSecondsMax = 600;

class PlaybackProcessor extends scope.AudioWorkletProcessor {
  private readonly queue_ = new PlaybackQueue({
    rate: scope.sampleRate,
    startMs: 25,
    refillMs: 120,
    samplesMax: scope.sampleRate * kWaitingSecondsMax,
  });
  private readonly reportSamples_ = Math.round(scope.sampleRate * kReportSeconds);
  private sinceReport_ = 0;
  private peak_ = 0;
  private energy_ = 0;

  constructor() {
    super();
    this.port.onmessage = (message: MessageEvent<ToPlayback>) => this.receive_(message.data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const channels = outputs[0] ?? [];
    const out = channels[0];
    if (!out) return true;
    const before = this.queue_.current;
    this.queue_.render(out, (event) => this.tell_({ ...event, time: scope.currentTime }));
    for (const other of channels.slice(1)) other.set(out);
    this.measure_(out, before);
    return true;
  }

  private receive_(message: ToPlayback): void {
    switch (message.type) {
      case 'push':
        this.queue_.push(message.key, message.samples);
        return;
      case 'end':
        this.queue_.end(message.key);
        return;
      case 'flush':
        this.tell_({
          type: 'flushed',
          request: message.request,
          time: scope.currentTime,
          items: this.queue_.flush(),
        });
    }
  }

  private measure_(out: Float32Array, before: { key: number; played: number } | null): void {
    for (const value of out) {
      this.peak_ = Math.max(this.peak_, Math.abs(value));
      this.energy_ += value * value;
    }
    this.sinceReport_ += out.length;
    if (this.sinceReport_ < this.reportSamples_) return;
    const now = this.queue_.current ?? before;
    if (now && (this.queue_.playing || before)) {
      const rms = Math.sqrt(this.energy_ / this.sinceReport_);
      this.tell_({ type: 'progress', ...now, time: scope.currentTime, peak: this.peak_, rms });
    }
    this.sinceReport_ = 0;
    this.peak_ = 0;
    this.energy_ = 0;
  }

  private tell_(message: FromPlayback): void {
    this.port.postMessage(message);
  }
}

scope.registerProcessor('parley-playback', PlaybackProcessor);
