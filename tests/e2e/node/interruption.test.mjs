// SPDX-License-Identifier: MIT
// An answer that is stopped half-way: by the client, by the user's voice, or by a lost connection.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALECTS, dial, full, open } from '../support/session.mjs';
import { Microphone, durationMs, levelDbfs, speech } from '../support/sound.mjs';

const LONG = 'Please count from one to fifty.';

// Asks for something long and waits for the first sound of it.
async function startLongAnswer(session) {
  await session.addText(LONG);
  const since = session.mark();
  session.send({ type: 'response.create' });
  await session.wait('response.output_audio.delta', { since });
  return since;
}

describe('interruption', { concurrency: 3 }, () => {
  for (const dialect of DIALECTS) {
    test(`response.cancel stops the answer (${dialect})`, async (t) => {
      const session = await open(t, { dialect });
      const since = await startLongAnswer(session);
      session.send({ type: 'response.cancel', event_id: 'cancel_1' });
      const { response } = await session.wait('response.done', { since });
      assert.equal(response.status, 'cancelled');
      assert.deepEqual(response.status_details, { type: 'cancelled', reason: 'client_cancelled' });
      assert.equal(response.output[0].status, 'incomplete');
      const closing = session.mark();

      // Nothing is left to cancel, nothing more of it comes, and the next answer is whole.
      session.send({ type: 'response.cancel', event_id: 'cancel_2' });
      const { error } = await session.error('cancel_2');
      assert.equal(error.code, 'response_cancel_not_active');
      assert.match(error.message, /^Cancellation failed/);
      assert.equal((await session.ask('What is one plus one?')).response.status, 'completed');
      const late = session.all('response.output_audio.delta', closing)
        .filter((event) => event.response_id === response.id);
      assert.deepEqual(late, []);
    });

    test(`the user's voice stops the answer (${dialect})`, async (t) => {
      const session = await open(t, { dialect });
      const since = await startLongAnswer(session);
      const microphone = new Microphone(session);
      await microphone.say(speech('tt-weasels'));
      const { response } = await session.wait('response.done', { since });
      assert.equal(response.status, 'cancelled');
      assert.deepEqual(response.status_details, { type: 'cancelled', reason: 'turn_detected' });
      const order = session.records.slice(since).map((record) => record.event.type);
      const speechAt = order.indexOf('input_audio_buffer.speech_started');
      assert.ok(speechAt >= 0 && speechAt < order.indexOf('response.done'), `${order}`);

      // As a client does that knows what it played.
      const item = response.output[0];
      session.send({ type: 'conversation.item.truncate', item_id: item.id, content_index: 0,
        audio_end_ms: 200 });
      const truncated = await session.wait('conversation.item.truncated', { since });
      assert.equal(truncated.item_id, item.id);
      assert.equal(truncated.audio_end_ms, 200);
      session.send({ type: 'conversation.item.retrieve', item_id: item.id });
      const kept = (await session.wait('conversation.item.retrieved', { since })).item.content[0];
      assert.equal(durationMs(Buffer.from(kept.audio, 'base64')), 200);

      // The interrupting turn gets its own answer.
      const next = await session.wait('response.created',
        { since, match: (event) => event.response.id !== response.id });
      const done = await session.wait('response.done',
        { since, match: (event) => event.response.id === next.response.id });
      microphone.stop();
      assert.equal(done.response.status, 'completed');
    });
  }

  test('without interrupt_response the answer runs on', full, async (t) => {
    const session = await open(t);
    await session.update({ audio: { input: {
      turn_detection: { type: 'server_vad', interrupt_response: false } } } });
    await session.addText('Please count from one to ten.');
    const since = session.mark();
    session.send({ type: 'response.create' });
    await session.wait('response.output_audio.delta', { since });
    const microphone = new Microphone(session);
    await microphone.say(speech('hello-world'));
    const answer = await session.answer(since);
    assert.equal(answer.response.status, 'completed');
    assert.match(answer.transcript, /\b(ten|10)\b/i);
    await session.wait('input_audio_buffer.committed', { since });
    microphone.stop();
    assert.equal(session.all('response.created', since).length, 1);
  });

  test('an answer is truncated while it is still being spoken', full, async (t) => {
    const session = await open(t);
    const since = await startLongAnswer(session);
    const added = await session.wait('response.output_item.added', { since });
    session.send({ type: 'response.cancel' });
    session.send({ type: 'conversation.item.truncate', item_id: added.item.id, content_index: 0,
      audio_end_ms: 10 });
    await session.wait('conversation.item.truncated', { since });
    await session.wait('response.done', { since });
    assert.deepEqual(session.all('error'), []);
  });

  test('audio is sent only a little ahead of its playback', full, async (t) => {
    const session = await open(t);
    const since = await startLongAnswer(session);
    const sent = () => Buffer.concat(session.all('response.output_audio.delta', since)
      .map((event) => Buffer.from(event.delta, 'base64')));
    await session.until(() => durationMs(sent()) > 1500, 'a second and a half of sound');
    session.send({ type: 'response.cancel' });
    await session.wait('response.done', { since });
    // Fifty spoken numbers last half a minute; the cancelled part is what was due by then.
    assert.ok(durationMs(sent()) < 15_000, `${durationMs(sent())} ms were sent`);
    assert.ok(levelDbfs(sent()) > -45);
  });

  test('a client that is lost mid-word leaves the server well', async (t) => {
    const lost = dial(t);
    await lost.wait('session.created');
    await startLongAnswer(lost);
    const microphone = new Microphone(lost);
    await microphone.say(speech('hello-world'));
    lost.breakOff();
    await lost.closed;
    const other = dial(t);
    await other.wait('session.created');
    assert.equal((await other.ask('What is one plus one?')).response.status, 'completed');
  });
});
