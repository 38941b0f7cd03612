// SPDX-License-Identifier: MIT
//
// The assistant's voice: audio of items goes to the playback worklet, resampled to the context's
// rate; what was really played comes back. Positions are milliseconds of the item's own audio.

import type { FromPlayback, ToPlayback } from '../worklets/messages';
import type { AudioGraph } from './audio_graph';
import { Resampler } from './resampler';
import { fromPcm16 } from './samples';

export interface PlaybackHooks {
  started(itemId: string, playedMs: number, atMs: number): void; // performance.now() of the moment
  progress(itemId: string, playedMs: number, atMs: number, peak: number, rms: number): void;
  ended(itemId: string, playedMs: number, atMs: number): void;
  underrun(itemId: string): void;
}

export interface StoppedItem {
  readonly itemId: string;
  readonly playedMs: number;
}

interface Voice {
  readonly itemId: string;
  readonly key: number;
  readonly rate: number;
  readonly resampler: Resampler;
  ended: boolean;
}

const kFlushReplyMsMax = 250; // a suspended context does not answer

export class Loudspeaker {
  private readonly voices_ = new Map<string, Voice>();
  private readonly byKey_ = new Map<number, Voice>();
  private nextKey_ = 1;
  private nextRequest_ = 1;
  private readonly flushes_ = new Map<number, (items: StoppedItem[]) => void>();
  private readonly lastPlayedMs_ = new Map<number, number>();
  private listening_ = false;

  constructor(
    private readonly graph_: AudioGraph,
    private readonly hooks_: PlaybackHooks,
  ) {}

  /** Something sounds or is waiting to. */
  get active(): boolean {
    return this.byKey_.size > 0;
  }

  get activeItems(): string[] {
    return [...this.byKey_.values()].map((voice) => voice.itemId);
  }

  /** False when there is no sound on this page yet. */
  push(itemId: string, samples: Int16Array, rate: number): boolean {
    const nodes = this.graph_.nodes;
    if (!nodes) return false;
    this.listen_();
    let voice = this.voices_.get(itemId);
    if (!voice) {
      voice = {
        itemId,
        key: this.nextKey_,
        rate,
        resampler: new Resampler(rate, nodes.context.sampleRate),
        ended: false,
      };
      this.nextKey_ += 1;
      this.voices_.set(itemId, voice);
      this.byKey_.set(voice.key, voice);
    }
    this.post_(voice, voice.resampler.process(fromPcm16(samples)));
    return true;
  }

  /** No more will come for the item. */
  end(itemId: string): void {
    const voice = this.voices_.get(itemId);
    if (!voice || voice.ended) return;
    voice.ended = true;
    this.post_(voice, voice.resampler.flush());
    this.tell_({ type: 'end', key: voice.key });
  }

  /** Stops at once; tells how much was played of each item that was sounding or waiting. */
  flush(): Promise<StoppedItem[]> {
    if (!this.active) return Promise.resolve([]);
    const request = this.nextRequest_;
    this.nextRequest_ += 1;
    const voices = [...this.byKey_.values()];
    for (const voice of voices) this.voices_.delete(voice.itemId);
    const unanswered = (): StoppedItem[] =>
      voices.map((voice) => ({
        itemId: voice.itemId,
        playedMs: this.lastPlayedMs_.get(voice.key) ?? 0,
      }));
    return new Promise((resolve) => {
      const settle = (items: StoppedItem[]): void => {
        clearTimeout(timer);
        this.flushes_.delete(request);
        for (const voice of voices) this.forget_(voice);
        resolve(items);
      };
      const timer = setTimeout(() => settle(unanswered()), kFlushReplyMsMax);
      this.flushes_.set(request, settle);
      this.tell_({ type: 'flush', request });
    });
  }

  private post_(voice: Voice, samples: Float32Array<ArrayBuffer>): void {
    if (samples.length === 0) return;
    const message: ToPlayback = { type: 'push', key: voice.key, samples };
    this.graph_.nodes?.playback.port.postMessage(message, [samples.buffer]);
  }

  private tell_(message: ToPlayback): void {
    this.graph_.nodes?.playback.port.postMessage(message);
  }

  private listen_(): void {
    const nodes = this.graph_.nodes;
    if (this.listening_ || !nodes) return;
    this.listening_ = true;
    const contextRate = nodes.context.sampleRate;
    nodes.playback.port.onmessage = (message: MessageEvent<FromPlayback>) =>
      this.heard_(message.data, contextRate);
  }

  private heard_(report: FromPlayback, contextRate: number): void {
    const atMs = this.graph_.whenMs(report.time);
    const toMs = (samples: number): number => (samples / contextRate) * 1000;
    if (report.type === 'flushed') {
      const stopped = report.items.flatMap((item) => {
        const voice = this.byKey_.get(item.key);
        return voice ? [{ itemId: voice.itemId, playedMs: toMs(item.played) }] : [];
      });
      this.flushes_.get(report.request)?.(stopped);
      return;
    }
    const voice = this.byKey_.get(report.key);
    if (!voice) return;
    const playedMs = toMs(report.played);
    this.lastPlayedMs_.set(voice.key, playedMs);
    switch (report.type) {
      case 'started':
        this.hooks_.started(voice.itemId, playedMs, atMs);
        return;
      case 'progress':
        this.hooks_.progress(voice.itemId, playedMs, atMs, report.peak, report.rms);
        return;
      case 'underrun':
        this.hooks_.underrun(voice.itemId);
        return;
      case 'ended':
        this.forget_(voice);
        this.hooks_.ended(voice.itemId, playedMs, atMs);
    }
  }

  private forget_(voice: Voice): void {
    this.byKey_.delete(voice.key);
    this.lastPlayedMs_.delete(voice.key);
    if (this.voices_.get(voice.itemId) === voice) this.voices_.delete(voice.itemId);
  }
}
