// SPDX-License-Identifier: MIT
//
// The user's voice: a microphone, or a WAV file that speaks for it, both through the capture
// worklet, so that a file is paced by the same clock and takes the same path. Hands out blocks of
// 20 ms at the audio context's rate.

import { signal, type ReadonlySignal } from '@preact/signals-core';
import type { CapturedBlock } from '../worklets/messages';
import type { MicDevice, MicPhase, MicState, Settings } from './api';
import type { AudioGraph } from './audio_graph';
import { resample } from './resampler';
import type { WavAudio } from './wav';

export interface CaptureHooks {
  captured(block: CapturedBlock, rate: number): void;
  /** The device went away while it was in use. */
  ended(message: string): void;
}

const kOff: MicState = {
  phase: 'off',
  message: '',
  source: 'microphone',
  fileName: '',
  fileProgress: 0,
  muted: false,
  talking: false,
};

export class Microphone {
  readonly state: ReadonlySignal<MicState>;
  readonly devices = signal<readonly MicDevice[]>([]);

  private readonly state_ = signal<MicState>(kOff);
  private stream_: MediaStream | null = null;
  private source_: AudioNode | null = null;
  private file_: { source: AudioBufferSourceNode; finish: () => void } | null = null;
  private resumeMic_ = false;
  private generation_ = 0; // of start(): a later stop() makes an earlier start() void
  private listening_ = false;
  private talking_ = false;

  constructor(
    private readonly graph_: AudioGraph,
    private readonly hooks_: CaptureHooks,
  ) {
    this.state = this.state_;
  }

  /** Blocks are wanted: the microphone or a file is on. */
  get capturing(): boolean {
    return this.state_.peek().phase === 'on';
  }

  async start(settings: Settings): Promise<void> {
    this.generation_ += 1;
    const generation = this.generation_;
    this.set_({ ...kOff, phase: 'starting', muted: this.state_.peek().muted });
    try {
      if (!navigator.mediaDevices?.getUserMedia) throw new DOMException('', 'SecurityError');
      const stream = await navigator.mediaDevices.getUserMedia({ audio: constraints(settings) });
      if (generation !== this.generation_) {
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      await this.listen_();
      this.release_();
      this.stream_ = stream;
      const [track] = stream.getAudioTracks();
      if (track) {
        track.enabled = !this.state_.peek().muted;
        track.onended = () => this.lost_(stream);
      }
      const nodes = await this.graph_.start();
      this.connect_(nodes.context.createMediaStreamSource(stream));
      this.set_({ ...this.state_.peek(), phase: 'on' });
      await this.refreshDevices();
    } catch (error) {
      if (generation !== this.generation_) return;
      const [phase, message] = explained(error);
      this.set_({ ...kOff, phase, message });
    }
  }

  stop(): void {
    this.generation_ += 1;
    this.resumeMic_ = false;
    this.stopFile();
    this.release_();
    this.set_({ ...kOff, muted: this.state_.peek().muted });
  }

  setMuted(muted: boolean): void {
    // The track goes on as silence: the detector needs it to hear that a sentence has ended.
    for (const track of this.stream_?.getAudioTracks() ?? []) track.enabled = !muted;
    this.set_({ ...this.state_.peek(), muted });
  }

  /** Push-to-talk is held: stays so whatever the microphone does meanwhile. */
  setTalking(talking: boolean): void {
    this.talking_ = talking;
    this.set_(this.state_.peek());
  }

  /**
   * Speaks the recording, followed by silence until `stopFile`. Resolves at the end of the
   * recording itself, or when it is stopped.
   */
  async playFile(audio: WavAudio, name: string): Promise<void> {
    this.stopFile();
    const { context } = await this.graph_.start();
    await this.listen_();
    const samples = resample(audio.samples, audio.rate, context.sampleRate);
    const buffer = context.createBuffer(1, Math.max(1, samples.length), context.sampleRate);
    buffer.copyToChannel(samples, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    this.resumeMic_ = this.stream_ !== null;
    this.connect_(source);
    this.set_({
      ...kOff,
      phase: 'on',
      source: 'file',
      fileName: name,
      muted: this.state_.peek().muted,
    });
    const startedAt = context.currentTime;
    const progress = setInterval(() => {
      const done = Math.min(1, (context.currentTime - startedAt) / buffer.duration);
      this.set_({ ...this.state_.peek(), fileProgress: done });
    }, 100);
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearInterval(progress);
        source.onended = null;
        resolve();
      };
      this.file_ = { source, finish };
      source.onended = finish;
      source.start();
    });
    if (this.file_?.source === source) this.set_({ ...this.state_.peek(), fileProgress: 1 });
  }

  get fileActive(): boolean {
    return this.file_ !== null;
  }

  /** Ends the file and the silence after it; the microphone, if it was on, comes back. */
  stopFile(): void {
    const file = this.file_;
    if (!file) return;
    this.file_ = null;
    file.source.onended = null;
    try {
      file.source.stop();
    } catch {
      // It had not begun.
    }
    file.finish();
    this.source_?.disconnect();
    this.source_ = null;
    const nodes = this.graph_.nodes;
    if (this.resumeMic_ && this.stream_ && nodes) {
      this.connect_(nodes.context.createMediaStreamSource(this.stream_));
      this.set_({ ...kOff, phase: 'on', muted: this.state_.peek().muted });
    } else {
      this.set_({ ...kOff, muted: this.state_.peek().muted });
    }
    this.resumeMic_ = false;
  }

  async refreshDevices(): Promise<void> {
    try {
      const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
      this.devices.value = all
        .filter(
          (device) =>
            device.kind === 'audioinput' && device.deviceId !== '' && device.deviceId !== 'default',
        )
        .map((device, index) => ({
          id: device.deviceId,
          label: device.label || `Microphone ${index + 1}`,
        }));
    } catch {
      this.devices.value = [];
    }
  }

  private async listen_(): Promise<void> {
    const { capture, context } = await this.graph_.start();
    if (this.listening_) return;
    this.listening_ = true;
    capture.port.onmessage = (message: MessageEvent<CapturedBlock>) => {
      if (this.capturing) this.hooks_.captured(message.data, context.sampleRate);
    };
  }

  private connect_(source: AudioNode): void {
    const nodes = this.graph_.nodes;
    if (!nodes) return;
    this.source_?.disconnect();
    this.source_ = source;
    source.connect(nodes.capture);
    const analyser = this.graph_.userAnalyser.peek();
    if (analyser) source.connect(analyser);
  }

  private release_(): void {
    this.source_?.disconnect();
    this.source_ = null;
    for (const track of this.stream_?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.stream_ = null;
  }

  private lost_(stream: MediaStream): void {
    if (stream !== this.stream_) return;
    this.release_();
    const message = 'The microphone went away. Plug it in again or choose another one.';
    this.set_({ ...kOff, phase: 'failed', message });
    this.hooks_.ended(message);
    void this.refreshDevices();
  }

  private set_(state: MicState): void {
    this.state_.value = { ...state, talking: this.talking_ };
  }
}

function constraints(settings: Settings): MediaTrackConstraints {
  return {
    channelCount: 1,
    echoCancellation: settings.echoCancellation,
    noiseSuppression: settings.noiseSuppression,
    autoGainControl: settings.autoGainControl,
    ...(settings.micDeviceId ? { deviceId: { exact: settings.micDeviceId } } : {}),
  };
}

/** What getUserMedia means, and what can be done about it. */
export function explained(error: unknown): [MicPhase, string] {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'PermissionDeniedError':
      return [
        'denied',
        'The browser was not allowed to use the microphone. Allow it at the address bar and try ' +
          'again, or type, or drop a WAV file here.',
      ];
    case 'SecurityError':
      return [
        'denied',
        'Browsers give the microphone only to pages on https or localhost. Start the server ' +
          'with --tls auto, or type, or drop a WAV file here.',
      ];
    case 'NotFoundError':
    case 'DevicesNotFoundError':
      return ['missing', 'No microphone was found. Plug one in, or type, or drop a WAV file here.'];
    case 'OverconstrainedError':
      return [
        'missing',
        'The chosen microphone is not there any more. Choose another one in the audio settings.',
      ];
    case 'NotReadableError':
    case 'TrackStartError':
      return ['failed', 'The microphone is in use by another program. Close that and try again.'];
    default: {
      const detail = error instanceof Error && error.message ? ` (${error.message})` : '';
      return ['failed', `The microphone could not be started.${detail}`];
    }
  }
}
