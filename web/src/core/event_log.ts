// SPDX-License-Identifier: MIT
//
// The event log: a bounded list of everything sent and received. Long base64 is shortened before it
// is kept, and runs of audio events share one entry, so that an hour of talk fits into a few
// megabytes and stays readable.

import { computed, signal } from '@preact/signals-core';
import type { EventLog, Json, JsonObject, LogEntry, LogFilter, LogTotals } from './api';
import { base64Bytes } from './base64';
import { listOf, numberOrNull, objectOf, stringOf, stringOrNull } from './wire_event';

const kEntriesMax = 5000;
const kCharactersMax = 24_000_000; // of kept JSON, all entries
const kRefreshMs = 100;

/** Types of which many come in a row, with the field that holds base64, if any. */
const kStreams: ReadonlyMap<string, string | null> = new Map([
  ['input_audio_buffer.append', 'audio'],
  ['response.output_audio.delta', 'delta'],
  ['parley.vad', null],
]);

export const kNoFilter: LogFilter = {
  direction: 'all',
  search: '',
  hideAudio: false,
  itemId: null,
  responseId: null,
  onlyErrors: false,
};

class Entry implements LogEntry {
  lastAtMs: number;
  count = 1;
  haystack: string | null = null; // lower case, made when first searched

  constructor(
    readonly seq: number,
    readonly direction: 'client' | 'server',
    readonly atMs: number,
    readonly type: string,
    public bytes: number,
    readonly itemId: string | null,
    readonly responseId: string | null,
    readonly callId: string | null,
    readonly summary: string,
    readonly text: string,
  ) {
    this.lastAtMs = atMs;
  }

  get isError(): boolean {
    return this.type === 'error' || this.type.endsWith('.failed');
  }

  json(): JsonObject {
    return JSON.parse(this.text) as JsonObject;
  }
}

export class BoundedEventLog implements EventLog {
  readonly filter = signal<LogFilter>(kNoFilter);
  readonly coalesce = signal(true);
  readonly paused = signal(false);
  readonly totals = signal<LogTotals>({
    sent: 0,
    received: 0,
    bytesSent: 0,
    bytesReceived: 0,
    dropped: 0,
  });

  private entries_: Entry[] = [];
  private first_ = 0; // index of the oldest entry: dropping is free, the array is cut now and then
  private nextSeq_ = 0;
  private characters_ = 0;
  private totals_ = { sent: 0, received: 0, bytesSent: 0, bytesReceived: 0, dropped: 0 };
  private readonly runs_ = new Map<string, Entry>();
  private readonly version_ = signal(0);
  private refresh_: ReturnType<typeof setTimeout> | null = null;
  private shown_: readonly LogEntry[] = [];

  readonly visible = computed<readonly LogEntry[]>(() => {
    const filter = this.filter.value;
    const stands = this.paused.value;
    void this.version_.value;
    if (!stands) this.shown_ = this.filtered(filter);
    return this.shown_;
  });

  record(direction: 'client' | 'server', event: JsonObject, bytes: number, atMs: number): LogEntry {
    const type = stringOf(event, 'type');
    this.count_(direction, bytes);
    const itemId = itemIdOf(event);
    const runKey = `${direction} ${type} ${itemId ?? ''}`;
    if (!kStreams.has(type)) this.runs_.clear();
    else if (this.coalesce.peek()) {
      const run = this.runs_.get(runKey);
      if (run) {
        run.count += 1;
        run.bytes += bytes;
        run.lastAtMs = atMs;
        this.changed_();
        return run;
      }
    }
    const text = JSON.stringify(shortened(event));
    const entry = new Entry(
      this.nextSeq_,
      direction,
      atMs,
      type,
      bytes,
      itemId,
      responseIdOf(event),
      callIdOf(event),
      summaryOf(type, event),
      text,
    );
    this.nextSeq_ += 1;
    this.entries_.push(entry);
    this.characters_ += text.length;
    if (kStreams.has(type)) this.runs_.set(runKey, entry);
    this.bound_();
    this.changed_();
    return entry;
  }

  get(seq: number): LogEntry | undefined {
    const oldest = this.entries_[this.first_];
    return oldest && seq >= oldest.seq ? this.entries_[this.first_ + seq - oldest.seq] : undefined;
  }

  /** Everything kept, oldest first. */
  all(): readonly LogEntry[] {
    return this.entries_.slice(this.first_);
  }

  filtered(filter: LogFilter): readonly LogEntry[] {
    const { wanted, unwanted } = words(filter.search);
    const passes = (entry: Entry): boolean => {
      if (filter.direction !== 'all' && entry.direction !== filter.direction) return false;
      if (filter.hideAudio && kStreams.has(entry.type)) return false;
      if (filter.onlyErrors && !entry.isError) return false;
      if (filter.itemId !== null && entry.itemId !== filter.itemId) return false;
      if (filter.responseId !== null && entry.responseId !== filter.responseId) return false;
      if (wanted.length === 0 && unwanted.length === 0) return true;
      entry.haystack ??= entry.text.toLowerCase();
      const { haystack } = entry;
      return (
        wanted.every((word) => haystack.includes(word)) &&
        !unwanted.some((word) => haystack.includes(word))
      );
    };
    const found: LogEntry[] = [];
    for (let at = this.first_; at < this.entries_.length; at += 1) {
      const entry = this.entries_[at] as Entry;
      if (passes(entry)) found.push(entry);
    }
    return found;
  }

  clear(): void {
    this.entries_ = [];
    this.first_ = 0;
    this.characters_ = 0;
    this.runs_.clear();
    this.totals_ = { sent: 0, received: 0, bytesSent: 0, bytesReceived: 0, dropped: 0 };
    this.shown_ = [];
    this.refreshNow_();
  }

  /**
   * One line an entry, in the form of this project's recorded flows: {"dir","event"} and beside it
   * time and size.
   */
  jsonl(): string {
    return this.all()
      .map((entry) =>
        JSON.stringify({
          dir: entry.direction,
          at_ms: Math.round(entry.atMs * 10) / 10,
          bytes: entry.bytes,
          ...(entry.count > 1
            ? { count: entry.count, last_at_ms: Math.round(entry.lastAtMs * 10) / 10 }
            : {}),
          event: entry.json(),
        }),
      )
      .join('\n')
      .concat('\n');
  }

  private count_(direction: 'client' | 'server', bytes: number): void {
    if (direction === 'client') {
      this.totals_.sent += 1;
      this.totals_.bytesSent += bytes;
    } else {
      this.totals_.received += 1;
      this.totals_.bytesReceived += bytes;
    }
  }

  private bound_(): void {
    while (this.entries_.length - this.first_ > kEntriesMax || this.characters_ > kCharactersMax) {
      const gone = this.entries_[this.first_] as Entry;
      this.characters_ -= gone.text.length;
      this.first_ += 1;
      this.totals_.dropped += 1;
    }
    if (this.first_ >= kEntriesMax) {
      this.entries_ = this.entries_.slice(this.first_);
      this.first_ = 0;
    }
  }

  private changed_(): void {
    this.refresh_ ??= setTimeout(() => this.refreshNow_(), kRefreshMs);
  }

  private refreshNow_(): void {
    if (this.refresh_ !== null) clearTimeout(this.refresh_);
    this.refresh_ = null;
    this.totals.value = { ...this.totals_ };
    this.version_.value += 1;
  }
}

function words(search: string): { wanted: string[]; unwanted: string[] } {
  const all = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '-');
  return {
    wanted: all.filter((word) => !word.startsWith('-')),
    unwanted: all.filter((word) => word.startsWith('-')).map((word) => word.slice(1)),
  };
}

export function itemIdOf(event: JsonObject): string | null {
  return stringOrNull(event, 'item_id') ?? stringOrNull(objectOf(event, 'item'), 'id');
}

export function responseIdOf(event: JsonObject): string | null {
  return stringOrNull(event, 'response_id') ?? stringOrNull(objectOf(event, 'response'), 'id');
}

function callIdOf(event: JsonObject): string | null {
  return stringOrNull(event, 'call_id') ?? stringOrNull(objectOf(event, 'item'), 'call_id');
}

// ------------------------------------------------------------------------------------ shortening

const kTextKeptMax = 20_000;
const kBase64KeptMax = 120;

/** The event without what nobody reads: base64 becomes a note of its size. */
export function shortened(value: JsonObject): JsonObject {
  return shortenedValue(value, '') as JsonObject;
}

function shortenedValue(value: Json, key: string): Json {
  if (typeof value === 'string') return shortenedText(value, key);
  if (Array.isArray(value)) return value.map((entry) => shortenedValue(entry, key));
  if (value === null || typeof value !== 'object') return value;
  const out: JsonObject = {};
  for (const [name, entry] of Object.entries(value)) out[name] = shortenedValue(entry, name);
  return out;
}

function shortenedText(text: string, key: string): string {
  if (text.length <= kBase64KeptMax) return text;
  if (text.startsWith('data:')) return `${text.slice(0, 40)}… (${base64Bytes(text)} bytes)`;
  const maybeAudio = key === 'audio' || key === 'delta' || key === 'data';
  if (maybeAudio && /^[A-Za-z0-9+/]{120}/.test(text))
    return `… (${base64Bytes(text)} bytes of audio)`;
  return text.length <= kTextKeptMax
    ? text
    : `${text.slice(0, kTextKeptMax)}… (${text.length} characters)`;
}

// ------------------------------------------------------------------------------------- summaries

const kSummaryMax = 120;

function summaryOf(type: string, event: JsonObject): string {
  const line = summaryLine(type, event).replace(/\s+/g, ' ').trim();
  return line.length <= kSummaryMax ? line : `${line.slice(0, kSummaryMax - 1)}…`;
}

function summaryLine(type: string, event: JsonObject): string {
  const base64Field = kStreams.get(type);
  if (base64Field) return `${base64Bytes(stringOf(event, base64Field))} bytes`;
  if (type === 'error') {
    const error = objectOf(event, 'error');
    return [stringOf(error, 'code'), stringOf(error, 'message')].filter(Boolean).join(': ');
  }
  if (type === 'parley.turn.metrics')
    return `${numberOrNull(event, 'total_ms') ?? '?'} ms to first sound`;
  if (type === 'parley.vad')
    return `speech probability ${numberOrNull(event, 'probability') ?? '?'}`;
  for (const key of ['delta', 'transcript', 'text', 'arguments']) {
    const text = stringOf(event, key);
    if (text) return text;
  }
  const startMs = numberOrNull(event, 'audio_start_ms');
  const endMs = numberOrNull(event, 'audio_end_ms');
  if (startMs !== null || endMs !== null) {
    return [
      startMs !== null ? `from ${startMs} ms` : '',
      endMs !== null ? `to ${endMs} ms` : '',
    ].join(' ');
  }
  if (event.item !== undefined) return itemSummary(objectOf(event, 'item'));
  if (event.response !== undefined && type !== 'response.create')
    return responseSummary(objectOf(event, 'response'));
  if (event.session !== undefined) return Object.keys(objectOf(event, 'session')).join(', ');
  return stringOf(event, 'item_id');
}

function itemSummary(item: JsonObject): string {
  const words = listOf(item, 'content')
    .map((part) => stringOf(part, 'text') || stringOf(part, 'transcript'))
    .join(' ');
  const what = stringOf(item, 'role') || stringOf(item, 'type');
  const call = stringOf(item, 'name') || stringOf(item, 'output');
  return [what, stringOf(item, 'status'), call, words].filter(Boolean).join(' · ');
}

function responseSummary(response: JsonObject): string {
  const details = objectOf(response, 'status_details');
  const tokens = numberOrNull(objectOf(response, 'usage'), 'total_tokens');
  const why = stringOf(details, 'reason') || stringOf(objectOf(details, 'error'), 'message');
  return [stringOf(response, 'status'), why, tokens !== null ? `${tokens} tokens` : '']
    .filter(Boolean)
    .join(' · ');
}
