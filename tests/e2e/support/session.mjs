// SPDX-License-Identifier: MIT
// One realtime session through an unmodified client, with everything it says and hears on record.
// When the test ends the record is checked against the invariants and kept for the schema check.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkEvents } from '../invariants.mjs';
import { OpenAI, OpenAIRealtimeBetaWS, OpenAIRealtimeWS, WebSocket } from './packages.mjs';
import { clientEvent, eventName } from './dialect.mjs';
import * as environment from './environment.mjs';

export const MODEL = 'parley';
export const TOKEN = 'any-key-will-do';
const opened = new Map();  // test name -> sessions opened so far, for file names

export class Session {
  constructor(t, socket, dialect, options) {
    this.name = `${basename(process.argv[1], '.test.mjs')}: ${t.name}`;
    this.dialect = dialect;
    this.socket = socket;
    this.options = options;
    this.records = [];
    this.waiting = new Set();
    this.cut = false;
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.over = { code, reason: reason.toString() };
        resolve(this.over);
        this.look();
      });
    });
    socket.on('error', (error) => { this.socketError = error; });
    socket.on('message', (data) => this.#record('server', JSON.parse(data.toString())));
    t.after(() => this.#finish());
  }

  #record(dir, event) {
    this.records.push({ dir, event, t: Math.round(performance.now() * 10) / 10 });
    this.look();
  }

  look() {
    for (const waiter of [...this.waiting]) waiter();
  }

  // Sends a GA client event, said in this session's dialect. `check: false` for what is wrong on
  // purpose or an extension: it is kept out of the schema check.
  send(event, { check = true } = {}) {
    const said = clientEvent(this.dialect, event);
    if (check) this.#record('client', said);
    this.socket.send(JSON.stringify(said));
  }

  // Whatever these bytes or this text are.
  sendRaw(data) {
    this.socket.send(data);
  }

  // Everything after a mark happened after it was taken.
  mark() {
    return this.records.length;
  }

  // Server events of a GA type so far.
  all(type, since = 0) {
    const wanted = eventName(this.dialect, type);
    return this.records.slice(since)
      .filter((record) => record.dir === 'server' && record.event.type === wanted)
      .map((record) => record.event);
  }

  // The first server event of a GA type, past or to come.
  async wait(type, { match = () => true, since = 0, timeoutMs = environment.patience_ms } = {}) {
    const wanted = eventName(this.dialect, type);
    assert.ok(wanted, `${type} does not exist in ${this.dialect}`);
    return this.until(() => this.all(type, since).find(match), `${wanted}`, timeoutMs);
  }

  // What `probe` returns, as soon as that is something.
  until(probe, what, timeoutMs = environment.patience_ms) {
    return new Promise((resolve, reject) => {
      const done = (settle, value) => {
        clearTimeout(timer);
        this.waiting.delete(look);
        settle(value);
      };
      const look = () => {
        const found = probe();
        if (found) done(resolve, found);
        else if (this.over) done(reject, this.#lost(`${what} before the connection closed`));
      };
      const timer = setTimeout(() => done(reject, this.#lost(what)), timeoutMs);
      this.waiting.add(look);
      look();
    });
  }

  #lost(what) {
    const telling = this.records.filter(
      ({ event }) => !/buffer\.append|audio\.delta/.test(event.type));
    const last = telling.slice(-15).map(({ dir, event }) => {
      const detail = event.type === 'error' ? ` ${JSON.stringify(event.error)}` : '';
      return `  ${dir} ${event.type}${detail}`;
    });
    const end = this.over
      ? `\n  closed ${this.over.code} ${this.over.reason} ${this.socketError ?? ''}` : '';
    return new Error(`waited in vain for ${what}; the last events:\n${last.join('\n')}${end}`);
  }

  // The error event that answers the client event with this id, or the next one without an id.
  error(eventId, since = 0) {
    return this.wait('error', { since, match: (event) => event.error.event_id === eventId });
  }

  async update(session, options) {
    const since = this.mark();
    this.send({ type: 'session.update', session: { type: 'realtime', ...session } }, options);
    return (await this.wait('session.updated', { since })).session;
  }

  async addText(text, role = 'user') {
    const since = this.mark();
    const type = role === 'assistant' ? 'output_text' : 'input_text';
    this.send({ type: 'conversation.item.create',
      item: { type: 'message', role, content: [{ type, text }] } });
    return (await this.wait('conversation.item.added', { since })).item;
  }

  // Waits for a whole response that starts after `since`, and gathers what it said.
  async answer(since) {
    const created = await this.wait('response.created', { since });
    const { id } = created.response;
    const done = await this.wait('response.done', { since, match: (e) => e.response.id === id });
    const mine = (type) => this.all(type, since).filter((event) => event.response_id === id);
    return {
      id,
      response: done.response,
      text: mine('response.output_text.delta').map((event) => event.delta).join(''),
      transcript: mine('response.output_audio_transcript.delta').map((e) => e.delta).join(''),
      audio: Buffer.concat(mine('response.output_audio.delta')
        .map((event) => Buffer.from(event.delta, 'base64'))),
    };
  }

  // Says something by text and waits for the whole answer.
  async ask(text, response) {
    await this.addText(text);
    const since = this.mark();
    this.send(response ? { type: 'response.create', response } : { type: 'response.create' });
    return this.answer(since);
  }

  // The session still takes and answers events.
  async stillWorks() {
    const since = this.mark();
    this.send({ type: 'conversation.item.create', item: { type: 'message', role: 'system',
      content: [{ type: 'input_text', text: 'The session goes on.' }] } });
    const { item } = await this.wait('conversation.item.added', { since });
    this.send({ type: 'conversation.item.delete', item_id: item.id });
    await this.wait('conversation.item.deleted', { since, match: (e) => e.item_id === item.id });
    assert.equal(this.over, undefined, 'the connection was closed');
  }

  // Breaks the connection as a lost network would: no closing handshake.
  breakOff() {
    this.cut = true;
    this.socket.terminate();
  }

  async close() {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.close(1000);
    return this.closed;
  }

  async #finish() {
    // Whatever was still going on when the test ended was left open by the test.
    const open = this.all('response.created').length > this.all('response.done').length;
    await this.close();
    if (this.options.record === false || this.records.length === 0) return;
    this.records.at(-1).cut = this.cut || open || undefined;
    if (this.options.schema !== false && environment.transcriptsDir()) this.#keep();
    const problems = checkEvents(this.records, this.dialect);
    assert.deepEqual(problems, [], `the record of "${this.name}" breaks invariants`);
  }

  #keep() {
    const folder = join(environment.transcriptsDir(), this.dialect);
    mkdirSync(folder, { recursive: true });
    const slug = this.name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
    const number = (opened.get(slug) ?? 0) + 1;
    opened.set(slug, number);
    const lines = this.records.map((record) => JSON.stringify(record));
    writeFileSync(join(folder, `node-${slug}-${number}.jsonl`), `${lines.join('\n')}\n`);
  }
}

// Opens a session with the official SDK, pointed at the server by base URL alone, and waits for
// session.created. The SDK always dials wss://.
export async function open(t, { dialect = 'ga', host = environment.tlsHost(), ...options } = {}) {
  const client = new OpenAI({ apiKey: options.token ?? TOKEN, baseURL: `https://${host}/v1` });
  const Realtime = dialect === 'beta' ? OpenAIRealtimeBetaWS : OpenAIRealtimeWS;
  const realtime = new Realtime({ model: MODEL }, client);
  const session = new Session(t, realtime.socket, dialect, options);
  session.sdk = realtime;
  realtime.on('error', (error) => { session.lastError = error; });
  const created = await session.wait('session.created');
  session.created = created.session;
  return session;
}

// The same over a bare WebSocket: for plain ws://, sub-protocols, odd headers.
export function dial(t, { dialect = 'ga', host = environment.plainHost(), scheme = 'ws',
  path = `/v1/realtime?model=${MODEL}`, protocols = [], headers = {}, ...options } = {}) {
  const all = dialect === 'beta' && !protocols.length && options.betaHeader !== false
    ? { 'OpenAI-Beta': 'realtime=v1', ...headers } : headers;
  const socket = new WebSocket(`${scheme}://${host}${path}`, protocols, { headers: all });
  return new Session(t, socket, dialect, options);
}

// A test in both dialects.
export const DIALECTS = ['ga', 'beta'];

// Options of a test that the smoke subset leaves out.
export const full = { skip: environment.smoke && 'not in the smoke subset' };
