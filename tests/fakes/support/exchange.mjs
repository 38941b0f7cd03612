// SPDX-License-Identifier: MIT
// One HTTP request and its answer. A provider calls `head`, then `piece` for everything it streams,
// then `end` (or `whole` for an answer of known length); pace and faults are applied in between.
import http2 from 'node:http2';
import { now } from './board.mjs';
import { drip, Gone, proxyPage, reset, statusOf, strikesAt, Struck } from './faults.mjs';

const bodyMax = 64 * 1024 * 1024;
const garbageBytes = Buffer.concat([
  Buffer.from('data: {"choices":[{"delta":{"content":"half\n\n'),
  Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28]), Buffer.from('}}}{\n\n')]);

export class Exchange {
  #gone;
  #leave;
  #undrip = null;

  constructor({ board, route, id, url, params, request, response, connection }) {
    Object.assign(this, { board, route, id, url, params, request, response, connection });
    this.query = url.searchParams;
    this.headers = request.headers;
    this.fault = board.takeFault(id, connection.requests > 1);
    this.script = {};
    this.#gone = new Promise((_, reject) => { this.#leave = reject; });
    this.#gone.catch(() => {});
    this.h2 = request.httpVersionMajor === 2;
    this.socket = connection.socket;
    this.record = board.open({ provider: id, kind: 'http', method: request.method,
      path: url.pathname, connection: connection.number, reused: connection.requests > 1,
      fault: this.fault?.kind ?? null, http_version: request.httpVersion });
    this.aborted = new AbortController();
  }

  // The peer has gone: unwinds whatever the handler waits for.
  leave() {
    this.board.close(this.record, 'closed_by_client');
    this.aborted.abort();
    this.#leave(new Gone('client closed'));
  }

  get gone() {
    return this.#gone;
  }

  wait(ms) {
    if (!ms) return Promise.resolve();
    let timer;
    const passed = new Promise((resolve) => { timer = setTimeout(resolve, ms); });
    return Promise.race([passed, this.#gone]).finally(() => clearTimeout(timer));
  }

  async body() {
    const parts = [];
    let size = 0;
    for await (const part of this.request) {
      size += part.length;
      if (size > bodyMax) throw new Struck('body too large');
      parts.push(part);
    }
    this.record.received_at_ms = now();
    this.board.changed();
    return Buffer.concat(parts);
  }

  // Faults that keep the provider from being reached at all. True when one has answered.
  async startFaults() {
    const { fault, socket } = this;
    if (!fault) return false;
    if (strikesAt(fault, 'all') && !this.h2) {
      this.#undrip = drip(socket, fault.bytes, fault.every_ms);
    }
    if (fault.kind === 'refuse') {
      this.#faulted();
      reset(socket);
      return true;
    }
    if (fault.kind === 'hold' && fault.at === 'headers') {
      await this.board.released(this.id, this.#gone);
      this.fault = null;
      return false;
    }
    return false;
  }

  // Faults that answer in the provider's place, once the request has been read.
  async answerFaults() {
    const { fault, socket } = this;
    const status = statusOf(fault);
    if (status !== null) {
      await this.whole(this.#faultAnswer(status));
      return true;
    }
    if (fault === null || !strikesAt(fault, 'start')) return false;
    if (fault.kind === 'stall_headers') {
      await (fault.for_ms ? this.wait(fault.for_ms) : this.#gone);
      this.fault = null;
      return false;
    }
    if (fault.kind === 'quota') {
      await this.whole(this.#faultAnswer('quota'));
    } else if (fault.kind === 'redirect') {
      await this.whole({ status: fault.code ?? 307, body: '',
        headers: { location: fault.location ?? '/elsewhere' } });
    } else if (fault.kind === 'error_200') {
      await this.whole({ ...this.#faultAnswer(500), status: 200 });
    } else if (fault.kind === 'html_200') {
      await this.whole({ status: 200, headers: { 'content-type': 'text/html' }, body: proxyPage });
    } else if (fault.kind === 'garbage_headers') {
      this.#faulted();
      if (this.h2) this.request.stream.close(http2.constants.NGHTTP2_PROTOCOL_ERROR);
      else socket.end('nonsense without a status line\r\n\r\n');
    }
    this.#faulted();
    return true;
  }

  #faultAnswer(what) {
    const { fault } = this;
    const answer = this.route.error(what, this);
    const headers = { ...answer.headers, ...fault.headers };
    if (what === 429 || fault.retry_after !== undefined) {
      headers['retry-after'] ??= String(fault.retry_after ?? 1);
    }
    if (fault.retry_after_ms !== undefined) headers['retry-after-ms'] = `${fault.retry_after_ms}`;
    return { ...answer, headers };
  }

  #faulted() {
    this.board.close(this.record, 'faulted');
  }

  async head(status, headers) {
    await this.wait(this.script.headers_ms);
    this.response.writeHead(status, headers);
    this.response.flushHeaders();
    this.record.status = status;
    this.record.first_byte_at_ms = now();
    this.board.changed();
    if (this.fault?.kind === 'empty') await this.#strikeEmpty();
    this.#pacing = this.script.first_ms;
  }

  #pacing = 0;

  async #strikeEmpty() {
    this.#faulted();
    this.response.end();
    throw new Struck('empty');
  }

  // Sends one piece: an SSE event, a few audio bytes.
  async piece(bytes) {
    await this.wait(this.#pacing);
    this.#pacing = this.script.between_ms;
    if (strikesAt(this.fault, 'body') && this.record.pieces >= (this.fault.at ?? 1)) {
      await this.#strike(Buffer.from(bytes));
    }
    await this.#write(bytes);
    this.record.pieces += 1;
    this.board.changed();
  }

  async #write(bytes) {
    if (this.record.ended) throw new Gone('client closed');
    this.record.bytes_sent += Buffer.byteLength(bytes);
    if (this.h2 && strikesAt(this.fault, 'all')) return this.#dripH2(Buffer.from(bytes));
    if (!this.response.write(bytes)) {
      await Promise.race([this.#gone,
        new Promise((resolve) => { this.response.once('drain', resolve); })]);
    }
    return undefined;
  }

  // Over HTTP/2 only the data can be cut small, not its frames.
  async #dripH2(bytes) {
    const { bytes: size = 7, every_ms: everyMs = 1 } = this.fault;
    for (let at = 0; at < bytes.length; at += size) {
      this.response.write(bytes.subarray(at, at + size));
      await this.wait(everyMs);
    }
    return undefined;
  }

  async end(bytes) {
    if (strikesAt(this.fault, 'body')) await this.#strike(Buffer.alloc(0));
    if (bytes) await this.piece(bytes);
    await this.#finish();
  }

  #finish(bytes) {
    const finished = new Promise((resolve) => { this.response.once('finish', resolve); });
    this.response.end(bytes);
    return Promise.race([finished, this.#gone]).then(async () => {
      this.board.close(this.record, this.fault && this.fault.kind !== 'slow_drip' &&
        this.fault.kind !== 'hold' ? 'faulted' : 'complete');
      await this.#undrip?.();
    });
  }

  async #strike(bytes) {
    const { fault, response, socket } = this;
    if (fault.kind === 'hold') {
      await this.board.released(this.id, this.#gone);
      this.fault = null;
      return;
    }
    if (fault.kind === 'stall_body') {
      await (fault.for_ms ? this.wait(fault.for_ms) : this.#gone);
      this.fault = null;
      return;
    }
    if (fault.kind === 'garbage') await this.#write(garbageBytes);
    if (fault.kind === 'error') await this.#write(this.route.streamError?.(this) ?? garbageBytes);
    this.#faulted();
    if (this.h2 && fault.kind !== 'early_close' && fault.kind !== 'garbage' &&
        fault.kind !== 'error') {
      this.#resetStream();
    } else if (fault.kind === 'truncate') {
      const cut = Buffer.concat([bytes, Buffer.from('....')]);
      socket.write(`${(cut.length * 2).toString(16)}\r\n`);
      socket.end(cut);
    } else if (fault.kind === 'reset') {
      // What was written must leave before the reset, or the peer never sees it.
      socket.write('', () => setImmediate(() => reset(socket)));
    } else {
      response.end();
    }
    throw new Struck(fault.kind);
  }

  #resetStream() {
    // After what was written.
    this.response.write('', () => {
      this.request.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    });
  }

  // An answer of known length.
  async whole({ status = 200, headers = {}, body = '' }) {
    if (this.fault?.kind === 'error') {
      this.fault = { ...this.fault, kind: 500 };
      return this.whole(this.#faultAnswer(500));
    }
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(
      typeof body === 'string' ? body : JSON.stringify(body));
    const type = typeof body === 'string' || Buffer.isBuffer(body)
      ? {} : { 'content-type': 'application/json' };
    const all = { ...type, 'content-length': bytes.length, ...headers };
    if (this.fault?.kind === 'empty') all['content-length'] = 0;
    const garbage = this.fault?.kind === 'garbage';
    if (garbage) all['content-length'] = garbageBytes.length;
    await this.head(status, all);
    await this.wait(this.#pacing);
    if (garbage) return this.#finish(garbageBytes);
    if (strikesAt(this.fault, 'body')) await this.#strikeWhole(bytes);
    this.record.bytes_sent += bytes.length;
    this.record.pieces += 1;
    return this.#finish(bytes);
  }

  async #strikeWhole(bytes) {
    const { fault, response, socket } = this;
    response.write(bytes.subarray(0, bytes.length >> 1));
    if (fault.kind === 'hold' || fault.kind === 'stall_body') {
      await (fault.kind === 'hold' ? this.board.released(this.id, this.#gone)
        : fault.for_ms ? this.wait(fault.for_ms) : this.#gone);
      this.fault = null;
      this.record.pieces += 1;
      await this.#finish(bytes.subarray(bytes.length >> 1));
    } else {
      this.#faulted();
      if (this.h2) this.#resetStream();
      else socket.write('', () => setImmediate(() => (fault.kind === 'reset'
        ? reset(socket) : socket.end())));
    }
    throw new Struck(fault.kind);
  }

  // Server-sent events: `sse(object)`, or with the name of an `event:` line.
  sse(data, event) {
    const eol = this.script.crlf ? '\r\n' : '\n';
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    return this.piece(`${event ? `event: ${event}${eol}` : ''}data: ${text}${eol}${eol}`);
  }

  sseHead(headers = {}) {
    return this.head(200, { 'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache', ...headers });
  }
}
