// SPDX-License-Identifier: MIT
// What the tests say (scripts, faults) and what the fakes saw (records), with waits on both.
// Everything is addressed by a provider id such as `openai.chat`; `openai` and `*` select several.
import { EventEmitter } from 'node:events';

// CLOCK_MONOTONIC in ms: the same clock as std::chrono::steady_clock on Linux.
export function now() {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

export function selects(selector, id) {
  return selector === '*' || selector === id || id.startsWith(`${selector}.`);
}

const recordsMax = 5000;
const recordsWithMessages = 200;
const textKept = 4000;
const encodedKept = 100;
const encodedFields = new Set(['audio', 'audio_base_64', 'data', 'url']);

// A request for the record: audio, images and very long texts only by their length and beginning.
export function brief(value, name = '') {
  if (typeof value === 'string') {
    const kept = encodedFields.has(name) ? encodedKept : textKept;
    return value.length <= kept ? value : { length: value.length, start: value.slice(0, 40) };
  }
  if (Array.isArray(value)) return value.map((part) => brief(part));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([field, part]) =>
    [field, brief(part, field)]));
}

export class Board {
  #changed = new EventEmitter().setMaxListeners(0);
  #next = 1;

  constructor() {
    this.reset();
  }

  reset() {
    this.scripts = [];
    this.faults = [];
    this.records = [];
    this.release('*');
  }

  // Scripts are used in the order given, one per request; the last one stays unless it has `times`.
  addScript(entry) {
    this.scripts.push({ left: entry.times ?? Infinity, ...entry });
  }

  takeScript(id) {
    const matching = this.scripts.filter((entry) => selects(entry.provider, id));
    const entry = matching[0];
    if (!entry) return {};
    entry.left -= 1;
    if (entry.left <= 0 || (matching.length > 1 && entry.times === undefined)) {
      this.scripts.splice(this.scripts.indexOf(entry), 1);
    }
    return entry;
  }

  addFault(entry) {
    this.faults.push({ ...entry, left: entry.times === 0 ? Infinity : entry.times ?? 1,
      skip: entry.skip ?? 0 });
  }

  takeFault(id, reused) {
    const entry = this.faults.find((fault) =>
      selects(fault.provider, id) && (!fault.only_reused || reused));
    if (!entry) return null;
    if (entry.skip > 0) {
      entry.skip -= 1;
      return null;
    }
    entry.left -= 1;
    if (entry.left <= 0) this.faults.splice(this.faults.indexOf(entry), 1);
    return entry;
  }

  open(fields) {
    const record = { id: this.#next++, state: 'started', started_at_ms: now(), ended_at_ms: null,
      ended: null, pieces: 0, bytes_sent: 0, ...fields };
    this.records.push(record);
    if (this.records.length > recordsMax) this.records.shift();
    const old = this.records.at(-recordsWithMessages);
    if (old?.ended && old.messages) old.messages = [];
    this.changed();
    return record;
  }

  // how: complete, closed_by_client, faulted. The first word is kept.
  close(record, how) {
    if (record.ended) return;
    record.ended = how;
    record.state = 'ended';
    record.ended_at_ms = now();
    this.changed();
  }

  changed() {
    this.#changed.emit('change');
  }

  seen(selector) {
    return this.records.filter((record) => selects(selector, record.provider));
  }

  // What `state` counts over the records of `selector`.
  count(selector, state) {
    const seen = this.seen(selector);
    switch (state) {
      case 'started': return seen.length;
      case 'open': return seen.filter((record) => !record.ended).length;
      case 'received': return seen.filter((record) => record.received_at_ms).length;
      case 'answering': return seen.filter((record) => record.first_byte_at_ms).length;
      case 'ended': return seen.filter((record) => record.ended).length;
      case 'pieces': return seen.reduce((sum, record) => sum + record.pieces, 0);
      case 'messages': return seen.reduce((sum, record) => sum + (record.messages_seen ?? 0), 0);
      case 'audio_bytes': return seen.reduce((sum, record) => sum + (record.audio?.bytes ?? 0), 0);
      case 'stopped': return seen.reduce((sum, record) => sum + (record.stops?.length ?? 0), 0);
      case 'complete': case 'closed_by_client': case 'faulted':
        return seen.filter((record) => record.ended === state).length;
      default: return undefined;
    }
  }

  // Resolves true as soon as `holds()`, false after the time limit or when `abort` fires.
  until(holds, timeoutMs, abort) {
    if (holds()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const finish = (result) => {
        clearTimeout(timer);
        this.#changed.off('change', check);
        resolve(result);
      };
      const check = () => holds() && finish(true);
      const timer = setTimeout(() => finish(false), timeoutMs);
      this.#changed.on('change', check);
      abort?.addEventListener('abort', () => finish(false), { once: true });
    });
  }

  // Lets requests that wait in a `hold` go on.
  release(selector) {
    this.#changed.emit('release', selector);
  }

  released(id, closed) {
    return new Promise((resolve, reject) => {
      const listen = (selector) => {
        if (!selects(selector, id)) return;
        this.#changed.off('release', listen);
        resolve();
      };
      this.#changed.on('release', listen);
      closed.catch((error) => {
        this.#changed.off('release', listen);
        reject(error);
      });
    });
  }
}
