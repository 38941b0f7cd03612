// SPDX-License-Identifier: MIT
//
// The engine behind the playground: joins socket, conversation, sound, settings and clock, and
// decides what an event from the server means for each of them. `playground.ts` puts the actions of
// the interface on top.

import { batch, signal } from '@preact/signals-core';
import type {
  Activity,
  ItemView,
  JsonObject,
  Notice,
  Settings,
  TurnMetrics,
  VadSample,
} from './api';
import { AudioGraph } from './audio_graph';
import { AudioStore } from './audio_store';
import { AudioOffsets, SessionClock } from './clock';
import { RealtimeConnection } from './connection';
import { Conversation } from './conversation';
import { BoundedEventLog } from './event_log';
import { Handover } from './handover';
import { Microphone } from './microphone';
import { isObject, wireTurnDetection } from './settings';
import type { SettingsStore } from './settings_store';
import { SettingsSync, formatName, interruptsOnSpeech } from './settings_sync';
import { SessionTimeline } from './timeline';
import { ToolDesk } from './tool_desk';
import { runToolScript } from './tool_answers';
import { TurnTimes, mediansOf, type Medians } from './turn_metrics';
import { Voice } from './voice';
import { numberOrNull, objectOf, stringOf } from './wire_event';

const kAudioBytesMax = 96 * 1024 * 1024; // half an hour and more of one voice at 24 kHz
const kNoticesMax = 5;
const kTurnOverMsMax = 12_000;

/** Errors that are no news to anybody: what was asked for had already happened. */
const kHarmless: ReadonlySet<string> = new Set([
  'response_cancel_not_active',
  'item_truncate_invalid_item_id',
  'conversation_already_has_active_response',
]);

export class Engine {
  readonly clock = new SessionClock(() => performance.now());
  readonly offsets = new AudioOffsets();
  readonly log = new BoundedEventLog();
  readonly conversation = new Conversation(() => this.transcribes_());
  readonly graph = new AudioGraph();
  readonly store = new AudioStore(kAudioBytesMax);
  readonly timeline = new SessionTimeline(this.clock, this.offsets, nextFrame);
  readonly times = new TurnTimes(this.offsets, () => this.trailingSilenceMs_());
  readonly connection: RealtimeConnection;
  readonly sync: SettingsSync;
  readonly voice: Voice;
  readonly mic: Microphone;
  readonly tools: ToolDesk;

  readonly items = signal<readonly ItemView[]>([]);
  readonly activity = signal<Activity>({
    userSpeaking: false,
    responding: false,
    playing: false,
    pendingToolCalls: 0,
  });
  readonly turns = signal<readonly TurnMetrics[]>([]);
  readonly medians = signal<Medians>(mediansOf([]));
  readonly vad = signal<VadSample | null>(null);
  readonly notices = signal<readonly Notice[]>([]);

  private readonly responses_ = new Set<string>(); // open ones
  private readonly handover_: Handover;
  private userSpeaking_ = false;
  private nextNotice_ = 1;
  private drawing_ = false;
  private idleWaiters_: (() => void)[] = [];
  private speechWaiters_: (() => void)[] = [];
  private restoreDue_ = false;
  private manualSamples_ = 0; // blocks appended since push-to-talk went down

  constructor(private readonly settings_: SettingsStore) {
    this.connection = new RealtimeConnection(
      {
        opened: (again) => this.opened_(again),
        received: (event, bytes) => this.received_(event, bytes),
        sent: (event, bytes) => this.sent_(event, bytes),
        lost: () => this.lost_(),
        gaveUp: (reason) => this.notify('error', reason),
      },
      {
        open: (url, protocols) => new WebSocket(url, protocols) as never,
        now: () => performance.now(),
        random: () => Math.random(),
        later: (ms, run) => setTimeout(run, ms),
        cancel: (timer) => clearTimeout(timer as number),
      },
    );
    this.sync = new SettingsSync((event) => this.connection.send(event));
    this.handover_ = new Handover(this.conversation, (event) => this.connection.send(event));
    this.voice = new Voice({
      graph: this.graph,
      store: this.store,
      clock: this.clock,
      offsets: this.offsets,
      connection: this.connection,
      conversation: this.conversation,
      timeline: this.timeline,
      times: this.times,
      changed: () => this.draw(),
    });
    this.mic = new Microphone(this.graph, {
      captured: (block, rate) => {
        const state = this.mic.state.peek();
        const send = state.source === 'file' || !this.settings.pushToTalk || state.talking;
        if (send) this.manualSamples_ += 1;
        this.voice.captured(block, rate, this.sync.inputFormat, send);
      },
      ended: (message) => {
        this.voice.captureStopped();
        this.notify('warning', message);
      },
    });
    this.tools = new ToolDesk({
      conversation: this.conversation,
      settings: () => this.settings,
      send: (event) => this.connection.send(event),
      runScript: runToolScript,
      responding: () => this.responses_.size > 0,
      changed: () => this.draw(),
    });
  }

  get settings(): Settings {
    return this.settings_.settings.peek();
  }

  /** The detector is off: turns begin and end by hand. */
  get manualTurns(): boolean {
    return wireTurnDetection(this.settings) === null;
  }

  get responding(): boolean {
    return this.responses_.size > 0;
  }

  /** The interface hears of changes once a frame, all together. */
  draw(): void {
    if (this.drawing_) return;
    this.drawing_ = true;
    nextFrame(() => {
      this.drawing_ = false;
      batch(() => this.publish_());
    });
  }

  notify(level: Notice['level'], text: string, detail = ''): void {
    const notices = this.notices.peek();
    const same = notices.find((notice) => notice.text === text && notice.level === level);
    const notice: Notice = {
      id: same?.id ?? this.nextNotice_,
      level,
      text,
      detail,
      atMs: this.clock.nowMs(),
    };
    this.nextNotice_ += 1;
    this.notices.value = [...notices.filter((other) => other !== same), notice].slice(-kNoticesMax);
  }

  /** Stops sound and answer now; resolves when a new response may be asked for. */
  async interrupt(): Promise<void> {
    const open = [...this.responses_];
    if (open.length > 0) this.connection.send({ type: 'response.cancel' });
    await this.voice.bargeIn(open);
    if (this.responses_.size === 0) return;
    await within(1000, new Promise<void>((resolve) => this.idleWaiters_.push(resolve)));
  }

  /** The user begins a turn by hand. */
  beginManualTurn(): void {
    this.connection.send({ type: 'input_audio_buffer.clear' });
    this.manualSamples_ = 0;
    this.timeline.manualStartMs = this.clock.nowMs();
  }

  /** And ends it: what was said becomes an item, and is answered. */
  endManualTurn(): void {
    if (this.manualSamples_ < 6) {
      this.connection.send({ type: 'input_audio_buffer.clear' });
      this.notify('info', 'That was too short. Keep holding while you speak.');
    } else {
      this.connection.send({ type: 'input_audio_buffer.commit' });
      this.connection.send({ type: 'response.create' });
    }
    this.manualSamples_ = 0;
  }

  /** Resolves when the detector has called the turn over, or gives it up. */
  async turnOver(): Promise<void> {
    const wait = Math.max(1200, this.trailingSilenceMs_() + 700);
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (!this.userSpeaking_) return;
    await within(kTurnOverMsMax, new Promise<void>((resolve) => this.speechWaiters_.push(resolve)));
  }

  forgetEverything(): void {
    this.conversation.clear();
    this.timeline.clear();
    this.log.clear();
    this.times.clear();
    this.store.clear();
    this.voice.clear();
    this.offsets.reset();
    this.clock.reset();
    this.responses_.clear();
    this.vad.value = null;
    this.draw();
  }

  // ---------------------------------------------------------------------------------- the socket

  private opened_(again: boolean): void {
    this.clock.start();
    this.offsets.reset();
    this.timeline.connected(this.clock.nowMs());
    this.restoreDue_ = again || this.conversation.items().length > 0;
    this.notices.value = this.notices.peek().filter((notice) => notice.level === 'info');
    this.draw();
  }

  private lost_(): void {
    this.sync.end();
    this.tools.clear();
    this.voice.sessionLost();
    this.conversation.interruptAll();
    this.timeline.connectionLost(this.clock.nowMs());
    this.responses_.clear();
    this.setSpeaking_(false);
    this.wakeIdle_();
    this.draw();
  }

  private sent_(event: JsonObject, bytes: number): void {
    const atMs = this.clock.nowMs();
    this.log.record('client', event, bytes, atMs);
    this.times.sent(event, atMs);
  }

  private received_(event: JsonObject, bytes: number): void {
    const atMs = this.clock.nowMs();
    this.log.record('server', event, bytes, atMs);
    if (this.handover_.echoes(event)) return;
    // Whether the answer stops is decided before anybody else hears of the speech.
    this.dispatch_(event, atMs);
    this.timeline.receive(event, atMs);
    this.times.received(event, atMs);
    this.conversation.receive(event, atMs);
    this.after_(event);
    this.draw();
  }

  private dispatch_(event: JsonObject, atMs: number): void {
    switch (stringOf(event, 'type')) {
      case 'session.created':
        this.begin_(objectOf(event, 'session'));
        return;
      case 'session.updated':
        this.sync.receive(event);
        return;
      case 'input_audio_buffer.speech_started':
        this.setSpeaking_(true);
        if (interruptsOnSpeech(this.sync.session.peek())) void this.voice.bargeIn(this.responses_);
        return;
      case 'input_audio_buffer.speech_stopped':
      case 'input_audio_buffer.committed':
        this.setSpeaking_(false);
        return;
      case 'response.created':
        this.responseCreated_(objectOf(event, 'response'));
        return;
      case 'response.output_audio.delta':
        this.voice.audioDelta(event);
        return;
      case 'response.output_audio.done':
        this.voice.audioDone(stringOf(event, 'item_id'));
        return;
      case 'response.done':
        this.responseDone_(objectOf(event, 'response'));
        return;
      case 'parley.vad':
        this.detector_(event, atMs);
        return;
      case 'error':
        this.error_(event);
        return;
      default:
    }
  }

  /** What needs the conversation to know of the event already. */
  private after_(event: JsonObject): void {
    switch (stringOf(event, 'type')) {
      case 'response.output_item.done':
        this.tools.look();
        return;
      case 'response.done':
        this.tools.look();
        this.tools.goOn();
        return;
      case 'input_audio_buffer.committed':
        this.userAudio_(stringOf(event, 'item_id'));
        return;
      default:
    }
  }

  private begin_(session: JsonObject): void {
    this.settings_.adopt(session);
    this.sync.begin(session, this.settings, this.settings_.tools());
    if (!this.restoreDue_) return;
    this.restoreDue_ = false;
    if (this.settings.restoreConversation && this.handover_.begin() > 0) {
      this.notify('info', 'Connected again. The conversation so far was handed over as text.');
    }
  }

  private responseCreated_(response: JsonObject): void {
    const id = stringOf(response, 'id');
    this.responses_.add(id);
    const own = objectOf(objectOf(response, 'audio'), 'output').format;
    const session = objectOf(objectOf(this.sync.session.peek() ?? {}, 'audio'), 'output').format;
    this.voice.responseCreated(id, formatName(own ?? session));
  }

  private responseDone_(response: JsonObject): void {
    const id = stringOf(response, 'id');
    this.responses_.delete(id);
    const details = objectOf(response, 'status_details');
    // The server heard the user before we did, or decided by itself: then nothing more is to be
    // heard either.
    if (stringOf(details, 'reason') === 'turn_detected') void this.voice.bargeIn([]);
    if (stringOf(response, 'status') === 'failed') {
      const message = stringOf(objectOf(details, 'error'), 'message');
      this.notify('error', 'The answer failed.', message);
    }
    this.voice.responseDone(id);
    if (this.responses_.size === 0) this.wakeIdle_();
  }

  private detector_(event: JsonObject, atMs: number): void {
    const offset = numberOrNull(event, 'audio_end_ms');
    const sample: VadSample = {
      atMs: offset === null ? atMs : Math.min(atMs, this.offsets.toClock(offset)),
      probability: numberOrNull(event, 'probability') ?? 0,
      threshold: numberOrNull(event, 'threshold'),
      speech: event.speech === true,
    };
    this.vad.value = sample;
    this.timeline.addVad(sample);
  }

  private error_(event: JsonObject): void {
    const ours = this.sync.receive(event);
    const error = objectOf(event, 'error');
    const code = stringOf(error, 'code');
    if (kHarmless.has(code)) return;
    if (code === 'input_audio_buffer_commit_empty') {
      this.notify('info', 'Nothing was recorded yet: at least a tenth of a second is needed.');
      return;
    }
    if (code === 'cannot_update_voice') {
      this.notify(
        'info',
        'This conversation keeps its voice. The new one speaks from the next conversation on.',
      );
      return;
    }
    const detail = [code, stringOf(error, 'param')].filter(Boolean).join(' · ');
    this.notify(
      ours ? 'warning' : 'error',
      stringOf(error, 'message') || 'The server reported an error.',
      detail,
    );
  }

  /** Where the user's words lie in the recording, so that they can be replayed. */
  private userAudio_(itemId: string): void {
    const turn = [...this.timeline.marks]
      .reverse()
      .find((mark) => mark.kind === 'turn' && mark.itemId === itemId);
    this.timeline.manualStartMs = null;
    if (!turn || turn.endMs === null || turn.endMs <= turn.startMs) return;
    this.conversation.update(itemId, { hasAudio: true, audioMs: turn.endMs - turn.startMs });
  }

  // --------------------------------------------------------------------------------- small parts

  private publish_(): void {
    this.items.value = this.conversation.items();
    const turns = this.times.takeChange();
    if (turns) {
      this.turns.value = turns;
      this.medians.value = mediansOf(turns);
    }
    const next: Activity = {
      userSpeaking: this.userSpeaking_,
      responding: this.responding,
      playing: this.voice.playing,
      pendingToolCalls: this.conversation.openCalls().length,
    };
    const now = this.activity.peek();
    const same = (Object.keys(next) as (keyof Activity)[]).every((key) => next[key] === now[key]);
    if (!same) this.activity.value = next;
  }

  private setSpeaking_(speaking: boolean): void {
    this.userSpeaking_ = speaking;
    if (speaking) return;
    const waiting = this.speechWaiters_;
    this.speechWaiters_ = [];
    for (const resolve of waiting) resolve();
  }

  private wakeIdle_(): void {
    const waiting = this.idleWaiters_;
    this.idleWaiters_ = [];
    for (const resolve of waiting) resolve();
  }

  private transcribes_(): boolean {
    const input = objectOf(objectOf(this.sync.session.peek() ?? {}, 'audio'), 'input');
    return isObject(input.transcription);
  }

  private trailingSilenceMs_(): number {
    const detection = objectOf(
      objectOf(objectOf(this.sync?.session.peek() ?? {}, 'audio'), 'input'),
      'turn_detection',
    );
    return numberOrNull(detection, 'silence_duration_ms') ?? 0;
  }
}

function nextFrame(run: () => void): void {
  // A hidden page gets no frames; its state must not pile up for that.
  if (document.hidden) setTimeout(run, 100);
  else requestAnimationFrame(run);
}

function within(ms: number, done: Promise<void>): Promise<void> {
  return Promise.race([done, new Promise<void>((resolve) => setTimeout(resolve, ms))]);
}
