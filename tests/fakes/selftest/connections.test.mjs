// SPDX-License-Identifier: MIT
// Below the providers: HTTP/2 with its streams, and the forward proxy.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import test from 'node:test';
import tls from 'node:tls';
import { bearer, eventsOf, events, post, useFakes } from './helpers.mjs';

const { url, tlsUrl, control } = await useFakes({ tls: true });
const addresses = await control.addresses();
const ask = JSON.stringify({ model: 'm', stream: true,
  messages: [{ role: 'user', content: 'One two three' }] });

// One request over HTTP/2 → { status, text, code }: `code` is the error code the stream ended with.
async function over2(session, { abortAfter } = {}) {
  const stream = session.request({ ':method': 'POST', ':path': '/openai/v1/chat/completions',
    ...bearer, 'content-type': 'application/json' });
  let status = null;
  let text = '';
  stream.on('response', (headers) => { status = headers[':status']; });
  stream.on('error', () => {});
  stream.end(ask);
  stream.on('data', (piece) => {
    text += piece;
    if (abortAfter) stream.close(http2.constants.NGHTTP2_CANCEL);
  });
  await new Promise((resolve) => { stream.on('close', resolve); });
  return { status, text, code: stream.rstCode };
}

test('HTTP/2: streams beside each other on one connection, cancelled one by one', async () => {
  const session = http2.connect(addresses.https_h2, { ca: addresses.ca_pem });
  const [one, two] = await Promise.all([over2(session), over2(session)]);
  assert.deepEqual([one.status, one.code], [200, 0]);
  assert.equal(events(one.text).at(-1).data, '[DONE]');
  assert.equal(one.text, two.text);
  await control.fault({ provider: 'openai.chat', kind: 'stall_body', at: 2 });
  const cancelled = await over2(session, { abortAfter: true });
  assert.equal(cancelled.code, http2.constants.NGHTTP2_CANCEL);
  await control.wait({ provider: 'openai.chat', state: 'closed_by_client' });
  assert.equal((await over2(session)).status, 200);
  const records = await control.requests('openai.chat');
  assert.equal(new Set(records.map((record) => record.connection)).size, 1);
  assert.deepEqual(records.map((record) => record.http_version), ['2.0', '2.0', '2.0', '2.0']);
  session.destroy();
});

test('HTTP/2: faults reset the stream; refuse takes the connection', async () => {
  const session = http2.connect(addresses.https_h2, { ca: addresses.ca_pem });
  session.on('error', () => {});
  for (const kind of ['truncate', 'reset']) {
    await control.fault({ provider: 'openai.chat', kind, at: 2 });
    const cut = await over2(session);
    assert.deepEqual([cut.status, cut.code], [200, http2.constants.NGHTTP2_INTERNAL_ERROR]);
  }
  await control.fault({ provider: 'openai.chat', kind: 503 });
  assert.equal((await over2(session)).status, 503);
  await control.fault({ provider: 'openai.chat', kind: 'slow_drip', bytes: 60 });
  assert.equal(events((await over2(session)).text).at(-1).data, '[DONE]');
  await control.fault({ provider: 'openai.chat', kind: 'refuse' });
  assert.equal((await over2(session)).status, null);
  assert.ok(session.destroyed || session.closed);
});

test('the proxy forwards absolute URLs', async () => {
  const proxy = new URL(addresses.proxy);
  const request = http.request({ host: proxy.hostname, port: proxy.port, method: 'POST',
    path: `${url}/openai/v1/chat/completions`, headers: { ...bearer, host: new URL(url).host },
    agent: false });
  request.end(ask);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const piece of response) text += piece;
  assert.equal(events(text).at(-1).data, '[DONE]');
  assert.equal((await control.wait({ provider: 'proxy', state: 'ended' })).length, 1);
});

async function tunnel(target) {
  const proxy = new URL(addresses.proxy);
  const socket = net.connect(Number(proxy.port), proxy.hostname);
  socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
  const [head] = await once(socket, 'data');
  return { socket, head: head.toString() };
}

test('the proxy tunnels TLS, and refuses when told to', async () => {
  const { socket, head } = await tunnel(new URL(tlsUrl).host);
  assert.match(head, /^HTTP\/1.1 200 /);
  const secure = tls.connect({ socket, ca: addresses.ca_pem, host: '127.0.0.1' });
  const request = https.request({ createConnection: () => secure, path: '/openai/v1/models',
    headers: { ...bearer, host: '127.0.0.1' } });
  request.end();
  const [response] = await once(request, 'response');
  assert.equal(response.statusCode, 200);
  socket.destroy();
  await control.fault({ provider: 'proxy', kind: 407 });
  const refused = await tunnel(new URL(tlsUrl).host);
  assert.match(refused.head, /^HTTP\/1.1 407 /);
});

test('idle connections can be dropped, and counts tell them apart', async () => {
  const agent = new http.Agent({ keepAlive: true });
  const get = () => new Promise((resolve, reject) => {
    http.get(`${url}/openai/v1/models`, { agent, headers: bearer }, (response) => {
      response.resume().on('end', resolve);
    }).on('error', reject);
  });
  await get();
  const closed = once(Object.values(agent.freeSockets).flat()[0] ??
    Object.values(agent.sockets).flat()[0], 'close');
  await fetch(`${url}/control/drop_idle`, { method: 'POST', body: '{}' });
  await closed;
  await get();
  assert.deepEqual((await control.requests('openai.models')).map((record) => record.reused),
    [false, false]);
  agent.destroy();
});

test('answers come at once: a long text is spoken without work per sample', async () => {
  const seen = await eventsOf(await post(`${url}/openai/v1/audio/speech`, { model: 'tts',
    voice: 'v', input: 'word '.repeat(800), response_format: 'pcm', stream_format: 'sse',
  }, bearer));
  const bytes = seen.slice(0, -1).reduce((sum, event) =>
    sum + Buffer.from(event.data.audio, 'base64').length, 0);
  assert.equal(bytes, 4000 * 60 * 48);
});
