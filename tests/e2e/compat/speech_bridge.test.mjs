// SPDX-License-Identifier: MIT
// Clients of Realtime Speech Bridge, as its README writes them, against a server that was started
// with that server's environment.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Wire, microphone, peak, serverAs, speech } from './support.mjs';

const kAllowed = new Set(['session.created', 'session.updated', 'error',
  'input_audio_buffer.speech_started', 'input_audio_buffer.speech_stopped',
  'input_audio_buffer.committed', 'input_audio_buffer.cleared', 'conversation.item.created',
  'conversation.item.retrieved', 'conversation.item.deleted', 'conversation.item.truncated',
  'conversation.item.input_audio_transcription.completed', 'response.created',
  'response.output_item.added', 'response.output_text.delta', 'response.output_text.done',
  'response.audio.delta', 'response.audio.done', 'response.done', 'response.cancelled']);

const append = (samples) => ({ type: 'input_audio_buffer.append',
  audio: Buffer.from(samples.buffer).toString('base64') });

async function connect(t, env = {}, options = {}, path = '/v1/realtime', protocols = []) {
  const server = await serverAs(t, 'speech-bridge', env);
  const wire = await Wire.dial(t, `ws://${server.host}${path}`, options, protocols);
  await wire.until('session.created');
  return { server, wire };
}

describe('speech-bridge', { concurrency: 2 }, () => {
  test('rows 25, 30, 34: the example of the README: append, commit and response.create, one answer',
    async (t) => {
      const { wire } = await connect(t);
      wire.send({ type: 'session.update', session: { voice: 'shimmer' } });
      wire.send(append(speech('vm-goodbye', 24000)));
      wire.send({ type: 'input_audio_buffer.commit' });
      wire.send({ type: 'response.create' });
      const { response } = await wire.until('response.done');
      const heard = await wire.until('conversation.item.input_audio_transcription.completed');
      assert.match(heard.transcript, /bye/i);
      const sound = Buffer.concat(wire.all('response.audio.delta')
        .map(({ delta }) => Buffer.from(delta, 'base64')));
      assert.ok(sound.length / 48000 > 1 && peak(sound) > 500, 'speech at 24 kHz');
      assert.equal(wire.all('response.output_text.delta').map(({ delta }) => delta).join(''),
        wire.all('response.output_text.done')[0].text);
      // A second answer would have begun by now.
      wire.send({ type: 'input_audio_buffer.clear' });
      await wire.until('input_audio_buffer.cleared');
      assert.deepEqual(wire.all('response.created').map((event) => event.response.id),
        [response.id]);
      assert.deepEqual(wire.order.filter((type) => !kAllowed.has(type)), []);
      assert.deepEqual(wire.all('error'), []);
    });

  test('COMMIT_AUTORESP=0: a commit waits for its response.create', async (t) => {
    const { wire } = await connect(t, { COMMIT_AUTORESP: 'off' });
    wire.send(append(speech('vm-goodbye', 24000)));
    wire.send({ type: 'input_audio_buffer.commit' });
    await wire.until('conversation.item.input_audio_transcription.completed');
    assert.deepEqual(wire.all('response.created'), []);
    wire.send({ type: 'response.create' });
    await wire.until('response.done');
  });

  test('row 28: turns are detected with its own fields, shown as they are in force', async (t) => {
    const { wire } = await connect(t, { DEFAULT_VAD_END_MS: '500', DEFAULT_VAD_AGGR: '1' });
    assert.deepEqual(wire.events[0].session.turn_detection, { type: 'none' });
    wire.send({ type: 'session.update', session: { turn_detection: { type: 'server_vad',
      pad_ms: 200 } } });
    const { session } = await wire.until('session.updated');
    const { end_ms, pad_ms, start_ms, max_ms, aggressiveness, create_response } =
      session.turn_detection;
    assert.deepEqual([end_ms, pad_ms, start_ms, max_ms, aggressiveness, create_response],
      [500, 200, 120, 5000, 1, true]);
    assert.equal(session.sr, 24000);
    microphone(t, speech('vm-goodbye', 24000), 24000, 20, (bytes) => wire.send({
      type: 'input_audio_buffer.append', audio: bytes.toString('base64') }));
    await wire.until('input_audio_buffer.speech_stopped');
    await wire.until('response.done');
    assert.deepEqual(wire.order.filter((type) => !kAllowed.has(type)), []);
  });

  test('max_ms cuts long speech into turns', async (t) => {
    const { wire } = await connect(t, { DEFAULT_VAD_MAX_MS: '1500', DEFAULT_VAD_AUTORESP: 'no' });
    wire.send({ type: 'session.update', session: { turn_detection: { type: 'server_vad' } } });
    await wire.until('session.updated');
    wire.send(append(speech('demo-congrats', 24000).subarray(0, 24000 * 8)));
    await wire.when(() => wire.all('input_audio_buffer.speech_stopped').length >= 4);
    assert.deepEqual(wire.all('response.created'), []);
  });

  test('row 31: a cancelled answer says response.cancelled', async (t) => {
    const { wire } = await connect(t);
    wire.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user',
      content: [{ type: 'input_text', text: 'Please count from one to ten.' }] } });
    wire.send({ type: 'response.create' });
    const { response } = await wire.until('response.created');
    await wire.until('response.audio.delta');
    wire.send({ type: 'response.cancel', response: { id: response.id } });
    const cancelled = await wire.until('response.cancelled');
    assert.equal(cancelled.response.id, response.id);
    await wire.until('response.done');
    assert.equal(wire.all('response.cancelled').length, 1);
    assert.ok(wire.order.indexOf('response.cancelled') < wire.order.indexOf('response.done'));
    // Of the answer's own item only its output is told: pages show what is created.
    assert.deepEqual(wire.all('conversation.item.created').map(({ item }) => item.role), ['user']);
  });

  test('row 25: the snippet of the README: 40 ms of silence, no error', async (t) => {
    const { wire } = await connect(t);
    wire.send({ type: 'session.update', session: { voice: 'shimmer' } });
    wire.send(append(new Int16Array(960)));
    wire.send({ type: 'input_audio_buffer.commit' });
    wire.send({ type: 'response.create' });
    await wire.until('response.done');
    assert.deepEqual(wire.all('error'), []);
    assert.equal(wire.all('response.created').length, 1);
  });

  test('rows 30, 34: what is said over an answer is answered next, once', async (t) => {
    const { wire } = await connect(t);
    wire.send({ type: 'session.update', session: { turn_detection: { type: 'server_vad' } } });
    await wire.until('session.updated');
    wire.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user',
      content: [{ type: 'input_text', text: 'Please count from one to ten.' }] } });
    wire.send({ type: 'response.create' });
    await wire.until('response.audio.delta');
    wire.send(append(speech('vm-goodbye', 24000)));
    wire.send({ type: 'input_audio_buffer.commit' });
    await wire.until('conversation.item.input_audio_transcription.completed');
    wire.send({ type: 'response.create' });
    await wire.when(() => wire.all('response.done').length === 2);
    assert.deepEqual(wire.all('response.done').map(({ response }) => response.status),
      ['completed', 'completed']);
    assert.equal(wire.all('response.created').length, 2);
    assert.deepEqual(wire.all('error'), []);
  });

  test('row 28: an update is not refused for what was not read there, nor a new voice',
    async (t) => {
      const { wire } = await connect(t);
      wire.send({ type: 'response.create' });
      await wire.until('response.done');
      for (const session of [{ voice: 'echo' }, { input_audio_format: 'opus' }, { tools: 'none' },
        { turn_detection: 'server_vad' }, { speed: 9 }, { input_audio_transcription: null }]) {
        const from = wire.events.length;
        wire.send({ type: 'session.update', session });
        await wire.until('session.updated', from);
      }
      assert.deepEqual(wire.all('error'), []);
      assert.equal(wire.events.at(-1).session.voice, 'echo');
    });

  test('rows 26, 27: every form of token, refused before the upgrade, the sub-protocol selected',
    async (t) => {
      const server = await serverAs(t, 'speech-bridge', { API_TOKENS: 'one, two' });
      const url = `ws://${server.host}/v1/realtime`;
      for (const [query, options, protocols] of [
        ['', { headers: { Authorization: 'Bearer one' } }, []],
        ['', { headers: { Authorization: 'two' } }, []],
        ['?token=one', {}, []],
        ['?access_token=two', {}, []],
        ['', {}, ['openai-insecure-api-key.one']],
        ['', {}, ['realtime', 'openai-insecure-api-key.two']],
      ]) {
        const wire = await Wire.dial(t, url + query, options, protocols);
        await wire.until('session.created');
        assert.equal(wire.socket.protocol, protocols[0] ?? '');
        wire.socket.close();
      }
      await assert.rejects(Wire.dial(t, url), { status: 403 });
      await assert.rejects(Wire.dial(t, `${url}?token=three`), { status: 403 });
    });

  test('row 33: items are retrieved and deleted', async (t) => {
    const { wire } = await connect(t);
    wire.send({ type: 'conversation.item.create', item: { id: 'mine', type: 'message',
      role: 'user', content: [{ type: 'text', text: 'Hello' }] } });
    await wire.until('conversation.item.created');
    wire.send({ type: 'conversation.item.retrieve', item_id: 'mine' });
    assert.equal((await wire.until('conversation.item.retrieved')).item.id, 'mine');
    wire.send({ type: 'conversation.item.delete', item_id: 'mine' });
    assert.equal((await wire.until('conversation.item.deleted')).deleted, true);
    wire.send({ type: 'conversation.item.retrieve', item_id: 'mine' });
    await wire.until('error');
  });

  test('row 37: ten users speak at once, and nobody waits for all the others', async (t) => {
    const server = await serverAs(t, 'speech-bridge');
    const samples = speech('vm-goodbye', 24000);
    await Promise.all(Array.from({ length: 10 }, async () => {
      const wire = await Wire.dial(t, `ws://${server.host}/v1/realtime`);
      wire.send(append(samples));
      wire.send({ type: 'input_audio_buffer.commit' });
      await wire.until('response.done');
      assert.deepEqual(wire.all('error'), []);
    }));
  });

  test('bad input gets an error, and the session goes on', async (t) => {
    const { wire } = await connect(t);
    for (const bad of ['{', '[]', '7', '{"type":"no.such"}', '{}',
      '{"type":"input_audio_buffer.append","audio":"AAAA"}',
      '{"type":"conversation.item.create"}']) {
      const from = wire.events.length;
      wire.send(bad);
      const { error } = await wire.until('error', from);
      assert.equal(typeof error.code, 'string', bad);
    }
    wire.send({ type: 'session.update', session: { voice: 'shimmer' } });
    await wire.until('session.updated');
  });
});
