// SPDX-License-Identifier: MIT
// open-realtime's client, as its playground speaks: audio at 16 kHz on /realtime, response ids
// compared as numbers, playback that only `response.audio.cancel` stops.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { startFakes } from '../../fakes/support/start.mjs';
import { Wire, microphone, peak, serverAs, speech } from './support.mjs';

const kSettings = { modalities: ['text'], instructions: 'Be brief.', voice: 'alloy', model: 'qwen',
  tts_model: 'gpt-4o-mini-tts', input_audio_format: 'pcm16', output_audio_format: 'pcm16',
  turn_detection: { type: 'server_vad', threshold: 0.68, prefix_padding_ms: 200,
    silence_duration_ms: 820 }, tools: [], tool_choice: 'auto', temperature: 1,
  max_response_output_tokens: 4000 };

// Its player: deltas of a response are dropped when their number is not above the last cancel's.
class Player {
  constructor(wire) {
    this.watermark = 0;
    this.heard = [];
    wire.socket.on('message', (data) => {
      const event = JSON.parse(String(data));
      if (event.type === 'response.audio.cancel') {
        this.watermark = Math.max(this.watermark, Player.number(event.response_id));
      }
      if (event.type !== 'response.audio.delta') return;
      const bytes = Buffer.from(event.delta, 'base64');
      assert.equal(bytes.length % 2, 0, 'row 5: even byte counts');
      const number = Player.number(event.response_id);
      assert.ok(Number.isFinite(number), `row 2: ${event.response_id}`);
      if (number > this.watermark) this.heard.push(bytes);
    });
  }

  static number(id) { return Number.parseFloat(id.split('_')[1]); }
  get bytes() { return Buffer.concat(this.heard); }
}

describe('open-realtime', { concurrency: 2 }, () => {
  test('rows 1, 4, 6, 8: a spoken turn on /realtime without model or key', async (t) => {
    const server = await serverAs(t, 'open-realtime');
    const wire = await Wire.dial(t, `ws://${server.host}/realtime`);
    const player = new Player(wire);
    await wire.until('session.created');
    wire.send({ type: 'session.update', session: kSettings });
    const { session } = await wire.until('session.updated');
    assert.equal(session.tts_model, 'gpt-4o-mini-tts');
    assert.equal(session.model, 'qwen');
    const mic = microphone(t, speech('vm-goodbye'), 16000, 40, (bytes) => wire.send({
      type: 'input_audio_buffer.append', audio: bytes.toString('base64') }));
    const heard = await wire.until('conversation.item.input_audio_transcription.completed');
    assert.match(heard.transcript, /bye/i);
    const started = await wire.until('input_audio_buffer.speech_started');
    const stopped = await wire.until('input_audio_buffer.speech_stopped');
    assert.deepEqual([started.item_id, stopped.item_id], [heard.item_id, heard.item_id]);
    assert.equal(heard.item_id.length, 36);
    const done = await wire.until('response.done');
    mic.stop();
    assert.equal(done.response.status, 'completed');
    const text = await wire.until('response.text.done');
    assert.equal(wire.all('response.text.delta').map(({ delta }) => delta).join(''), text.text);
    assert.equal(wire.all('response.audio.done').length, 1);
    assert.ok(peak(player.bytes) > 500);
    // 16 kHz: an answer of a few words lasts seconds, not fractions.
    assert.ok(player.bytes.length / 32000 > 0.6, `${player.bytes.length} bytes`);
    // No event of another dialect.
    for (const type of wire.order) {
      assert.doesNotMatch(type,
        /output_audio|output_text|audio_transcript\.|content_part|rate_limits|parley/);
    }
  });

  test('rows 2, 3: speech over the answer cancels it by number, and the next one is heard',
    async (t) => {
      const server = await serverAs(t, 'open-realtime');
      const wire = await Wire.dial(t, `ws://${server.host}/realtime`);
      const player = new Player(wire);
      wire.send({ type: 'session.update', session: kSettings });
      await wire.until('session.updated');
      wire.send({ type: 'conversation.item.create', item: {
        id: 'd0c5a1c2-3f1b-4a4e-8a43-9a4c2d9be111', type: 'message', role: 'user',
        content: [{ type: 'text', text: 'Please count from one to ten.' }] } });
      wire.send({ type: 'response.create' });
      await wire.until('response.audio.delta');
      microphone(t, speech('vm-goodbye'), 16000, 40, (bytes) => wire.send({
        type: 'input_audio_buffer.append', audio: bytes.toString('base64') }));
      const cancel = await wire.until('response.audio.cancel');
      const [first] = wire.all('response.created');
      assert.ok(Player.number(cancel.response_id) > Player.number(first.response.id));
      const before = player.heard.length;
      const second = await wire.until((event) => event.type === 'response.created'
        && event.response.id !== first.response.id);
      for (const { response_id } of wire.all('response.audio.cancel')) {
        assert.ok(Player.number(response_id) < Player.number(second.response.id));
      }
      await wire.until((event) => event.type === 'response.done'
        && event.response.id === second.response.id);
      assert.ok(player.heard.length > before, 'the second answer is heard');
    });

  test('row 7: a message that is typed over an answer is answered after it', async (t) => {
    const server = await serverAs(t, 'open-realtime');
    const wire = await Wire.dial(t, `ws://${server.host}/realtime`);
    wire.send({ type: 'session.update', session: kSettings });
    await wire.until('session.updated');
    const type = (text) => {
      wire.send({ type: 'conversation.item.create', event_id: randomUUID(), item: {
        id: randomUUID(), type: 'message', role: 'user',
        content: [{ type: 'text', text }] } });
      wire.send({ type: 'response.create', event_id: randomUUID(),
        response: { conversation: 'auto' } });
    };
    type('Please count from one to ten.');
    await wire.until('response.audio.delta');
    type('What is seven times eight?');
    await wire.when(() => wire.all('response.done').length === 2);
    const [first, second] = wire.all('response.text.done');
    assert.match(first.text, /\b10\b/);
    assert.match(second.text, /56/);
    assert.deepEqual(wire.all('response.done').map(({ response }) => response.status),
      ['completed', 'completed']);
    assert.deepEqual(wire.all('error'), []);
  });

  test('row 3: a cancel that finds nothing to cancel stops playback all the same', async (t) => {
    const server = await serverAs(t, 'open-realtime');
    const wire = await Wire.dial(t, `ws://${server.host}/realtime`);
    wire.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user',
      content: [{ type: 'text', text: 'Hello' }] } });
    wire.send({ type: 'response.create' });
    const { response } = await wire.until('response.done');
    wire.send({ type: 'response.cancel' });
    const cancel = await wire.until('response.audio.cancel');
    assert.ok(Player.number(cancel.response_id) > Player.number(response.id));
    assert.deepEqual(wire.all('error'), []);
  });

  test('row 10: G.711, detection off, and commits by hand', async (t) => {
    const server = await serverAs(t, 'open-realtime');
    const wire = await Wire.dial(t, `ws://${server.host}/realtime`);
    wire.send({ type: 'session.update', session: { ...kSettings, modalities: ['text', 'audio'],
      input_audio_format: 'pcm16', output_audio_format: 'g711_ulaw', turn_detection: false } });
    const { session } = await wire.until('session.updated');
    assert.equal(session.turn_detection, false);
    wire.send({ type: 'input_audio_buffer.append',
      audio: Buffer.from(speech('vm-goodbye').buffer).toString('base64') });
    wire.send({ type: 'input_audio_buffer.commit' });
    wire.send({ type: 'response.create' });
    const done = await wire.until('response.done');
    assert.equal(done.response.status, 'completed');
    const bytes = wire.all('response.audio.delta')
      .reduce((sum, { delta }) => sum + Buffer.from(delta, 'base64').length, 0);
    assert.ok(bytes / 8000 > 0.5, 'a byte a sample at 8 kHz');
  });

  test('row 11: with only its environment it hears, answers and speaks', async (t) => {
    const fakes = await startFakes();
    t.after(() => fakes.stop());
    await fakes.control.script({ provider: 'openai.chat', text: 'Good bye, my friend.' });
    const server = await serverAs(t, 'open-realtime',
      { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: `${fakes.url}/openai/v1` });
    const wire = await Wire.dial(t, `ws://${server.host}/realtime`);
    const player = new Player(wire);
    wire.send({ type: 'session.update', session: kSettings });
    await wire.until('session.updated');
    microphone(t, speech('vm-goodbye'), 16000, 40, (bytes) => wire.send({
      type: 'input_audio_buffer.append', audio: bytes.toString('base64') }));
    await wire.until('response.done');
    const heard = await wire.until('conversation.item.input_audio_transcription.completed');
    assert.equal(heard.transcript, 'hello there');
    const text = await wire.until('response.text.done');
    assert.equal(text.text, 'Good bye, my friend.');
    // The voice speaks 60 ms for each character.
    assert.ok(Math.abs(player.bytes.length / 32 - 60 * text.text.length) < 80,
      `${player.bytes.length / 32} ms`);
  });

  test('bad input gets an error, and the session goes on', async (t) => {
    const server = await serverAs(t, 'open-realtime');
    const wire = await Wire.dial(t, `ws://${server.host}/realtime`);
    for (const bad of ['{', '[]', '"text"', '{"type":"no.such"}', '{"type":7}',
      '{"type":"session.update","session":{"turn_detection":{"threshold":"x"}}}',
      '{"type":"input_audio_buffer.append","audio":"###"}']) {
      const from = wire.events.length;
      wire.send(bad);
      const { error } = await wire.until('error', from);
      assert.ok(error.message && error.code, bad);
    }
    wire.socket.send(Buffer.from([1, 2, 3]));
    await wire.when(() => wire.all('error').length === 8);
    wire.send({ type: 'session.update', session: kSettings });
    await wire.until('session.updated');
  });
});
