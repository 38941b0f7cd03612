// SPDX-License-Identifier: MIT
// Anthropic Messages, OpenAI Responses, and the Realtime upstream in both its shapes, held against
// the published schema.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { tone } from '../support/audio.mjs';
import { bearer, connect, eventsOf, packages, post, useFakes } from './helpers.mjs';

const { OpenAI } = packages('openai');
const { OpenAIRealtimeWS } = packages('openai/realtime/ws');
const { url, tlsUrl, control } = await useFakes({ tls: true });
const openai = new OpenAI({ apiKey: 'test-key', baseURL: `${url}/openai/v1`, maxRetries: 0 });

// ---- Anthropic ----------------------------------------------------------------------------------

const anthropic = `${url}/anthropic/v1/messages`;
const anthropicHeaders = { 'x-api-key': 'test-key', 'anthropic-version': '2023-06-01' };
const ask = { model: 'm', max_tokens: 100, stream: true,
  messages: [{ role: 'user', content: 'Hi' }] };

test('Anthropic: event names match types, text and tools by block, usage at the end', async () => {
  await control.script({ provider: 'anthropic', text: 'One moment.', reasoning: 'Hm.',
    tool_calls: [{ name: 'weather', arguments: { city: 'Bern' } }, { name: 'now' }] });
  const seen = await eventsOf(await post(anthropic, ask, anthropicHeaders));
  assert.ok(seen.every((event) => event.event === event.data.type));
  assert.deepEqual([seen[0].event, seen.at(-1).event], ['message_start', 'message_stop']);
  const started = seen.filter((event) => event.event === 'content_block_start')
    .map((event) => event.data.content_block.type);
  assert.deepEqual(started, ['thinking', 'text', 'tool_use', 'tool_use']);
  const json = (index) => seen.filter((event) => event.data.index === index)
    .map((event) => event.data.delta?.partial_json ?? '').join('');
  assert.deepEqual([JSON.parse(json(2)), json(3)], [{ city: 'Bern' }, '']);
  const delta = seen.find((event) => event.event === 'message_delta').data;
  assert.equal(delta.delta.stop_reason, 'tool_use');
  assert.ok(delta.usage.output_tokens > 0);
  assert.ok(seen.some((event) => event.event === 'ping'));
});

test('Anthropic refuses what the service refuses', async () => {
  const refused = async (change, headers = {}) => {
    const response = await post(anthropic, { ...ask, ...change },
      { ...anthropicHeaders, ...headers });
    return [response.status, (await response.json()).error.type];
  };
  const use = { role: 'assistant',
    content: [{ type: 'tool_use', id: 't1', name: 'n', input: {} }] };
  const invalid = [400, 'invalid_request_error'];
  assert.deepEqual(await refused({ max_tokens: undefined }), invalid);
  assert.deepEqual(await refused({ messages: [use] }), invalid);
  assert.deepEqual(await refused({ messages: [ask.messages[0], use, ask.messages[0]] }), invalid);
  assert.deepEqual(await refused({}, { 'x-api-key': 'no' }), [401, 'authentication_error']);
  const versionless = await post(anthropic, ask, { 'x-api-key': 'test-key' });
  assert.equal(versionless.status, 400);
  const fine = await post(anthropic, { ...ask, stream: false, messages: [ask.messages[0], use,
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: '1' }] }] },
  anthropicHeaders);
  assert.equal(fine.status, 200);
  await control.fault([{ provider: 'anthropic', kind: 529 },
    { provider: 'anthropic', kind: 'error', at: 2 }]);
  assert.deepEqual(await refused({}), [529, 'overloaded_error']);
  const inside = await eventsOf(await post(anthropic, ask, anthropicHeaders));
  assert.deepEqual([inside.at(-1).event, inside.at(-1).data.error.type],
    ['error', 'overloaded_error']);
});

// ---- Responses ----------------------------------------------------------------------------------

test('Responses, by the official client: text, parallel calls, numbered events', async () => {
  const seen = [];
  const stream = await openai.responses.create({ model: 'm', stream: true, store: false,
    input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }] });
  for await (const event of stream) seen.push(event);
  assert.deepEqual(seen.map((event) => event.sequence_number), [...seen.keys()]);
  assert.equal(seen.at(-1).type, 'response.completed');
  assert.equal(seen.at(-1).response.output[0].content[0].text, 'You said: Hi');
  await control.script({ provider: 'openai.responses', tool_calls: [
    { name: 'weather', arguments: { city: 'Bern' } }, { name: 'now', arguments: {} }] });
  const final = await openai.responses.stream({ model: 'm', input: 'Hi' }).finalResponse();
  assert.deepEqual(final.output.map((item) => [item.call_id, item.name, item.arguments]),
    [['call_1', 'weather', '{"city":"Bern"}'], ['call_2', 'now', '{}']]);
});

test('Responses: incomplete, failed, refused, and a history that does not add up', async () => {
  await control.script([{ provider: 'openai.responses', text: 'Cut', finish_reason: 'length' },
    { provider: 'openai.responses', failed: 'no luck' },
    { provider: 'openai.responses', refusal: 'I cannot.' }]);
  const types = async () => (await eventsOf(await post(`${url}/openai/v1/responses`,
    { model: 'm', stream: true, input: 'Hi' }, bearer))).map((event) => event.event);
  assert.equal((await types()).at(-1), 'response.incomplete');
  assert.equal((await types()).at(-1), 'response.failed');
  assert.ok((await types()).includes('response.refusal.done'));
  await assert.rejects(openai.responses.create({ model: 'm', input: [
    { type: 'function_call_output', call_id: 'c', output: '1' }] }), { status: 400 });
});

// ---- Realtime -----------------------------------------------------------------------------------

const pcm = (ms) => tone(ms, 24000).toString('base64');
const quiet = (ms) => Buffer.alloc(ms * 48).toString('base64');
const realtime = `${url}/openai/v1/realtime?model=gpt-realtime`;

// Checks what a server said against the published schema.
function checkEvents(dialect, messages) {
  const folder = mkdtempSync(join(tmpdir(), 'fakes-'));
  const file = join(folder, 'transcript.jsonl');
  writeFileSync(file, messages.map((event) => `${JSON.stringify({ dir: 'server', event })}\n`)
    .join(''));
  const packagesDir = process.env.PARLEY_E2E_PACKAGES
    ?? fileURLToPath(new URL('../../../build/e2e', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath,
    [fileURLToPath(new URL('../../spec/validate.mjs', import.meta.url)), '--dialect', dialect,
      '--strict', '--quiet', file],
    { env: { ...process.env, AJV_FROM: join(packagesDir, 'node_modules') } });
  rmSync(folder, { recursive: true });
  assert.equal(status, 0, `${stdout}${stderr}`);
}

const order = (messages) => messages.map((event) => event.type)
  .filter((type, index, all) => type !== all[index - 1]);

test('Realtime: a turn that the client commits, in the published order and schema', async () => {
  const socket = await connect(realtime, { headers: bearer });
  socket.send({ type: 'session.update', session: { type: 'realtime', audio: { input: {
    turn_detection: null, transcription: { model: 'gpt-4o-mini-transcribe' } } } } });
  socket.send({ type: 'input_audio_buffer.append', audio: pcm(500) });
  socket.send({ type: 'input_audio_buffer.commit' });
  socket.send({ type: 'response.create' });
  await socket.next((event) => event.type === 'rate_limits.updated');
  const seen = socket.messages();
  checkEvents('ga', seen);
  const transcription = 'conversation.item.input_audio_transcription';
  assert.deepEqual(order(seen).filter((type) => !type.startsWith('response.output_audio')),
    ['session.created', 'session.updated', 'input_audio_buffer.committed',
      'conversation.item.added', 'conversation.item.done', `${transcription}.delta`,
      `${transcription}.completed`, 'response.created', 'response.output_item.added',
      'conversation.item.added', 'response.content_part.added', 'response.content_part.done',
      'conversation.item.done', 'response.output_item.done', 'response.done',
      'rate_limits.updated']);
  const sound = seen.filter((event) => event.type === 'response.output_audio.delta')
    .map((event) => Buffer.from(event.delta, 'base64'));
  assert.deepEqual(Buffer.concat(sound), tone('You said: hello there'.length * 60, 24000));
  await socket.close();
});

test('Realtime: its VAD owns the turn, barge-in cancels, truncate knows its limits', async () => {
  await control.script({ provider: 'openai.realtime', text: 'A rather long answer to that.',
    piece_bytes: 4800, between_ms: 20 });
  const socket = await connect(realtime, { headers: bearer });
  socket.send({ type: 'input_audio_buffer.append', audio: pcm(300) });
  socket.send({ type: 'input_audio_buffer.append', audio: quiet(300) });
  const { item_id: item } = await socket.next((event) =>
    event.type === 'response.output_audio.delta');
  socket.send({ type: 'input_audio_buffer.append', audio: pcm(300) });
  const done = await socket.next((event) => event.type === 'response.done');
  assert.deepEqual(done.response.status_details, { type: 'cancelled', reason: 'turn_detected' });
  socket.send({ type: 'conversation.item.truncate', item_id: item, content_index: 0,
    audio_end_ms: 100 });
  await socket.next((event) => event.type === 'conversation.item.truncated');
  socket.send({ type: 'conversation.item.truncate', item_id: item, content_index: 0,
    audio_end_ms: 60000 });
  const refused = await socket.next((event) => event.type === 'error');
  assert.match(refused.error.message, /^Audio content of 100ms is already shorter/);
  socket.send({ type: 'response.cancel', event_id: 'mine' });
  const idle = await socket.next((event) => event.type === 'error');
  assert.deepEqual([idle.error.code, idle.error.event_id], ['response_cancel_not_active', 'mine']);
  checkEvents('ga', socket.messages());
  await socket.close();
});

test('Realtime: calls, text only, G.711, failed and incomplete', async () => {
  await control.script([{ provider: 'openai.realtime', tool_calls: [{ name: 'weather',
    arguments: { city: 'Rome' } }, { name: 'weather', arguments: { city: 'Oslo' } }] },
  { provider: 'openai.realtime', text: 'Both mild.' },
  { provider: 'openai.realtime', failed: 'rate_limit_exceeded' },
  { provider: 'openai.realtime', text: 'Hi', incomplete: 'content_filter' }]);
  const socket = await connect(realtime, { headers: bearer });
  const respond = async (response) => {
    socket.send({ type: 'response.create', response });
    return (await socket.next((event) => event.type === 'response.done')).response;
  };
  const called = await respond();
  assert.deepEqual(called.output.map((item) => item.arguments),
    ['{"city":"Rome"}', '{"city":"Oslo"}']);
  for (const item of called.output) {
    socket.send({ type: 'conversation.item.create', item: { type: 'function_call_output',
      call_id: item.call_id, output: '21' } });
  }
  const told = await respond({ output_modalities: ['text'] });
  assert.equal(told.output[0].content[0].text, 'Both mild.');
  assert.equal((await respond()).status_details.error.code, 'rate_limit_exceeded');
  socket.send({ type: 'session.update', session: { type: 'realtime', audio: { output: {
    format: { type: 'audio/pcmu' } } } } });
  assert.equal((await respond()).status_details.reason, 'content_filter');
  const law = socket.messages().filter((event) => event.type === 'response.output_audio.delta');
  assert.equal(Buffer.from(law.at(-1).delta, 'base64').length, 120 * 8);
  checkEvents('ga', socket.messages());
  await socket.close();
});

test('Realtime refuses in band at OpenAI, by status at Azure', async () => {
  const codeOf = async (target, headers) => {
    const socket = await connect(target, { headers });
    const { code } = await socket.closing;
    return [code, socket.messages()[0].error.code];
  };
  assert.deepEqual(await codeOf(realtime, {}), [3000, 'invalid_api_key']);
  assert.deepEqual(await codeOf(`${url}/openai/v1/realtime`, bearer), [4000, 'missing_model']);
  assert.deepEqual(await codeOf(realtime, { ...bearer, 'openai-beta': 'realtime=v1' }),
    [4000, 'beta_api_shape_disabled']);
  const azure = `${url}/azure/openai/v1/realtime`;
  await assert.rejects(connect(`${azure}?model=d`), { status: 401 });
  await assert.rejects(connect(`${azure}?model=nope`, { headers: { 'api-key': 'test-key' } }),
    (error) => JSON.parse(error.body).error.code === 'DeploymentNotFound');
  const socket = await connect(`${azure}?model=d`, { headers: { 'api-key': 'test-key' } });
  assert.equal((await socket.next()).type, 'session.created');
  await socket.close();
});

test('Realtime: the session expires in the middle of an answer', async () => {
  await control.fault({ provider: 'openai.realtime', kind: 'error', at: 8,
    reason: 'session_expired' });
  const socket = await connect(realtime, { headers: bearer });
  socket.send({ type: 'response.create' });
  const { code, reason } = await socket.closing;
  assert.deepEqual([code, reason],
    [1001, 'Your session hit the maximum duration of 60 minutes.']);
  assert.equal(socket.messages().at(-1).error.code, 'session_expired');
});

test('Azure\'s dated route speaks beta, by its schema', async () => {
  const socket = await connect(`${url}/azure/openai/realtime?api-version=2025-04-01-preview` +
    '&deployment=d&api-key=test-key');
  socket.send({ type: 'session.update', session: { modalities: ['audio'] } });
  assert.equal((await socket.next((event) => event.type === 'error')).error.code, 'invalid_value');
  socket.send({ type: 'session.update', session: { modalities: ['audio', 'text'],
    turn_detection: null, voice: 'echo', input_audio_format: 'pcm16' } });
  const { session } = await socket.next((event) => event.type === 'session.updated' &&
    event.session.voice === 'echo');
  assert.equal(session.turn_detection, null);
  socket.send({ type: 'conversation.item.create', item: { type: 'message', role: 'assistant',
    content: [{ type: 'text', text: 'Hello' }] } });
  socket.send({ type: 'response.create' });
  await socket.next((event) => event.type === 'rate_limits.updated');
  const types = new Set(socket.messages().map((event) => event.type));
  assert.ok(types.has('conversation.item.created') && types.has('response.audio.delta'));
  assert.ok(!types.has('conversation.item.added') && !types.has('response.output_audio.delta'));
  checkEvents('beta', socket.messages());
  await socket.close();
});

test('the official Realtime client holds a conversation', async () => {
  // It insists on wss:.
  const { ca_pem: ca } = await control.addresses();
  const client = new OpenAIRealtimeWS({ model: 'gpt-realtime', options: { ca } },
    new OpenAI({ apiKey: 'test-key', baseURL: `${tlsUrl}/openai/v1` }));
  const done = new Promise((resolve, reject) => {
    client.on('response.done', resolve);
    client.on('error', reject);
  });
  client.on('session.created', () => {
    client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user',
      content: [{ type: 'input_text', text: 'Hi' }] } });
    client.send({ type: 'response.create' });
  });
  assert.equal((await done).response.status, 'completed');
  client.close();
});
