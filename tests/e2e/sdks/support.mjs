// SPDX-License-Identifier: MIT
// What the tests of other people's clients share: a tapped door to the server, the clients
// themselves, a microphone for any of them, and what a good answer is.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as environment from '../support/environment.mjs';
import { packagesDir } from '../support/packages.mjs';
import { Server } from '../support/server.mjs';
import { Microphone, durationMs, silence, speech } from '../support/sound.mjs';
import { Relay, tlsFile } from './relay.mjs';

export { heard, silence, speech, words } from '../support/sound.mjs';
export const MODEL = 'parley';
export const KEY = 'any-key-will-do';
// Tests of one file that may run side by side: each has a microphone at real pace.
export const together = { concurrency: 3 };

// A client's package, from build/e2e.
export const { load } = await import(pathToFileURL(`${packagesDir}/load.mjs`).href);

// A relay in front of a server. What `relay.closers` holds is called when the test ends; then the
// record is checked against the invariants and kept for the schema check.
export async function tap(t, { dialect = 'ga', tls = false, upstream } = {}) {
  const relay = await Relay.start({
    upstream: upstream ?? (tls ? environment.tlsHost() : environment.plainHost()),
    tls, dialect, name: `${basename(process.argv[1], '.test.mjs')} ${t.name}`,
  });
  relay.closers = [];
  t.after(async () => {
    for (const close of relay.closers) await close();
    await Promise.all(relay.wires.map((wire) => wire.closed));
    assert.deepEqual(await relay.stop(), [], `the record of "${t.name}" breaks invariants`);
  });
  return relay;
}

// A server of this file's own that opens to one key only, and to its ephemeral keys.
export const SECRET = 'sk-only-this-one-0123456789';
const guarded = new Map();  // with TLS? -> the server, once asked for
export function guardedServer({ tls = false } = {}) {
  if (!guarded.has(tls)) {
    const files = ['--tls-cert', tlsFile('server.pem'), '--tls-key', tlsFile('server.key')];
    guarded.set(tls, Server.start(
      environment.binary(), ['--token', SECRET, ...(tls ? files : [])]));
  }
  return guarded.get(tls);
}
after(async () => {
  for (const server of guarded.values()) {
    const { code, signal } = await (await server).stop();
    assert.equal(code, 0, `the guarded server did not end cleanly: signal ${signal}`);
  }
});

// An ephemeral key of the guarded server, asked for at the relay as any backend would ask.
export async function ephemeralKey(relay, session = { type: 'realtime', model: MODEL }) {
  const answered = await fetch(`http://${relay.host}/v1/realtime/client_secrets`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${SECRET}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ session }),
  });
  const body = await answered.json();
  assert.equal(answered.status, 200, JSON.stringify(body));
  assert.match(body.value, /^ek_/);
  return body.value;
}

// A client's microphone at real pace; `append` takes PCM16 at 24 kHz as a Buffer.
export function microphone(wire, append) {
  return new Microphone({
    send: (event) => append(Buffer.from(event.audio, 'base64')),
    closed: wire.closed,
  });
}

export const arrayBufferOf = (bytes) => (
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));

// Bytes as the samples they are, in memory of their own.
export const samplesOf = (bytes) => new Int16Array(arrayBufferOf(bytes));

// Says a recorded prompt with the quiet that a person leaves before and after.
export async function say(mic, prompt) {
  await mic.say(Buffer.concat([silence(300), speech(prompt)]));
}

// The next whole response that begins after the mark, in either dialect.
export async function answer(wire, since) {
  const created = await wire.wait('response.created', { since });
  const { id } = created.response;
  const done = await wire.wait('response.done', { since, match: (e) => e.response.id === id });
  const deltas = (kind) => wire.records.slice(since)
    .filter(({ dir, event }) => dir === 'server' && event.response_id === id
      && event.type.replace('output_', '') === `response.${kind}.delta`)
    .map(({ event }) => event.delta);
  return {
    id,
    response: done.response,
    text: deltas('text').join(''),
    transcript: deltas('audio_transcript').join(''),
    audio: Buffer.concat(deltas('audio').map((delta) => Buffer.from(delta, 'base64'))),
  };
}

// People speak two to five words a second.
export function assertSpoken(transcript, audio) {
  const count = transcript.trim().split(/\s+/).filter(Boolean).length;
  assert.ok(count > 0, 'the answer has no words');
  const ms = durationMs(audio);
  assert.ok(ms > 100 * count && ms < 1500 + 1000 * count,
    `${ms} ms of audio for ${count} words: ${transcript}`);
}

export const WEATHER = {
  name: 'get_weather',
  description: 'Get the current weather in a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', description: 'The name of the city' } },
    required: ['city'],
    additionalProperties: false,
  },
};
export const SUNNY = { temperature_c: 21, sky: 'sunny' };

// What `probe` returns, as soon as that is something; it is asked at once and whenever the client
// calls the listener that `register` takes.
export function until(register, probe, what) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)),
      environment.patience_ms);
    const look = (...args) => {
      const found = probe(...args);
      if (found) { clearTimeout(timer); resolve(found); }
    };
    register(look);
    look();
  });
}

// The arguments of the next call of the listener that `register` takes.
export function next(register, what) {
  return until(register, (...args) => args.length > 0 && args, what);
}
