// SPDX-License-Identifier: MIT
// The OpenAI Agents SDK for JavaScript, over its WebSocket transport, as its voice agents guide
// shows it. Only `url` and `apiKey` are ours.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  KEY, MODEL, SUNNY, WEATHER, answer, arrayBufferOf, assertSpoken, ephemeralKey, guardedServer,
  heard, load, microphone, next, say, tap, together, until, words,
} from './support.mjs';

const { RealtimeAgent, RealtimeSession, tool } = await load('@openai/agents-realtime');
const { z } = await load('zod');

async function connect(t, { tools = [], config = {}, apiKey = KEY, relay } = {}) {
  relay ??= await tap(t);
  const agent = new RealtimeAgent({
    name: 'Assistant', instructions: 'You are a helpful assistant.', tools });
  const session = new RealtimeSession(agent, { model: MODEL, transport: 'websocket', config });
  const errors = [];
  session.on('error', ({ error }) => errors.push(error));
  relay.closers.push(() => session.close());
  await session.connect({ apiKey, url: `ws://${relay.host}/v1/realtime?model=${MODEL}` });
  const wire = await relay.wire();
  return { session, wire, errors, relay };
}

const history = (session, probe, what) => (
  until((look) => session.on('history_updated', look), probe, `${what} in the history`));
const messages = (session, role) => session.history
  .filter((item) => item.type === 'message' && item.role === role);
const partsOf = (item) => item?.content.map((part) => part.text ?? part.transcript ?? '').join('');

describe('agents SDK, JavaScript', together, () => {
  test('a text turn', async (t) => {
    const { session, errors } = await connect(t, { config: { outputModalities: ['text'] } });
    const ended = next((done) => session.once('agent_end', done), 'agent_end');
    session.sendMessage('What is two plus three?');
    const [, , output] = await ended;
    assert.match(output, /\b(five|5)\b/i);
    assert.match(partsOf(messages(session, 'user')[0]), /two plus three/);
    assert.match(partsOf(messages(session, 'assistant')[0]), /\b(five|5)\b/i);
    assert.deepEqual(errors, []);
  });

  test('a spoken turn, its transcript in the history', async (t) => {
    const { session, wire, errors } = await connect(t);
    const heardAudio = [];
    session.on('audio', (event) => heardAudio.push(Buffer.from(event.data)));
    const ended = next((done) => session.once('agent_end', done), 'agent_end');
    const mic = microphone(wire, (bytes) => session.sendAudio(arrayBufferOf(bytes)));
    await say(mic, 'hello-world');
    const [, , output] = await ended;
    assertSpoken(output, Buffer.concat(heardAudio));
    // Its history is built from the answers to conversation.item.retrieve.
    await wire.wait('conversation.item.retrieved');
    await history(session, () => partsOf(messages(session, 'user')[0]), 'a transcript');
    mic.stop();
    assert.ok(heard(partsOf(messages(session, 'user')[0]), words('hello-world')) >= 0.5);
    assert.equal(messages(session, 'assistant')[0].status, 'completed');
    assert.deepEqual(errors, []);
  });

  test('a tool runs and its result is spoken', async (t) => {
    const asked = [];
    const weather = tool({
      name: WEATHER.name, description: WEATHER.description,
      parameters: z.object({ city: z.string() }),
      execute: async ({ city }) => { asked.push(city); return JSON.stringify(SUNNY); },
    });
    const { session, wire, errors } = await connect(t, { tools: [weather] });
    session.sendMessage('What is the weather in Paris?');
    await history(session, () => messages(session, 'assistant')
      .find((item) => /21|twenty[ -]one|sunny/i.test(partsOf(item))), 'the weather');
    assert.deepEqual(asked.map((city) => city.toLowerCase()), ['paris']);
    await wire.until(() => wire.all('response.done').length === 2, 'both responses');
    const call = session.history.find((item) => item.type === 'function_call');
    assert.equal(call.status, 'completed');
    assert.deepEqual(errors, []);
  });

  test('a voice interrupts the answer, and the SDK truncates it', async (t) => {
    const { session, wire, errors } = await connect(t);
    session.sendMessage('Please count from one to fifty.');
    await next((done) => session.once('audio', done), 'audio');
    const interrupted = next((done) => session.once('audio_interrupted', done), 'interruption');
    const mic = microphone(wire, (bytes) => session.sendAudio(arrayBufferOf(bytes)));
    await say(mic, 'hello-world');
    await interrupted;
    const [truncate] = wire.sent('conversation.item.truncate');
    const truncated = await wire.wait('conversation.item.truncated');
    assert.equal(truncated.item_id, truncate.item_id);
    assert.equal(truncated.audio_end_ms, truncate.audio_end_ms);
    await wire.until(() => wire.all('conversation.item.retrieved')
      .some(({ item }) => item.id === truncate.item_id), 'the truncated item');
    const { response } = await wire.wait('response.done');
    assert.equal(response.status, 'cancelled');
    await answer(wire, wire.records.findIndex(({ event }) => event.response?.id === response.id
      && event.type === 'response.done'));
    mic.stop();
    assert.deepEqual(errors, []);
  });

  test('interrupt() cancels and truncates at once', async (t) => {
    const { session, wire, errors } = await connect(t);
    session.sendMessage('Please count from one to fifty.');
    await next((done) => session.once('audio', done), 'audio');
    session.interrupt();
    const { response } = await wire.wait('response.done');
    assert.equal(response.status, 'cancelled');
    await wire.wait('conversation.item.truncated');
    const since = wire.mark();
    session.sendMessage('What is two plus three?');
    assert.match((await answer(wire, since)).transcript, /\b(five|5)\b/i);
    assert.deepEqual(errors, []);
  });

  test('transcription alone, without answers', async (t) => {
    const { session, wire, errors } = await connect(t, { config: { audio: { input: {
      transcription: { model: 'whisper-1' },
      turnDetection: { type: 'server_vad', createResponse: false },
    } } } });
    const completed = next((done) => session.on('transport_event', (event) => {
      if (event.type === 'conversation.item.input_audio_transcription.completed') done(event);
    }), 'the transcript');
    const mic = microphone(wire, (bytes) => session.sendAudio(arrayBufferOf(bytes)));
    await say(mic, 'tt-weasels');
    const [event] = await completed;
    mic.stop();
    assert.ok(heard(event.transcript, words('tt-weasels')) >= 0.5, event.transcript);
    assert.deepEqual(wire.all('response.created'), []);
    assert.deepEqual(errors, []);
  });

  test('the history is rewritten by deletes and creates', async (t) => {
    const { session, wire, errors } = await connect(t, { config: { outputModalities: ['text'] } });
    session.sendMessage('My name is Ada.');
    await answer(wire, 0);
    session.updateHistory((history) => [
      { type: 'message', role: 'user', itemId: 'item_first', status: 'completed',
        content: [{ type: 'input_text', text: 'My name is Grace.' }] },
      ...history.slice(1)]);
    await history(session, () => session.history[0]?.itemId === 'item_first', 'the new item');
    assert.deepEqual(session.history.map((item) => item.role), ['user', 'assistant']);
    const since = wire.mark();
    session.sendMessage('What is my name?');
    assert.match((await answer(wire, since)).text, /Grace/);
    assert.deepEqual(errors, []);
  });

  test('an ephemeral key', async (t) => {
    const server = await guardedServer();
    const relay = await tap(t, { upstream: server.host });
    const apiKey = await ephemeralKey(relay);
    const { session, wire, errors } = await connect(t, { relay, apiKey });
    session.sendMessage('What is two plus three?');
    assert.match((await answer(wire, 0)).transcript, /\b(five|5)\b/i);
    assert.deepEqual(errors, []);
  });
});
