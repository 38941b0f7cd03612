// SPDX-License-Identifier: MIT
// GPT Realtime Simple, the Azure microphone client, and RealtimeVoiceAPI, a library of the beta, as
// they speak: rows 38 to 46.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Server } from '../support/server.mjs';
import { binary } from '../support/environment.mjs';
import { Wire, microphone, peak, serverAs, speech } from './support.mjs';

const kAzure = '/openai/realtime?api-version=2025-04-01-preview&deployment=my-gpt';
const settings = (more = {}) => ({ type: 'session.update', session: { voice: 'alloy',
  modalities: ['text', 'audio'], input_audio_format: 'pcm16', output_audio_format: 'pcm16',
  turn_detection: { type: 'server_vad', threshold: 0.5, silence_duration_ms: 600 },
  input_audio_transcription: { model: 'whisper-1' }, instructions: 'Be brief.', ...more } });
const append = (bytes) => ({ type: 'input_audio_buffer.append', audio: bytes.toString('base64') });

async function azure(t, args = []) {
  const server = await serverAs(t, 'azure', {}, ['--token', 'secret', ...args]);
  const wire = await Wire.dial(t, `ws://${server.host}${kAzure}`,
    { headers: { 'api-key': 'secret' } }, ['realtime']);
  assert.equal(wire.socket.protocol, 'realtime');
  await wire.until('session.created');
  return wire;
}

describe('the Azure microphone client', { concurrency: 2 }, () => {
  test('row 38: over TLS by its profile, the deployment as model, its own key', async (t) => {
    const server = await Server.start(binary(), ['--compat', 'azure', '--token', 'secret']);
    t.after(() => server.stop());
    const wire = await Wire.dial(t, `wss://${server.host}${kAzure}`,
      { headers: { 'api-key': 'secret' }, rejectUnauthorized: false }, ['realtime']);
    assert.equal((await wire.until('session.created')).session.model, 'my-gpt');
    await assert.rejects(Wire.dial(t, `wss://${server.host}${kAzure}`,
      { headers: { 'api-key': 'wrong' }, rejectUnauthorized: false }), { status: 401 });
  });

  test('row 39: a response on an empty conversation greets', async (t) => {
    const wire = await azure(t);
    wire.send(settings());
    wire.send({ type: 'response.create', response: { instructions: 'Greet the user.' } });
    const { response } = await wire.until('response.done');
    assert.equal(response.status, 'completed');
    const sound = Buffer.concat(wire.all('response.audio.delta')
      .map(({ delta }) => Buffer.from(delta, 'base64')));
    assert.ok(peak(sound) > 500);
  });

  for (const [how, args] of [
    ['by the profile', []],
    ['measured', ['--set', 'compat.azure_rate_hz=auto']],
  ]) {
    test(`rows 40, 42: 16 kHz that nobody declared makes a turn, ${how}`, async (t) => {
      const wire = await azure(t, args);
      wire.send(settings());
      await wire.until('session.updated');
      // Silence first, as a microphone has it before somebody speaks.
      const samples = new Int16Array(16000 * 1.5 + speech('vm-goodbye').length);
      samples.set(speech('vm-goodbye'), 16000 * 1.5);
      const mic = microphone(t, samples, 16000, 100, (bytes) => wire.send(append(bytes)));
      const { transcript } = await wire.until(
        'conversation.item.input_audio_transcription.completed');
      assert.match(transcript, /bye/i);
      await wire.until('response.done');
      mic.stop();
      assert.deepEqual(wire.all('error'), []);
    });
  }

  test('row 41: a client that does not read for a while misses nothing', async (t) => {
    const wire = await azure(t);
    wire.send(settings());
    wire.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user',
      content: [{ type: 'input_text', text: 'Please count from one to ten.' }] } });
    wire.send({ type: 'response.create' });
    await wire.until('response.audio.delta');
    wire.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    wire.socket.resume();
    assert.equal((await wire.until('response.done')).response.status, 'completed');
  });
});

describe('RealtimeVoiceAPI', { concurrency: 2 }, () => {
  async function connect(t) {
    const server = await Server.start(binary());
    t.after(() => server.stop());
    const wire = await Wire.dial(t,
      `ws://${server.host}/v1/realtime?model=gpt-4o-realtime-preview`,
      { headers: { Authorization: 'Bearer key', 'OpenAI-Beta': 'realtime=v1' },
        perMessageDeflate: false });
    wire.send({ event_id: 'evt_1750000000000001', ...settings({ turn_detection: {
      type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500,
      create_response: true } }) });
    await wire.until('session.updated');
    return wire;
  }

  test('rows 43, 45: the beta and its events; text, bare commits and cancels', async (t) => {
    const wire = await connect(t);
    wire.send({ event_id: 'evt_2', type: 'conversation.item.create', item: { type: 'message',
      role: 'user', content: [{ type: 'input_text', text: 'What is two plus three?' }] } });
    wire.send({ event_id: 'evt_3', type: 'response.create' });
    await wire.until('response.done');
    for (const type of ['response.audio.delta', 'response.audio_transcript.delta',
      'response.content_part.added', 'rate_limits.updated', 'response.output_item.done']) {
      await wire.until(type);
    }
    const from = wire.events.length;
    wire.send({ event_id: 'evt_9', type: 'response.cancel' });
    wire.send({ event_id: 'evt_10', type: 'input_audio_buffer.commit' });
    await wire.when(() => wire.events.slice(from).filter(({ type }) => type === 'error')
      .length === 2);
    assert.deepEqual(wire.all('error').map(({ error }) => [error.code, error.event_id]),
      [['response_cancel_not_active', 'evt_9'], ['input_audio_buffer_commit_empty', 'evt_10']]);
  });

  test('row 44: a ping is answered at once, also while sound comes and goes', async (t) => {
    const wire = await connect(t);
    wire.send(append(Buffer.from(speech('demo-congrats', 24000).buffer)));
    const sent = process.hrtime.bigint();
    wire.socket.ping();
    await new Promise((resolve) => wire.socket.once('pong', resolve));
    console.log(`pong after ${Number(process.hrtime.bigint() - sent) / 1e6} ms`);
  });

  test('row 46: speech found by the client, cleared and committed, is answered once', async (t) => {
    const wire = await connect(t);
    const samples = speech('vm-goodbye', 24000);
    for (let turn = 0; turn < 2; turn += 1) {
      const from = wire.events.length;
      wire.send({ type: 'input_audio_buffer.clear' });
      wire.send(append(Buffer.from(samples.buffer))); // voiced chunks only: no silence behind
      await wire.until('input_audio_buffer.speech_started', from);
      wire.send({ type: 'input_audio_buffer.commit' });
      await wire.until('response.done', from);
      const { length } = wire.events.slice(from).filter(({ type }) => type === 'response.created');
      assert.equal(length, 1);
    }
  });
});
