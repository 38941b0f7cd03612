// SPDX-License-Identifier: MIT
//
// Settings on their way to the server. Sends only what changed, remembers each knob until the
// server has shown what it made of it, and when one knob is refused (a refusal means that nothing
// of the update was applied), sends the others again without it.

import { signal } from '@preact/signals-core';
import type {
  AudioFormatName,
  Json,
  JsonObject,
  SettingStatus,
  Settings,
  TurnDetectionSettings,
} from './api';
import { isJsonObject, isObject, sameJson, wireSession, wireSessionChange } from './settings';
import { newId, numberOrNull, objectOf, stringOf } from './wire_event';

export class SettingsSync {
  readonly status = signal<ReadonlyMap<string, SettingStatus>>(new Map());
  readonly session = signal<JsonObject | null>(null);

  private requested_: JsonObject | null = null; // what the server has or was asked for
  private readonly pending_ = new Map<string, JsonObject>(); // updates by event id, oldest first
  private readonly refused_ = new Map<string, Json>(); // values this session will not take

  constructor(private readonly send_: (event: JsonObject) => boolean) {}

  /** A fresh session: everything that differs from what the server shows is sent. */
  begin(session: JsonObject, settings: Settings, tools: readonly JsonObject[] | null): void {
    this.session.value = session;
    this.pending_.clear();
    this.refused_.clear();
    this.status.value = new Map();
    const wanted = wireSession(settings, tools);
    const change = wireSessionChange(session, wanted);
    // Instructions of the server's own configuration stay when the page has none.
    if (change && settings.instructions === '') delete change.instructions;
    this.requested_ = wanted;
    this.sendChange_(change);
  }

  /** The knobs were turned. */
  update(settings: Settings, tools: readonly JsonObject[] | null): void {
    if (!this.requested_) return;
    const wanted = wireSession(settings, tools);
    if (!tools && this.requested_.tools) wanted.tools = this.requested_.tools;
    for (const [path, value] of this.refused_) {
      // Asking again for what was refused would have the whole update refused.
      if (sameJson(valueAt(wanted, path) ?? null, value))
        setAt(wanted, path, valueAt(this.requested_, path));
      else this.refused_.delete(path);
    }
    const change = wireSessionChange(this.requested_, wanted);
    this.requested_ = wanted;
    this.sendChange_(change);
  }

  end(): void {
    this.requested_ = null;
    this.pending_.clear();
  }

  /** What the audio sent from now on is encoded as: the format last asked for. */
  get inputFormat(): AudioFormatName {
    return formatName(objectOf(objectOf(this.requested_ ?? {}, 'audio'), 'input').format);
  }

  /** True when the event was an answer to an update of ours. */
  receive(event: JsonObject): boolean {
    const type = stringOf(event, 'type');
    if (type === 'session.updated') {
      this.accepted_(objectOf(event, 'session'));
      return true;
    }
    if (type !== 'error') return false;
    const error = objectOf(event, 'error');
    const id = stringOf(error, 'event_id');
    const change = this.pending_.get(id);
    if (!change) return false;
    this.pending_.delete(id);
    // The one refusal that names no parameter although it is about one.
    const voice =
      stringOf(error, 'code') === 'cannot_update_voice' ? 'session.audio.output.voice' : '';
    this.refuse_(change, stringOf(error, 'param') || voice, stringOf(error, 'message'));
    return true;
  }

  private sendChange_(change: JsonObject | null): void {
    if (!change || Object.keys(change).every((key) => key === 'type')) return;
    const id = newId('event');
    if (!this.send_({ type: 'session.update', event_id: id, session: change })) return;
    this.pending_.set(id, change);
    this.mark_(leaves(change), (path, requested) => ({
      path,
      state: 'pending',
      requested,
      accepted: undefined,
      message: '',
    }));
  }

  private accepted_(session: JsonObject): void {
    this.session.value = session;
    const [id] = this.pending_.keys(); // answers come in order
    const change = id === undefined ? undefined : this.pending_.get(id);
    if (id === undefined || !change) return;
    this.pending_.delete(id);
    this.mark_(leaves(change), (path, requested) => {
      const accepted = valueAt(session, path);
      const same = covers(accepted ?? null, requested);
      return { path, state: same ? 'accepted' : 'changed', requested, accepted, message: '' };
    });
  }

  private refuse_(change: JsonObject, param: string, message: string): void {
    const path = param.replace(/^session\./, '').replace(/\[.*$/, '');
    const all = leaves(change);
    const culprits = all.filter(
      ([leaf]) => path !== '' && (leaf === path || leaf.startsWith(`${path}.`)),
    );
    // Without a name the whole update is refused.
    const refused = culprits.length > 0 ? culprits : all;
    for (const [leaf, value] of refused) {
      setAt(this.requested_ ?? {}, leaf, valueAt(this.session.peek() ?? {}, leaf));
      if (culprits.length > 0) this.refused_.set(leaf, value);
    }
    this.mark_(refused, (leaf, requested) => ({
      path: leaf,
      state: 'rejected',
      requested,
      accepted: valueAt(this.session.peek() ?? {}, leaf),
      message,
    }));
    if (culprits.length === 0 || culprits.length === all.length) return;
    this.sendChange_(without(change, culprits));
  }

  private mark_(
    changed: readonly (readonly [string, Json])[],
    status: (path: string, requested: Json) => SettingStatus,
  ): void {
    const next = new Map(this.status.peek());
    for (const [path, value] of changed) next.set(path, status(path, value));
    this.status.value = next;
  }
}

/** Paths and values of an update, as deep as single knobs go. */
export function leaves(session: JsonObject, prefix = ''): (readonly [string, Json])[] {
  return Object.entries(session).flatMap(([key, value]) => {
    if (prefix === '' && key === 'type') return [];
    const path = prefix ? `${prefix}.${key}` : key;
    if (isJsonObject(value) && path !== 'tool_choice') return leaves(value, path);
    return [[path, value] as const];
  });
}

function valueAt(session: JsonObject, path: string): Json | undefined {
  let value: Json | undefined = session;
  for (const key of path.split('.')) {
    if (!isJsonObject(value)) return undefined;
    value = value[key];
  }
  return value;
}

/** Sets, or with undefined removes, the value; where there is no parent nothing happens. */
function setAt(session: JsonObject, path: string, value: Json | undefined): void {
  const keys = path.split('.');
  const last = keys.pop() as string;
  const parent = keys.length > 0 ? valueAt(session, keys.join('.')) : session;
  if (!isJsonObject(parent)) return;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
}

/** The accepted value says what was requested; what it says beyond that is the server's. */
function covers(accepted: Json, requested: Json): boolean {
  if (Array.isArray(requested) && Array.isArray(accepted)) {
    return (
      requested.length === accepted.length &&
      requested.every((entry, at) => covers(accepted[at] ?? null, entry))
    );
  }
  if (isJsonObject(requested) && isJsonObject(accepted)) {
    return Object.entries(requested).every(([key, entry]) => covers(accepted[key] ?? null, entry));
  }
  if (typeof requested === 'number' && typeof accepted === 'number')
    return Math.abs(requested - accepted) < 1e-6;
  return sameJson(accepted, requested);
}

function without(change: JsonObject, gone: readonly (readonly [string, Json])[]): JsonObject {
  const copy = structuredClone(change);
  for (const [path] of gone) setAt(copy, path, undefined);
  prune(copy);
  return copy;
}

function prune(value: JsonObject): void {
  for (const [key, entry] of Object.entries(value)) {
    if (!isJsonObject(entry)) continue;
    prune(entry);
    if (Object.keys(entry).length === 0) delete value[key];
  }
}

/**
 * Knobs the user never turned take the server's own defaults, so that opening the page does not
 * undo what its operator has configured.
 */
export function adoptSession(
  settings: Settings,
  session: JsonObject,
  untouched: (key: keyof Settings) => boolean,
): Settings {
  const audio = objectOf(session, 'audio');
  const output = objectOf(audio, 'output');
  const adopted: { -readonly [K in keyof Settings]?: Settings[K] } = {};
  const voice = stringOf(output, 'voice');
  if (voice && untouched('voice')) adopted.voice = voice;
  const speed = numberOrNull(output, 'speed');
  if (speed !== null && untouched('speed')) adopted.speed = speed;
  const model = stringOf(session, 'model');
  if (model && untouched('model')) adopted.model = model;
  if (untouched('maxOutputTokens'))
    adopted.maxOutputTokens = numberOrNull(session, 'max_output_tokens') ?? 'inf';
  const noise = stringOf(objectOf(objectOf(audio, 'input'), 'noise_reduction'), 'type');
  if (untouched('noiseReduction') && (noise === 'near_field' || noise === 'far_field'))
    adopted.noiseReduction = noise;
  const input = objectOf(audio, 'input');
  if (untouched('turnDetection') && input.turn_detection !== undefined) {
    adopted.turnDetection = detectionOf(input.turn_detection, settings.turnDetection);
  }
  const transcription = objectOf(input, 'transcription');
  if (untouched('transcription') && stringOf(transcription, 'model')) {
    adopted.transcription = {
      enabled: true,
      model: stringOf(transcription, 'model'),
      language: stringOf(transcription, 'language'),
      prompt: stringOf(transcription, 'prompt'),
    };
  }
  return { ...settings, ...adopted };
}

function detectionOf(wire: Json, fallback: TurnDetectionSettings): TurnDetectionSettings {
  if (!isObject(wire)) return { ...fallback, type: 'none' };
  const from = wire as JsonObject;
  const eagerness = stringOf(from, 'eagerness');
  return {
    type: stringOf(from, 'type') === 'semantic_vad' ? 'semantic_vad' : 'server_vad',
    threshold: numberOrNull(from, 'threshold') ?? fallback.threshold,
    prefixPaddingMs: numberOrNull(from, 'prefix_padding_ms') ?? fallback.prefixPaddingMs,
    silenceDurationMs: numberOrNull(from, 'silence_duration_ms') ?? fallback.silenceDurationMs,
    idleTimeoutMs: numberOrNull(from, 'idle_timeout_ms'),
    eagerness:
      eagerness === 'low' || eagerness === 'medium' || eagerness === 'high' ? eagerness : 'auto',
    createResponse: from.create_response !== false,
    interruptResponse: from.interrupt_response !== false,
  };
}

/** Whether a session, as the server shows it, stops its answer when the user speaks. */
export function interruptsOnSpeech(session: JsonObject | null): boolean {
  const detection = objectOf(objectOf(session ?? {}, 'audio'), 'input').turn_detection;
  return isObject(detection) && detection.interrupt_response !== false;
}

/** The format of an audio stream as the wire names it. */
export function formatName(wire: Json | undefined): AudioFormatName {
  const type = isJsonObject(wire) ? wire.type : undefined;
  return type === 'audio/pcmu' ? 'pcmu' : type === 'audio/pcma' ? 'pcma' : 'pcm24';
}
