// SPDX-License-Identifier: MIT
// Azure's clients at Azure's doors: `rt-client`, which closes on any event that it does not know,
// and the `AzureOpenAI` class of npm `openai`. Only endpoint and key are ours.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { OpenAI, OpenAIRealtimeBetaWS, OpenAIRealtimeWS } from '../support/packages.mjs';
import {
  KEY, MODEL, SECRET, SUNNY, WEATHER, answer, assertSpoken, guardedServer, heard, load, microphone,
  say, speech, tap, together, until, words,
} from './support.mjs';

const { RTClient } = await load('rt-client');
const { AzureOpenAI } = await load('openai');
globalThis.crypto ??= webcrypto;  // rt-client wants a browser's; Node 18 has none by that name

async function connect(t, session) {
  const relay = await tap(t, { dialect: 'beta', upstream: (await guardedServer()).host });
  const client = new RTClient(
    new URL(`ws://${relay.host}`), { key: SECRET }, { deployment: MODEL });
  relay.closers.push(() => client.close());
  await client.configure({ modalities: ['text', 'audio'], ...session });
  return { client, wire: await relay.wire() };
}

const userText = (text) => (
  { type: 'message', role: 'user', content: [{ type: 'input_text', text }] });

async function all(iterable) {
  const chunks = [];
  for await (const chunk of iterable) chunks.push(chunk);
  return chunks;
}

// All that a response says, through the client's own iterators.
async function read(response) {
  const said = { text: '', transcript: '', audio: [], calls: [] };
  for await (const item of response) {
    if (item.type === 'function_call') {
      await item.waitForCompletion();
      said.calls.push(item);
      continue;
    }
    for await (const part of item) {
      if (part.type === 'text') said.text += (await all(part.textChunks())).join('');
      else {
        const [transcript, audio] = await Promise.all(
          [all(part.transcriptChunks()), all(part.audioChunks())]);
        said.transcript += transcript.join('');
        said.audio.push(...audio);
      }
    }
  }
  return { ...said, audio: Buffer.concat(said.audio) };
}

// The first of these that the client's event stream brings.
async function nextOf(events, type) {
  for (;;) {
    const { value, done } = await events.next();
    assert.ok(!done, `the connection closed before ${type}`);
    if (value.type === type) return value;
  }
}

function assertKnownEventsOnly(wire) {
  const unknown = /transcription\.delta|item\.(added|done|retrieved)|^conversation\.created/;
  assert.deepEqual([...wire.types].filter((type) => (
    unknown.test(type) && !type.startsWith('response.'))), []);
  assert.deepEqual(wire.errors, []);
}

describe('Azure rt-client', together, () => {
  test('a text turn', async (t) => {
    const { client, wire } = await connect(t, { modalities: ['text'] });
    assert.match(wire.path, /^\/openai\/realtime\?api-version=2024-10-01-preview&deployment=/);
    await client.sendItem(userText('What is two plus three?'));
    const { text } = await read(await client.generateResponse());
    assert.match(text, /\b(five|5)\b/i);
    assertKnownEventsOnly(wire);
  });

  test('a spoken turn with turn detection', async (t) => {
    const { client, wire } = await connect(t, {
      turn_detection: { type: 'server_vad' }, input_audio_transcription: { model: 'whisper-1' } });
    const events = client.events();
    const mic = microphone(wire, (bytes) => client.sendAudio(new Uint8Array(bytes)));
    await say(mic, 'hello-world');
    const item = await nextOf(events, 'input_audio');
    const response = await nextOf(events, 'response');
    const { transcript, audio } = await read(response);
    assertSpoken(transcript, audio);
    await item.waitForCompletion();
    mic.stop();
    assert.ok(heard(item.transcription, words('hello-world')) >= 0.5, item.transcription);
    assertKnownEventsOnly(wire);
  });

  test('a spoken turn by manual commit', async (t) => {
    const { client, wire } = await connect(t, { turn_detection: null });
    await client.sendAudio(new Uint8Array(speech('hello-world')));
    const item = await client.commitAudio();
    await item.waitForCompletion();
    const { transcript, audio } = await read(await client.generateResponse());
    assertSpoken(transcript, audio);
    assertKnownEventsOnly(wire);
  });

  test('a tool call and its result', async (t) => {
    const { client, wire } = await connect(t, {
      modalities: ['text'], tools: [{ type: 'function', ...WEATHER }] });
    await client.sendItem(userText('What is the weather in Paris?'));
    const { calls: [call] } = await read(await client.generateResponse());
    assert.equal(call.functionName, 'get_weather');
    assert.match(JSON.parse(call.arguments).city, /paris/i);
    await client.sendItem({ type: 'function_call_output', call_id: call.callId,
      output: JSON.stringify(SUNNY) });
    const { text } = await read(await client.generateResponse());
    assert.match(text, /21|twenty[ -]one|sunny/i);
    assertKnownEventsOnly(wire);
  });

  test('an answer is cancelled, and items are removed', async (t) => {
    const { client, wire } = await connect(t, {});
    await client.sendItem(userText('Please count from one to fifty.'));
    const response = await client.generateResponse();
    await wire.wait('response.audio.delta');
    await response.cancel();
    assert.equal(response.status, 'cancelled');
    await client.removeItem(response.output[0].id);
    assertKnownEventsOnly(wire);
  });
});

async function open(t, { apiVersion = '2025-04-01-preview', apiKey = SECRET } = {}) {
  const server = await guardedServer({ tls: true });
  const relay = await tap(t, { tls: true, dialect: 'beta', upstream: server.host });
  const client = new AzureOpenAI({ endpoint: `https://${relay.host}`, apiKey, apiVersion });
  const realtime = await OpenAIRealtimeBetaWS.azure(client, { deploymentName: MODEL });
  const errors = [];
  realtime.on('error', (error) => errors.push(error));
  relay.closers.push(() => realtime.close());
  await once(realtime.socket, 'open');
  return { relay, realtime, errors, wire: await relay.wire() };
}

describe('AzureOpenAI of npm openai, preview', together, () => {
  for (const apiVersion of ['2024-10-01-preview', '2025-04-01-preview']) {
    test(`a text turn, ${apiVersion}`, async (t) => {
      const { realtime, wire, errors } = await open(t, { apiVersion });
      realtime.send({ type: 'session.update', session: { modalities: ['text'] } });
      realtime.send({ type: 'conversation.item.create',
        item: userText('What is two plus three?') });
      realtime.send({ type: 'response.create' });
      let text = '';
      realtime.on('response.text.delta', (event) => { text += event.delta; });
      await until((look) => realtime.on('response.done', look), () => text, 'the answer');
      assert.match(text, /\b(five|5)\b/i);
      assert.equal(wire.headers['api-key'], SECRET);
      assert.deepEqual(errors, []);
    });
  }

  test('a spoken turn', async (t) => {
    const { realtime, wire, errors } = await open(t);
    realtime.send({ type: 'session.update', session: {
      turn_detection: { type: 'server_vad' }, input_audio_transcription: { model: MODEL } } });
    const mic = microphone(wire, (bytes) => realtime.send(
      { type: 'input_audio_buffer.append', audio: bytes.toString('base64') }));
    await say(mic, 'hello-world');
    const { transcript, audio } = await answer(wire, 0);
    const { transcript: said } = await wire.wait(
      'conversation.item.input_audio_transcription.completed');
    mic.stop();
    assertSpoken(transcript, audio);
    assert.ok(heard(said, words('hello-world')) >= 0.5, said);
    assert.deepEqual(errors, []);
  });
});

describe('npm openai at Azure\'s GA door', together, () => {
  test('a spoken answer', async (t) => {
    const relay = await tap(t, { tls: true });
    const client = new OpenAI({ apiKey: KEY, baseURL: `https://${relay.host}/openai/v1` });
    const realtime = new OpenAIRealtimeWS({ model: MODEL }, client);
    relay.closers.push(() => realtime.close());
    await once(realtime.socket, 'open');
    const wire = await relay.wire();
    realtime.send({ type: 'conversation.item.create', item: userText('What is two plus three?') });
    realtime.send({ type: 'response.create' });
    const { transcript, audio } = await answer(wire, 0);
    assertSpoken(transcript, audio);
    assert.match(wire.path, /^\/openai\/v1\/realtime\?model=/);
    assert.deepEqual(wire.errors, []);
  });

  test('an ephemeral key', async (t) => {
    const server = await guardedServer({ tls: true });
    const relay = await tap(t, { tls: true, upstream: server.host });
    const baseURL = `https://${relay.host}/openai/v1`;
    const backend = new OpenAI({ apiKey: SECRET, baseURL });
    const { value } = await backend.realtime.clientSecrets.create({
      session: { type: 'realtime', model: MODEL, output_modalities: ['text'] } });
    const realtime = new OpenAIRealtimeWS({ model: MODEL }, new OpenAI({ apiKey: value, baseURL }));
    relay.closers.push(() => realtime.close());
    await once(realtime.socket, 'open');
    const wire = await relay.wire();
    realtime.send({ type: 'conversation.item.create', item: userText('What is two plus three?') });
    realtime.send({ type: 'response.create' });
    assert.match((await answer(wire, 0)).text, /\b(five|5)\b/i);
    assert.deepEqual(wire.errors, []);
  });
});
