// SPDX-License-Identifier: MIT
//
// What the user interface sees of the playground's engine: types only, plus `createPlayground`.
//
// The engine owns the socket, the microphone, the loudspeaker, the conversation and the clock; the
// interface draws signals and calls actions. Nothing here touches the DOM except
// `createPlayground`, which needs a browser. Rules:
// - One session clock: positions (`…AtMs`, `…Ms`) count milliseconds since the first connect and
//   go on over reconnects.
// - Values inside signals are immutable: a changed item is a new object, so components may compare
//   by identity.
// - What changes many times a second (levels, heard audio, timeline, detector) has its own signal,
//   or a `version` signal beside mutable data meant for a canvas.
// - Actions never throw: what goes wrong ends up in `notices` in words meant for people.
//
// Needs from the package: dependency `@preact/signals-core` (the very one `@preact/signals` uses);
// for the tests devDependencies `esbuild` (as used by Vite) and `@types/node`; script
// `"test": "node test/run.mjs"`.
//
// Needs from the build: worklets and workers are imported as `…?worker&url` (emitted as
// `assets/<name>-<hash>.js`, never inlined); `worker: { format: 'es' }`; types `vite/client`.
//
// Needs from the server: scripts that answer tool calls run in the worker
// `assets/tool_sandbox-<hash>.js`. It needs `eval`, so that one file is served with a policy of its
// own, `Content-Security-Policy: default-src 'none'; script-src 'unsafe-eval'`: a worker obeys the
// header of its own response, and the page keeps its strict one. Where the server does not do so,
// script answers report it, and the declarative templates still work.

import type { ReadonlySignal, Signal } from '@preact/signals-core';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

// ------------------------------------------------------------------------------------ connection

export type ConnectionPhase = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'closed';

export interface ConnectionState {
  readonly phase: ConnectionPhase;
  /** Why it is closed or reconnecting, in a kind sentence; empty otherwise. */
  readonly reason: string;
  /** The close code of the WebSocket, when there was one. */
  readonly code: number | null;
  /** Which attempt the next or running one is; 0 for the first connect. */
  readonly attempt: number;
  /** `performance.now()` at which the next attempt starts, while waiting for it. */
  readonly retryAt: number | null;
  readonly sessionId: string | null;
}

// -------------------------------------------------------------------------------------- settings

export type AudioFormatName = 'pcm24' | 'pcmu' | 'pcma';
export type VadType = 'server_vad' | 'semantic_vad' | 'none';
export type Modality = 'audio' | 'text';
export type NoiseReduction = 'none' | 'near_field' | 'far_field';

export interface TurnDetectionSettings {
  readonly type: VadType;
  // server_vad
  readonly threshold: number; // 0..1
  readonly prefixPaddingMs: number;
  readonly silenceDurationMs: number;
  readonly idleTimeoutMs: number | null; // 5000..30000
  // semantic_vad
  readonly eagerness: 'auto' | 'low' | 'medium' | 'high';
  // both
  readonly createResponse: boolean;
  readonly interruptResponse: boolean;
}

/** How calls of one tool are answered. `manual`: by hand, in the transcript. */
export interface ToolAnswer {
  readonly mode: 'manual' | 'template' | 'script';
  /**
   * `template`: JSON or text in which `{{args.city}}`, `{{args}}`, `{{call_id}}`, `{{now}}` are
   * filled in.
   */
  readonly template: string;
  /**
   * `script`: body of `async function (args, call)`; what it returns is the output. Two seconds, no
   * network.
   */
  readonly script: string;
}

export interface Settings {
  readonly model: string;
  readonly voice: string;
  readonly speed: number; // 0.25..1.5
  readonly instructions: string;
  readonly modality: Modality;
  readonly inputFormat: AudioFormatName;
  readonly outputFormat: AudioFormatName;
  readonly turnDetection: TurnDetectionSettings;
  readonly noiseReduction: NoiseReduction;
  /** Only the beta dialect has it; kept for the disabled control and never sent. */
  readonly temperature: number;
  readonly maxOutputTokens: number | 'inf'; // 1..4096
  /**
   * Text of a JSON array of tools. While it does not parse, the last good one stays in force; see
   * `toolsError`.
   */
  readonly toolsJson: string;
  readonly toolChoice: string; // auto | none | required | the name of a function
  readonly toolAnswers: { readonly [toolName: string]: ToolAnswer };
  /** Ask for a response by ourselves once every call of a response has its answer. */
  readonly continueAfterTools: boolean;
  readonly transcription: {
    readonly enabled: boolean;
    readonly model: string;
    readonly language: string; // '' = let the server decide
    readonly prompt: string;
  };
  // Of this browser; not sent to the server.
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
  readonly micDeviceId: string; // '' = the system's default
  readonly pushToTalk: boolean; // turn detection is sent as null while it is on
  readonly outputVolume: number; // 0..1
  /** After a reconnect, give the new session the conversation so far, as text. */
  readonly restoreConversation: boolean;
}

/** Any part of the settings; nested groups may be partial too. */
export type SettingsPatch = {
  readonly [K in keyof Settings]?: K extends 'turnDetection' | 'transcription'
    ? Partial<Settings[K]>
    : Settings[K];
};

/**
 * What became of a knob that was sent: `path` is the wire's, e.g.
 * `audio.input.turn_detection.threshold`.
 */
export interface SettingStatus {
  readonly path: string;
  /** `local`: not connected, will be sent on connect. */
  readonly state: 'local' | 'pending' | 'accepted' | 'changed' | 'rejected';
  readonly requested: Json;
  readonly accepted: Json | undefined;
  readonly message: string; // of a rejection
}

export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly settings: SettingsPatch;
}

// ---------------------------------------------------------------------------------- conversation

export type ItemKind = 'message' | 'function_call' | 'function_call_output' | 'other';
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete' | 'failed';

export interface ContentPart {
  readonly kind: 'text' | 'audio' | 'image';
  /** Text, or transcript of audio; what streams in is here already. */
  readonly text: string;
  readonly streaming: boolean;
  /** Transcription of the user's audio: awaited, or failed with this message. */
  readonly transcriptState: 'none' | 'pending' | 'partial' | 'done' | 'failed';
  readonly transcriptError: string;
  readonly imageUrl: string;
}

export interface ItemView {
  readonly id: string;
  readonly kind: ItemKind;
  readonly role: 'user' | 'assistant' | 'system' | 'tool';
  readonly status: ItemStatus;
  readonly parts: readonly ContentPart[];
  /** All parts' text joined: for copying and searching. */
  readonly text: string;
  readonly responseId: string | null;
  readonly createdAtMs: number;
  readonly previousItemId: string | null;
  // function_call and function_call_output
  readonly callId: string;
  readonly toolName: string;
  readonly argumentsText: string;
  readonly output: string | null; // of the call, once answered
  readonly answering: 'none' | 'waiting' | 'running' | 'sent' | 'failed';
  readonly answerError: string;
  // audio
  readonly hasAudio: boolean; // kept here and replayable
  readonly audioMs: number; // received (assistant) or spoken (user)
  /** Milliseconds of the answer that really left the loudspeaker; changes while it plays. */
  readonly heardMs: ReadonlySignal<number>;
  /** The user interrupted: how much was heard, as sent in `conversation.item.truncate`. */
  readonly truncatedAtMs: number | null;
  /** The item as the server last showed it (base64 shortened); filled by `retrieveItem`. */
  readonly raw: JsonObject | null;
}

// -------------------------------------------------------------------------------------- timeline

export type Lane = 'user' | 'assistant';
export type MarkKind =
  | 'speech' // the detector heard speech, user lane, a span
  | 'turn' // committed audio, user lane, a span
  | 'text' // a typed message, a point
  | 'response' // from response.created to response.done, a span
  | 'playback' // an item's audio as it was heard, assistant lane, a span
  | 'interruption' // a point
  | 'tool_call' // from arguments done to its output, a span
  | 'error' // a point
  | 'connection'; // a span without a connection

export interface TimelineMark {
  readonly id: number;
  readonly kind: MarkKind;
  readonly lane: Lane | null;
  readonly startMs: number;
  readonly endMs: number | null; // null: still open; equal to startMs: a point
  readonly label: string;
  readonly itemId: string | null;
  readonly responseId: string | null;
  readonly callId: string | null;
  readonly failed: boolean; // cancelled, incomplete, failed
}

/** Levels over time, 20 ms a bin, for a canvas. */
export interface LevelTrack {
  readonly binMs: number;
  /** Up to where there are bins. */
  readonly endMs: number;
  /**
   * Fills `out` with `columns` pairs (peak, rms), 0..1, covering [fromMs, toMs). Columns without
   * sound captured or played are -1.
   */
  read(fromMs: number, toMs: number, columns: number, out: Float32Array): void;
}

export interface VadSample {
  readonly atMs: number; // session clock
  readonly probability: number;
  readonly threshold: number | null;
  readonly speech: boolean;
}

export interface Timeline {
  /** Rises when marks, tracks or the detector's trace changed; at most once a frame. */
  readonly version: ReadonlySignal<number>;
  readonly marks: readonly TimelineMark[]; // in order of start
  readonly user: LevelTrack;
  readonly assistant: LevelTrack;
  /** The detector's trace in [fromMs, toMs]; empty when the server does not send it. */
  vad(fromMs: number, toMs: number): readonly VadSample[];
  /** The clock's now. */
  nowMs(): number;
}

// ------------------------------------------------------------------------------------- event log

export interface LogEntry {
  readonly seq: number; // rises by one, also over dropped ones
  readonly direction: 'client' | 'server';
  readonly atMs: number;
  readonly lastAtMs: number; // of a run
  readonly type: string;
  readonly bytes: number; // on the wire, summed over a run
  /** Events of one run, e.g. 40 appends in a row, shown as one entry; 1 for all others. */
  readonly count: number;
  readonly itemId: string | null;
  readonly responseId: string | null;
  readonly callId: string | null;
  readonly isError: boolean;
  /** One line that says what matters in it, e.g. the delta or the error's message. */
  readonly summary: string;
  /** The event, of a run the first one; long base64 is shortened to a note of its length. */
  json(): JsonObject;
}

export interface LogFilter {
  readonly direction: 'all' | 'client' | 'server';
  /** Words that type, ids and JSON must contain; `-word` must not; case does not matter. */
  readonly search: string;
  readonly hideAudio: boolean; // appends, audio deltas and detector values
  readonly itemId: string | null;
  readonly responseId: string | null;
  readonly onlyErrors: boolean;
}

export interface EventLog {
  readonly filter: Signal<LogFilter>;
  /**
   * Show runs of audio events as one entry (default), or each alone. Only for events from now on.
   */
  readonly coalesce: Signal<boolean>;
  /** Entries that pass the filter, oldest first; refreshed about ten times a second. */
  readonly visible: ReadonlySignal<readonly LogEntry[]>;
  /** Events so far, and how many entries had to go to keep memory bounded. */
  readonly totals: ReadonlySignal<LogTotals>;
  readonly paused: Signal<boolean>; // `visible` stands still; recording goes on
  get(seq: number): LogEntry | undefined;
  clear(): void;
}

export interface LogTotals {
  readonly sent: number;
  readonly received: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly dropped: number;
}

// ------------------------------------------------------------------------------------------ time

/**
 * One answered turn. Stage durations follow each other; their sum is `totalMs`, and `overheadMs` is
 * a share of it. null: not known.
 */
export interface TurnMetrics {
  readonly responseId: string;
  readonly itemId: string | null;
  readonly startedAtMs: number; // end of speech (or of the request, for text) on the session clock
  /** `server`: from parley.turn.metrics. `client`: measured here from the events' arrival. */
  readonly source: 'server' | 'client';
  readonly endpointWaitMs: number | null;
  readonly recognitionMs: number | null;
  readonly firstTokenMs: number | null;
  readonly firstClauseMs: number | null;
  readonly firstAudioMs: number | null;
  readonly overheadMs: number | null;
  readonly totalMs: number | null;
  /** Measured here: from the end of speech (or the request) to the first delta's arrival. */
  readonly clientFirstDeltaMs: number | null;
  /** Measured here: from the first delta's arrival to its first sample leaving the graph. */
  readonly playbackStartMs: number | null;
}

export type MetricName =
  | 'endpointWaitMs'
  | 'recognitionMs'
  | 'firstTokenMs'
  | 'firstClauseMs'
  | 'firstAudioMs'
  | 'overheadMs'
  | 'totalMs'
  | 'clientFirstDeltaMs'
  | 'playbackStartMs';

// --------------------------------------------------------------------------- microphone, notices

export type MicPhase = 'off' | 'starting' | 'on' | 'denied' | 'missing' | 'failed';

export interface MicState {
  readonly phase: MicPhase;
  readonly message: string; // kind words and what to do, when something is wrong
  readonly source: 'microphone' | 'file';
  readonly fileName: string;
  /** 0..1 of a WAV that speaks for the user. */
  readonly fileProgress: number;
  readonly muted: boolean;
  /** Push-to-talk is held down. */
  readonly talking: boolean;
}

export interface MicDevice {
  readonly id: string;
  readonly label: string;
}

export interface Notice {
  readonly id: number;
  readonly level: 'info' | 'warning' | 'error';
  readonly text: string;
  readonly detail: string; // the machine's words, for the curious; may be empty
  readonly atMs: number;
}

export interface Activity {
  readonly userSpeaking: boolean; // by the detector
  readonly responding: boolean; // a response is open
  readonly playing: boolean; // sound is leaving the loudspeaker
  readonly pendingToolCalls: number;
}

// ------------------------------------------------------------------------------ code, raw events

export type SnippetLanguage = 'javascript' | 'python' | 'curl' | 'cpp';

export interface EventTemplate {
  readonly type: string;
  readonly group: 'session' | 'audio' | 'conversation' | 'response';
  readonly description: string;
  readonly json: JsonObject;
}

/** Something the schema would not like; raw events are sent all the same. */
export interface RawEventIssue {
  readonly path: string;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

// --------------------------------------------------------------------------------------- actions

export interface Actions {
  /** Opens the session; call it from a click, so that sound may start. Does nothing when open. */
  connect(): Promise<void>;
  disconnect(): void;
  /** Connects if needed, then listens. Hands-free, or armed for push-to-talk. */
  startMic(): Promise<void>;
  stopMic(): void;
  setMuted(muted: boolean): void;
  refreshDevices(): Promise<void>;
  pushToTalkDown(): Promise<void>;
  pushToTalkUp(): void;
  /** A typed message, then a response. Connects if needed. */
  sendText(text: string): Promise<void>;
  /**
   * Speaks the file for the user, in real time, instead of the microphone. Resolves when it has
   * been spoken.
   */
  playWavFile(file: Blob & { readonly name?: string }): Promise<void>;
  stopWavFile(): void;
  /** Stops sound and response, and tells the server what was heard. */
  interrupt(): void;
  /** response.create, e.g. with turn detection that does not answer by itself. */
  createResponse(): void;
  updateSettings(patch: SettingsPatch): void;
  resetSettings(): void;
  applyPreset(id: string): void;
  setToken(token: string): void;
  answerToolCall(callId: string, output: string): void;
  deleteItem(itemId: string): void;
  retrieveItem(itemId: string): void;
  replayItem(itemId: string): void;
  stopReplay(): void;
  /**
   * Sends the text as one event. Returns what is wrong when it is no JSON object or there is no
   * connection.
   */
  sendRaw(text: string): string | null;
  /**
   * Forgets conversation, timeline, log and metrics here, and starts a fresh session when one was
   * open.
   */
  newConversation(): Promise<void>;
  dismissNotice(id: number): void;

  exportJson(): Blob;
  exportMarkdown(): Blob;
  /**
   * Two channels, user left and assistant right, aligned on the session clock. null: nothing
   * recorded.
   */
  exportWav(): Blob | null;
  exportEventsJsonl(): Blob;

  /** Address of this page with the settings in its fragment; never the token. */
  shareLink(): string;
  codeSnippet(language: SnippetLanguage): string;
  checkRawEvent(text: string): readonly RawEventIssue[];
}

export interface Playground {
  readonly connection: ReadonlySignal<ConnectionState>;
  readonly settings: ReadonlySignal<Settings>;
  readonly settingStatus: ReadonlySignal<ReadonlyMap<string, SettingStatus>>;
  /** The session as the server last showed it. */
  readonly session: ReadonlySignal<JsonObject | null>;
  /** What is wrong with `toolsJson`; empty when it is fine. */
  readonly toolsError: ReadonlySignal<string>;
  /** The names of the tools in force. */
  readonly toolNames: ReadonlySignal<readonly string[]>;
  readonly hasToken: ReadonlySignal<boolean>;
  readonly models: ReadonlySignal<readonly string[]>; // of /v1/models; may be empty
  readonly voices: readonly string[]; // suggestions; others may be typed
  readonly presets: readonly Preset[];

  readonly items: ReadonlySignal<readonly ItemView[]>;
  readonly activity: ReadonlySignal<Activity>;
  readonly replaying: ReadonlySignal<string | null>; // item id

  readonly mic: ReadonlySignal<MicState>;
  readonly devices: ReadonlySignal<readonly MicDevice[]>;
  readonly notices: ReadonlySignal<readonly Notice[]>;

  /** 0..1, about 50 times a second. */
  readonly userLevel: ReadonlySignal<number>;
  readonly assistantLevel: ReadonlySignal<number>;
  /** For spectrum and waveform; null until audio runs. */
  readonly userAnalyser: ReadonlySignal<AnalyserNode | null>;
  readonly assistantAnalyser: ReadonlySignal<AnalyserNode | null>;
  /** The last value of the detector; null when the server sends none. */
  readonly vad: ReadonlySignal<VadSample | null>;

  readonly timeline: Timeline;
  readonly log: EventLog;
  readonly turns: ReadonlySignal<readonly TurnMetrics[]>; // oldest first, the last 500
  readonly medians: ReadonlySignal<{ readonly [M in MetricName]: number | null }>;
  // times the loudspeaker ran dry while an answer was coming
  readonly underruns: ReadonlySignal<number>;

  readonly eventTemplates: readonly EventTemplate[];
  readonly actions: Actions;
}

/** The defaults a fresh page starts with. */
export { defaultSettings } from './settings';
/**
 * The playground of this page: reads the link's settings, keeps settings in local storage. Call
 * once.
 */
export { createPlayground } from './playground';
