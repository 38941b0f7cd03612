// SPDX-License-Identifier: MIT
// The program around the sessions: routes, keys, sub-protocols, start and end.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MODEL, dial, full, open } from '../support/session.mjs';
import { OpenAI, WebSocket } from '../support/packages.mjs';
import { Server } from '../support/server.mjs';
import { binary, plainHost, tlsHost } from '../support/environment.mjs';
import { Microphone, speech } from '../support/sound.mjs';

const KEY = 'a-secret-token';
const realtime = `/v1/realtime?model=${MODEL}`;

async function serve(t, ...args) {
  const server = await Server.start(binary(), args);
  t.after(() => server.stop('SIGKILL'));
  return server;
}

describe('routes', { concurrency: 4 }, () => {
  test('healthz says that the server is well', async () => {
    for (const base of [`http://${plainHost()}`, `https://${tlsHost()}`]) {
      const answer = await fetch(`${base}/healthz`);
      assert.equal(answer.status, 200);
    }
  });

  test('the official SDK lists the models', async () => {
    for (const baseURL of [`http://${plainHost()}/v1`, `https://${tlsHost()}/v1`]) {
      const models = [];
      for await (const model of new OpenAI({ apiKey: 'any', baseURL }).models.list()) {
        models.push(model.id);
      }
      assert.ok(models.includes(MODEL), models.join());
    }
  });

  test('unknown routes are 404 with an error object', async () => {
    const answer = await fetch(`http://${plainHost()}/v1/nothing`);
    assert.equal(answer.status, 404);
    const { error } = await answer.json();
    assert.deepEqual(Object.keys(error).sort(), ['code', 'message', 'param', 'type']);
  });

  test('a plain request to the socket route is refused, not hung up on', async () => {
    const answer = await fetch(`http://${plainHost()}${realtime}`);
    assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
  });
});

describe('who may enter', { concurrency: 4 }, () => {
  test('with a token set, a wrong or missing one is turned away', async (t) => {
    const server = await serve(t, '--token', KEY);
    for (const headers of [{}, { Authorization: 'Bearer wrong' }]) {
      const session = dial(t, { host: server.host, headers, record: false });
      const { error } = await session.wait('error');
      assert.equal(error.code, 'invalid_api_key');
      const { code, reason } = await session.closed;
      assert.equal(code, 3000);
      assert.equal(reason, 'invalid_request_error.invalid_api_key');
      assert.equal(session.records.length, 1, 'something was said before the error');

      const rest = await fetch(`http://${server.host}/v1/models`, { headers });
      assert.equal(rest.status, 401);
      assert.equal((await rest.json()).error.code, 'invalid_api_key');
    }
    assert.equal((await fetch(`http://${server.host}/healthz`)).status, 200);
    assert.ok(!server.log.includes(KEY), 'the token is in the log');
  });

  test('each way to carry the token opens the door', async (t) => {
    const server = await serve(t, '--token', KEY);
    const insecure = `openai-insecure-api-key.${KEY}`;
    for (const way of [
      { headers: { Authorization: `Bearer ${KEY}` } },
      { headers: { 'api-key': KEY } },
      { path: `${realtime}&api-key=${KEY}` },
      { protocols: ['realtime', insecure] },
      { protocols: ['realtime', insecure, 'openai-beta.realtime-v1'], dialect: 'beta' },
    ]) {
      const session = dial(t, { host: server.host, ...way });
      await session.wait('session.created');
      assert.equal(session.socket.protocol, way.protocols ? 'realtime' : '');
    }
    const client = new OpenAI({ apiKey: KEY, baseURL: `http://${server.host}/v1` });
    assert.ok((await client.models.list()).data.length > 0);
  });
});

describe('dialects', { concurrency: 4 }, () => {
  test('the beta header and the beta sub-protocol both choose beta', async (t) => {
    for (const way of [
      { headers: { 'OpenAI-Beta': 'realtime=v1' } },
      { protocols: ['realtime', 'openai-insecure-api-key.x', 'openai-beta.realtime-v1'] },
    ]) {
      const session = dial(t, { dialect: 'beta', betaHeader: false, ...way });
      const { session: created } = await session.wait('session.created');
      assert.ok(Array.isArray(created.modalities));
      assert.equal(created.audio, undefined);
      const answer = await session.ask('Hello.');
      assert.ok(answer.audio.length > 0);
    }
  });

  test('without either, the dialect is GA', async (t) => {
    const session = dial(t);
    const { session: created } = await session.wait('session.created');
    assert.equal(created.type, 'realtime');
    assert.equal(created.modalities, undefined);
    assert.equal(created.model, MODEL);
  });

  test('a browser connects by sub-protocols alone', full, async (t) => {
    const session = dial(t, { host: tlsHost(), scheme: 'wss',
      protocols: ['realtime', 'openai-insecure-api-key.x', 'openai-agents-sdk.0.20.0'],
      headers: { Origin: 'http://localhost:3000' } });
    await session.wait('session.created');
    assert.equal(session.socket.protocol, 'realtime');
  });

  test('a client may speak before it has listened', full, async (t) => {
    const session = dial(t);
    session.socket.once('open', () => session.send({ type: 'session.update',
      session: { type: 'realtime', instructions: 'Early.' } }));
    const { session: updated } = await session.wait('session.updated');
    assert.equal(updated.instructions, 'Early.');
    assert.equal(session.records.find((record) => record.dir === 'server').event.type,
      'session.created');
  });
});

describe('start and end', { concurrency: 2 }, () => {
  test('the screen at the start says where and how', async (t) => {
    const server = await serve(t);
    assert.match(server.log, new RegExp(server.host.replaceAll('.', '\\.')));
    assert.ok(!server.host.endsWith(':0'), server.host);
    assert.equal((await fetch(`http://${server.host}/healthz`)).status, 200);
  });

  test('it listens on several addresses', full, async (t) => {
    const server = await serve(t, '--listen', '127.0.0.1:0');
    const hosts = new Set(server.log.match(/127\.0\.0\.1:[1-9]\d*/g));
    assert.ok(hosts.size >= 2, server.log);
    for (const host of hosts) assert.equal((await fetch(`http://${host}/healthz`)).status, 200);
  });

  for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`${signal} closes sessions with 1001 and ends`, async (t) => {
      const server = await Server.start(binary());
      const idle = dial(t, { host: server.host });
      const busy = dial(t, { host: server.host });
      await idle.wait('session.created');
      await busy.wait('session.created');
      await busy.addText('Please count from one to fifty.');
      busy.send({ type: 'response.create' });
      await busy.wait('response.output_audio.delta');
      busy.cut = true;
      const microphone = new Microphone(idle);
      await microphone.say(speech('hello-world'));
      idle.cut = true;
      const end = await server.stop(signal);
      assert.equal((await idle.closed).code, 1001);
      assert.equal((await busy.closed).code, 1001);
      assert.equal(end.code, 0, server.log);
      // Promised to a person who presses Ctrl-C; sanitizers add their own report at the end.
      if (!full.skip) assert.ok(end.ms < 2000, `it took ${end.ms} ms`);
    });
  }

  test('a port that is taken is said plainly', full, async (t) => {
    const server = await serve(t);
    const second = new Server(binary(), ['--listen', server.host]);
    await assert.rejects(second.listening, new RegExp(server.host.split(':')[1]));
    const { code } = await second.exited;
    assert.notEqual(code, 0);
  });

  test('an unknown key in the configuration is named', full, async (t) => {
    const server = new Server(binary(), [], { PARLEY_SERVER_LISTTEN: '127.0.0.1:0' });
    t.after(() => server.stop('SIGKILL'));
    await assert.rejects(server.listening, /LISTTEN|listten/i);
    assert.notEqual((await server.exited).code, 0);
  });
});

test('the SDK closes cleanly', async (t) => {
  const session = await open(t);
  session.sdk.close();
  const { code } = await session.closed;
  assert.equal(code, 1000);
  assert.equal(session.socket.readyState, WebSocket.CLOSED);
});
