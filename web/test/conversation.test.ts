// SPDX-License-Identifier: MIT
//
// The transcript, the timeline, the log and the times, fed with the project's golden flows.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import type { ItemView, JsonObject } from '../src/core/api';
import { AudioOffsets, SessionClock } from '../src/core/clock';
import { Conversation } from '../src/core/conversation';
import { BoundedEventLog, kNoFilter } from '../src/core/event_log';
import { SessionTimeline } from '../src/core/timeline';
import { TurnTimes, mediansOf } from '../src/core/turn_metrics';
import { flow } from './flows';

const kEveryMs = 100; // between the lines of a flow

/** Everything that listens to events, on a clock of its own. */
class Bench {
  nowMs = 0;
  readonly offsets = new AudioOffsets();
  readonly conversation = new Conversation();
  readonly log = new BoundedEventLog();
  readonly timeline = new SessionTimeline(new SessionClock(() => this.nowMs), this.offsets, (run) =>
    run(),
  );
  readonly times = new TurnTimes(this.offsets, () => 200);

  play(name: string): this {
    for (const { dir, event } of flow(name)) this.take(dir, event);
    return this;
  }

  take(dir: 'client' | 'server', event: JsonObject): void {
    this.nowMs += kEveryMs;
    this.log.record(dir, event, JSON.stringify(event).length, this.nowMs);
    if (dir === 'client') {
      this.times.sent(event, this.nowMs);
      return;
    }
    this.timeline.receive(event, this.nowMs);
    this.times.received(event, this.nowMs);
    this.conversation.receive(event, this.nowMs);
  }

  server(event: JsonObject): void {
    this.take('server', event);
  }

  lines(): string[] {
    return this.conversation.items().map((item) => `${item.role}: ${item.text}`);
  }
}

function only(items: readonly ItemView[], kind: ItemView['kind']): ItemView[] {
  return items.filter((item) => item.kind === kind);
}

for (const file of readdirSync('../tests/spec/flows/ga')) {
  const name = file.replace('.jsonl', '');
  test(`the flow ${name} leaves nothing streaming and no duplicate item`, () => {
    const bench = new Bench().play(name);
    const items = bench.conversation.items();
    assert.equal(new Set(items.map((item) => item.id)).size, items.length);
    const last =
      flow(name)
        .filter(({ event }) => /buffer\.(speech|committed)/.test(String(event.type)))
        .at(-1)?.event ?? {};
    for (const item of items) {
      const speaking = last.type === 'input_audio_buffer.speech_started';
      if (speaking && last.item_id === item.id) continue;
      assert.notEqual(item.status, 'in_progress', `${item.id} of ${name}`);
      assert.ok(
        item.parts.every((part) => !part.streaming),
        `${item.id} of ${name}`,
      );
    }
    for (const mark of bench.timeline.marks) {
      if (mark.endMs !== null) assert.ok(mark.endMs >= mark.startMs, `${mark.kind} of ${name}`);
    }
  });
}

test('a spoken turn reads as question and answer', () => {
  const bench = new Bench().play('vad-turn');
  const items = bench.conversation.items();
  assert.deepEqual(
    items.map((item) => item.role),
    ['user', 'assistant'],
  );
  assert.equal(items[0]?.parts[0]?.kind, 'audio');
  assert.equal(items[0]?.parts[0]?.transcriptState, 'done');
  assert.notEqual(items[0]?.text, '');
  assert.notEqual(items[1]?.text, '');
  assert.equal(items[1]?.status, 'completed');
});

test('streamed words are there before they are done', () => {
  const bench = new Bench();
  let seen = '';
  for (const { dir, event } of flow('text-turn')) {
    bench.take(dir, event);
    if (event.type !== 'response.output_text.delta') continue;
    seen += event.delta as string;
    const answer = bench.conversation.items().at(-1);
    assert.equal(answer?.text, seen);
    assert.equal(answer?.parts[0]?.streaming, true);
  }
  assert.notEqual(seen, '');
});

test('an item changes its identity only when it changes', () => {
  const bench = new Bench().play('vad-turn');
  const [user] = bench.conversation.items();
  const before = bench.conversation.items();
  bench.server({ type: 'rate_limits.updated', rate_limits: [] });
  assert.equal(bench.conversation.items(), before);
  const answer = before[1] as ItemView;
  bench.conversation.update(answer.id, { hasAudio: true });
  assert.equal(bench.conversation.items()[0], user);
  assert.notEqual(bench.conversation.items()[1], answer);
});

test('heard audio changes a signal and not the item', () => {
  const bench = new Bench().play('vad-turn');
  const answer = bench.conversation.items()[1] as ItemView;
  bench.conversation.setHeard(answer.id, 300);
  bench.conversation.setHeard(answer.id, 200);
  assert.equal(answer.heardMs.value, 300);
  assert.equal(bench.conversation.items()[1], answer);
});

test('speech is shown at once, and taken away when it comes to nothing', () => {
  const bench = new Bench();
  bench.server({ type: 'input_audio_buffer.speech_started', item_id: 'item_1', audio_start_ms: 0 });
  assert.deepEqual(bench.lines(), ['user: ']);
  assert.equal(bench.conversation.items()[0]?.parts[0]?.transcriptState, 'pending');
  bench.server({ type: 'input_audio_buffer.speech_started', item_id: 'item_2', audio_start_ms: 0 });
  assert.deepEqual(
    bench.conversation.items().map((item) => item.id),
    ['item_2'],
  );
});

test('without transcription nobody waits for words', () => {
  const conversation = new Conversation(() => false);
  const item = { id: 'u', type: 'message', role: 'user', content: [{ type: 'input_audio' }] };
  conversation.receive({ type: 'input_audio_buffer.speech_started', item_id: 'u' }, 0);
  conversation.receive({ type: 'conversation.item.added', previous_item_id: null, item }, 1);
  assert.equal(conversation.items()[0]?.parts[0]?.transcriptState, 'none');
});

test('items take the place the server gives them', () => {
  const bench = new Bench();
  const add = (id: string, previous: string | null): void =>
    bench.server({
      type: 'conversation.item.added',
      previous_item_id: previous,
      item: {
        id,
        type: 'message',
        role: 'user',
        status: 'completed',
        content: [{ type: 'input_text', text: id }],
      },
    });
  add('a', null);
  add('c', 'a');
  add('b', 'a');
  add('0', 'root');
  assert.deepEqual(
    bench.conversation.items().map((item) => item.id),
    ['0', 'a', 'b', 'c'],
  );
  bench.server({ type: 'conversation.item.deleted', item_id: 'b' });
  assert.deepEqual(
    bench.conversation.items().map((item) => item.id),
    ['0', 'a', 'c'],
  );
});

test('parallel calls wait for their answers and show them', () => {
  const bench = new Bench();
  const lines = flow('function-call-parallel');
  const answered = lines.findIndex(
    ({ dir, event }) => dir === 'client' && (event.item as JsonObject)?.call_id !== undefined,
  );
  for (const { dir, event } of lines.slice(0, answered)) bench.take(dir, event);
  const open = bench.conversation.openCalls();
  assert.deepEqual(
    open.map((item) => [item.toolName, item.argumentsText, item.answering]),
    [
      ['get_weather', '{"city":"Rome"}', 'waiting'],
      ['get_weather', '{"city":"Oslo"}', 'waiting'],
    ],
  );
  for (const { dir, event } of lines.slice(answered)) bench.take(dir, event);
  assert.deepEqual(bench.conversation.openCalls(), []);
  const items = bench.conversation.items();
  assert.deepEqual(
    only(items, 'function_call').map((item) => item.output),
    ['{"temp_c":21}', '{"temp_c":21}'],
  );
  assert.deepEqual(
    only(items, 'function_call_output').map((item) => item.toolName),
    ['get_weather', 'get_weather'],
  );
  const calls = bench.timeline.marks.filter((mark) => mark.kind === 'tool_call');
  assert.equal(calls.length, 2);
  assert.ok(calls.every((mark) => mark.endMs !== null && mark.endMs > mark.startMs));
});

test('barge-in leaves an incomplete answer and says how much was heard', () => {
  const bench = new Bench().play('barge-in-truncate');
  const cut = bench.conversation.items().find((item) => item.truncatedAtMs !== null);
  assert.equal(cut?.truncatedAtMs, 150);
  assert.equal(cut?.status, 'incomplete');
  assert.equal(cut?.role, 'assistant');
  const failed = bench.timeline.marks.filter((mark) => mark.kind === 'response' && mark.failed);
  assert.equal(failed.length, 1);
});

test('a lost connection ends what was under way', () => {
  const bench = new Bench();
  const lines = flow('vad-turn');
  const half = lines.findIndex(({ event }) => event.type === 'response.output_audio.delta');
  for (const { dir, event } of lines.slice(0, half)) bench.take(dir, event);
  bench.server({ type: 'input_audio_buffer.speech_started', item_id: 'item_x' });
  bench.conversation.interruptAll();
  bench.timeline.connectionLost(bench.nowMs);
  assert.ok(bench.conversation.items().every((item) => item.status !== 'in_progress'));
  assert.equal(bench.conversation.get('item_x'), undefined);
  bench.timeline.connected(bench.nowMs + 500);
  const outage = bench.timeline.marks.find((mark) => mark.kind === 'connection');
  assert.equal((outage?.endMs ?? 0) - (outage?.startMs ?? 0), 500);
  assert.ok(bench.timeline.marks.every((mark) => mark.endMs !== null));
});

test('a retrieved item keeps its raw form', () => {
  const bench = new Bench().play('item-crud');
  assert.ok(bench.log.all().some((entry) => entry.type === 'conversation.item.retrieved'));
});

test('the transcript is bounded', () => {
  const bench = new Bench();
  for (let at = 0; at < 2100; at += 1) {
    bench.conversation.receive(
      {
        type: 'conversation.item.added',
        item: {
          id: `i${at}`,
          type: 'message',
          role: 'user',
          content: [{ type: 'input_text', text: 'x' }],
        },
      },
      at,
    );
  }
  assert.equal(bench.conversation.items().length, 2000);
  assert.equal(bench.conversation.items()[0]?.id, 'i100');
});

test('events with fields missing or of the wrong type change nothing and break nothing', () => {
  const bench = new Bench().play('vad-turn');
  const types = new Set(bench.log.all().map((entry) => entry.type));
  for (const type of types) {
    for (const extra of [
      {},
      { item: 7 },
      { item_id: null, delta: [] },
      { item: {} },
      { response: 'x' },
      { error: 1 },
    ]) {
      bench.server({ type, ...extra } as unknown as JsonObject);
    }
  }
  assert.ok(bench.conversation.items().length >= 2);
});

// -------------------------------------------------------------------------------------- timeline

test('speech, turn and response lie where they happened', () => {
  const bench = new Bench();
  for (let ms = 0; ms < 6000; ms += 20) bench.offsets.append(20, 1000 + ms);
  bench.nowMs = 6000;
  bench.play('vad-turn');
  const speech = bench.timeline.marks.find((mark) => mark.kind === 'speech');
  assert.deepEqual([speech?.startMs, speech?.endMs, speech?.lane], [2236, 4808, 'user']);
  const turn = bench.timeline.marks.find((mark) => mark.kind === 'turn');
  assert.deepEqual([turn?.startMs, turn?.endMs, turn?.itemId], [2236, 4808, speech?.itemId]);
  const response = bench.timeline.marks.find((mark) => mark.kind === 'response');
  assert.ok(
    response && response.endMs !== null && response.endMs > response.startMs && !response.failed,
  );
});

test('marks are in order of their start', () => {
  for (const name of ['vad-turn', 'barge-in-truncate', 'function-call-parallel', 'text-turn']) {
    const { marks } = new Bench().play(name).timeline;
    for (let at = 1; at < marks.length; at += 1) {
      assert.ok((marks[at]?.startMs ?? 0) >= (marks[at - 1]?.startMs ?? 0));
    }
  }
});

test("the detector's trace is found by time and stays bounded", () => {
  const { timeline } = new Bench();
  for (let at = 0; at < 50_000; at += 1) {
    timeline.addVad({ atMs: at * 100, probability: 0.5, threshold: 0.5, speech: false });
  }
  assert.equal(timeline.vad(4_000_000, 4_000_500).length, 5);
  assert.equal(timeline.vad(0, 1000).length, 0, 'the oldest went');
});

// ----------------------------------------------------------------------------------------- times

test('without figures from the server the arrival of events tells the times', () => {
  const bench = new Bench();
  for (let ms = 0; ms < 6000; ms += 20) bench.offsets.append(20, ms);
  bench.nowMs = 4000;
  bench.play('vad-turn');
  const [turn] = bench.times.takeChange() ?? [];
  assert.ok(turn);
  assert.equal(turn.source, 'client');
  assert.equal(
    turn.startedAtMs,
    3608,
    'the end of speech without the silence the detector waited for',
  );
  const sum = (turn.endpointWaitMs ?? 0) + (turn.firstTokenMs ?? 0) + (turn.firstAudioMs ?? 0);
  assert.ok(Math.abs(sum - (turn.totalMs ?? 0)) < 1e-6);
  assert.equal(bench.times.takeChange(), null);
});

test("the server's figures replace the guesses and keep what only the client knows", () => {
  const bench = new Bench().play('vad-turn');
  const [guess] = bench.times.takeChange() ?? [];
  assert.ok(guess);
  bench.times.playbackStarted(guess.itemId ?? '', 31);
  bench.server({
    type: 'parley.turn.metrics',
    event_id: 'event_1',
    response_id: guess.responseId,
    item_id: guess.itemId,
    speech_stopped_at_ms: 3608,
    endpoint_wait_ms: 200,
    recognition_ms: 90,
    first_token_ms: 150,
    first_clause_ms: 60,
    first_audio_ms: 80,
    overhead_ms: 3,
    total_ms: 583,
  });
  const turns = bench.times.takeChange() ?? [];
  assert.equal(turns.length, 1);
  assert.deepEqual(
    [turns[0]?.source, turns[0]?.totalMs, turns[0]?.recognitionMs, turns[0]?.playbackStartMs],
    ['server', 583, 90, 31],
  );
  assert.equal(turns[0]?.clientFirstDeltaMs, guess.clientFirstDeltaMs);
});

test('medians ignore what is not known', () => {
  const bench = new Bench();
  const totals = [300, 100, 200, 400];
  for (const [at, total] of totals.entries()) {
    bench.server({
      type: 'parley.turn.metrics',
      response_id: `r${at}`,
      total_ms: total,
      recognition_ms: at < 1 ? 7 : null,
    });
  }
  const medians = mediansOf(bench.times.takeChange() ?? []);
  assert.deepEqual([medians.totalMs, medians.recognitionMs, medians.firstTokenMs], [250, 7, null]);
});

// --------------------------------------------------------------------------------------- the log

test('runs of audio share an entry until something else happens', () => {
  const log = new BoundedEventLog();
  const append = { type: 'input_audio_buffer.append', audio: 'A'.repeat(2560) };
  for (let at = 0; at < 40; at += 1) {
    log.record('client', append, 2600, at * 20);
    log.record('server', { type: 'parley.vad', probability: 0.1 }, 80, at * 20);
  }
  assert.deepEqual(
    log.all().map((entry) => [entry.type, entry.count]),
    [
      ['input_audio_buffer.append', 40],
      ['parley.vad', 40],
    ],
  );
  log.record('server', { type: 'input_audio_buffer.speech_started', item_id: 'i' }, 90, 900);
  log.record('client', append, 2600, 920);
  assert.deepEqual(
    log.all().map((entry) => entry.count),
    [40, 40, 1, 1],
  );
  log.coalesce.value = false;
  log.record('client', append, 2600, 940);
  assert.equal(log.all().length, 5);
});

test('the log keeps at most 5000 entries and says how many went', () => {
  const log = new BoundedEventLog();
  for (let at = 0; at < 12_000; at += 1) log.record('server', { type: 'x', n: at }, 10, at);
  const all = log.all();
  assert.equal(all.length, 5000);
  assert.equal(all[0]?.seq, 7000);
  assert.deepEqual(log.get(7000)?.json(), { type: 'x', n: 7000 });
  assert.equal(log.get(6999), undefined);
  assert.equal(log.get(12_000), undefined);
});

test('large events are bounded together, and base64 is not kept', () => {
  const log = new BoundedEventLog();
  const event = { type: 'response.output_audio.delta', item_id: 'i', delta: 'QUJD'.repeat(10_000) };
  const entry = log.record('server', event, 40_000, 0);
  assert.equal(entry.json().delta, '… (30000 bytes of audio)');
  for (let at = 0; at < 3000; at += 1)
    log.record('server', { type: 'x', text: 'word '.repeat(3900) + at }, 1, at);
  const kept = log.all().reduce((sum, other) => sum + JSON.stringify(other.json()).length, 0);
  assert.ok(kept <= 24_000_000);
});

test('words of an answer are never taken for audio', () => {
  const log = new BoundedEventLog();
  const delta = 'Donaudampfschifffahrtsgesellschaft and other long words. '.repeat(5);
  assert.equal(
    log.record('server', { type: 'response.output_text.delta', delta }, 1, 0).json().delta,
    delta,
  );
});

test('the filter takes direction, words, unwanted words, ids and errors', () => {
  const bench = new Bench().play('vad-turn');
  bench.server({ type: 'error', error: { message: 'No such thing', code: 'invalid_value' } });
  const count = (filter: object): number => bench.log.filtered({ ...kNoFilter, ...filter }).length;
  const all = bench.log.all();
  assert.equal(count({}), all.length);
  assert.equal(count({ direction: 'client' }) + count({ direction: 'server' }), all.length);
  assert.equal(count({ onlyErrors: true }), 1);
  assert.equal(count({ search: 'NO SUCH' }), 1);
  assert.equal(count({ search: 'thing -such' }), 0);
  assert.ok(count({ search: 'response.' }) > 5);
  const itemId = bench.conversation.items()[1]?.id ?? '';
  assert.ok(bench.log.filtered({ ...kNoFilter, itemId }).every((entry) => entry.itemId === itemId));
  assert.ok(count({ itemId }) > 3);
  assert.ok(count({ hideAudio: true }) < all.length);
});

test('exported lines are the recorded events', () => {
  const bench = new Bench().play('text-turn');
  const lines = bench.log
    .jsonl()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject);
  assert.deepEqual(
    lines.map((line) => [line.dir, (line.event as JsonObject).type]),
    flow('text-turn').map(({ dir, event }) => [dir, event.type]),
  );
});
