// SPDX-License-Identifier: MIT
//
// The page's one AudioContext with its two chains:
//   microphone or file → capture worklet (→ silence → destination, so that it is pulled)
//   playback worklet → volume → destination
// each with an analyser beside it. Made at the first use, which must be a click.

import { signal } from '@preact/signals-core';
import captureUrl from '../worklets/capture.ts?worker&url';
import playbackUrl from '../worklets/playback.ts?worker&url';
import type { CapturedBlock } from '../worklets/messages';

export interface AudioNodes {
  readonly context: AudioContext;
  readonly capture: AudioWorkletNode;
  readonly playback: AudioWorkletNode;
  readonly volume: GainNode;
}

/** A recording of everything that left the output graph, for tests. */
export interface OutputRecording {
  readonly rate: number;
  readonly samples: Float32Array;
}

const kRecordedSecondsMax = 600;

export class AudioGraph {
  readonly userAnalyser = signal<AnalyserNode | null>(null);
  readonly assistantAnalyser = signal<AnalyserNode | null>(null);

  private nodes_: Promise<AudioNodes> | null = null;
  private ready_: AudioNodes | null = null;
  private recorder_: { node: AudioWorkletNode; blocks: Float32Array[]; samples: number } | null =
    null;

  get nodes(): AudioNodes | null {
    return this.ready_;
  }

  /** Rejects when this browser has no AudioWorklet or no sound device can be opened. */
  async start(): Promise<AudioNodes> {
    this.nodes_ ??= this.build_().catch((error: unknown) => {
      this.nodes_ = null;
      throw error;
    });
    const nodes = await this.nodes_;
    // Not awaited: outside a click the promise waits for the next one.
    if (nodes.context.state === 'suspended') void nodes.context.resume();
    return nodes;
  }

  /** When a report stamped with the audio clock was true, in terms of performance.now(). */
  whenMs(time: number): number {
    const context = this.ready_?.context;
    return performance.now() - (context ? (context.currentTime - time) * 1000 : 0);
  }

  setVolume(volume: number): void {
    const nodes = this.ready_;
    if (nodes) nodes.volume.gain.setTargetAtTime(volume, nodes.context.currentTime, 0.01);
  }

  /** The output graph as a stream, and its recorder. */
  outputStream(): MediaStream | null {
    if (!this.ready_) return null;
    const tap = this.ready_.context.createMediaStreamDestination();
    this.ready_.volume.connect(tap);
    return tap.stream;
  }

  async record(): Promise<void> {
    const { context, volume } = await this.start();
    this.recorder_?.node.disconnect();
    const node = new AudioWorkletNode(context, 'parley-capture', { outputChannelCount: [1] });
    const recorder = { node, blocks: [] as Float32Array[], samples: 0 };
    node.port.onmessage = (message: MessageEvent<CapturedBlock>) => {
      if (recorder.samples > context.sampleRate * kRecordedSecondsMax) return;
      recorder.blocks.push(message.data.samples);
      recorder.samples += message.data.samples.length;
    };
    volume.connect(node).connect(context.destination);
    this.recorder_ = recorder;
  }

  recorded(): OutputRecording {
    const recorder = this.recorder_;
    const samples = new Float32Array(recorder?.samples ?? 0);
    let at = 0;
    for (const block of recorder?.blocks ?? []) {
      samples.set(block, at);
      at += block.length;
    }
    return { rate: this.ready_?.context.sampleRate ?? 0, samples };
  }

  private async build_(): Promise<AudioNodes> {
    const context = new AudioContext({ latencyHint: 'interactive' });
    await Promise.all([
      context.audioWorklet.addModule(captureUrl),
      context.audioWorklet.addModule(playbackUrl),
    ]);
    const capture = new AudioWorkletNode(context, 'parley-capture', { outputChannelCount: [1] });
    capture.connect(context.destination);
    const playback = new AudioWorkletNode(context, 'parley-playback', {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    const volume = context.createGain();
    const assistantAnalyser = analyser(context);
    playback.connect(assistantAnalyser);
    playback.connect(volume).connect(context.destination);
    this.ready_ = { context, capture, playback, volume };
    this.assistantAnalyser.value = assistantAnalyser;
    this.userAnalyser.value = analyser(context);
    return this.ready_;
  }
}

function analyser(context: AudioContext): AnalyserNode {
  const node = context.createAnalyser();
  node.fftSize = 1024;
  node.smoothingTimeConstant = 0.7;
  return node;
}
