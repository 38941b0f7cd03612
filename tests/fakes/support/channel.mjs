// SPDX-License-Identifier: MIT
// One WebSocket connection. Frames to the client are written here, byte by byte, so that faults can
// cut them; the `ws` package does the handshake and reads what the client sends.
import { brief, now } from './board.mjs';
import { drip, Gone, proxyPage, reset, statusOf, strikesAt, Struck } from './faults.mjs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { STATUS_CODES } from 'node:http';

const packagesDir = process.env.PARLEY_E2E_PACKAGES
  ?? fileURLToPath(new URL('../../../build/e2e', import.meta.url));
const { WebSocketServer } = createRequire(`${packagesDir}/package.json`)('ws');

const messagesKept = 200;
const messageMax = 32 * 1024 * 1024;
const acceptor = new WebSocketServer({ noServer: true, maxPayload: messageMax,
  perMessageDeflate: false });
const protocolAcceptor = new WebSocketServer({ noServer: true, maxPayload: messageMax,
  perMessageDeflate: false, handleProtocols: (protocols) => [...protocols][0] });

function frame(opcode, payload) {
  const { length } = payload;
  let head;
  if (length < 126) {
    head = Buffer.from([0x80 | opcode, length]);
  } else if (length < 65536) {
    head = Buffer.from([0x80 | opcode, 126, length >> 8, length & 255]);
  } else {
    head = Buffer.alloc(10);
    head[0] = 0x80 | opcode;
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

export class Channel {
  #gone;
  #leave;
  #pacing;
  #messageAt = 0;

  constructor({ board, route, id, url, params, request, socket, connection }) {
    Object.assign(this, { board, route, id, url, params, request, socket, connection });
    this.query = url.searchParams;
    this.headers = request.headers;
    this.fault = board.takeFault(id, false);
    this.script = {};
    this.#gone = new Promise((_, leave) => { this.#leave = leave; });
    this.#gone.catch(() => {});
    this.record = board.open({ provider: id, kind: 'websocket', method: 'GET',
      path: url.pathname, connection: connection.number, reused: false, messages_seen: 0,
      messages: [], audio: { bytes: 0, messages: 0 }, fault: this.fault?.kind ?? null });
    this.aborted = new AbortController();
  }

  leave() {
    this.board.close(this.record, this.closing ? 'complete' : 'closed_by_client');
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

  // Answers the upgrade with an HTTP response instead of 101.
  refuse({ status, headers = {}, body = '' }) {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(
      typeof body === 'string' ? body : JSON.stringify(body));
    const all = { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json',
      ...headers, 'content-length': bytes.length, connection: 'close' };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.record.status = status;
    this.socket.end(Buffer.concat([
      Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Status'}\r\n${lines}\r\n`),
      bytes]));
    this.board.close(this.record, this.fault ? 'faulted' : 'complete');
  }

  // True when a fault has taken the handshake.
  async handshakeFaults() {
    const { fault, socket } = this;
    if (!fault) return false;
    if (strikesAt(fault, 'all')) drip(socket, fault.bytes, fault.every_ms);
    const status = statusOf(fault);
    if (status !== null || fault.kind === 'quota') {
      const answer = this.route.error(status ?? 'quota', this);
      const headers = { ...answer.headers, ...fault.headers };
      if (status === 429) headers['retry-after'] ??= String(fault.retry_after ?? 1);
      this.refuse({ ...answer, headers });
      return true;
    }
    if (!strikesAt(fault, 'start')) return false;
    if (fault.kind === 'stall_headers') {
      // Nobody reads before the handshake; only who reads sees the client leave.
      socket.resume();
      await (fault.for_ms ? this.wait(fault.for_ms) : this.#gone);
      this.fault = null;
      return false;
    }
    this.board.close(this.record, 'faulted');
    if (fault.kind === 'refuse') reset(socket);
    else if (fault.kind === 'garbage_headers') socket.end('\x16\x03\x01nonsense\r\n\r\n');
    else if (fault.kind === 'redirect') {
      this.refuse({ status: 307, headers: { location: fault.location ?? '/elsewhere' } });
    } else {
      this.refuse({ status: 200, headers: { 'content-type': 'text/html' }, body: proxyPage });
    }
    return true;
  }

  async accept(head) {
    if (this.script.headers_ms) {
      this.socket.resume();
      await this.wait(this.script.headers_ms);
    }
    const server = this.headers['sec-websocket-protocol'] ? protocolAcceptor : acceptor;
    this.ws = await new Promise((resolve) => {
      server.handleUpgrade(this.request, this.socket, head, resolve);
    });
    this.record.status = 101;
    this.record.received_at_ms = now();
    this.record.first_byte_at_ms = now();
    this.#pacing = this.script.first_ms;
    this.ws.on('error', () => {});
    this.ws.on('close', (code, reason) => {
      this.record.close_code = code;
      this.record.close_reason = reason.toString();
    });
    this.board.changed();
    if (this.fault?.kind === 'empty') {
      await this.close(this.fault.code ?? 1000, this.fault.reason ?? '');
      throw new Struck('empty');
    }
  }

  // `onText(string)`, `onBinary(buffer)`; run one after the other, in order of arrival.
  listen(onText, onBinary) {
    return new Promise((resolve, reject) => {
      let tail = Promise.resolve();
      this.#gone.catch(reject);
      this.finish = resolve;
      this.ws.on('message', (data, isBinary) => {
        this.record.messages_seen += 1;
        if (!isBinary) this.#keep(data.toString());
        const at = now();
        tail = tail.then(() => {
          this.#messageAt = at;
          return isBinary ? onBinary?.(data) : onText?.(data.toString());
        })
          .catch((error) => {
            // A fault that leaves the connection usable ends only what it struck.
            if (!(error instanceof Struck) || this.closing) reject(error);
          });
        this.board.changed();
      });
    });
  }

  // For work beside the reading: the client's leaving and faults end it, a bug of ours is told.
  background(promise) {
    promise.catch((error) => {
      if (error instanceof Gone || error instanceof Struck) return;
      process.stderr.write(`fake ${this.id}: ${error.stack}\n`);
      this.socket.destroy();
    });
  }

  #keep(text) {
    const { messages } = this.record;
    messages.push({ at_ms: now(), message: brief(parsed(text)) });
    if (messages.length > messagesKept) messages.shift();
  }

  // The message in hand tells the provider to stop: when it came is on record.
  stopped() {
    this.record.stops = [...this.record.stops ?? [], this.#messageAt];
    this.board.changed();
  }

  addAudio(buffer) {
    this.record.audio.bytes += buffer.length;
    this.record.audio.messages += 1;
    this.board.changed();
  }

  send(message) {
    return this.#send(1, Buffer.from(typeof message === 'string'
      ? message : JSON.stringify(message)));
  }

  sendBinary(payload) {
    return this.#send(2, payload);
  }

  async #send(opcode, payload) {
    const pause = this.#pacing;
    this.#pacing = this.script.between_ms;
    await this.wait(pause);
    if (strikesAt(this.fault, 'body') && this.record.pieces >= (this.fault.at ?? 1)) {
      await this.#strike(opcode, payload);
    }
    if (this.closing) throw new Struck('closing');
    if (this.record.ended) throw new Gone('client closed');
    const bytes = frame(opcode, payload);
    this.record.bytes_sent += bytes.length;
    this.record.pieces += 1;
    this.board.changed();
    if (!this.socket.write(bytes)) {
      await Promise.race([this.#gone,
        new Promise((resolve) => { this.socket.once('drain', resolve); })]);
    }
  }

  async #strike(opcode, payload) {
    const { fault, socket } = this;
    if (fault.kind === 'hold' || fault.kind === 'stall_body') {
      await (fault.kind === 'hold' ? this.board.released(this.id, this.#gone)
        : fault.for_ms ? this.wait(fault.for_ms) : this.#gone);
      this.fault = null;
      return;
    }
    const provided = fault.kind === 'error' ? this.route.streamError?.(this) ?? {} : null;
    if (provided && !provided.code && !fault.code) {
      this.fault = null;
      for (const message of provided.messages) socket.write(frame(1, Buffer.from(message)));
      throw new Struck('error');
    }
    this.board.close(this.record, 'faulted');
    this.closing = true;
    if (fault.kind === 'garbage') {
      socket.write(frame(1, Buffer.from('{"type": "half')));
      socket.write(Buffer.from([0xf3, 0x85, 0x00, 0xff, 0x13]));
      socket.end();
    } else if (fault.kind === 'truncate') {
      const bytes = frame(opcode, payload);
      socket.write(bytes.subarray(0, Math.max(1, bytes.length >> 1)));
      socket.end();
    } else if (fault.kind === 'reset') {
      socket.write('', () => setImmediate(() => reset(socket)));
    } else if (fault.kind === 'error') {
      for (const message of provided.messages) socket.write(frame(1, Buffer.from(message)));
      this.#closeFrame(fault.code ?? provided.code, provided.reason ?? fault.reason);
    } else {
      this.#closeFrame(fault.code ?? 1011, fault.reason ?? 'internal error');
    }
    throw new Struck(fault.kind);
  }

  #closeFrame(code, reason = '') {
    this.ws.close(code, reason);
  }

  async close(code = 1000, reason = '') {
    this.closing = true;
    this.board.close(this.record, this.fault ? 'faulted' : 'complete');
    this.#closeFrame(code, reason);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
