// SPDX-License-Identifier: MIT
//
// The timeline: marks of what happened when, on the session clock, from the events of both
// directions and from the loudspeaker. Data for a canvas: mutable, with a version that rises at
// most once a frame. Bounded; oldest marks go first.

import { signal } from '@preact/signals-core';
import type { JsonObject, MarkKind, Timeline, TimelineMark, VadSample } from './api';
import type { AudioOffsets, SessionClock } from './clock';
import { Levels } from './level_track';
import { numberOrNull, objectOf, stringOf, stringOrNull } from './wire_event';

const kMarksMax = 20_000;
const kVadSamplesMax = 40_000; // over an hour at ten a second

type Mark = { -readonly [K in keyof TimelineMark]: TimelineMark[K] };

export class SessionTimeline implements Timeline {
  readonly version = signal(0);
  readonly user = new Levels();
  readonly assistant = new Levels();

  private marks_: Mark[] = [];
  private vad_: VadSample[] = [];
  private nextId_ = 1;
  private speech_: Mark | null = null;
  private lastTurnEndMs_ = 0;
  private readonly responses_ = new Map<string, Mark>();
  private readonly calls_ = new Map<string, Mark>();
  private readonly playback_ = new Map<string, Mark>();
  private outage_: Mark | null = null;
  private scheduled_ = false;

  /** `schedule` runs its argument at the next frame. */
  constructor(
    private readonly clock_: SessionClock,
    private readonly offsets_: AudioOffsets,
    private readonly schedule_: (run: () => void) => void,
  ) {}

  get marks(): readonly TimelineMark[] {
    return this.marks_;
  }

  nowMs(): number {
    return this.clock_.nowMs();
  }

  vad(fromMs: number, toMs: number): readonly VadSample[] {
    let low = 0;
    let high = this.vad_.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.vad_[middle] as VadSample).atMs < fromMs) low = middle + 1;
      else high = middle;
    }
    let end = low;
    while (end < this.vad_.length && (this.vad_[end] as VadSample).atMs < toMs) end += 1;
    return this.vad_.slice(low, end);
  }

  receive(event: JsonObject, atMs: number): void {
    switch (stringOf(event, 'type')) {
      case 'input_audio_buffer.speech_started':
        return this.speechStarted_(event, atMs);
      case 'input_audio_buffer.speech_stopped':
        return this.speechStopped_(event, atMs);
      case 'input_audio_buffer.committed':
        return this.committed_(event, atMs);
      case 'response.created':
        return this.responseCreated_(objectOf(event, 'response'), atMs);
      case 'response.done':
        return this.responseDone_(objectOf(event, 'response'), atMs);
      case 'response.function_call_arguments.done':
        return this.callReady_(event, atMs);
      case 'conversation.item.added':
        return this.itemAdded_(objectOf(event, 'item'), atMs);
      case 'error':
        this.add_('error', atMs, atMs, stringOf(objectOf(event, 'error'), 'message'), {
          failed: true,
        });
        return;
      default:
    }
  }

  addVad(sample: VadSample): void {
    const last = this.vad_[this.vad_.length - 1];
    if (last && last.atMs >= sample.atMs) return;
    this.vad_.push(sample);
    if (this.vad_.length > kVadSamplesMax) this.vad_ = this.vad_.slice(kVadSamplesMax / 4);
    this.changed();
  }

  playbackStarted(itemId: string, responseId: string | null, atMs: number, label: string): void {
    this.playbackStopped(itemId, atMs);
    this.playback_.set(itemId, this.add_('playback', atMs, null, label, { itemId, responseId }));
  }

  playbackStopped(itemId: string, atMs: number): void {
    this.close_(this.playback_, itemId, atMs);
  }

  /** The user stopped the answer: by speech, by a button or by a new turn. */
  interrupted(itemId: string | null, atMs: number): void {
    this.add_('interruption', atMs, atMs, 'Interrupted', { itemId });
  }

  connectionLost(atMs: number): void {
    for (const open of [this.responses_, this.calls_])
      for (const id of [...open.keys()]) this.close_(open, id, atMs);
    if (this.speech_) this.speech_.endMs = atMs;
    this.speech_ = null;
    this.outage_ ??= this.add_('connection', atMs, null, 'No connection', { failed: true });
  }

  connected(atMs: number): void {
    if (this.outage_) this.outage_.endMs = atMs;
    this.outage_ = null;
    this.lastTurnEndMs_ = atMs;
    this.changed();
  }

  changed(): void {
    if (this.scheduled_) return;
    this.scheduled_ = true;
    this.schedule_(() => {
      this.scheduled_ = false;
      this.version.value += 1;
    });
  }

  clear(): void {
    this.marks_ = [];
    this.vad_ = [];
    this.speech_ = null;
    this.outage_ = null;
    this.lastTurnEndMs_ = 0;
    for (const open of [this.responses_, this.calls_, this.playback_]) open.clear();
    this.user.clear();
    this.assistant.clear();
    this.changed();
  }

  private speechStarted_(event: JsonObject, atMs: number): void {
    if (this.speech_) this.speech_.endMs = atMs;
    const offset = numberOrNull(event, 'audio_start_ms');
    const startMs = offset === null ? atMs : Math.min(atMs, this.offsets_.startToClock(offset));
    this.speech_ = this.add_('speech', startMs, null, 'Speech', {
      lane: 'user',
      itemId: stringOrNull(event, 'item_id'),
    });
  }

  private speechStopped_(event: JsonObject, atMs: number): void {
    const offset = numberOrNull(event, 'audio_end_ms');
    if (!this.speech_) return;
    const endMs = offset === null ? atMs : Math.min(atMs, this.offsets_.toClock(offset));
    this.speech_.endMs = Math.max(this.speech_.startMs, endMs);
    this.speech_ = null;
    this.changed();
  }

  private committed_(event: JsonObject, atMs: number): void {
    const itemId = stringOrNull(event, 'item_id');
    const speech = [...this.marks_]
      .reverse()
      .find((mark) => mark.kind === 'speech' && mark.itemId === itemId);
    if (speech && speech === this.speech_) {
      // a commit in the middle of speech ends it without a speech_stopped
      this.speech_.endMs = atMs;
      this.speech_ = null;
    }
    const startMs = speech?.startMs ?? this.turnStartMs_(atMs);
    const endMs = Math.max(startMs, speech?.endMs ?? atMs);
    this.lastTurnEndMs_ = endMs;
    this.add_('turn', startMs, endMs, 'Turn', { lane: 'user', itemId });
  }

  /** A turn without a detector: the sound since the turn before. */
  private turnStartMs_(atMs: number): number {
    return Math.min(atMs, this.manualStartMs ?? this.lastTurnEndMs_);
  }

  /** Where a manually recorded turn begins: set while push-to-talk is held. */
  manualStartMs: number | null = null;

  private responseCreated_(response: JsonObject, atMs: number): void {
    const responseId = stringOf(response, 'id');
    this.responses_.set(responseId, this.add_('response', atMs, null, 'Response', { responseId }));
  }

  private responseDone_(response: JsonObject, atMs: number): void {
    const id = stringOf(response, 'id');
    const mark = this.responses_.get(id);
    if (!mark) return;
    const status = stringOf(response, 'status');
    mark.failed = status !== 'completed' && status !== '';
    mark.label = mark.failed ? `Response (${status})` : 'Response';
    this.close_(this.responses_, id, atMs);
  }

  private callReady_(event: JsonObject, atMs: number): void {
    const callId = stringOf(event, 'call_id');
    const mark = this.add_('tool_call', atMs, null, stringOf(event, 'name') || 'Tool call', {
      itemId: stringOrNull(event, 'item_id'),
      responseId: stringOrNull(event, 'response_id'),
      callId,
    });
    this.calls_.set(callId, mark);
  }

  private itemAdded_(item: JsonObject, atMs: number): void {
    if (stringOf(item, 'type') === 'function_call_output') {
      this.close_(this.calls_, stringOf(item, 'call_id'), atMs);
      return;
    }
    if (stringOf(item, 'role') !== 'user' || !Array.isArray(item.content)) return;
    const typed = (item.content as JsonObject[]).find(
      (part) => stringOf(part, 'type') === 'input_text',
    );
    if (!typed) return;
    const label = stringOf(typed, 'text').slice(0, 80);
    this.add_('text', atMs, atMs, label, { lane: 'user', itemId: stringOrNull(item, 'id') });
  }

  private add_(
    kind: MarkKind,
    startMs: number,
    endMs: number | null,
    label: string,
    known: Partial<TimelineMark> = {},
  ): Mark {
    const mark: Mark = {
      id: this.nextId_,
      kind,
      lane: kLaneOf[kind],
      startMs,
      endMs,
      label,
      itemId: null,
      responseId: null,
      callId: null,
      failed: false,
      ...known,
    };
    this.nextId_ += 1;
    let at = this.marks_.length;
    while (at > 0 && (this.marks_[at - 1] as Mark).startMs > startMs) at -= 1;
    this.marks_.splice(at, 0, mark);
    if (this.marks_.length > kMarksMax) this.marks_ = this.marks_.slice(kMarksMax / 4);
    this.changed();
    return mark;
  }

  private close_(open: Map<string, Mark>, id: string, atMs: number): void {
    const mark = open.get(id);
    if (!mark) return;
    mark.endMs = Math.max(mark.startMs, atMs);
    open.delete(id);
    this.changed();
  }
}

const kLaneOf: Readonly<Record<MarkKind, TimelineMark['lane']>> = {
  speech: 'user',
  turn: 'user',
  text: 'user',
  response: 'assistant',
  playback: 'assistant',
  interruption: null,
  tool_call: 'assistant',
  error: null,
  connection: null,
};
