// SPDX-License-Identifier: MIT
//
// The jitter buffer, levels, clocks and the store of sound.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AudioStore } from '../src/core/audio_store';
import { AudioOffsets, SessionClock, StreamClock } from '../src/core/clock';
import { Levels } from '../src/core/level_track';
import { PlaybackQueue, type PlaybackEvent } from '../src/core/playback_queue';

const kRate = 48000;
const kQuantum = 128;

/** A queue with its output and events kept. */
class Bench {
  readonly queue = new PlaybackQueue({
    rate: kRate,
    startMs: 25,
    refillMs: 120,
    samplesMax: kRate * 10,
  });
  readonly out: number[] = [];
  readonly events: PlaybackEvent[] = [];

  render(ms: number): void {
    for (let done = 0; done < (ms * kRate) / 1000; done += kQuantum) {
      const block = new Float32Array(kQuantum);
      this.queue.render(block, (event) => this.events.push(event));
      this.out.push(...block);
    }
  }

  types(): string[] {
    return this.events.map((event) => `${event.type} ${event.key}`);
  }
}

function steps(ms: number, value: number): Float32Array {
  return new Float32Array((ms * kRate) / 1000).fill(value);
}

test('a first delta that is long enough sounds in the very next block', () => {
  const bench = new Bench();
  bench.queue.push(1, steps(40, 0.5));
  bench.render(3);
  assert.deepEqual(bench.types(), ['started 1']);
  assert.ok((bench.out[130] as number) > 0.49);
});

test('a short first delta waits, but never longer than the start time', () => {
  const bench = new Bench();
  bench.queue.push(1, steps(5, 0.5));
  bench.render(24);
  assert.ok(bench.out.slice(0, 20 * 48).every((value) => value === 0));
  bench.render(10);
  assert.equal(bench.events[0]?.type, 'started');
});

test('deltas that arrive in time are played without a gap, sample for sample', () => {
  const bench = new Bench();
  const ramp = Float32Array.from({ length: kRate }, (_, at) => 0.1 + (at / kRate) * 0.8);
  for (let at = 0; at < ramp.length; at += 4800) {
    bench.queue.push(1, ramp.slice(at, at + 4800));
    if (at > 0) bench.render(90);
  }
  bench.queue.end(1);
  bench.render(300);
  const first = 128; // of the ramp that keeps the start from clicking
  for (let at = first; at < ramp.length; at += 1) assert.equal(bench.out[at], ramp[at]);
  assert.deepEqual(bench.types(), ['started 1', 'ended 1']);
});

test('the next item follows without a gap, even inside a block', () => {
  const bench = new Bench();
  bench.queue.push(1, new Float32Array(2000).fill(0.25));
  bench.queue.end(1);
  bench.queue.push(2, new Float32Array(2000).fill(0.75));
  bench.queue.end(2);
  bench.render(100);
  assert.deepEqual([bench.out[1999], bench.out[2000]], [0.25, 0.75]);
  assert.deepEqual(bench.types(), ['started 1', 'ended 1', 'started 2', 'ended 2']);
});

test('running dry is told once, and the item goes on where it stopped', () => {
  const bench = new Bench();
  bench.queue.push(1, steps(40, 0.5));
  bench.render(100);
  assert.deepEqual(bench.types(), ['started 1', 'underrun 1']);
  bench.queue.push(1, steps(30, 0.5));
  bench.render(10);
  assert.equal(bench.events.length, 2, 'it waits to be filled again');
  bench.queue.push(1, steps(100, 0.5));
  bench.render(5);
  const again = bench.events[2];
  assert.deepEqual([again?.type, again?.played], ['started', 40 * 48]);
});

test('running dry fades out instead of clicking', () => {
  const bench = new Bench();
  bench.queue.push(1, new Float32Array(40 * 48 + 17).fill(0.8));
  bench.render(100);
  for (let at = 1; at < bench.out.length; at += 1) {
    const jump = Math.abs((bench.out[at] as number) - (bench.out[at - 1] as number));
    assert.ok(jump < 0.02, `jump of ${jump} at ${at}`);
  }
});

test('a flush is silent within three milliseconds and tells what was heard of each item', () => {
  const bench = new Bench();
  bench.queue.push(1, steps(500, 0.5));
  bench.queue.end(1);
  bench.queue.push(2, steps(500, 0.5));
  bench.render(100);
  const before = bench.out.length;
  const flushed = bench.queue.flush();
  bench.render(50);
  assert.ok(bench.out.slice(before + 128).every((value) => value === 0));
  assert.deepEqual(flushed[0], { key: 1, played: before + 128, dropped: 500 * 48 - before - 128 });
  assert.deepEqual(flushed[1], { key: 2, played: 0, dropped: 500 * 48 });
  assert.equal(bench.queue.current, null);
});

test('after a flush a new item starts afresh', () => {
  const bench = new Bench();
  bench.queue.push(1, steps(500, 0.5));
  bench.render(50);
  bench.queue.flush();
  bench.queue.push(2, steps(50, 0.5));
  bench.render(20);
  assert.deepEqual(bench.types(), ['started 1', 'started 2']);
});

test('an item that was all played when it ended is over at once', () => {
  const bench = new Bench();
  bench.queue.push(1, steps(40, 0.5));
  bench.render(60);
  bench.queue.end(1);
  bench.render(10);
  assert.deepEqual(bench.types(), ['started 1', 'underrun 1', 'ended 1']);
});

test('what exceeds the bound is not taken', () => {
  const bench = new Bench();
  assert.equal(bench.queue.push(1, new Float32Array(kRate * 10)), true);
  assert.equal(bench.queue.push(1, new Float32Array(1)), false);
});

// ----------------------------------------------------------------------------- levels and clocks

test('levels are read back at any zoom, and silence of the recorder is told from quiet', () => {
  const levels = new Levels();
  for (let ms = 1000; ms < 2000; ms += 20) levels.write(ms, ms + 20, ms < 1500 ? 1 : 0, 0.5);
  const out = new Float32Array(6);
  levels.read(0, 3000, 3, out);
  assert.equal(out[0], -1);
  assert.equal(out[2], 1);
  assert.equal(out[4], -1);
  const fine = new Float32Array(2);
  levels.read(1600, 1605, 1, fine);
  assert.equal(fine[0], 0);
  assert.ok(Math.abs((fine[1] as number) - 0.5) < 0.01);
  assert.equal(levels.endMs, 2000);
});

test('levels of a negative window and far beyond the end are none', () => {
  const levels = new Levels();
  levels.write(0, 20, 1, 1);
  const out = new Float32Array(4);
  levels.read(-1000, -500, 2, out);
  assert.deepEqual([...out], [-1, -1, -1, -1]);
  levels.read(1e7, 2e7, 2, out);
  assert.deepEqual([...out], [-1, -1, -1, -1]);
});

test('the session clock starts with the first connect and goes on', () => {
  let now = 5000;
  const clock = new SessionClock(() => now);
  assert.equal(clock.nowMs(), 0);
  clock.start();
  now += 70;
  clock.start();
  assert.equal(clock.nowMs(), 70);
});

test('pieces of a recording that arrive unevenly still join seamlessly', () => {
  const clock = new StreamClock();
  assert.equal(clock.place(20, 1000), 980);
  assert.equal(clock.place(20, 1031), 1000);
  assert.equal(clock.place(20, 1035), 1020);
  assert.equal(clock.place(20, 1500), 1480, 'after a pause it begins anew');
});

test("the server's offsets are found on the session clock across pauses", () => {
  const offsets = new AudioOffsets();
  for (let at = 0; at < 50; at += 1) offsets.append(20, 300 + at * 20);
  for (let at = 0; at < 50; at += 1) offsets.append(20, 5000 + at * 20);
  assert.equal(offsets.toClock(0), 300);
  assert.equal(offsets.toClock(999), 1299);
  assert.equal(offsets.toClock(1000), 5000);
  assert.equal(offsets.toClock(1500), 5500);
  assert.equal(
    offsets.startToClock(800),
    5000,
    'padding in front of speech does not reach over the pause',
  );
  assert.equal(offsets.startToClock(1200), 5200);
});

// ------------------------------------------------------------------------------------- the store

test('both sides lie on one clock, user left and assistant right as it was heard', () => {
  const store = new AudioStore(1 << 24);
  for (let at = 0; at < 50; at += 1)
    store.addUser(new Int16Array(480).fill(100), 24000, 1020 + at * 20);
  store.addItem('answer', new Int16Array(24000).fill(200), 24000);
  store.heardStarted('answer', 0, 2500);
  store.heardUntil('answer', 12000);
  const lanes = store.lanes();
  assert.ok(lanes);
  assert.equal(lanes.startMs, 1000);
  assert.equal(lanes.user.length, 48000);
  assert.deepEqual([lanes.user[0], lanes.user[23999], lanes.user[24000]], [100, 100, 0]);
  assert.deepEqual(
    [lanes.assistant[35999], lanes.assistant[36000], lanes.assistant[47999]],
    [0, 200, 200],
  );
});

test('what was never heard is not in the export', () => {
  const store = new AudioStore(1 << 24);
  store.addUser(new Int16Array(480).fill(1), 24000, 20);
  store.addItem('answer', new Int16Array(24000).fill(200), 24000);
  assert.ok(store.lanes()?.assistant.every((sample) => sample === 0));
  assert.equal(store.itemAudio('answer')?.samples.length, 24000, 'but it can be replayed');
});

test('telephone sound takes its place at the rate of the export', () => {
  const store = new AudioStore(1 << 24);
  for (let at = 0; at < 50; at += 1)
    store.addUser(new Int16Array(160).fill(1000), 8000, 20 + at * 20);
  const lanes = store.lanes();
  assert.equal(lanes?.user.length, 24000);
  assert.ok(Math.abs((lanes?.user[12000] ?? 0) - 1000) <= 2);
});

test("the user's words of one turn are cut out for a replay", () => {
  const store = new AudioStore(1 << 24);
  for (let at = 0; at < 100; at += 1)
    store.addUser(new Int16Array(480).fill(at), 24000, 20 + at * 20);
  const cut = store.userAudio(400, 600);
  assert.equal(cut?.samples.length, 4800);
  assert.deepEqual([cut?.samples[0], cut?.samples[4799]], [20, 29]);
  assert.equal(store.userAudio(5000, 6000), null);
});

test('the store never exceeds its bound, and keeps the newest', () => {
  const store = new AudioStore(4_000_000);
  for (let at = 0; at < 50 * 60 * 5; at += 1) {
    store.addUser(new Int16Array(480), 24000, 20 + at * 20);
    if (at % 100 === 0) {
      store.addItem(`item ${at}`, new Int16Array(24000), 24000);
      store.heardStarted(`item ${at}`, 0, at * 20);
      store.heardUntil(`item ${at}`, 24000);
    }
    assert.ok(store.bytes <= 4_000_000);
  }
  assert.equal(store.itemAudio('item 0'), null);
  assert.ok(store.itemAudio('item 14900'));
  assert.ok((store.lanes()?.startMs ?? 0) > 0);
});

test('an empty store has nothing to export', () => {
  assert.equal(new AudioStore(1000).lanes(), null);
});
