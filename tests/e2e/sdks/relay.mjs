#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// A wire tap: listens on a port of its own, hands every request and every frame on to the server as
// it came, and writes down the events of both sides. Clients that own their socket are recorded by
// pointing them here; they see the server's status, headers, sub-protocol and close code.
//
//   node relay.mjs --upstream HOST:PORT [--tls] [--name NAME] [--dialect ga|beta]
//
// As a program it prints {"host"} and then every record, one JSON object a line, and ends when its
// input does. With PARLEY_E2E_TRANSCRIPTS it keeps each connection's record for the schema check.
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkEvents } from '../invariants.mjs';
import { patience_ms, transcriptsDir } from '../support/environment.mjs';
import { WebSocket, packagesDir } from '../support/packages.mjs';

const { WebSocketServer } = createRequire(`${packagesDir}/package.json`)('ws');

// These belong to one hop; `ws` writes its own on the other.
const HOP_HEADERS = /^(connection|upgrade|host|sec-websocket-(key|version|extensions|protocol))$/;
const kept = new Map();  // file name without its number -> how many there are

// Some clients send null for "not given", which the service takes and the schema does not know:
// what is kept for the schema check leaves such members of a response out.
function published({ dir, event, ...rest }) {
  if (dir === 'server' || !event.response) return { dir, event, ...rest };
  const given = Object.entries(event.response).filter(([, value]) => value !== null);
  return { dir, event: { ...event, response: Object.fromEntries(given) }, ...rest };
}

// The certificate that the server's own authority gave it serves the relay as well.
export const tlsFile = (name) => join(dirname(process.env.NODE_EXTRA_CA_CERTS), name);
const tlsOptions = () => ({
  key: readFileSync(tlsFile('server.key')), cert: readFileSync(tlsFile('server.pem')) });

// What one connection said, in order, and what is still awaited of it.
export class Wire {
  constructor(path, headers) {
    Object.assign(this, { path, headers, records: [], over: null });
    this.waiting = new Set();
    this.closed = new Promise((resolve) => { this.resolveClosed = resolve; });
  }

  record(dir, text) {
    let event;
    try {
      event = JSON.parse(text);
    } catch {
      return;  // no event, so nothing to check
    }
    this.records.push({ dir, event, t: Math.round(performance.now() * 10) / 10 });
    this.look();
    return event;
  }

  end(over) {
    if (this.over) return;
    this.over = over;
    this.resolveClosed(over);
    this.look();
  }

  look() {
    for (const waiter of [...this.waiting]) waiter();
  }

  mark() { return this.records.length; }

  all(type, since = 0, dir = 'server') {
    return this.records.slice(since)
      .filter((record) => record.dir === dir && record.event.type === type)
      .map((record) => record.event);
  }

  sent(type, since = 0) { return this.all(type, since, 'client'); }
  get errors() { return this.all('error').map((event) => event.error); }
  get types() { return new Set(this.records.map(({ event }) => event.type)); }

  wait(type, { match = () => true, since = 0, dir = 'server' } = {}) {
    return this.until(() => this.all(type, since, dir).find(match), type);
  }

  until(probe, what) {
    return new Promise((resolve, reject) => {
      const settle = (how, value) => {
        clearTimeout(timer);
        this.waiting.delete(look);
        how(value);
      };
      const look = () => {
        const found = probe();
        if (found) settle(resolve, found);
        else if (this.over) settle(reject, this.lost(`${what} before the connection closed`));
      };
      const timer = setTimeout(() => settle(reject, this.lost(what)), patience_ms);
      this.waiting.add(look);
      look();
    });
  }

  lost(what) {
    const telling = this.records.filter(
      ({ event }) => !/buffer\.append|audio\.delta/.test(event.type));
    const last = telling.slice(-15).map(({ dir, event }) => (
      `  ${dir} ${event.type}${event.error ? ` ${JSON.stringify(event.error)}` : ''}`));
    return new Error(`waited in vain for ${what}; the last events:\n${last.join('\n')}`
      + (this.over ? `\n  closed ${this.over.code} ${this.over.reason}` : ''));
  }
}

export class Relay {
  static async start({ upstream, tls = false, name = 'relay', dialect = 'ga', onRecord }) {
    const relay = new Relay();
    Object.assign(relay, { upstream, tls, name, dialect, onRecord, wires: [], requests: [] });
    const handler = (request, response) => relay.#forward(request, response);
    relay.server = tls ? https.createServer(tlsOptions(), handler) : http.createServer(handler);
    relay.server.on('upgrade', (request, socket, head) => relay.#upgrade(request, socket, head));
    relay.server.listen(0, '127.0.0.1');
    await once(relay.server, 'listening');
    relay.host = `127.0.0.1:${relay.server.address().port}`;
    return relay;
  }

  // The connection with this number, as soon as it is there.
  async wire(number = 0) {
    while (!this.wires[number]) {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('the client never connected')),
          patience_ms);
        this.connected = () => { clearTimeout(timer); resolve(); };
      });
    }
    return this.wires[number];
  }

  #forward(request, response) {
    const note = { method: request.method, path: request.url, headers: request.headers };
    this.requests.push(note);
    const { host: _host, ...headers } = request.headers;
    const passed = (this.tls ? https : http).request(
      `${this.tls ? 'https' : 'http'}://${this.upstream}${request.url}`,
      { method: request.method, headers }, (answer) => {
        note.status = answer.statusCode;
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  }

  // The server's answer to the upgrade comes first: only then is the client's answered.
  #upgrade(request, socket, head) {
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([key]) => !HOP_HEADERS.test(key)));
    const protocols = (request.headers['sec-websocket-protocol'] ?? '')
      .split(',').map((word) => word.trim()).filter(Boolean);
    const server = new WebSocket(`${this.tls ? 'wss' : 'ws'}://${this.upstream}${request.url}`,
      protocols, { headers, perMessageDeflate: false, maxPayload: 0 });
    const early = [];
    const hold = (data, binary) => early.push([data, binary]);
    server.on('message', hold);
    socket.on('error', () => server.terminate());
    server.on('error', () => socket.destroy());
    server.once('unexpected-response', (_request, answer) => {
      const lines = Object.entries(answer.headers).map(([key, value]) => `${key}: ${value}`);
      socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n`
        + `${lines.join('\r\n')}\r\n\r\n`);
      answer.pipe(socket);
    });
    server.once('open', () => {
      const acceptor = new WebSocketServer({ noServer: true, maxPayload: 0,
        handleProtocols: () => server.protocol || false });
      acceptor.handleUpgrade(request, socket, head, (client) => {
        const wire = this.#join(client, server, request);
        server.off('message', hold);
        for (const [data, binary] of early) this.#pass(wire, 'server', client, data, binary);
      });
    });
  }

  #pass(wire, dir, to, data, binary) {
    const event = binary ? undefined : wire.record(dir, data.toString());
    if (event) this.onRecord?.({ wire: this.wires.indexOf(wire), dir, event });
    if (to.readyState === WebSocket.OPEN) to.send(data, { binary });
  }

  #join(client, server, request) {
    const wire = new Wire(request.url, request.headers);
    client.on('message', (data, binary) => this.#pass(wire, 'client', server, data, binary));
    server.on('message', (data, binary) => this.#pass(wire, 'server', client, data, binary));
    const close = (to, code, reason) => {
      if (code === 1006) to.terminate();
      else to.close(code === 1005 ? undefined : code, reason);
    };
    client.on('error', () => {});
    client.on('close', (code, reason) => {
      wire.end({ by: 'client', code, reason: reason.toString() });
      close(server, code, reason);
    });
    server.on('close', (code, reason) => {
      wire.end({ by: 'server', code, reason: reason.toString() });
      this.onRecord?.({ wire: this.wires.indexOf(wire), over: wire.over });
      close(client, code, reason);
    });
    this.wires.push(wire);
    this.connected?.();
    return wire;
  }

  // Ends what is still open, keeps the records, and says which invariants they break.
  async stop() {
    this.server.close();
    const problems = [];
    for (const wire of this.wires) {
      const open = wire.all('response.created').length > wire.all('response.done').length;
      if (wire.over === null) wire.end({ by: 'relay', code: 1000, reason: '' });
      if (wire.records.length === 0) continue;
      // 1005: closed in order, without a code.
      if (open || ![1000, 1005].includes(wire.over.code)) wire.records.at(-1).cut = true;
      problems.push(...checkEvents(wire.records, this.dialect));
      this.#keep(wire);
    }
    this.server.closeAllConnections();
    return problems;
  }

  #keep(wire) {
    if (!transcriptsDir()) return;
    const folder = join(transcriptsDir(), this.dialect);
    mkdirSync(folder, { recursive: true });
    const slug = this.name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
    const number = (kept.get(slug) ?? 0) + 1;
    kept.set(slug, number);
    const lines = wire.records.map((record) => JSON.stringify(published(record)));
    writeFileSync(join(folder, `sdk-${slug}-${number}.jsonl`), `${lines.join('\n')}\n`);
  }
}

async function main(args) {
  const options = {};
  while (args.length) {
    const name = args.shift().replace(/^--/, '');
    if (name === 'tls') options.tls = true;
    else if (['upstream', 'name', 'dialect'].includes(name) && args.length) {
      options[name] = args.shift();
    } else {
      console.error('usage: relay.mjs --upstream HOST:PORT [--tls] [--name NAME] [--dialect D]');
      return 2;
    }
  }
  const say = (record) => process.stdout.write(`${JSON.stringify(record)}\n`);
  const relay = await Relay.start({ ...options, onRecord: say });
  say({ host: relay.host });
  process.stdin.resume();
  await once(process.stdin, 'end');
  say({ problems: await relay.stop() });
  return 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2));
}
