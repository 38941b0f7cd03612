// SPDX-License-Identifier: MIT
// The 2024 reference client of the beta, from its npm edition `openai-realtime-api`: same classes,
// same handlers, which throw when events come in another order. Only `url` and `apiKey` are ours.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WebSocket } from '../support/packages.mjs';
import {
  KEY, MODEL, SUNNY, WEATHER, answer, assertSpoken, heard, load, microphone, next,
  samplesOf, say, speech, tap, together, until, words,
} from './support.mjs';

const { RealtimeClient } = await load('openai-realtime-api');

async function connect(t, sessionConfig) {
  const relay = await tap(t, { dialect: 'beta' });
  const client = new RealtimeClient({
    url: `ws://${relay.host}/v1/realtime`, apiKey: KEY, model: MODEL, sessionConfig });
  // Its handlers swallow what they cannot place; here that fails the test.
  const problems = [];
  const processEvent = client.conversation.processEvent.bind(client.conversation);
  client.conversation.processEvent = (event, ...args) => {
    const result = processEvent(event, ...args);
    if (Object.keys(result).length === 0) problems.push(event.type);
    return result;
  };
  relay.closers.push(() => client.disconnect());
  await client.connect();
  await client.waitForSessionCreated();
  return { client, wire: await relay.wire(), problems };
}

const completed = (client, match) => until(
  (look) => client.on('conversation.item.completed', look),
  () => client.conversation.getItems().find((item) => item.status === 'completed' && match(item)),
  'a completed item');
const isAnswer = (item) => item.role === 'assistant';

describe('beta reference client', together, () => {
  test('a text turn', async (t) => {
    const { client, wire, problems } = await connect(t, { modalities: ['text'] });
    client.sendUserMessageContent([{ type: 'input_text', text: 'What is two plus three?' }]);
    const item = await completed(client, isAnswer);
    assert.match(item.formatted.text, /\b(five|5)\b/i);
    await wire.wait('response.done');
    assert.deepEqual([wire.errors, problems], [[], []]);
  });

  test('a spoken turn with turn detection', async (t) => {
    const { client, wire, problems } = await connect(t, { turn_detection: { type: 'server_vad' } });
    const mic = microphone(wire, (bytes) => client.appendInputAudio(samplesOf(bytes)));
    await say(mic, 'hello-world');
    const item = await completed(client, isAnswer);
    assertSpoken(item.formatted.transcript, Buffer.from(item.formatted.audio.buffer));
    const heardItem = await until((look) => client.on('conversation.updated', look),
      () => client.conversation.getItems().find(
        ({ role, formatted }) => role === 'user' && formatted.transcript), 'the transcript');
    mic.stop();
    assert.ok(heard(heardItem.formatted.transcript, words('hello-world')) >= 0.5);
    // It cuts the user's audio out of what it sent, by the offsets of speech_started and _stopped.
    const cut = heardItem.formatted.audio.length / 24;
    assert.ok(cut > 500 && cut < 3000, `${cut} ms of audio`);
    assert.deepEqual([wire.errors, problems], [[], []]);
  });

  test('a spoken turn by manual commit', async (t) => {
    const { client, wire, problems } = await connect(t);
    client.appendInputAudio(samplesOf(speech('hello-world')));
    client.createResponse();
    const item = await completed(client, isAnswer);
    assert.ok(item.formatted.transcript.length > 0);
    await wire.wait('conversation.item.input_audio_transcription.completed');
    assert.deepEqual([wire.errors, problems], [[], []]);
  });

  test('a tool runs and its result is spoken', async (t) => {
    const { client, wire, problems } = await connect(t);
    const asked = [];
    client.addTool(WEATHER, ({ city }) => { asked.push(city); return SUNNY; });
    client.sendUserMessageContent([{ type: 'input_text', text: 'What is the weather in Paris?' }]);
    const item = await completed(client, isAnswer);
    assert.match(item.formatted.transcript, /21|twenty[ -]one|sunny/i);
    assert.deepEqual(asked.map((city) => city.toLowerCase()), ['paris']);
    await wire.until(() => wire.all('response.done').length === 2, 'both responses');
    assert.deepEqual([wire.errors, problems], [[], []]);
  });

  test('a voice interrupts, and the client cancels and truncates', async (t) => {
    const { client, wire, problems } = await connect(t, { turn_detection: { type: 'server_vad' } });
    client.sendUserMessageContent(
      [{ type: 'input_text', text: 'Please count from one to fifty.' }]);
    await wire.wait('response.audio.delta');
    const interrupted = next((look) => client.on('conversation.interrupted', look), 'the voice');
    const mic = microphone(wire, (bytes) => client.appendInputAudio(samplesOf(bytes)));
    await say(mic, 'hello-world');
    await interrupted;
    const item = client.conversation.getItems().find(isAnswer);
    const { response } = await wire.wait('response.done');
    assert.equal(response.status, 'cancelled');
    // As the console does: cancel although the server was faster, then truncate to what was played.
    client.cancelResponse(item.id, 24 * 150);
    const truncated = await wire.wait('conversation.item.truncated');
    assert.equal(truncated.audio_end_ms, 150);
    await wire.until(() => wire.all('response.done').length === 2, 'the next answer');
    mic.stop();
    assert.equal(item.formatted.audio.length, 24 * 150);
    // Whether the next answer had begun by then decides whether the cancel found a response.
    assert.deepEqual(wire.errors.filter(({ code }) => code !== 'response_cancel_not_active'), []);
    assert.deepEqual(problems, []);
  });

  test('items are deleted', async (t) => {
    const { client, wire, problems } = await connect(t, { modalities: ['text'] });
    client.sendUserMessageContent([{ type: 'input_text', text: 'Hello.' }]);
    const { id } = await completed(client, isAnswer);
    client.deleteItem(id);
    await until((look) => client.on('conversation.updated', look),
      () => !client.conversation.getItem(id), 'the deletion');
    assert.deepEqual([wire.errors, problems], [[], []]);
  });

  test('by sub-protocols alone, as in a browser', async (t) => {
    const { WebSocket: native } = globalThis;
    globalThis.WebSocket = WebSocket;
    t.after(() => { globalThis.WebSocket = native; });
    const { client, wire, problems } = await connect(t, { modalities: ['text'] });
    assert.match(wire.headers['sec-websocket-protocol'], /openai-beta\.realtime-v1/);
    client.sendUserMessageContent([{ type: 'input_text', text: 'What is two plus three?' }]);
    assert.match((await answer(wire, 0)).text, /\b(five|5)\b/i);
    assert.deepEqual([wire.errors, problems], [[], []]);
  });
});
