#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Many spoken conversations at once: each streams a recorded prompt at real pace and must get a
// whole answer. Prints how long the answers took to begin and what they cost the server.
//
//   node conversations.mjs [--url URL] [--count N] [--turns N] [--spread-ms MS] [--pid PID]
//                          [--speech DIR] [--json]
//
//   --url URL        default: the server that tests/e2e/run.mjs started, else ws://127.0.0.1:7866
//   --count N        conversations at once; default 50
//   --turns N        spoken turns in each; default 1
//   --spread-ms MS   they begin spread over this time; default 3000
//   --pid PID        the server's process, for its CPU time; default: that of run.mjs
//   --speech DIR     what tests/fixtures/make_speech.sh made; default: PARLEY_TEST_SPEECH_DIR
//   --json           the figures as one line of JSON
//
// Fails when a conversation gets an error, a broken answer or none. Never fails for being slow.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkEvents } from '../../tests/e2e/invariants.mjs';
import { WebSocket } from '../../tests/e2e/support/packages.mjs';

const FRAME_MS = 20;
const FRAME_BYTES = 960;  // 24 kHz PCM16
const CLOCK_TICKS_PER_S = 100;  // USER_HZ, what /proc counts in
const ANSWER_TIMEOUT_MS = 180_000;
const PROMPTS = ['hello-world', 'tt-weasels', 'tt-somethingwrong', 'vm-nobodyavail',
  'conf-onlyperson', 'queue-thankyou'];

const env = process.env;
const { values: options } = parseArgs({ options: {
  url: { type: 'string', default: env.PARLEY_E2E_PLAIN_HOST
    ? `ws://${env.PARLEY_E2E_PLAIN_HOST}/v1/realtime` : 'ws://127.0.0.1:7866/v1/realtime' },
  count: { type: 'string', default: '50' },
  turns: { type: 'string', default: '1' },
  'spread-ms': { type: 'string', default: '3000' },
  pid: { type: 'string', default: env.PARLEY_E2E_PLAIN_PID ?? '' },
  speech: { type: 'string', default: env.PARLEY_TEST_SPEECH_DIR ?? '' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} });
if (options.help || !options.speech) {
  console.log(readFileSync(new URL(import.meta.url), 'utf8').split('\n')
    .slice(2).filter((line, index, all) => all.slice(0, index + 1).every((l) => l.startsWith('//')))
    .map((line) => line.slice(3)).join('\n'));
  process.exit(options.help ? 0 : 2);
}
const count = Number(options.count);
const turns = Number(options.turns);

const clips = PROMPTS.map((name) => execFileSync('ffmpeg', ['-nostdin', '-v', 'error',
  '-i', join(options.speech, `${name}.wav`), '-f', 's16le', '-ar', '24000', '-ac', '1', '-'],
{ maxBuffer: 1 << 26 }));
const QUIET = Buffer.alloc(FRAME_BYTES).toString('base64');

// CPU seconds that the process has used so far.
function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_S;
}

const peakMiB = (pid) => Number(
  /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]) / 1024;

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

class Conversation {
  constructor(index) {
    this.index = index;
    this.records = [];
    this.latenciesMs = [];
    this.lateFrames = 0;
  }

  async run() {
    await pause((this.index / count) * Number(options['spread-ms']));
    this.socket = new WebSocket(`${options.url}?model=parley`);
    const lost = new Promise((_, reject) => {
      this.socket.on('error', reject);
      this.socket.on('close', (code, reason) => reject(new Error(`closed ${code} ${reason}`)));
    });
    lost.catch(() => {});
    this.socket.on('message', (data) => this.#hear(JSON.parse(data.toString())));
    try {
      await Promise.race([lost, this.#converse()]);
    } finally {
      clearTimeout(this.timer);
      this.done = true;
      this.socket.terminate();
    }
    const problems = checkEvents(this.records, 'ga');
    if (problems.length) throw new Error(problems.slice(0, 3).join('; '));
  }

  async #converse() {
    await this.#next('session.created');
    this.#startMicrophone();
    for (let turn = 0; turn < turns; turn++) {
      this.stoppedAt = this.firstAudioAt = undefined;
      this.audioBytes = 0;
      this.transcript = '';
      const answered = this.#next('response.done');
      const clip = clips[(this.index + turn) % clips.length];
      for (let at = 0; at < clip.length; at += FRAME_BYTES) {
        this.queue.push(clip.subarray(at, at + FRAME_BYTES).toString('base64'));
      }
      const { response } = await answered;
      if (response.status !== 'completed') {
        throw new Error(`the answer ended ${JSON.stringify(response.status_details)}`);
      }
      const audioMs = this.audioBytes / 48;
      const words = this.transcript.trim().split(/\s+/).filter(Boolean).length;
      if (!words || audioMs < 100 * words) {
        throw new Error(`${audioMs} ms of audio for "${this.transcript}"`);
      }
      this.latenciesMs.push(this.firstAudioAt - this.stoppedAt);
    }
  }

  // Frames of 20 ms at real pace: speech while there is some, silence otherwise.
  #startMicrophone() {
    this.queue = [];
    const started = performance.now();
    let sent = 0;
    const tick = () => {
      if (this.done) return;
      const due = (performance.now() - started) / FRAME_MS;
      if (due - sent > 5) this.lateFrames += Math.floor(due - sent);
      for (; sent <= due; sent++) {
        const audio = this.queue.shift() ?? QUIET;
        this.socket.send(`{"type":"input_audio_buffer.append","audio":"${audio}"}`);
      }
      this.timer = setTimeout(tick, started + sent * FRAME_MS - performance.now());
    };
    tick();
  }

  #hear(event) {
    this.records.push({ dir: 'server', event });
    if (event.type === 'input_audio_buffer.speech_stopped') this.stoppedAt = performance.now();
    if (event.type === 'response.output_audio_transcript.delta') this.transcript += event.delta;
    if (event.type === 'response.output_audio.delta') {
      this.firstAudioAt ??= performance.now();
      this.audioBytes += Buffer.from(event.delta, 'base64').length;
    }
    if (event.type === 'error') this.expectation?.reject(new Error(JSON.stringify(event.error)));
    // A pause inside a prompt may begin an answer that the rest of it interrupts: not the last one.
    const interrupted = event.response?.status_details?.reason === 'turn_detected';
    if (event.type === this.expectation?.type && !interrupted) this.expectation.resolve(event);
    if (event.type === 'response.created') {
      this.audioBytes = 0;
      this.transcript = '';
      this.firstAudioAt = undefined;
    }
  }

  #next(type) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${type}; the last event was `
        + `${this.records.at(-1)?.event.type}`)), ANSWER_TIMEOUT_MS);
      const settle = (how) => (value) => { clearTimeout(timer); how(value); };
      this.expectation = { type, resolve: settle(resolve), reject: settle(reject) };
    });
  }
}

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1,
  Math.floor(share * sorted.length))];

const cpuBefore = options.pid ? cpuSeconds(options.pid) : 0;
const started = performance.now();
const conversations = Array.from({ length: count }, (_, index) => new Conversation(index));
const outcomes = await Promise.allSettled(conversations.map((one) => one.run()));
const wallS = (performance.now() - started) / 1000;

const failures = outcomes.flatMap((outcome, index) => (
  outcome.status === 'rejected' ? [`conversation ${index}: ${outcome.reason.message}`] : []));
const latencies = conversations.flatMap((one) => one.latenciesMs).sort((a, b) => a - b);
const figures = {
  conversations: count,
  turns,
  failed: failures.length,
  wall_s: Number(wallS.toFixed(1)),
  first_audio_after_speech_stopped_ms: latencies.length ? {
    p50: Math.round(percentile(latencies, 0.5)),
    p90: Math.round(percentile(latencies, 0.9)),
    p99: Math.round(percentile(latencies, 0.99)),
    max: Math.round(latencies.at(-1)),
  } : null,
  // The load generator's own shortfall: its figures mean little when this is not small.
  late_frames: conversations.reduce((sum, one) => sum + one.lateFrames, 0),
  ...(options.pid ? {
    server_cpu_s: Number((cpuSeconds(options.pid) - cpuBefore).toFixed(2)),
    server_peak_mib: Math.round(peakMiB(options.pid)),
  } : {}),
};
for (const failure of failures) console.log(`FAIL ${failure}`);
if (options.json) {
  console.log(JSON.stringify(figures));
} else {
  const ms = figures.first_audio_after_speech_stopped_ms;
  console.log(`${count} conversations, turns in each: ${turns}, in ${figures.wall_s} s`);
  if (ms) {
    console.log(`speech stopped to first audio: p50 ${ms.p50} ms, p90 ${ms.p90} ms, `
      + `p99 ${ms.p99} ms, max ${ms.max} ms`);
  }
  if (options.pid) {
    console.log(`server: ${figures.server_cpu_s} s CPU, peak ${figures.server_peak_mib} MiB`);
  }
  console.log(`load generator: ${figures.late_frames} frames late`);
  console.log(`${count - failures.length} passed, ${failures.length} failed`);
}
process.exit(failures.length ? 1 : 0);
