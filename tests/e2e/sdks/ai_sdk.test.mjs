// SPDX-License-Identifier: MIT
// The Vercel AI SDK: the session behind its `useRealtime` hook, with stand-ins for a browser's
// WebSocket and sound card, and its server-owned connections. Only base URL and key are ours.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { describe, test } from 'node:test';
import { WebSocket } from '../support/packages.mjs';
import {
  KEY, MODEL, SECRET, SUNNY, WEATHER, answer, assertSpoken, guardedServer, heard, load, microphone,
  say, tap, together, until, words,
} from './support.mjs';

const { Experimental_AbstractRealtimeSession: AbstractRealtimeSession } = await load('ai');
const { createOpenAI } = await load('@ai-sdk/openai');
globalThis.WebSocket = WebSocket;

// A sound card that plays in real time and that nobody hears.
globalThis.AudioContext = class {
  constructor() { this.started = performance.now(); }
  get currentTime() { return (performance.now() - this.started) / 1000; }
  get state() { return 'running'; }
  get destination() { return {}; }
  createBuffer(_channels, length, rate) {
    const samples = new Float32Array(length);
    return { duration: length / rate, getChannelData: () => samples };
  }
  createBufferSource() {
    const source = { connect() {}, disconnect() {}, stop: () => clearTimeout(source.timer) };
    source.start = (at) => {
      const end = at + source.buffer.duration;
      source.timer = setTimeout(() => source.onended?.(), 1000 * (end - this.currentTime));
    };
    return source;
  }
  async resume() {}
  async close() {}
};

class RealtimeSession extends AbstractRealtimeSession {
  listeners = [];
  setState(key, value) {
    this.state = { ...this.state, [key]: value };
    for (const listener of this.listeners) listener();
  }
  look(probe, what) {
    return until((listener) => this.listeners.push(listener), () => probe(this.state), what);
  }
  spoken(role) {
    return this.state.messages.filter((message) => message.role === role)
      .flatMap((message) => message.parts).filter((part) => part.type === 'text')
      .map((part) => part.text).join('');
  }
}

const modelOf = (baseURL, apiKey = KEY) => createOpenAI({ baseURL, apiKey })
  .experimental_realtime(MODEL, { api: 'realtime' });

async function open(t, relay, { sessionConfig, api, model, ...options }) {
  const errors = [];
  const session = new RealtimeSession({
    model, api, onError: (error) => errors.push(error), ...options,
    sessionConfig: { turnDetection: { type: 'server-vad' }, ...sessionConfig },
  });
  relay.closers.unshift(() => session.dispose());
  await session.connect();
  await session.look(({ status }) => status === 'connected', 'the connection');
  const wire = await relay.wire();
  await wire.wait('session.updated');
  return { session, wire, errors };
}

async function connect(t, sessionConfig, options) {
  const relay = await tap(t);
  return open(t, relay, {
    model: modelOf(`http://${relay.host}/v1`), sessionConfig, ...options,
    api: { websocket: `ws://${relay.host}/v1/realtime?model=${MODEL}`,
      protocols: ['realtime', `openai-insecure-api-key.${KEY}`] },
  });
}

const ears = (session, wire) => microphone(
  wire, (bytes) => session.sendAudio(bytes.toString('base64')));

describe('AI SDK', together, () => {
  test('a text turn', async (t) => {
    const { session, wire, errors } = await connect(t, { outputModalities: ['text'] });
    session.sendTextMessage('What is two plus three?');
    await wire.wait('response.done');
    await session.look(() => /\b(five|5)\b/i.test(session.spoken('assistant')), 'the answer');
    assert.deepEqual(errors, []);
  });

  test('a spoken turn, both sides in the messages', async (t) => {
    const { session, wire, errors } = await connect(t, { inputAudioTranscription: {} });
    const mic = ears(session, wire);
    await say(mic, 'hello-world');
    const { transcript, audio } = await answer(wire, 0);
    assertSpoken(transcript, audio);
    await session.look(() => session.spoken('assistant') === transcript, 'the answer');
    await session.look(() => session.spoken('user'), 'the transcript');
    mic.stop();
    assert.ok(heard(session.spoken('user'), words('hello-world')) >= 0.5);
    assert.deepEqual(errors, []);
  });

  test('a tool runs and its result is spoken', async (t) => {
    const asked = [];
    const { session, wire, errors } = await connect(t, {
      outputModalities: ['text'], tools: [{ type: 'function', ...WEATHER }],
    }, { onToolCall: ({ toolCall }) => { asked.push(toolCall); return SUNNY; } });
    session.sendTextMessage('What is the weather in Paris?');
    await session.look(() => /21|twenty[ -]one|sunny/i.test(session.spoken('assistant')),
      'the weather');
    assert.equal(asked[0].toolName, 'get_weather');
    assert.match(asked[0].args.city, /paris/i);
    await wire.until(() => wire.all('response.done').length === 2, 'both responses');
    assert.deepEqual(errors, []);
  });

  test('a voice interrupts the answer, and the SDK truncates it', async (t) => {
    const { session, wire, errors } = await connect(t);
    session.sendTextMessage('Please count from one to fifty.');
    await session.look(({ isPlaying }) => isPlaying, 'sound');
    const mic = ears(session, wire);
    await say(mic, 'hello-world');
    await session.look(({ isPlaying }) => !isPlaying, 'silence');
    const truncated = await wire.wait('conversation.item.truncated');
    assert.equal(truncated.item_id, wire.sent('conversation.item.truncate')[0].item_id);
    assert.equal((await wire.wait('response.done')).response.status, 'cancelled');
    await wire.until(() => wire.all('response.done').length === 2, 'the next answer');
    mic.stop();
    assert.deepEqual(errors, []);
  });

  test('transcription over a connection that a server owns', async (t) => {
    const relay = await tap(t);
    const model = modelOf(`http://${relay.host}/v1`);
    const options = { intent: 'transcription' };
    const { url, headers, protocols } = await model.getServerWebSocketConfig(options);
    const socket = new WebSocket(url, protocols, { headers });
    relay.closers.push(() => socket.close());
    await once(socket, 'open');
    const send = async (event) => socket.send(
      JSON.stringify(await model.serializeClientEvent(event, options)));
    const seen = [];
    socket.on('message', (data) => seen.push(model.parseServerEvent(JSON.parse(data))));
    await send({ type: 'session-update', config: {
      inputAudioTranscription: { model: 'whisper-1' }, turnDetection: { type: 'server-vad' } } });
    const wire = await relay.wire();
    await wire.wait('session.updated');
    const mic = microphone(wire, (bytes) => send(
      { type: 'input-audio-append', audio: bytes.toString('base64') }));
    await say(mic, 'tt-weasels');
    const event = await until((look) => socket.on('message', look),
      () => seen.find(({ type }) => type === 'input-transcription-completed'), 'the transcript');
    mic.stop();
    assert.ok(heard(event.transcript, words('tt-weasels')) >= 0.5, event.transcript);
    assert.ok(event.usage, 'no usage');
    assert.deepEqual(wire.errors, []);
    assert.deepEqual(wire.all('response.created'), []);
  });

  // As documented: the backend asks for a short-lived token, the browser dials wss with it.
  test('an ephemeral key from a setup endpoint', async (t) => {
    const server = await guardedServer({ tls: true });
    const relay = await tap(t, { tls: true, upstream: server.host });
    const provider = createOpenAI({ baseURL: `https://${relay.host}/v1`, apiKey: SECRET });
    const backend = http.createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const token = await provider.experimental_realtime.getToken({
        model: MODEL, api: 'realtime', expiresAfterSeconds: 60,
        sessionConfig: JSON.parse(body).sessionConfig,
      });
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(token));
    }).listen(0, '127.0.0.1');
    await once(backend, 'listening');
    relay.closers.push(() => backend.close());
    const { session, wire, errors } = await open(t, relay, {
      model: provider.experimental_realtime(MODEL, { api: 'realtime' }),
      api: { token: `http://127.0.0.1:${backend.address().port}/api/realtime/setup` },
      sessionConfig: { outputModalities: ['text'] },
    });
    assert.match(wire.headers['sec-websocket-protocol'], /openai-insecure-api-key\.ek_/);
    session.sendTextMessage('What is two plus three?');
    await session.look(() => /\b(five|5)\b/i.test(session.spoken('assistant')), 'the answer');
    assert.deepEqual(errors, []);
  });
});
