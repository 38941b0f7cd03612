// SPDX-License-Identifier: MIT
// Small clients of other servers' protocols, written from what those protocols are on the wire.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server } from '../support/server.mjs';
import { binary, patience_ms, speechDir } from '../support/environment.mjs';
import { WebSocket } from '../support/packages.mjs';

// A server started as the one that it replaces: by its profile and that server's environment.
export async function serverAs(t, profile, env = {}, args = []) {
  const server = await Server.start(binary(), ['--compat', profile, '--tls', 'off', ...args], env);
  t.after(async () => {
    const { code } = await server.stop();
    assert.equal(code, 0, server.log.slice(-4000));
  });
  return server;
}

// A connection that keeps what it hears: JSON in `events`, the rest in `sounds`.
export class Wire {
  constructor(socket) {
    this.socket = socket;
    this.events = [];
    this.sounds = [];
    this.order = []; // types of events, 'binary' for sounds
    this.waiters = new Set();
    socket.on('message', (data, isBinary) => {
      if (isBinary) {
        this.sounds.push(data);
        this.order.push('binary');
      } else {
        const event = JSON.parse(String(data));
        this.events.push(event);
        this.order.push(event.type ?? event.event);
      }
      this.look();
    });
    socket.on('close', (code) => { this.closed = code; this.look(); });
  }

  static dial(t, url, options = {}, protocols = []) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, protocols, options);
      const wire = new Wire(socket);
      socket.once('open', () => {
        t.after(() => socket.terminate());
        resolve(wire);
      });
      socket.once('unexpected-response', (_, response) => reject(
        Object.assign(new Error(`HTTP ${response.statusCode}`), { status: response.statusCode })));
      socket.once('error', reject);
    });
  }

  look() { for (const waiter of this.waiters) waiter(); }

  // The first event from `from` on that fits: a type, or a function of the event.
  until(what, from = 0) {
    const fits = typeof what === 'function'
      ? what : (event) => (event.type ?? event.event) === what;
    return this.when(() => this.events.slice(from).find(fits), String(what));
  }

  when(look, what = String(look)) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters.delete(check);
        reject(new Error(`never came: ${what}; heard ${this.order.slice(-40)}`));
      }, patience_ms);
      const check = () => {
        const found = look();
        if (!found) return;
        clearTimeout(timer);
        this.waiters.delete(check);
        resolve(found);
      };
      this.waiters.add(check);
      check();
    });
  }

  all(type) { return this.events.filter((event) => (event.type ?? event.event) === type); }
  send(event) { this.socket.send(typeof event === 'string' ? event : JSON.stringify(event)); }
}

// Recorded human speech at 16 kHz, or another rate.
export function speech(name, rate = 16000) {
  const wav = readFileSync(join(speechDir(), `${name}.wav`));
  const at = wav.indexOf('data') + 8;
  const { buffer, byteOffset, length } = wav;
  const samples = new Int16Array(buffer.slice(byteOffset + at, byteOffset + length));
  if (rate === 16000) return samples;
  const times = rate / 16000;
  return Int16Array.from({ length: Math.floor(samples.length * times) }, (_, i) => {
    const from = i / times;
    const whole = Math.floor(from);
    const rest = from - whole;
    return samples[whole] * (1 - rest) + (samples[whole + 1] ?? 0) * rest;
  });
}

// A microphone: hands out `samples` in pieces of `ms` at real pace, then silence until stopped.
export function microphone(t, samples, rate, ms, take) {
  const size = Math.round(rate * ms / 1000);
  let at = 0;
  const timer = setInterval(() => {
    const piece = new Int16Array(size);
    piece.set(samples.subarray(at, at + size).slice(0, size));
    at += size;
    take(Buffer.from(piece.buffer));
  }, ms);
  t.after(() => clearInterval(timer));
  return { stop: () => clearInterval(timer), spoken: () => at >= samples.length };
}

// How loud the samples of PCM16 bytes are at most.
export function peak(bytes) {
  let loudest = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    loudest = Math.max(loudest, Math.abs(bytes.readInt16LE(at)));
  }
  return loudest;
}
