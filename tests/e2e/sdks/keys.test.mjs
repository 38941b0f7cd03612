// SPDX-License-Identifier: MIT
// Ephemeral keys through npm `openai`, from the three REST calls that make them, and `fetch` for
// what browsers do by hand. The server opens to one key only.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { OpenAI, OpenAIRealtimeBetaWS, OpenAIRealtimeWS } from '../support/packages.mjs';
import {
  MODEL, SECRET, answer, guardedServer, heard, microphone, say, tap, together, words,
} from './support.mjs';

async function door(t, dialect = 'ga') {
  const server = await guardedServer({ tls: true });
  const relay = await tap(t, { tls: true, dialect, upstream: server.host });
  const client = (apiKey) => new OpenAI({ apiKey, baseURL: `https://${relay.host}/v1` });
  return { relay, client, backend: client(SECRET) };
}

async function dial(relay, Realtime, client, options = { model: MODEL }) {
  const realtime = new Realtime(options, client);
  const errors = [];
  realtime.on('error', (error) => errors.push(error));
  relay.closers.push(() => realtime.close());
  await once(realtime.socket, 'open');
  return { realtime, errors, wire: await relay.wire() };
}

const question = { type: 'conversation.item.create', item: { type: 'message', role: 'user',
  content: [{ type: 'input_text', text: 'What is two plus three?' }] } };

describe('ephemeral keys', together, () => {
  test('client_secrets: the session of the key is the session that opens', async (t) => {
    const { relay, client, backend } = await door(t);
    const secret = await backend.realtime.clientSecrets.create({
      expires_after: { anchor: 'created_at', seconds: 120 },
      session: { type: 'realtime', model: MODEL, output_modalities: ['text'],
        instructions: 'Be brief.' } });
    assert.match(secret.value, /^ek_/);
    assert.equal(secret.session.instructions, 'Be brief.');
    const { realtime, wire, errors } = await dial(relay, OpenAIRealtimeWS, client(secret.value));
    const { session } = await wire.wait('session.created');
    assert.equal(session.instructions, 'Be brief.');
    realtime.send(question);
    realtime.send({ type: 'response.create' });
    assert.match((await answer(wire, 0)).text, /\b(five|5)\b/i);
    assert.deepEqual(errors, []);
  });

  test('client_secrets for transcription', async (t) => {
    const { relay, client, backend } = await door(t);
    const secret = await backend.realtime.clientSecrets.create({ session: {
      type: 'transcription', audio: { input: { transcription: { model: 'whisper-1' } } } } });
    assert.equal(secret.session.type, 'transcription');
    const { realtime, wire, errors } = await dial(relay, OpenAIRealtimeWS, client(secret.value));
    assert.equal((await wire.wait('session.created')).session.type, 'transcription');
    const mic = microphone(wire, (bytes) => realtime.send(
      { type: 'input_audio_buffer.append', audio: bytes.toString('base64') }));
    await say(mic, 'hello-world');
    const { transcript } = await wire.wait('conversation.item.input_audio_transcription.completed');
    mic.stop();
    assert.ok(heard(transcript, words('hello-world')) >= 0.5, transcript);
    assert.deepEqual([errors, wire.all('response.created')], [[], []]);
  });

  test('translations/client_secrets: the language of the key is spoken', async (t) => {
    const { relay, backend } = await door(t);
    const secret = await backend.post('/realtime/translations/client_secrets', { body: {
      session: { model: MODEL, audio: { output: { language: 'de' } } } } });
    assert.match(secret.value, /^ek_/);
    assert.deepEqual([secret.session.type, secret.session.audio.output.language],
      ['translation', 'de']);
    assert.equal(typeof relay.host, 'string');
    await assert.rejects(backend.post('/realtime/translations/client_secrets', { body: {} }),
      /session/);
  });

  test('beta sessions', async (t) => {
    const { relay, client, backend } = await door(t, 'beta');
    const session = await backend.beta.realtime.sessions.create({
      model: MODEL, modalities: ['text'], instructions: 'Be brief.' });
    assert.match(session.client_secret.value, /^ek_/);
    assert.deepEqual(session.modalities, ['text']);
    const { realtime, wire, errors } = await dial(
      relay, OpenAIRealtimeBetaWS, client(session.client_secret.value));
    realtime.send(question);
    realtime.send({ type: 'response.create' });
    assert.match((await answer(wire, 0)).text, /\b(five|5)\b/i);
    assert.deepEqual(errors, []);
  });

  test('a key of beta sessions opens a GA session', async (t) => {
    const { relay, client, backend } = await door(t);
    const made = await backend.beta.realtime.sessions.create({ model: MODEL, voice: 'echo' });
    const { wire, errors } = await dial(
      relay, OpenAIRealtimeWS, client(made.client_secret.value));
    assert.equal((await wire.wait('session.created')).session.audio.output.voice, 'echo');
    assert.deepEqual(errors, []);
  });

  test('beta transcription_sessions', async (t) => {
    const { backend } = await door(t, 'beta');
    const made = await backend.beta.realtime.transcriptionSessions.create({
      input_audio_format: 'pcm16', input_audio_transcription: { model: 'whisper-1' } });
    assert.match(made.client_secret.value, /^ek_/);
    assert.equal(made.input_audio_transcription.model, 'whisper-1');
  });

  test('neither a made-up key nor a wrong one opens anything', async (t) => {
    const { host } = await guardedServer({ tls: true });
    for (const apiKey of ['ek_0123456789abcdef0123456789abcdef', 'sk-another']) {
      const client = new OpenAI({ apiKey, baseURL: `https://${host}/v1`, maxRetries: 0 });
      await assert.rejects(client.models.list(), { status: 401, code: 'invalid_api_key' });
      await assert.rejects(client.realtime.clientSecrets.create({}), { status: 401 });
    }
  });
});
