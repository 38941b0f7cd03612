// SPDX-License-Identifier: MIT
// The control plane under /control: scripts and faults in, records and counts out. See README.md.
import { faultFields, faultKinds } from './faults.mjs';

const commonScript = ['provider', 'times', 'text', 'headers_ms', 'first_ms', 'between_ms', 'crlf'];
const waitMax = 60000;

class Refused extends Error {}

export class Control {
  tlsFailures = 0;

  constructor({ board, routes, addresses }) {
    Object.assign(this, { board, addresses });
    this.scriptFields = new Set([...commonScript,
      ...routes.flatMap((route) => route.script ?? [])]);
    // Beside the routes: what has a port of its own.
    this.ids = [...new Set(routes.map((route) => route.id)), 'proxy', 'wyoming'];
  }

  async handle(request, response, server) {
    const url = new URL(request.url, 'http://fakes');
    const aborted = new AbortController();
    response.on('close', () => aborted.abort());
    try {
      const body = request.method === 'POST' ? await readJson(request) : {};
      const action = `${request.method} ${url.pathname.slice('/control/'.length)}`;
      const answer = await this.#act(action, body, url.searchParams, server, aborted.signal);
      reply(response, answer?.status ?? 200, answer?.body ?? answer ?? {});
    } catch (error) {
      reply(response, error instanceof Refused ? 400 : 500, { error: error.message });
    }
  }

  async #act(action, body, query, server, signal) {
    const { board } = this;
    const selector = query.get('provider') ?? '*';
    switch (action) {
      case 'POST reset':
        board.reset();
        server.dropConnections({ idleOnly: false });
        return {};
      case 'POST script': return this.#each(body, (entry) => this.#script(entry));
      case 'POST fault': return this.#each(body, (entry) => this.#fault(entry));
      case 'POST release':
        board.release(body.provider ?? '*');
        return {};
      case 'POST drop_idle':
        server.dropConnections({ idleOnly: true });
        return {};
      case 'GET requests': return board.seen(selector);
      case 'GET open': return { ...server.counts(), tls_failures: this.tlsFailures };
      case 'GET wait': return this.#wait(query, selector, server, signal);
      case 'GET addresses': return this.addresses;
      case 'GET providers': return this.ids;
      default: return { status: 404, body: { error: `no control action ${action}` } };
    }
  }

  #each(body, apply) {
    for (const entry of [body].flat()) apply(entry);
    return {};
  }

  #script(entry) {
    this.#known(entry);
    for (const field of Object.keys(entry)) {
      if (!this.scriptFields.has(field)) throw new Refused(`unknown script field ${field}`);
    }
    this.board.addScript(entry);
  }

  #fault(entry) {
    this.#known(entry);
    const status = Number(entry.kind);
    if (!(entry.kind in faultKinds) && !(status >= 400 && status < 600)) {
      throw new Refused(`unknown fault kind ${entry.kind}`);
    }
    for (const field of Object.keys(entry)) {
      if (!faultFields.includes(field)) throw new Refused(`unknown fault field ${field}`);
    }
    this.board.addFault(entry);
  }

  #known(entry) {
    const name = String(entry.provider ?? '').replace(/^@[\w-]+\//, '');
    if (name !== '*' && !this.ids.some((id) => id === name || id.startsWith(`${name}.`))) {
      throw new Refused(`unknown provider ${entry.provider}; see GET /control/providers`);
    }
  }

  async #wait(query, selector, server, signal) {
    const state = query.get('state') ?? 'ended';
    const timeoutMs = Math.min(Number(query.get('timeout_ms') ?? 10000), waitMax);
    const count = Number(query.get('count') ?? 1);
    let holds;
    if (state === 'idle') {
      holds = () => this.board.count(selector, 'open') === 0;
    } else if (state === 'no_sockets') {
      holds = () => server.counts().sockets === 0;
    } else {
      if (this.board.count(selector, state) === undefined) {
        throw new Refused(`unknown state ${state}`);
      }
      holds = () => this.board.count(selector, state) >= count;
    }
    const held = await this.board.until(holds, timeoutMs, signal);
    return { status: held ? 200 : 408, body: this.board.seen(selector) };
  }
}

async function readJson(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString();
  if (!text) return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refused(`body is not JSON: ${error.message}`);
  }
}

function reply(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json',
    'content-length': Buffer.byteLength(text) });
  response.end(text);
}
