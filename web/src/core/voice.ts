// SPDX-License-Identifier: MIT
//
// The two directions of sound and what joins them. In: captured blocks become appends in the
// session's format. Out: audio deltas go to the loudspeaker, and what was really heard is kept
// track of. Barge-in: when the user speaks, sound stops at once and the server is told how much of
// the answer was heard.

import { signal } from '@preact/signals-core';
import type { CapturedBlock } from '../worklets/messages';
import type { AudioFormatName, JsonObject } from './api';
import type { AudioGraph } from './audio_graph';
import type { AudioStore } from './audio_store';
import { decodeBase64, encodeBase64 } from './base64';
import { StreamClock, type AudioOffsets, type SessionClock } from './clock';
import type { RealtimeConnection } from './connection';
import type { Conversation } from './conversation';
import { Loudspeaker } from './loudspeaker';
import { Resampler } from './resampler';
import { SampleDecoder, encodeSamples, toPcm16 } from './samples';
import { kSampleRates } from './settings';
import type { SessionTimeline } from './timeline';
import type { TurnTimes } from './turn_metrics';
import { numberOrNull, stringOf } from './wire_event';

export interface VoiceParts {
  readonly graph: AudioGraph;
  readonly store: AudioStore;
  readonly clock: SessionClock;
  readonly offsets: AudioOffsets;
  readonly connection: RealtimeConnection;
  readonly conversation: Conversation;
  readonly timeline: SessionTimeline;
  readonly times: TurnTimes;
  /** Something that is drawn has changed. */
  changed(): void;
}

/** An answer's item while its audio comes in and plays. */
interface Answer {
  readonly responseId: string;
  readonly contentIndex: number;
  readonly decoder: SampleDecoder;
  readonly rate: number;
  readonly firstDeltaMs: number; // performance.now()
  /** Nothing else was sounding: its start tells how fast playback is. */
  readonly alone: boolean;
  started: boolean;
  receivedSamples: number;
}

const kReplay = 'replay:';
const kAnswersMax = 200;

/** For tests and the curious: how long sound took to start. */
export interface PlaybackStart {
  readonly itemId: string;
  readonly delayMs: number;
}

export class Voice {
  readonly userLevel = signal(0);
  readonly assistantLevel = signal(0);
  readonly underruns = signal(0);
  readonly replaying = signal<string | null>(null);
  readonly playbackStarts: PlaybackStart[] = [];

  private readonly speaker_: Loudspeaker;
  private readonly captureClock_ = new StreamClock();
  private capture_: { resampler: Resampler; format: AudioFormatName } | null = null;
  private readonly answers_ = new Map<string, Answer>();
  private readonly formats_ = new Map<string, AudioFormatName>(); // of responses
  private readonly silenced_ = new Set<string>(); // responses the user has interrupted

  constructor(private readonly parts_: VoiceParts) {
    this.speaker_ = new Loudspeaker(parts_.graph, {
      started: (itemId, playedMs, atMs) => this.started_(itemId, playedMs, this.onClock_(atMs)),
      progress: (itemId, playedMs, atMs, peak, rms) =>
        this.progress_(itemId, playedMs, this.onClock_(atMs), peak, rms),
      ended: (itemId, playedMs, atMs) => this.ended_(itemId, playedMs, this.onClock_(atMs)),
      underrun: (itemId) => this.underrun_(itemId),
    });
  }

  /** The loudspeaker sounds or is about to. */
  get playing(): boolean {
    return this.speaker_.active;
  }

  // ------------------------------------------------------------------------------------------ in

  /** A captured block; appended only when `send`. */
  captured(block: CapturedBlock, rate: number, format: AudioFormatName, send: boolean): void {
    const { clock, offsets, connection, store, timeline } = this.parts_;
    this.userLevel.value = block.rms;
    const durationMs = (block.samples.length / rate) * 1000;
    const startMs = this.captureClock_.place(durationMs, clock.nowMs());
    if (!send || !connection.open) return;
    timeline.user.write(startMs, startMs + durationMs, block.peak, block.rms);
    timeline.changed();
    if (this.capture_?.format !== format || this.capture_.resampler.inRate !== rate) {
      this.capture_ = { format, resampler: new Resampler(rate, kSampleRates[format]) };
    }
    const samples = toPcm16(this.capture_.resampler.process(block.samples));
    if (samples.length === 0) return;
    const event = {
      type: 'input_audio_buffer.append',
      audio: encodeBase64(encodeSamples(format, samples)),
    };
    if (!connection.sendAudio(event)) return;
    offsets.append((samples.length / kSampleRates[format]) * 1000, startMs);
    store.addUser(samples, kSampleRates[format], startMs + durationMs);
  }

  captureStopped(): void {
    this.userLevel.value = 0;
    this.captureClock_.interrupt();
    this.capture_ = null;
  }

  // ----------------------------------------------------------------------------------------- out

  responseCreated(responseId: string, format: AudioFormatName): void {
    this.formats_.set(responseId, format);
    if (this.formats_.size > kAnswersMax)
      this.formats_.delete(this.formats_.keys().next().value as string);
  }

  audioDelta(event: JsonObject): void {
    const itemId = stringOf(event, 'item_id');
    const responseId = stringOf(event, 'response_id');
    if (!itemId || this.silenced_.has(responseId)) return;
    let answer = this.answers_.get(itemId);
    if (!answer) {
      answer = this.begin_(event, responseId);
      this.answers_.set(itemId, answer);
      if (this.answers_.size > kAnswersMax)
        this.answers_.delete(this.answers_.keys().next().value as string);
    }
    let bytes: Uint8Array;
    try {
      bytes = decodeBase64(stringOf(event, 'delta'));
    } catch {
      return; // not base64: nothing that could be played
    }
    const samples = answer.decoder.decode(bytes);
    answer.receivedSamples += samples.length;
    this.speaker_.push(itemId, samples, answer.rate);
    this.parts_.store.addItem(itemId, samples, answer.rate);
    this.parts_.conversation.update(itemId, {
      hasAudio: true,
      audioMs: (answer.receivedSamples / answer.rate) * 1000,
    });
  }

  audioDone(itemId: string): void {
    this.speaker_.end(itemId);
  }

  /** No more audio comes for any item of the response. */
  responseDone(responseId: string): void {
    for (const [itemId, answer] of this.answers_)
      if (answer.responseId === responseId) this.speaker_.end(itemId);
    this.silenced_.delete(responseId);
  }

  /**
   * Silence, at once. Tells the server how much of each answer was heard, and lets nothing of the
   * open responses through any more.
   */
  async bargeIn(openResponses: Iterable<string>): Promise<void> {
    for (const responseId of openResponses) this.silenced_.add(responseId);
    if (!this.speaker_.active) return;
    const stopped = await this.speaker_.flush();
    const { clock, connection, timeline } = this.parts_;
    const atMs = clock.nowMs();
    this.assistantLevel.value = 0;
    for (const { itemId, playedMs } of stopped) {
      if (this.stopReplay_(itemId)) continue;
      timeline.playbackStopped(itemId, atMs);
      this.heard_(itemId, playedMs);
      timeline.interrupted(itemId, atMs);
      const heardMs = this.heardMs_(itemId, playedMs);
      this.parts_.conversation.update(itemId, { truncatedAtMs: heardMs });
      connection.send({
        type: 'conversation.item.truncate',
        item_id: itemId,
        content_index: this.answers_.get(itemId)?.contentIndex ?? 0,
        audio_end_ms: heardMs,
      });
    }
    this.parts_.changed();
  }

  /** The connection is gone: what is here may finish, more will not come. */
  sessionLost(): void {
    for (const itemId of this.answers_.keys()) this.speaker_.end(itemId);
    this.silenced_.clear();
    this.captureStopped();
  }

  async silence(): Promise<void> {
    await this.speaker_.flush();
    this.replaying.value = null;
    this.assistantLevel.value = 0;
  }

  replay(itemId: string, audio: { samples: Int16Array; rate: number }): void {
    void this.stopReplay().then(() => {
      if (!this.speaker_.push(kReplay + itemId, audio.samples, audio.rate)) return;
      this.speaker_.end(kReplay + itemId);
      this.replaying.value = itemId;
    });
  }

  async stopReplay(): Promise<void> {
    if (this.replaying.peek() === null) return;
    this.replaying.value = null;
    await this.speaker_.flush();
    this.assistantLevel.value = 0;
  }

  clear(): void {
    this.answers_.clear();
    this.formats_.clear();
    this.silenced_.clear();
    this.underruns.value = 0;
    this.playbackStarts.length = 0;
  }

  private begin_(event: JsonObject, responseId: string): Answer {
    // An answer is worth more than a replay.
    if (this.replaying.peek() !== null) void this.stopReplay();
    const format = this.formats_.get(responseId) ?? 'pcm24';
    return {
      responseId,
      contentIndex: numberOrNull(event, 'content_index') ?? 0,
      decoder: new SampleDecoder(format),
      rate: kSampleRates[format],
      firstDeltaMs: performance.now(),
      alone: !this.speaker_.active,
      started: false,
      receivedSamples: 0,
    };
  }

  /** Never more than was received: the server would refuse it. */
  private heardMs_(itemId: string, playedMs: number): number {
    const answer = this.answers_.get(itemId);
    const receivedMs = answer ? (answer.receivedSamples / answer.rate) * 1000 : playedMs;
    return Math.max(0, Math.floor(Math.min(playedMs, receivedMs)));
  }

  private started_(itemId: string, playedMs: number, atMs: number): void {
    if (itemId.startsWith(kReplay)) return;
    const answer = this.answers_.get(itemId);
    const item = this.parts_.conversation.get(itemId);
    this.parts_.store.heardStarted(itemId, this.sampleAt_(itemId, playedMs), atMs);
    this.parts_.timeline.playbackStarted(
      itemId,
      answer?.responseId ?? null,
      atMs,
      item?.text.slice(0, 80) ?? '',
    );
    if (answer && !answer.started) {
      answer.started = true;
      if (answer.alone) {
        const delayMs = Math.max(0, atMs - this.onClock_(answer.firstDeltaMs));
        this.parts_.times.playbackStarted(itemId, delayMs);
        this.playbackStarts.push({ itemId, delayMs });
        if (this.playbackStarts.length > kAnswersMax) this.playbackStarts.shift();
      }
    }
    this.parts_.changed();
  }

  private progress_(
    itemId: string,
    playedMs: number,
    atMs: number,
    peak: number,
    rms: number,
  ): void {
    this.assistantLevel.value = rms;
    if (itemId.startsWith(kReplay)) return;
    this.heard_(itemId, playedMs);
    const { timeline } = this.parts_;
    timeline.assistant.write(Math.max(0, atMs - 20), atMs, peak, rms);
    timeline.changed();
  }

  private ended_(itemId: string, playedMs: number, atMs: number): void {
    if (!this.speaker_.active) this.assistantLevel.value = 0;
    if (this.stopReplay_(itemId)) return;
    this.heard_(itemId, playedMs);
    this.parts_.timeline.playbackStopped(itemId, atMs);
    this.parts_.changed();
  }

  private underrun_(itemId: string): void {
    if (itemId.startsWith(kReplay)) return;
    this.underruns.value += 1;
    this.parts_.timeline.playbackStopped(itemId, this.parts_.clock.nowMs());
  }

  private heard_(itemId: string, playedMs: number): void {
    this.parts_.conversation.setHeard(itemId, playedMs);
    this.parts_.store.heardUntil(itemId, this.sampleAt_(itemId, playedMs));
  }

  private stopReplay_(itemId: string): boolean {
    if (!itemId.startsWith(kReplay)) return false;
    if (this.replaying.peek() === itemId.slice(kReplay.length)) this.replaying.value = null;
    return true;
  }

  private sampleAt_(itemId: string, ms: number): number {
    return Math.round((ms * (this.answers_.get(itemId)?.rate ?? 24000)) / 1000);
  }

  private onClock_(performanceMs: number): number {
    return Math.max(0, this.parts_.clock.nowMs() - (performance.now() - performanceMs));
  }
}
