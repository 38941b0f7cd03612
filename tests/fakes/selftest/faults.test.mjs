// SPDX-License-Identifier: MIT
// Every fault as the client meets it on the wire, and what the control plane tells about it.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import test from 'node:test';
import { bearer, eventsOf, post, raw, useFakes } from './helpers.mjs';

const { url, tlsUrl, control } = await useFakes({ tls: true });
const speech = `${url}/openai/v1/audio/speech`;
const chat = `${url}/openai/v1/chat/completions`;
const say = JSON.stringify({ model: 'tts', voice: 'v', input: 'Hello there.',
  response_format: 'pcm' });
const ask = JSON.stringify({ model: 'm', stream: true,
  messages: [{ role: 'user', content: 'One two three four' }] });
const fault = (fields) => control.fault({ provider: 'openai', ...fields });
const ended = async () => (await control.wait({ provider: 'openai', state: 'ended' })).at(-1);

test('refuse resets the connection before any byte', async () => {
  await fault({ kind: 'refuse' });
  const seen = await raw(chat, { headers: bearer, body: ask });
  assert.deepEqual([seen.text, seen.ended], ['', 'reset']);
  assert.equal((await ended()).ended, 'faulted');
  assert.equal((await post(chat, ask, bearer)).status, 200, 'once only');
});

for (const status of [400, 401, 403, 404, 429, 500, 503]) {
  test(`${status} carries the provider's body`, async () => {
    await fault({ kind: status, retry_after: status === 429 ? 7 : undefined });
    const response = await post(chat, ask, bearer);
    assert.equal(response.status, status);
    assert.equal(response.headers.get('retry-after'), status === 429 ? '7' : null);
    assert.equal(typeof (await response.json()).error.message, 'string');
  });
}

test('a used-up quota is a 429 of its own kind', async () => {
  await fault({ kind: 'quota' });
  const response = await post(chat, ask, bearer);
  assert.deepEqual([response.status, (await response.json()).error.code],
    [429, 'insufficient_quota']);
});

test('stall_headers says nothing until the client leaves, and that is on record', async () => {
  await fault({ kind: 'stall_headers' });
  const aborter = new AbortController();
  const answer = fetch(chat, { method: 'POST', body: ask, headers: bearer,
    signal: aborter.signal });
  const [stalled] = await control.wait({ provider: 'openai.chat', state: 'received' });
  assert.equal(stalled.ended, null);
  assert.equal((await control.open()).requests, 1);
  aborter.abort();
  await assert.rejects(answer);
  const [record] = await control.wait({ provider: 'openai.chat', state: 'closed_by_client' });
  assert.ok(record.closed_at_ms >= record.received_at_ms);
  assert.equal((await control.open()).requests, 0);
});

test('stall_body stops after the pieces asked for', async () => {
  await fault({ kind: 'stall_body', at: 2 });
  const aborter = new AbortController();
  const answer = await fetch(chat, { method: 'POST', body: ask, headers: bearer,
    signal: aborter.signal });
  const [record] = await control.wait({ provider: 'openai', state: 'pieces', count: 2 });
  assert.equal(record.pieces, 2);
  aborter.abort();
  await assert.rejects(answer.text());
  assert.equal((await ended()).ended, 'closed_by_client');
});

test('hold waits for release, without any clock', async () => {
  await fault({ kind: 'hold', at: 3 });
  const answer = post(chat, ask, bearer).then(eventsOf);
  await control.wait({ provider: 'openai', state: 'pieces', count: 3 });
  await control.release('openai');
  assert.equal((await answer).at(-1).data, '[DONE]');
  assert.equal((await ended()).ended, 'complete');
});

test('truncate cuts inside a chunk, reset resets, early_close frames well', async () => {
  await fault({ kind: 'truncate', at: 2 });
  const cut = await raw(speech, { headers: bearer, body: say });
  assert.equal(cut.ended, 'fin');
  assert.ok(!cut.text.includes('\r\n0\r\n\r\n'));
  assert.match(cut.text, /\r\n[0-9a-f]+\r\n[^\r]*\.\.\.\.$/s);
  await fault({ kind: 'reset', at: 2 });
  const reset = await raw(speech, { headers: bearer, body: say });
  // libuv tells some resets as an end, when data came with them.
  assert.ok(reset.text.startsWith('HTTP/1.1 200') && !reset.text.endsWith('\r\n0\r\n\r\n'));
  await fault({ kind: 'early_close', at: 2 });
  const early = await raw(chat, { headers: bearer, body: ask });
  assert.ok(early.text.endsWith('\r\n0\r\n\r\n') && !early.text.includes('[DONE]'));
  assert.deepEqual((await control.requests('openai')).map((record) => record.ended),
    ['faulted', 'faulted', 'faulted']);
});

test('truncate and early_close leave an answer of known length short', async () => {
  await control.script({ provider: 'openai.speech', whole: true });
  for (const kind of ['truncate', 'early_close']) {
    await fault({ kind });
    const { text } = await raw(speech, { headers: bearer, body: say });
    const length = Number(/content-length: (\d+)/i.exec(text)[1]);
    assert.equal(text.length - text.indexOf('\r\n\r\n') - 4, length >> 1);
  }
});

test('garbage, html and empty bodies', async () => {
  await fault({ kind: 'garbage', at: 1 });
  assert.match(await (await post(chat, ask, bearer)).text(), /"half\n\n/);
  await fault({ kind: 'html_200' });
  const page = await post(chat, ask, bearer);
  assert.deepEqual([page.status, page.headers.get('content-type')], [200, 'text/html']);
  await fault({ kind: 'empty' });
  const nothing = await post(speech, say, bearer);
  assert.equal(nothing.headers.get('content-type'), 'audio/pcm');
  assert.equal((await nothing.arrayBuffer()).byteLength, 0);
  await fault({ kind: 'garbage_headers' });
  assert.ok(!(await raw(chat, { headers: bearer, body: ask })).text.startsWith('HTTP'));
});

test('an error inside the stream is the provider\'s own', async () => {
  await fault({ kind: 'error', at: 2 });
  const seen = await eventsOf(await post(chat, ask, bearer));
  assert.equal(seen.length, 3);
  assert.equal(seen[2].data.error.type, 'server_error');
});

test('slow_drip changes no byte, only how they are cut', async () => {
  const whole = await raw(chat, { headers: bearer, body: ask });
  await fault({ kind: 'slow_drip', bytes: 40 });
  const dripped = await raw(chat, { headers: bearer, body: ask });
  const body = (text) => text.slice(text.indexOf('\r\n\r\n'));
  assert.equal(body(dripped.text), body(whole.text));
  assert.ok(dripped.parts > whole.parts);
  assert.equal((await ended()).ended, 'complete');
});

test('a kept-alive connection that dies when it is used again', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ping = () => new Promise((resolve, reject) => {
    http.get(`${url}/openai/v1/models`, { agent, headers: bearer }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    }).on('error', reject);
  });
  await fault({ kind: 'refuse', only_reused: true });
  assert.equal(await ping(), 200);
  await assert.rejects(ping(), { code: 'ECONNRESET' });
  assert.equal(await ping(), 200);
  const reused = (await control.requests('openai.models')).map((record) => record.reused);
  assert.deepEqual(reused, [false, true, false]);
  agent.destroy();
});

test('faults count requests: skip some, strike a few', async () => {
  await fault({ kind: 500, skip: 1, times: 2 });
  const statuses = [];
  for (let turn = 0; turn < 4; turn += 1) statuses.push((await post(chat, ask, bearer)).status);
  assert.deepEqual(statuses, [200, 500, 500, 200]);
});

test('@name is the same provider with an id of its own', async () => {
  await control.fault({ provider: 'openai', kind: 500, times: 0 });
  assert.equal((await post(chat, ask, bearer)).status, 500);
  assert.equal((await post(`${url}/@b/openai/v1/chat/completions`, ask, bearer)).status, 200);
  assert.equal((await control.requests('@b/openai.chat')).length, 1);
});

test('scripts and faults with unknown words are refused', async () => {
  await assert.rejects(control.script({ provider: 'openai.chat', txet: 'Hi' }), /txet/);
  await assert.rejects(control.script({ provider: 'opnai', text: 'Hi' }), /opnai/);
  await assert.rejects(control.fault({ provider: 'openai', kind: 'explode' }), /explode/);
  await assert.rejects(control.wait({ provider: 'openai', timeout_ms: 1 }), /408/);
});

test('scripts are used in order and the last stays', async () => {
  await control.script([{ provider: 'openai.chat', text: 'One.' },
    { provider: 'openai.chat', text: 'Two.' }]);
  const said = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const seen = await eventsOf(await post(chat, ask, bearer));
    said.push(seen.map((event) => event.data.choices?.[0].delta.content ?? '').join(''));
  }
  assert.deepEqual(said, ['One.', 'Two.', 'Two.']);
});

test('TLS: untrusted unless its certificate is, another host, no TLS, silence', async () => {
  const addresses = await control.addresses();
  const get = (base, options) => new Promise((resolve, reject) => {
    https.get(`${base}/openai/v1/models`, { ...options, headers: bearer, agent: false },
      (response) => response.resume().on('end', () => resolve(response.statusCode)))
      .on('error', reject);
  });
  assert.equal(addresses.https, tlsUrl);
  await assert.rejects(get(tlsUrl), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  assert.equal(await get(tlsUrl, { ca: addresses.ca_pem }), 200);
  await assert.rejects(get(addresses.https_wrong_host, { ca: addresses.wrong_host_ca_pem }),
    { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  await assert.rejects(get(`https://${addresses.not_tls}`));
  await control.fault({ provider: 'openai', kind: 'refuse' });
  await assert.rejects(get(tlsUrl, { ca: addresses.ca_pem }), { code: 'ECONNRESET' });

  const [host, port] = addresses.refused.split(':');
  const refused = net.connect(Number(port), host);
  await new Promise((resolve) => { refused.on('error', resolve); });
  const [silentHost, silentPort] = addresses.silent.split(':');
  const silent = net.connect(Number(silentPort), silentHost);
  await new Promise((resolve) => { silent.on('connect', resolve); });
  const secure = tls.connect({ socket: silent });
  assert.equal(secure.authorized, false);
  secure.on('error', () => {});
  secure.destroy();
});

test('nothing stays open when clients have gone', async () => {
  const agent = new http.Agent({ keepAlive: true });
  await new Promise((resolve) => {
    http.get(`${url}/openai/v1/models`, { agent, headers: bearer }, (response) => {
      response.resume().on('end', resolve);
    });
  });
  assert.ok((await control.open()).idle >= 1);
  await control.fault({ provider: 'openai', kind: 'stall_headers' });
  await control.reset();
  agent.destroy();
  assert.equal((await control.open()).requests, 0);
});
