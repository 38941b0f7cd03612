// SPDX-License-Identifier: MIT
// realtime-ai's page, as it speaks: framed sound with holes in it, commands under either key, 12
// bytes cut off every message it gets.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { startFakes } from '../../fakes/support/start.mjs';
import { binary } from '../support/environment.mjs';
import { Wire, microphone, peak, serverAs, speech } from './support.mjs';

// A message of the page: time, flags, samples.
function framed(bytes, time, flags = 0x80) {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(time % 2 ** 32, 0);
  header.writeUInt32LE(flags, 4);
  return Buffer.concat([header, bytes]);
}

// Speaks like a page whose microphone loses nothing, however late its timer is.
function speak(t, wire, name) {
  let time = Date.now();
  return microphone(t, speech(name), 16000, 40, (bytes) => {
    wire.socket.send(framed(bytes, time));
    time += 40;
  });
}

async function connect(t, args = []) {
  const server = await serverAs(t, 'realtime-ai', {}, args);
  const wire = await Wire.dial(t, `ws://${server.host}/ws`);
  const status = await wire.until('status');
  assert.equal(status.status, 'listening', 'row 17: recognition runs from the begin');
  assert.match(status.session_id, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  return wire;
}

const finished = (wire, from = 0) => wire.until((event) => event.type === 'llm_response'
  && event.is_complete, from);

describe('realtime-ai', { concurrency: 2 }, () => {
  test('rows 12, 22: the page, its files and its health come from the same origin', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-page-'));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'index.html'), '<script src="/static/app.js"></script>');
    writeFileSync(join(folder, 'app.js'), 'start()');
    const server = await serverAs(t, 'realtime-ai', {}, ['--static-dir', folder]);
    const get = async (path) => (await fetch(`http://${server.host}${path}`)).text();
    assert.match(await get('/'), /static\/app\.js/);
    assert.equal(await get('/static/app.js'), 'start()');
    assert.deepEqual(JSON.parse(await get('/health')), { status: 'ok' });
  });

  test('rows 14, 16–20: a spoken turn in order, cumulative, its sound between start and end',
    async (t) => {
      const wire = await connect(t);
      const mic = speak(t, wire, 'vm-goodbye');
      await finished(wire);
      mic.stop();
      assert.match((await wire.until('final_transcript')).content, /bye/i);
      const at = (type) => wire.order.indexOf(type);
      assert.ok(at('final_transcript') < at('tts_stop'));
      assert.ok(at('tts_stop') < at('llm_status'));
      assert.ok(at('llm_status') < at('llm_response'));
      assert.ok(at('tts_start') < at('binary') && at('binary') < at('tts_end'));
      assert.ok(wire.order.lastIndexOf('binary') < wire.order.lastIndexOf('tts_end'));
      const texts = wire.all('llm_response');
      for (let i = 1; i < texts.length; i += 1) {
        assert.ok(texts[i].content.startsWith(texts[i - 1].content), 'row 19: the text so far');
      }
      assert.equal(texts.filter(({ is_complete }) => is_complete).length, 1);
      assert.equal(texts.at(-1).content, wire.all('subtitle').at(-1).content);
      for (const event of wire.events) assert.equal(typeof event.session_id, 'string');
      assert.ok(wire.sounds.every((bytes) => bytes.length % 2 === 0));
      const large = wire.sounds.filter((bytes) => bytes.length >= 16000 * 2 * 0.2);
      assert.ok(large.length >= wire.sounds.length - 1, 'row 18: at least 200 ms a message');
      const sound = Buffer.concat(wire.sounds);
      assert.ok(sound.length / 32000 > 0.5 && peak(sound) > 500);
    });

  test('row 15: sound with holes is mended by its time, so that a turn ends when it does',
    async (t) => {
      const wire = await connect(t);
      const samples = speech('vm-goodbye');
      // 341 of 640 samples each 40 ms, on a clock of its own.
      let time = 4_294_960_000; // wraps around soon
      const piece = 341;
      for (let at = 0; at < samples.length + 16000; at += 640, time += 40) {
        const heard = Int16Array.from({ length: piece }, (_, i) => samples[at + i] ?? 0);
        wire.socket.send(framed(Buffer.from(heard.buffer), time));
      }
      await wire.until('final_transcript');
      await finished(wire);
    });

  test('rows 13, 21, 22: both keys, all six commands, and life after them', async (t) => {
    const wire = await connect(t);
    for (const key of ['type', 'command']) {
      let from = wire.events.length;
      wire.send({ [key]: 'start' });
      assert.equal((await wire.until('status', from)).status, 'listening');
      from = wire.events.length;
      wire.send({ [key]: 'stop' });
      const stopped = await wire.until('stop_acknowledged', from);
      assert.deepEqual([stopped.message, stopped.queues_cleared],
        ['All processing stopped', true]);
      assert.equal((await wire.until('status', from)).status, 'stopped');
      wire.send({ [key]: 'clear_queues' });
      from = wire.events.length;
      wire.send({ [key]: 'reset' });
      assert.equal((await wire.until('status', from)).status, 'listening');
      from = wire.events.length;
      wire.send({ [key]: 'text_input', text: 'What is two plus three?' });
      const typed = await wire.until('final_transcript', from);
      assert.deepEqual([typed.content, typed.is_partial], ['What is two plus three?', false]);
      assert.match((await finished(wire, from)).content, /\b(5|five)\b/i);
    }
    assert.deepEqual(wire.all('error'), []);
  });

  test('row 21: interrupts without a brake end the answer once, and the next turn is answered',
    async (t) => {
      const wire = await connect(t);
      wire.send({ type: 'text_input', text: 'Please count from one to ten.' });
      await wire.when(() => wire.sounds.length >= 1);
      for (let i = 0; i < 30; i += 1) wire.send({ type: 'interrupt' });
      await wire.until('interrupt_acknowledged');
      const { content } = await finished(wire);
      assert.doesNotMatch(content, /\b10\b/);
      const from = wire.events.length;
      wire.send({ type: 'text_input', text: 'What is seven times eight?' });
      assert.match((await finished(wire, from)).content, /56/);
      assert.ok(wire.all('interrupt_acknowledged').length <= 3, 'acknowledged now and then');
      assert.ok(wire.order.lastIndexOf('tts_stop') < wire.order.lastIndexOf('binary'),
        'row 20: no tts_stop behind the new sound');
      assert.deepEqual(wire.all('error'), []);
    });

  test('speech over the answer ends it', async (t) => {
    const wire = await connect(t);
    wire.send({ type: 'text_input', text: 'Please count from one to ten.' });
    await wire.when(() => wire.sounds.length >= 1);
    speak(t, wire, 'vm-goodbye');
    const { content } = await finished(wire);
    assert.doesNotMatch(content, /\b10\b/);
    const from = wire.events.length;
    await finished(wire, from);
  });

  test('row 18: with a lead of 12 bytes the page loses nothing', async (t) => {
    const wire = await connect(t, ['--set', 'compat.leading_pad_bytes=12',
      '--set', 'compat.realtime_ai_rate_hz=24000']);
    wire.send({ type: 'text_input', text: 'What is two plus three?' });
    await finished(wire);
    for (const bytes of wire.sounds) assert.equal(peak(bytes.subarray(0, 12)), 0);
    assert.equal((await wire.until('tts_start')).format, 'raw-24khz-16bit-mono-pcm');
    assert.ok(wire.sounds[0].length >= 24000 * 2 * 0.2);
  });

  test('row 23: with only its environment it holds a conversation', async (t) => {
    const fakes = await startFakes();
    t.after(() => fakes.stop());
    await fakes.control.script({ provider: 'openai.chat', text: 'I do not know you.' });
    const server = await serverAs(t, 'realtime-ai', { OPENAI_API_KEY: 'test-key',
      OPENAI_BASE_URL: `${fakes.url}/openai/v1`, OPENAI_MODEL: 'gpt-3.5-turbo',
      OPENAI_SYSTEM_PROMPT: 'You are a stranger.', LLM_PROVIDER: 'openai', ASR_LANGUAGE: 'en-US',
      VOICE_ENERGY_THRESHOLD: '0.05', SESSION_TIMEOUT: '600', WEBSOCKET_PING_INTERVAL: '30',
      DEBUG: 'False' });
    const wire = await Wire.dial(t, `ws://${server.host}/ws`);
    for (const text of ['Who am I?', 'Really?']) {
      const from = wire.events.length;
      wire.send({ type: 'text_input', text });
      assert.equal((await finished(wire, from)).content, 'I do not know you.');
    }
    const asked = (await fakes.control.requests('openai.chat')).at(-1);
    assert.equal(asked.body.model, 'gpt-3.5-turbo');
    assert.deepEqual(asked.body.messages.map(({ content }) => content), ['You are a stranger.',
      'Who am I?', 'I do not know you.', 'Really?'], 'row 24: the history');
    assert.deepEqual(wire.all('error'), []);
  });

  test('row 23: a value that does not parse is told by its variable, and nothing starts',
    async () => {
      const child = spawn(binary(), ['serve', '--compat', 'realtime-ai'], { env: {
        ...process.env, AZURE_SPEECH_KEY: 'k', AZURE_SPEECH_REGION: 'not a region' },
      stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.on('data', (chunk) => { said += chunk; });
      const [code] = await once(child, 'close');
      assert.notEqual(code, 0);
      assert.match(said, /AZURE_SPEECH_REGION.*must be a region's name/);
    });

  test('bad input is answered in its own shape and loses nothing', async (t) => {
    const wire = await connect(t);
    for (const bad of ['{', '[]', '7', '{}', '{"type":7}', '{"type":"no_such"}',
      '{"type":"text_input"}']) {
      const from = wire.events.length;
      wire.send(bad);
      const error = await wire.until('error', from);
      assert.equal(typeof error.message, 'string', bad);
    }
    const from = wire.events.length;
    for (const length of [0, 1, 8, 9]) wire.socket.send(Buffer.alloc(length)); // row 14
    await wire.until('error', from);
    wire.socket.send(Buffer.alloc(8 + 641)); // an odd length
    wire.send({ type: 'text_input', text: 'What is two plus three?' });
    await finished(wire);
    assert.equal(wire.all('error').length, 12);
  });
});
