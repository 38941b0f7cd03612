// SPDX-License-Identifier: MIT
// The listening side: finds the route of a request, runs auth and faults, hands it to its provider.
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { Channel } from './channel.mjs';
import { Exchange } from './exchange.mjs';
import { Gone, Struck } from './faults.mjs';
import { now } from './board.mjs';

const secretHeaders = new Set(['authorization', 'api-key', 'xi-api-key', 'x-api-key',
  'ocp-apim-subscription-key', 'x-goog-api-key', 'cookie', 'sec-websocket-protocol',
  'proxy-authorization']);
const secretQuery = new Set(['key', 'api-key', 'api_key', 'token', 'access_token', 'GroupId']);

function shownHeaders(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) =>
    [name, secretHeaders.has(name) ? '(hidden)' : value]));
}

function shownQuery(query) {
  const shown = {};
  for (const [name, value] of query) {
    const safe = secretQuery.has(name) ? '(hidden)' : value;
    shown[name] = name in shown ? [shown[name], safe].flat() : safe;
  }
  return shown;
}

// HTTP/2 shows its sockets only through a proxy object; ports tell them apart.
function keyOf(socket) {
  return `${socket.localPort}/${socket.remotePort}`;
}

export class FakeServer {
  #connections = new Map();
  #nextConnection = 1;

  constructor({ board, routes, control }) {
    Object.assign(this, { board, routes, control });
  }

  // Starts one listener; with `tls` ({key, cert}) it speaks HTTPS, with `h2` also HTTP/2.
  async listen(tls, { h2 = false } = {}) {
    const server = h2 ? http2.createSecureServer({ ...tls, allowHTTP1: true })
      : tls ? https.createServer(tls) : http.createServer();
    server.keepAliveTimeout = 75000;
    server.requestTimeout = 0;
    server.headersTimeout = 0;
    server.on(tls ? 'secureConnection' : 'connection', (socket) => this.#track(socket));
    if (tls) {
      // The TCP socket under TLS, for resets.
      server.on('connection', (tcp) => this.#tcp.set(`${tcp.remotePort}`, tcp));
      server.on('tlsClientError', () => { this.control.tlsFailures += 1; this.board.changed(); });
    }
    server.on('request', (request, response) => this.#request(request, response));
    server.on('checkContinue', (request, response) => {
      response.writeContinue();
      this.#request(request, response, true);
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('clientError', (error, socket) => socket.destroy());
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return server;
  }

  #tcp = new Map();

  #track(socket) {
    const connection = { number: this.#nextConnection++, requests: 0, open: new Set(), socket,
      control: false };
    const key = keyOf(socket);
    this.#connections.set(key, connection);
    socket.parleyTcp = this.#tcp.get(`${socket.remotePort}`);
    this.#tcp.delete(`${socket.remotePort}`);
    const leave = () => {
      for (const exchange of connection.open) {
        exchange.record.closed_at_ms ??= now();
        exchange.leave();
      }
    };
    socket.on('end', leave);
    socket.on('error', leave);
    socket.on('close', () => {
      leave();
      this.#connections.delete(key);
      this.board.changed();
    });
    this.board.changed();
  }

  // Sockets of clients; control connections do not count.
  counts() {
    const all = [...this.#connections.values()].filter((connection) => !connection.control);
    return { sockets: all.length,
      idle: all.filter((connection) => connection.open.size === 0).length,
      websockets: all.filter((connection) => connection.websocket).length,
      requests: this.board.count('*', 'open'), connections_total: this.#nextConnection - 1 };
  }

  dropConnections({ idleOnly }) {
    for (const connection of this.#connections.values()) {
      if (connection.control || (idleOnly && connection.open.size > 0)) continue;
      if (!idleOnly && connection.open.size === 0) continue;
      connection.socket.destroy();
    }
  }

  #find(kind, request) {
    const url = new URL(request.url, 'http://fakes');
    const space = /^\/@[\w-]+(?=\/)/.exec(url.pathname)?.[0] ?? '';
    const path = decodeURI(url.pathname.slice(space.length));
    for (const route of this.routes) {
      if ((route.kind ?? 'http') !== kind) continue;
      if (kind === 'http' && (route.method ?? 'POST') !== request.method) continue;
      const params = route.path.exec(path);
      if (params) {
        const id = space ? `${space.slice(1)}/${route.id}` : route.id;
        return { route, params: params.groups ?? {}, url, id };
      }
    }
    return { route: null, url };
  }

  #request(request, response) {
    const connection = this.#connections.get(keyOf(request.socket));
    if (request.url.startsWith('/control/')) {
      connection.control = true;
      return this.control.handle(request, response, this);
    }
    connection.requests += 1;
    const found = this.#find('http', request);
    if (!found.route) {
      const record = this.board.open({ provider: 'unknown', kind: 'http', status: 404,
        method: request.method, path: found.url.pathname });
      this.board.close(record, 'complete');
      request.resume();
      response.writeHead(404, { 'content-type': 'application/json' });
      return response.end(JSON.stringify({ error: { code: 404,
        message: `no fake answers ${request.method} ${found.url.pathname}` } }));
    }
    const exchange = new Exchange({ board: this.board, ...found, request, response, connection });
    this.#describe(exchange, found.route);
    // One stream may go while its connection stays.
    request.stream?.on('close', () => exchange.leave());
    return this.#run(exchange, connection, () => this.#serve(exchange, found.route));
  }

  #describe(exchange, route) {
    const authorized = route.auth ? route.auth(exchange) : true;
    Object.assign(exchange.record, { query: shownQuery(exchange.query),
      headers: shownHeaders(exchange.headers), authorized });
  }

  async #run(exchange, connection, serve) {
    connection.open.add(exchange);
    try {
      await serve();
    } catch (error) {
      if (!(error instanceof Gone) && !(error instanceof Struck)) {
        if (!exchange.record.ended) {
          process.stderr.write(`fake ${exchange.id}: ${error.stack}\n`);
        }
        exchange.record.failure = String(error.stack);
        exchange.socket.destroy();
      }
    } finally {
      if (exchange.record.ended) connection.open.delete(exchange);
      else exchange.gone.catch(() => connection.open.delete(exchange));
    }
  }

  async #serve(exchange, route) {
    if (await exchange.startFaults()) return;
    const body = await exchange.body();
    if (await exchange.answerFaults()) return;
    if (!exchange.record.authorized) {
      await exchange.whole(route.error(401, exchange));
      return;
    }
    exchange.script = this.board.takeScript(exchange.id);
    await route.handle(exchange, body);
    this.board.close(exchange.record, exchange.fault ? 'faulted' : 'complete');
  }

  #upgrade(request, socket, head) {
    const connection = this.#connections.get(keyOf(socket));
    connection.requests += 1;
    const found = this.#find('websocket', request);
    socket.on('error', () => {});
    if (!found.route) {
      const record = this.board.open({ provider: 'unknown', kind: 'websocket', status: 404,
        path: found.url.pathname });
      this.board.close(record, 'complete');
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return;
    }
    connection.websocket = true;
    const channel = new Channel({ board: this.board, ...found, request, socket, connection });
    this.#describe(channel, found.route);
    // Half open: until the handshake is over nobody else ends our side.
    socket.on('end', () => { if (!channel.ws) socket.destroy(); });
    this.#run(channel, connection, () => this.#converse(channel, found.route, head));
  }

  async #converse(channel, route, head) {
    if (await channel.handshakeFaults()) return;
    if (!channel.record.authorized && !route.authInBand) {
      channel.refuse(route.error(401, channel));
      return;
    }
    channel.script = this.board.takeScript(channel.id);
    await route.handle(channel, () => channel.accept(head));
  }
}

// Listeners for what goes wrong below HTTP: nothing there, never answers, TLS that is not TLS.
export async function brokenListeners() {
  const listening = (server) => new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
  const free = await listening(net.createServer());
  const refused = free.address().port;
  await new Promise((resolve) => { free.close(resolve); });
  const quiet = (socket) => socket.on('error', () => {});
  const silent = await listening(net.createServer(quiet));
  const chatter = await listening(net.createServer((socket) => {
    quiet(socket);
    socket.end('220 this is no TLS server\r\n');
  }));
  return { refused, silent, chatter, ports: { refused, silent: silent.address().port,
    not_tls: chatter.address().port } };
}
