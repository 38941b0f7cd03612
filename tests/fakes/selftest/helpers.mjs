// SPDX-License-Identifier: MIT
// Clients of the self-test: one fakes process per file, raw HTTP that keeps every byte, SSE,
// WebSocket.
import net from 'node:net';
import { after, beforeEach } from 'node:test';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { startFakes } from '../support/start.mjs';

const packagesDir = process.env.PARLEY_E2E_PACKAGES
  ?? fileURLToPath(new URL('../../../build/e2e', import.meta.url));
export const packages = createRequire(`${packagesDir}/package.json`);
const { WebSocket } = packages('ws');

export async function useFakes(options) {
  const fakes = await startFakes(options);
  beforeEach(() => fakes.control.reset());
  after(() => fakes.stop());
  return fakes;
}

export const bearer = { authorization: 'Bearer test-key' };

export function post(url, body, headers = {}) {
  return fetch(url, { method: 'POST', body: typeof body === 'object' && body.constructor === Object
    ? JSON.stringify(body) : body, headers: { ...(body?.constructor === Object
    ? { 'content-type': 'application/json' } : {}), ...headers } });
}

// One request on its own connection → { text, ended: 'fin' | 'reset' }, every byte as it came.
export function raw(url, { method = 'POST', headers = {}, body = '' } = {}) {
  const { hostname, port, pathname, search } = new URL(url);
  const lines = Object.entries({ host: `${hostname}:${port}`, connection: 'close',
    'content-length': Buffer.byteLength(body), ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return new Promise((resolve) => {
    const parts = [];
    const socket = net.connect(port, hostname);
    socket.on('data', (part) => parts.push(part));
    const done = (ended) => resolve({ bytes: Buffer.concat(parts),
      text: Buffer.concat(parts).toString('latin1'), ended, parts: parts.length });
    socket.on('error', () => done('reset'));
    socket.on('close', () => done('fin'));
    socket.write(`${method} ${pathname}${search} HTTP/1.1\r\n${lines}\r\n`);
    socket.write(body);
  });
}

// The events of an SSE body: [{event, data}], data parsed where it is JSON.
export function events(text) {
  return text.split(/\r?\n\r?\n/).filter((block) => /^(data|event):/m.test(block)).map((block) => {
    const lines = block.split(/\r?\n/);
    const value = (name) => lines.filter((line) => line.startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).replace(/^ /, '')).join('\n');
    const data = value('data');
    return { event: value('event') || undefined,
      data: /^[[{]/.test(data) && data !== '[DONE]' ? JSON.parse(data) : data };
  });
}

export async function eventsOf(response) {
  return events(await response.text());
}

// A WebSocket with everything on record and waits for messages.
export async function connect(url, { headers = {}, protocols } = {}) {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, { headers });
  const messages = [];
  const waiting = [];
  const settle = () => {
    for (const entry of [...waiting]) {
      const found = messages.find((message) => !message.taken && entry.matches(message));
      if (!found && !(entry.orClose && closed)) continue;
      if (found) found.taken = true;
      waiting.splice(waiting.indexOf(entry), 1);
      entry.resolve(found?.value);
    }
  };
  let closed = null;
  socket.on('message', (data, isBinary) => {
    messages.push({ value: isBinary ? data : parsed(data.toString()), isBinary });
    settle();
  });
  const closing = new Promise((resolve) => {
    socket.on('close', (code, reason) => {
      closed = { code, reason: reason.toString() };
      resolve(closed);
    });
  });
  await new Promise((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('error', reject);
    socket.on('unexpected-response', (request, response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => reject(Object.assign(new Error(`status ${response.statusCode}`),
        { status: response.statusCode, headers: response.headers,
          body: Buffer.concat(parts).toString() })));
    });
  });
  return { socket, closing,
    messages: () => messages.map((message) => message.value),
    send: (message) => socket.send(typeof message === 'string' || Buffer.isBuffer(message)
      ? message : JSON.stringify(message)),
    next: (matches = () => true) => new Promise((resolve) => {
      waiting.push({ matches: (message) => matches(message.value), resolve });
      settle();
    }),
    close: (code = 1000) => { socket.close(code); return closing; } };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// Periods, level and length of an s16le tone.
export function listen(pcm, rate) {
  let crossings = 0;
  let peak = 0;
  let below = false;
  for (let i = 0; i + 1 < pcm.length; i += 2) {
    const sample = pcm.readInt16LE(i);
    if (below && sample > 1000) crossings += 1;
    if (Math.abs(sample) > 1000) below = sample < 0;
    peak = Math.max(peak, Math.abs(sample));
  }
  const seconds = pcm.length / 2 / rate;
  return { ms: seconds * 1000, hz: crossings / seconds, peak: peak / 32768 };
}
