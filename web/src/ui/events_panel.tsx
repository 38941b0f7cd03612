// SPDX-License-Identifier: MIT
//
// Every event of the wire: filtered, searched, opened as JSON; and a form that sends any event.

import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { LogEntry } from '../core/api';
import { JsonText } from './json_text';
import { actions, announce, copyText, playground, saveBlob } from './playground';
import { RawSender } from './raw_sender';

const kRowPx = 26; // as .event in the style sheet
const kSpareRows = 8;

export function EventsPanel() {
  const chosen = useSignal<number | null>(null);
  const entry = chosen.value === null ? undefined : playground.log.get(chosen.value);
  return (
    <div class="events">
      <Filters />
      <EventList chosen={chosen.value} choose={(seq) => (chosen.value = seq)} />
      {entry && (
        <div class="detail">
          <div class="row">
            <strong class="ellipsis">{entry.type}</strong>
            <span class="gap" />
            <button
              class="quiet"
              onClick={() => void copyText(JSON.stringify(entry.json(), null, 2), 'Event')}
            >
              Copy
            </button>
            <button class="icon" aria-label="Close details" onClick={() => (chosen.value = null)}>
              ×
            </button>
          </div>
          <JsonText value={entry.json()} />
        </div>
      )}
      <RawSender />
    </div>
  );
}

function Filters() {
  const { log } = playground;
  const filter = log.filter.value;
  const totals = log.totals.value;
  const set = (patch: Partial<typeof filter>) => (log.filter.value = { ...filter, ...patch });
  const about = filter.itemId ?? filter.responseId;
  return (
    <div class="filters">
      <div class="row">
        <input
          type="search"
          aria-label="Search events"
          placeholder="Search: words, -without"
          value={filter.search}
          onInput={(event) => set({ search: event.currentTarget.value })}
        />
        <select
          aria-label="Direction"
          value={filter.direction}
          onChange={(event) =>
            set({ direction: event.currentTarget.value as typeof filter.direction })
          }
        >
          <option value="all">both ways</option>
          <option value="client">sent ↑</option>
          <option value="server">received ↓</option>
        </select>
      </div>
      <div class="row wrap">
        <label class="switch">
          <input
            type="checkbox"
            checked={filter.hideAudio}
            onChange={(event) => set({ hideAudio: event.currentTarget.checked })}
          />
          <span>Hide audio</span>
        </label>
        <label class="switch">
          <input
            type="checkbox"
            checked={filter.onlyErrors}
            onChange={(event) => set({ onlyErrors: event.currentTarget.checked })}
          />
          <span>Errors only</span>
        </label>
      </div>
      <div class="row">
        <button
          class="quiet"
          aria-pressed={log.paused.value}
          onClick={() => (log.paused.value = !log.paused.value)}
        >
          {log.paused.value ? 'Go on' : 'Pause'}
        </button>
        <button class="quiet" onClick={() => log.clear()}>
          Clear
        </button>
        <button
          class="quiet"
          onClick={() => {
            saveBlob(actions.exportEventsJsonl(), 'events.jsonl');
            announce('Events saved');
          }}
        >
          Save as JSONL
        </button>
      </div>
      {about && (
        <div class="row about">
          <span class="ellipsis">
            Only <code>{about}</code>
          </span>
          <button class="quiet" onClick={() => set({ itemId: null, responseId: null })}>
            Show all
          </button>
        </div>
      )}
      <small class="hint">
        {totals.sent} sent ({bytes(totals.bytesSent)}), {totals.received} received (
        {bytes(totals.bytesReceived)})
        {totals.dropped > 0 && `; the oldest ${totals.dropped} were let go`}
      </small>
    </div>
  );
}

/** Only the rows in view are in the page, so a long session costs no more than a short one. */
function EventList(props: { chosen: number | null; choose: (seq: number) => void }) {
  const entries = playground.log.visible.value;
  const list = useRef<HTMLDivElement>(null);
  const scroll = useSignal(0);
  const height = useSignal(400);
  const following = useRef(true);
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const observer = new ResizeObserver(() => (height.value = element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = list.current;
    if (element && following.current) element.scrollTop = element.scrollHeight;
  }, [entries]);
  const first = Math.max(0, Math.floor(scroll.value / kRowPx) - kSpareRows);
  const last = Math.min(
    entries.length,
    Math.ceil((scroll.value + height.value) / kRowPx) + kSpareRows,
  );
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0 || entries.length === 0) return;
    event.preventDefault();
    const at = entries.findIndex((entry) => entry.seq === props.chosen);
    const next = at < 0 ? entries.length - 1 : at + step;
    const entry = entries[Math.min(Math.max(next, 0), entries.length - 1)]!;
    props.choose(entry.seq);
    const top = entries.indexOf(entry) * kRowPx;
    const element = list.current!;
    if (top < element.scrollTop) element.scrollTop = top;
    const bottom = top + kRowPx - element.clientHeight;
    if (bottom > element.scrollTop) element.scrollTop = bottom;
  };
  return (
    <div
      class="event-list"
      ref={list}
      tabIndex={0}
      role="listbox"
      aria-label="Events"
      onKeyDown={move}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        scroll.value = scrollTop;
        following.current = scrollHeight - scrollTop - clientHeight < kRowPx;
      }}
    >
      {entries.length === 0 && (
        <p class="hint" role="option" aria-selected="false">
          No events yet, or none that pass the filter.
        </p>
      )}
      <div style={{ height: `${first * kRowPx}px` }} role="presentation" />
      {entries.slice(first, last).map((entry) => (
        <Row
          key={entry.seq}
          entry={entry}
          chosen={entry.seq === props.chosen}
          choose={props.choose}
        />
      ))}
      <div
        style={{ height: `${Math.max(0, entries.length - last) * kRowPx}px` }}
        role="presentation"
      />
    </div>
  );
}

function Row(props: { entry: LogEntry; chosen: boolean; choose: (seq: number) => void }) {
  const { entry } = props;
  return (
    <div
      class="event"
      role="option"
      aria-selected={props.chosen}
      data-direction={entry.direction}
      data-error={entry.isError}
      onClick={() => props.choose(entry.seq)}
    >
      <span aria-label={entry.direction === 'client' ? 'sent' : 'received'} role="img">
        {entry.direction === 'client' ? '↑' : '↓'}
      </span>
      <time>{(entry.atMs / 1000).toFixed(2)}</time>
      <span class="ellipsis">
        {entry.type}
        {entry.count > 1 && <b> ×{entry.count}</b>}
        {entry.summary && <em> {entry.summary}</em>}
      </span>
      <small>{bytes(entry.bytes)}</small>
    </div>
  );
}

function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1000).toFixed(1)} kB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}
