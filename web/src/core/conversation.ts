// SPDX-License-Identifier: MIT
//
// The conversation as the transcript shows it, built from the server's events (GA dialect). Items
// are immutable views, replaced when they change; order follows the server's previous_item_id.
// Bounded: the oldest items leave the view.
//
// An item of the user appears with `speech_started`, empty and awaiting its words, and takes its
// final place when the server has added it to the conversation; speech that comes to nothing is
// taken away again.

import { signal, type Signal } from '@preact/signals-core';
import type { ContentPart, ItemKind, ItemStatus, ItemView, JsonObject } from './api';
import { shortened } from './event_log';
import { listOf, numberOrNull, objectOf, stringOf, stringOrNull } from './wire_event';

const kItemsMax = 2000;

const kEmptyPart: ContentPart = {
  kind: 'text',
  text: '',
  streaming: false,
  transcriptState: 'none',
  transcriptError: '',
  imageUrl: '',
};

type Handler = (event: JsonObject, atMs: number) => void;

export class Conversation {
  private readonly items_ = new Map<string, ItemView>();
  private order_: string[] = [];
  private readonly heard_ = new Map<string, Signal<number>>();
  /** Items that exist only because speech began. */
  private readonly provisional_ = new Set<string>();
  private view_: readonly ItemView[] | null = null;

  private readonly handlers_: Readonly<Record<string, Handler>> = {
    'input_audio_buffer.speech_started': (event, atMs) => this.speechStarted_(event, atMs),
    'input_audio_buffer.committed': (event, atMs) => this.committed_(event, atMs),
    'conversation.item.added': (event, atMs) => this.added_(event, atMs),
    'conversation.item.created': (event, atMs) => this.added_(event, atMs),
    'conversation.item.done': (event, atMs) => this.done_(event, atMs),
    'conversation.item.deleted': (event) => this.remove(stringOf(event, 'item_id')),
    'conversation.item.retrieved': (event) => this.retrieved_(objectOf(event, 'item')),
    'conversation.item.truncated': (event) => this.truncated_(event),
    'conversation.item.input_audio_transcription.delta': (event) => this.transcriptDelta_(event),
    'conversation.item.input_audio_transcription.completed': (event) =>
      this.transcriptCompleted_(event),
    'conversation.item.input_audio_transcription.failed': (event) => this.transcriptFailed_(event),
    'response.output_item.added': (event, atMs) => this.outputItem_(event, atMs),
    'response.output_item.done': (event, atMs) => this.outputItem_(event, atMs),
    'response.content_part.added': (event) => this.partAdded_(event),
    'response.content_part.done': (event) => this.partDone_(event),
    'response.output_text.delta': (event) => this.partDelta_(event, 'text'),
    'response.output_text.done': (event) => this.partText_(event, 'text', stringOf(event, 'text')),
    'response.output_audio_transcript.delta': (event) => this.partDelta_(event, 'audio'),
    'response.output_audio_transcript.done': (event) =>
      this.partText_(event, 'audio', stringOf(event, 'transcript')),
    'response.function_call_arguments.delta': (event) => this.argumentsDelta_(event),
    'response.function_call_arguments.done': (event) => this.argumentsDone_(event),
    'response.done': (event) => this.responseDone_(objectOf(event, 'response')),
  };

  /** `transcribes` tells whether words of the user will follow their sound. */
  constructor(private readonly transcribes_: () => boolean = () => true) {}

  items(): readonly ItemView[] {
    this.view_ ??= this.order_.map((id) => this.items_.get(id) as ItemView);
    return this.view_;
  }

  get(itemId: string): ItemView | undefined {
    return this.items_.get(itemId);
  }

  callItem(callId: string): ItemView | undefined {
    return this.items().find((item) => item.kind === 'function_call' && item.callId === callId);
  }

  /** Calls of functions that nobody has answered yet. */
  openCalls(): ItemView[] {
    return this.items().filter(
      (item) =>
        item.kind === 'function_call' && item.status === 'completed' && item.output === null,
    );
  }

  /** True when the event changed what is shown. */
  receive(event: JsonObject, atMs: number): boolean {
    const handler = this.handlers_[stringOf(event, 'type')];
    if (!handler) return false;
    handler(event, atMs);
    return this.view_ === null;
  }

  update(itemId: string, change: Partial<ItemView>): void {
    const item = this.items_.get(itemId);
    if (!item) return;
    const next = { ...item, ...change };
    if (change.parts) next.text = textOf(next.parts);
    this.items_.set(itemId, next);
    this.view_ = null;
  }

  setHeard(itemId: string, ms: number): void {
    const heard = this.heard_.get(itemId);
    if (heard && ms > heard.peek()) heard.value = ms;
  }

  remove(itemId: string): void {
    if (!this.items_.delete(itemId)) return;
    this.order_ = this.order_.filter((id) => id !== itemId);
    this.heard_.delete(itemId);
    this.provisional_.delete(itemId);
    this.view_ = null;
  }

  /** The connection is gone: nothing that was under way will go on. */
  interruptAll(): void {
    for (const item of this.items()) {
      if (this.provisional_.has(item.id)) {
        this.remove(item.id);
      } else if (item.kind === 'function_call' && item.output === null) {
        this.update(item.id, { status: 'incomplete', answering: 'none' }); // its session is gone
      } else if (
        item.status === 'in_progress' ||
        item.parts.some((part) => part.streaming || isAwaited(part))
      ) {
        this.update(item.id, { status: settled(item.status), parts: item.parts.map(closedPart) });
      }
    }
  }

  clear(): void {
    this.items_.clear();
    this.heard_.clear();
    this.provisional_.clear();
    this.order_ = [];
    this.view_ = null;
  }

  // --------------------------------------------------------------------------- the user's speech

  private speechStarted_(event: JsonObject, atMs: number): void {
    const id = stringOrNull(event, 'item_id');
    for (const stale of [...this.provisional_]) if (stale !== id) this.remove(stale);
    if (!id || this.items_.has(id)) return;
    this.insert_(id, undefined, {
      kind: 'message',
      role: 'user',
      status: 'in_progress',
      createdAtMs: atMs,
    });
    this.update(id, { parts: [this.spokenPart_()] });
    this.provisional_.add(id);
  }

  private committed_(event: JsonObject, atMs: number): void {
    const id = stringOrNull(event, 'item_id');
    if (!id) return;
    if (!this.items_.has(id)) {
      this.insert_(id, stringOrNull(event, 'previous_item_id'), {
        kind: 'message',
        role: 'user',
        status: 'in_progress',
        createdAtMs: atMs,
      });
      this.update(id, { parts: [this.spokenPart_()] });
    }
    this.provisional_.delete(id);
  }

  private spokenPart_(): ContentPart {
    const transcriptState = this.transcribes_() ? 'pending' : 'none';
    return { ...kEmptyPart, kind: 'audio', transcriptState };
  }

  private transcriptDelta_(event: JsonObject): void {
    this.changePart_(event, 'audio', (part) => ({
      text: part.transcriptState === 'done' ? part.text : part.text + stringOf(event, 'delta'),
      streaming: true,
      transcriptState: 'partial',
    }));
  }

  private transcriptCompleted_(event: JsonObject): void {
    this.changePart_(event, 'audio', () => ({
      text: stringOf(event, 'transcript'),
      streaming: false,
      transcriptState: 'done',
    }));
  }

  private transcriptFailed_(event: JsonObject): void {
    const message =
      stringOf(objectOf(event, 'error'), 'message') || 'The words could not be recognised.';
    this.changePart_(event, 'audio', () => ({
      streaming: false,
      transcriptState: 'failed',
      transcriptError: message,
    }));
  }

  // --------------------------------------------------------------------------------------- items

  private added_(event: JsonObject, atMs: number): void {
    const previous =
      event.previous_item_id === undefined ? undefined : stringOrNull(event, 'previous_item_id');
    this.take_(objectOf(event, 'item'), previous, null, atMs);
  }

  private done_(event: JsonObject, atMs: number): void {
    this.added_(event, atMs);
    // Some kinds of items say nothing of their status.
    const item = this.items_.get(stringOf(objectOf(event, 'item'), 'id'));
    if (item?.status === 'in_progress') this.update(item.id, { status: 'completed' });
  }

  private outputItem_(event: JsonObject, atMs: number): void {
    this.take_(objectOf(event, 'item'), undefined, stringOrNull(event, 'response_id'), atMs);
  }

  /** An item as the server shows it: a new one, or news of a known one. */
  private take_(
    wire: JsonObject,
    previous: string | null | undefined,
    responseId: string | null,
    atMs: number,
  ): void {
    const id = stringOrNull(wire, 'id');
    if (!id) return;
    const known = this.items_.get(id);
    if (!known) {
      this.insert_(id, previous, { kind: kindOf(wire), role: roleOf(wire), createdAtMs: atMs });
    } else if (
      this.provisional_.delete(id) ||
      (previous !== undefined && known.previousItemId !== previous)
    ) {
      this.place_(id, previous);
    }
    const item = this.items_.get(id) as ItemView;
    const change: { -readonly [K in keyof ItemView]?: ItemView[K] } = {
      status: statusOf(wire, item.status),
      parts: mergedParts(
        item.parts,
        listOf(wire, 'content'),
        item.role === 'user' && this.transcribes_(),
      ),
    };
    if (responseId) change.responseId = responseId;
    if (item.kind === 'function_call') {
      change.callId = stringOf(wire, 'call_id') || item.callId;
      change.toolName = stringOf(wire, 'name') || item.toolName;
      change.argumentsText = stringOf(wire, 'arguments') || item.argumentsText;
      if (change.status === 'completed' && item.output === null && item.answering === 'none') {
        change.answering = 'waiting';
      }
    }
    if (item.kind === 'function_call_output') {
      change.callId = stringOf(wire, 'call_id') || item.callId;
      change.output = stringOf(wire, 'output');
      const call = this.callItem(change.callId);
      if (call) {
        change.toolName = call.toolName;
        this.update(call.id, { output: change.output, answering: 'sent', answerError: '' });
      }
    }
    this.update(id, change);
  }

  private retrieved_(wire: JsonObject): void {
    this.update(stringOf(wire, 'id'), { raw: shortened(wire) });
  }

  private truncated_(event: JsonObject): void {
    this.update(stringOf(event, 'item_id'), { truncatedAtMs: numberOrNull(event, 'audio_end_ms') });
  }

  // ------------------------------------------------------------------------------------- answers

  private partAdded_(event: JsonObject): void {
    const wire = objectOf(event, 'part');
    const kind = stringOf(wire, 'type').includes('audio') ? 'audio' : 'text';
    this.changePart_(event, kind, () => ({ kind, streaming: true }));
  }

  private partDone_(event: JsonObject): void {
    const wire = objectOf(event, 'part');
    const kind = stringOf(wire, 'type').includes('audio') ? 'audio' : 'text';
    const text = stringOf(wire, kind === 'audio' ? 'transcript' : 'text');
    this.changePart_(event, kind, (part) => ({ text: text || part.text, streaming: false }));
  }

  private partDelta_(event: JsonObject, kind: 'text' | 'audio'): void {
    this.changePart_(event, kind, (part) => ({
      kind,
      text: part.text + stringOf(event, 'delta'),
      streaming: true,
    }));
  }

  private partText_(event: JsonObject, kind: 'text' | 'audio', text: string): void {
    this.changePart_(event, kind, (part) => ({ kind, text: text || part.text, streaming: false }));
  }

  private argumentsDelta_(event: JsonObject): void {
    const item = this.items_.get(stringOf(event, 'item_id'));
    if (item)
      this.update(item.id, { argumentsText: item.argumentsText + stringOf(event, 'delta') });
  }

  private argumentsDone_(event: JsonObject): void {
    const item = this.items_.get(stringOf(event, 'item_id'));
    if (!item) return;
    this.update(item.id, {
      argumentsText: stringOf(event, 'arguments') || item.argumentsText,
      toolName: stringOf(event, 'name') || item.toolName,
      callId: stringOf(event, 'call_id') || item.callId,
    });
  }

  private responseDone_(response: JsonObject): void {
    const id = stringOf(response, 'id');
    for (const item of this.items()) {
      if (item.responseId !== id) continue;
      if (item.status !== 'in_progress' && !item.parts.some((part) => part.streaming)) continue;
      const completed = stringOf(response, 'status') === 'completed';
      this.update(item.id, {
        status: item.status === 'in_progress' && completed ? 'completed' : settled(item.status),
        parts: item.parts.map(closedPart),
      });
    }
  }

  private changePart_(
    event: JsonObject,
    kind: ContentPart['kind'],
    change: (part: ContentPart) => Partial<ContentPart>,
  ): void {
    const item = this.items_.get(stringOf(event, 'item_id'));
    if (!item) return;
    const index = Math.min(numberOrNull(event, 'content_index') ?? 0, 64);
    const parts = item.parts.slice();
    while (parts.length <= index) parts.push({ ...kEmptyPart, kind });
    const part = parts[index] as ContentPart;
    parts[index] = { ...part, ...change(part) };
    this.update(item.id, { parts });
  }

  // --------------------------------------------------------------------------------------- order

  private insert_(id: string, previous: string | null | undefined, known: Partial<ItemView>): void {
    const heard = signal(0);
    this.heard_.set(id, heard);
    this.items_.set(id, { ...emptyItem(id, heard), ...known });
    this.place_(id, previous);
    while (this.order_.length > kItemsMax) this.remove(this.order_[0] as string);
  }

  /**
   * `previous`: undefined appends; null means first, but is also what some servers say of a lone
   * append.
   */
  private place_(id: string, previous: string | null | undefined): void {
    const others = this.order_.filter((other) => other !== id);
    const after = previous ? others.indexOf(previous) : -1;
    const at = after >= 0 ? after + 1 : previous === 'root' ? 0 : others.length;
    others.splice(at, 0, id);
    this.order_ = others;
    if (previous !== undefined) this.update(id, { previousItemId: previous });
    this.view_ = null;
  }
}

function emptyItem(id: string, heardMs: Signal<number>): ItemView {
  return {
    id,
    kind: 'message',
    role: 'user',
    status: 'in_progress',
    parts: [],
    text: '',
    responseId: null,
    createdAtMs: 0,
    previousItemId: null,
    callId: '',
    toolName: '',
    argumentsText: '',
    output: null,
    answering: 'none',
    answerError: '',
    hasAudio: false,
    audioMs: 0,
    heardMs,
    truncatedAtMs: null,
    raw: null,
  };
}

function kindOf(wire: JsonObject): ItemKind {
  const type = stringOf(wire, 'type');
  return type === 'message' || type === 'function_call' || type === 'function_call_output'
    ? type
    : 'other';
}

function roleOf(wire: JsonObject): ItemView['role'] {
  const role = stringOf(wire, 'role');
  if (role === 'user' || role === 'assistant' || role === 'system') return role;
  return stringOf(wire, 'type') === 'function_call_output' ? 'tool' : 'assistant';
}

function statusOf(wire: JsonObject, before: ItemStatus): ItemStatus {
  const status = stringOf(wire, 'status');
  if (
    status === 'completed' ||
    status === 'incomplete' ||
    status === 'in_progress' ||
    status === 'failed'
  ) {
    return status;
  }
  return stringOf(wire, 'type') === 'function_call_output' ? 'completed' : before;
}

function settled(status: ItemStatus): ItemStatus {
  return status === 'in_progress' ? 'incomplete' : status;
}

function isAwaited(part: ContentPart): boolean {
  return part.transcriptState === 'pending' || part.transcriptState === 'partial';
}

function closedPart(part: ContentPart): ContentPart {
  return {
    ...part,
    streaming: false,
    transcriptState: isAwaited(part) ? 'none' : part.transcriptState,
  };
}

/** Content as the server shows it laid over what streamed in: never less text than before. */
function mergedParts(
  before: readonly ContentPart[],
  wire: readonly JsonObject[],
  awaitsWords: boolean,
): readonly ContentPart[] {
  if (wire.length === 0) return before;
  return wire.map((content, index) => {
    const part = before[index] ?? kEmptyPart;
    const type = stringOf(content, 'type');
    const kind = type.includes('audio') ? 'audio' : type.includes('image') ? 'image' : 'text';
    const text = stringOf(content, kind === 'audio' ? 'transcript' : 'text') || part.text;
    const waits = kind === 'audio' && awaitsWords && text === '' && part.transcriptState === 'none';
    return {
      ...part,
      kind,
      text,
      imageUrl: kind === 'image' ? stringOf(content, 'image_url') : '',
      transcriptState: waits ? 'pending' : part.transcriptState,
    };
  });
}

function textOf(parts: readonly ContentPart[]): string {
  return parts
    .map((part) => part.text)
    .filter((text) => text !== '')
    .join('\n');
}
