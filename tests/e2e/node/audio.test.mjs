// SPDX-License-Identifier: MIT
// What audio does: formats, and time that is counted in samples.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALECTS, full, open } from '../support/session.mjs';
import {
  Microphone, durationMs, fromMulaw, heard, levelDbfs, pour, silence, speech, words,
} from '../support/sound.mjs';

const LISTEN_ONLY = { type: 'server_vad', create_response: false };
const ULAW = { type: 'audio/pcmu' };
const PCM16K = { type: 'audio/pcm', rate: 16000 };

// The offsets of every turn in the session, as numbers.
function offsets(session) {
  return [
    ...session.all('input_audio_buffer.speech_started').map((event) => event.audio_start_ms),
    ...session.all('input_audio_buffer.speech_stopped').map((event) => event.audio_end_ms),
  ];
}

describe('audio', { concurrency: 3 }, () => {
  test('audio faster than real time gives the same turns as at real pace', full, async (t) => {
    const clip = Buffer.concat([silence(400), speech('tt-somethingwrong'), silence(800),
      speech('hello-world'), silence(1000)]);
    const fast = await open(t);
    const paced = await open(t);
    const odd = await open(t);
    for (const session of [fast, paced, odd]) {
      await session.update({ audio: { input: { turn_detection: LISTEN_ONLY } } });
    }
    pour(fast, clip);
    // Whole samples, but no round number of them.
    for (let at = 0; at < clip.length; at += 1234) {
      odd.send({ type: 'input_audio_buffer.append',
        audio: clip.subarray(at, at + 1234).toString('base64') });
    }
    const microphone = new Microphone(paced);
    await microphone.say(clip);
    microphone.stop();
    for (const session of [fast, paced, odd]) await session.stillWorks();
    assert.ok(offsets(fast).length >= 4, `${offsets(fast)}`);
    assert.deepEqual(offsets(paced), offsets(fast));
    assert.deepEqual(offsets(odd), offsets(fast));
  });

  for (const dialect of DIALECTS) {
    test(`a conversation in G.711 (${dialect})`, full, async (t) => {
      const session = await open(t, { dialect });
      await session.update({ audio: { input: { format: ULAW }, output: { format: ULAW } } });
      const since = session.mark();
      const microphone = new Microphone(session, ULAW);
      await microphone.say(speech('hello-world', ULAW));
      const answer = await session.answer(since);
      microphone.stop();
      assert.equal(answer.response.status, 'completed');
      const wordCount = answer.transcript.trim().split(/\s+/).length;
      const ms = durationMs(answer.audio, ULAW);
      assert.ok(ms > 100 * wordCount && ms < 1500 + 1000 * wordCount, `${ms} ms`);
      const level = levelDbfs(fromMulaw(answer.audio));
      assert.ok(level > -45 && level < -3, `${level} dBFS`);
    });
  }

  test('audio at 16 kHz in and out, an extension', full, async (t) => {
    const session = await open(t, { schema: false });
    const shown = await session.update({ audio: {
      input: { format: PCM16K, turn_detection: null, transcription: { model: 'whisper-1' } },
      output: { format: PCM16K } } });
    assert.deepEqual(shown.audio.input.format, PCM16K);
    assert.deepEqual(shown.audio.output.format, PCM16K);
    const since = session.mark();
    pour(session, speech('tt-weasels', PCM16K), PCM16K);
    session.send({ type: 'input_audio_buffer.commit' });
    const { transcript } = await session.wait(
      'conversation.item.input_audio_transcription.completed', { since });
    assert.ok(heard(transcript, words('tt-weasels')) >= 0.5, transcript);
    session.send({ type: 'response.create' });
    const answer = await session.answer(since);
    const wordCount = answer.transcript.trim().split(/\s+/).length;
    const ms = durationMs(answer.audio, PCM16K);
    assert.ok(ms > 100 * wordCount && ms < 1500 + 1000 * wordCount, `${ms} ms`);
    assert.ok(levelDbfs(answer.audio) > -45);
  });

  test('one append may hold minutes of audio', full, async (t) => {
    const session = await open(t);
    await session.update({ audio: { input: { turn_detection: null } } });
    const clip = silence(3 * 60_000);
    session.send({ type: 'input_audio_buffer.append', audio: clip.toString('base64') });
    session.send({ type: 'input_audio_buffer.commit' });
    const { item_id } = await session.wait('input_audio_buffer.committed');
    session.send({ type: 'conversation.item.retrieve', item_id });
    const { item } = await session.wait('conversation.item.retrieved');
    assert.equal(Buffer.from(item.content[0].audio, 'base64').length, clip.length);
  });

  test('a cleared buffer leaves nothing to commit', full, async (t) => {
    const session = await open(t);
    await session.update({ audio: { input: { turn_detection: null } } });
    pour(session, silence(500));
    session.send({ type: 'input_audio_buffer.clear' });
    await session.wait('input_audio_buffer.cleared');
    session.send({ type: 'input_audio_buffer.commit', event_id: 'commit_1' });
    const { error } = await session.error('commit_1');
    assert.equal(error.code, 'input_audio_buffer_commit_empty');
    await session.stillWorks();
  });
});
