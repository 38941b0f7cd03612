// SPDX-License-Identifier: MIT
// Recognition and speech in one call, through the official SDK.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OpenAI } from '../support/packages.mjs';
import { full } from '../support/session.mjs';
import { plainHost } from '../support/environment.mjs';
import { PCM24, heard, speech, words } from '../support/sound.mjs';

const client = () => new OpenAI({ apiKey: 'any', baseURL: `http://${plainHost()}/v1` });
const PROMPT = 'demo-thanks';
const RATE = 24000;

// 16-bit mono, as a file with the true sizes.
function wav(pcm) {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + pcm.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(pcm.length, 40);
  return new File([Buffer.concat([head, pcm])], 'prompt.wav', { type: 'audio/wav' });
}

async function transcribe(options = {}) {
  return client().audio.transcriptions.create({
    file: wav(speech(PROMPT, PCM24)), model: 'whisper-1', ...options });
}

describe('transcriptions', { concurrency: 2 }, () => {
  test('a recording comes back as text', async () => {
    const answer = await transcribe();
    assert.ok(heard(answer.text, words(PROMPT)) > 0.5, answer.text);
    assert.equal(answer.usage.type, 'duration');
  });

  test('with times, as subtitles and as a stream', full, async () => {
    const verbose = await transcribe({ response_format: 'verbose_json' });
    assert.ok(verbose.segments.length >= 1);
    assert.ok(verbose.segments[0].end > verbose.segments[0].start);
    assert.match(await transcribe({ response_format: 'srt' }), /^1\n00:00:\d\d,\d{3} --> 00:00:/);
    assert.match(await transcribe({ response_format: 'vtt' }), /^WEBVTT\n\n00:00:/);

    const events = [];
    for await (const event of await transcribe({ stream: true })) events.push(event);
    const done = events.at(-1);
    assert.equal(done.type, 'transcript.text.done');
    const deltas = events.slice(0, -1).map((event) => event.delta);
    assert.equal(deltas.join(''), done.text);
    assert.ok(heard(done.text, words(PROMPT)) > 0.5, done.text);
  });

  test('what is wrong with a form is told by its field', async () => {
    const wrong = [[{ file: new File(['no sound'], 'x.wav') }, 'file'],
      [{ response_format: 'docx' }, 'response_format'],
      [{ temperature: 'hot' }, 'temperature'],
      [{ timestamp_granularities: ['word'] }, 'timestamp_granularities']];
    for (const [options, param] of wrong) {
      await assert.rejects(transcribe(options), (error) => {
        assert.equal(error.status, 400);
        assert.equal(error.param, param);
        return true;
      });
    }
    const bare = await fetch(`http://${plainHost()}/v1/audio/transcriptions`, {
      method: 'POST', body: new FormData() });
    assert.equal(bare.status, 400);
    assert.equal((await bare.json()).error.param, 'file');
  });
});

describe('speech', { concurrency: 2 }, () => {
  const say = (options = {}) => client().audio.speech.create({
    model: 'tts-1', voice: 'alloy', input: 'Hello world. This is a test.', ...options });

  test('text becomes a file of the format that was asked for', async () => {
    const signs = { mp3: /^\xff/, opus: /^OggS/, flac: /^fLaC/, wav: /^RIFF/, pcm: /^/ };
    for (const [format, sign] of Object.entries(signs)) {
      const answer = await say({ response_format: format });
      const bytes = Buffer.from(await answer.arrayBuffer());
      assert.ok(bytes.length > 5000, `${format}: ${bytes.length} bytes`);
      assert.match(bytes.toString('latin1', 0, 4), sign);
    }
    assert.equal((await say()).headers.get('content-type'), 'audio/mpeg');
  });

  test('what was said can be heard again, and slower speech is longer', full, async () => {
    const pcm = Buffer.from(await (await say({ response_format: 'pcm' })).arrayBuffer());
    const answer = await client().audio.transcriptions.create({ file: wav(pcm), model: 'x' });
    assert.match(answer.text, /test/i);
    const slow = await say({ response_format: 'pcm', speed: 0.5 });
    assert.ok((await slow.arrayBuffer()).byteLength > 1.5 * pcm.length);
  });

  test('events carry the same sound', full, async () => {
    const answer = await say({ response_format: 'pcm', stream_format: 'sse' });
    const events = (await answer.text()).split('\n\n').filter(Boolean)
      .map((text) => JSON.parse(text.slice('data: '.length)));
    assert.equal(events.at(-1).type, 'speech.audio.done');
    const sound = Buffer.concat(events.slice(0, -1)
      .map((event) => Buffer.from(event.audio, 'base64')));
    assert.ok(sound.length > 20_000);
  });

  test('what is wrong with a request is told by its field', async () => {
    const wrong = [[{ input: '' }, 'input'], [{ input: 'x'.repeat(4097) }, 'input'],
      [{ response_format: 'aac' }, 'response_format'], [{ speed: 9 }, 'speed']];
    for (const [options, param] of wrong) {
      await assert.rejects(say(options), (error) => {
        assert.equal(error.status, 400);
        assert.equal(error.param, param);
        return true;
      });
    }
  });

  test('a client that goes away harms nobody', async () => {
    const controller = new AbortController();
    const answer = await fetch(`http://${plainHost()}/v1/audio/speech`, {
      method: 'POST', signal: controller.signal,
      body: JSON.stringify({ input: 'A long story. '.repeat(250), voice: 'alloy' }) });
    await answer.body.getReader().read();
    controller.abort();
    assert.equal((await say()).status, 200);
  });
});
