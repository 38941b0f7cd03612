// SPDX-License-Identifier: MIT
// Whole turns through the official SDK: by text, by voice with turn detection, by manual commit.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALECTS, full, open } from '../support/session.mjs';
import {
  Microphone, durationMs, heard, levelDbfs, pour, silence, speech, words,
} from '../support/sound.mjs';

const TRANSCRIBE = { model: 'whisper-1' };

// What a spoken answer must be, whatever it says.
function assertSpoken(answer) {
  assert.equal(answer.response.status, 'completed');
  assert.ok(answer.transcript.trim().length > 0, 'the answer has no words');
  const ms = durationMs(answer.audio);
  const wordCount = answer.transcript.trim().split(/\s+/).length;
  // People speak two to five words a second.
  assert.ok(ms > 100 * wordCount && ms < 1500 + 1000 * wordCount,
    `${ms} ms of audio for ${wordCount} words: ${answer.transcript}`);
  const level = levelDbfs(answer.audio);
  assert.ok(level > -45 && level < -3, `the answer's level is ${level} dBFS`);
}

describe('text', { concurrency: 4 }, () => {
  for (const dialect of DIALECTS) {
    test(`a text turn is answered in text (${dialect})`, async (t) => {
      const session = await open(t, { dialect });
      await session.update({ output_modalities: ['text'] });
      const answer = await session.ask('Hello! What is two plus three?');
      assert.equal(answer.response.status, 'completed');
      assert.match(answer.text, /\b(five|5)\b/i);
      assert.equal(answer.audio.length, 0);
      assert.ok(answer.response.usage.output_tokens > 0);
      await session.wait('rate_limits.updated');
    });

    test(`a text turn is answered aloud (${dialect})`, async (t) => {
      const session = await open(t, { dialect });
      const answer = await session.ask('What is two plus three?');
      assertSpoken(answer);
      assert.match(answer.transcript, /\b(five|5)\b/i);
      assert.equal(answer.text, '');
    });

    test(`one response can ask for text in a session that speaks (${dialect})`, full, async (t) => {
      const session = await open(t, { dialect });
      const answer = await session.ask('Hello.', { output_modalities: ['text'] });
      assert.ok(answer.text.length > 0);
      assert.equal(answer.audio.length, 0);
      assertSpoken(await session.ask('Hello again.'));
    });
  }

  test('the conversation remembers what was said', full, async (t) => {
    const session = await open(t);
    await session.update({ output_modalities: ['text'] });
    await session.ask('My name is Ada.');
    const answer = await session.ask('What is my name?');
    assert.match(answer.text, /\bAda\b/i);
  });
});

describe('voice', { concurrency: 3 }, () => {
  for (const [dialect, prompt] of [['ga', 'tt-weasels'], ['beta', 'vm-nobodyavail']]) {
    test(`a spoken turn is heard and answered (${dialect})`, async (t) => {
      const session = await open(t, { dialect });
      await session.update({ audio: { input: { transcription: TRANSCRIBE } } });
      const since = session.mark();
      const microphone = new Microphone(session);
      await microphone.say(silence(500));
      const clip = speech(prompt);
      await microphone.say(clip);
      const started = await session.wait('input_audio_buffer.speech_started', { since });
      const answer = await session.answer(since);
      microphone.stop();

      // Prompts may hold a pause that ends the turn: more than one turn is no fault.
      const stops = session.all('input_audio_buffer.speech_stopped', since);
      const commits = session.all('input_audio_buffer.committed', since);
      assert.equal(commits[0].item_id, started.item_id);
      assert.ok(started.audio_start_ms < 500 + 400, `starts at ${started.audio_start_ms} ms`);
      const end = stops.at(-1).audio_end_ms;
      assert.ok(end > 500 + 0.5 * durationMs(clip) && end < 500 + durationMs(clip) + 1500,
        `ends at ${end} ms`);
      const done = () => session.all(
        'conversation.item.input_audio_transcription.completed', since);
      await session.until(() => done().length >= commits.length, 'the transcripts');
      const transcript = done().map((event) => event.transcript).join(' ');
      assert.ok(heard(transcript, words(prompt)) >= 0.5,
        `heard "${transcript}", said "${words(prompt)}"`);
      assertSpoken(answer);
    });

    test(`a manual commit makes an item and nothing else (${dialect})`, async (t) => {
      const session = await open(t, { dialect });
      const updated = await session.update(
        { audio: { input: { turn_detection: null, transcription: TRANSCRIBE } } });
      const input = dialect === 'ga' ? updated.audio.input : updated;
      assert.equal(input.turn_detection, null);
      const since = session.mark();
      pour(session, speech(prompt));
      session.send({ type: 'input_audio_buffer.commit' });
      const committed = await session.wait('input_audio_buffer.committed', { since });
      const heardIt = await session.wait('conversation.item.input_audio_transcription.completed',
        { since, match: (event) => event.item_id === committed.item_id });
      assert.ok(heard(heardIt.transcript, words(prompt)) >= 0.5, heardIt.transcript);
      assert.deepEqual(session.all('response.created'), []);
      assert.deepEqual(session.all('input_audio_buffer.speech_started'), []);

      session.send({ type: 'response.create' });
      assertSpoken(await session.answer(since));

      // The item holds the very audio that was sent.
      session.send({ type: 'conversation.item.retrieve', item_id: committed.item_id });
      const { item } = await session.wait('conversation.item.retrieved', { since });
      assert.deepEqual(Buffer.from(item.content[0].audio, 'base64'), speech(prompt));
      assert.equal(item.content[0].transcript, heardIt.transcript);
    });
  }

  test('without create_response a turn waits for response.create', full, async (t) => {
    const session = await open(t);
    await session.update({ audio: { input: {
      turn_detection: { type: 'server_vad', create_response: false } } } });
    const since = session.mark();
    pour(session, Buffer.concat([silence(300), speech('hello-world'), silence(1200)]));
    await session.wait('input_audio_buffer.committed', { since });
    await session.stillWorks();
    assert.deepEqual(session.all('response.created'), []);
    session.send({ type: 'response.create' });
    assertSpoken(await session.answer(since));
  });

  test('two spoken turns follow each other', full, async (t) => {
    const session = await open(t);
    await session.update({ audio: { input: { transcription: TRANSCRIBE } } });
    const microphone = new Microphone(session);
    let first;
    for (const prompt of ['hello-world', 'tt-somethingwrong']) {
      const since = session.mark();
      await microphone.say(speech(prompt));
      const answer = await session.answer(since);
      assertSpoken(answer);
      const started = session.all('input_audio_buffer.speech_started', since)[0];
      if (first) assert.ok(started.audio_start_ms > first.audio_start_ms);
      first = started;
    }
    microphone.stop();
  });
});
