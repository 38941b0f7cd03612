// SPDX-License-Identifier: MIT
// The conversation as a list that clients read and edit.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALECTS, full, open } from '../support/session.mjs';

const message = (text, more) => ({ type: 'message', role: 'user',
  content: [{ type: 'input_text', text }], ...more });

describe('items', { concurrency: 4 }, () => {
  for (const dialect of DIALECTS) {
    test(`items are created, placed, retrieved and deleted (${dialect})`, async (t) => {
      const session = await open(t, { dialect });
      const second = await session.addText('Second.');
      const add = async (item, previous_item_id) => {
        const since = session.mark();
        session.send({ type: 'conversation.item.create', previous_item_id, item });
        return session.wait('conversation.item.added', { since });
      };
      const first = await add(message('First.', { id: 'item_mine_1' }), 'root');
      assert.equal(first.previous_item_id, null);
      assert.equal(first.item.id, 'item_mine_1');
      const middle = await add(message('Between.', { id: 'item_mine_2' }), 'item_mine_1');
      assert.equal(middle.previous_item_id, 'item_mine_1');
      const answer = await session.addText('An earlier answer.', 'assistant');
      assert.equal(answer.role, 'assistant');
      assert.equal(answer.status, 'completed');

      session.send({ type: 'conversation.item.retrieve', item_id: second.id });
      const { item } = await session.wait('conversation.item.retrieved');
      assert.equal(item.content[0].text, 'Second.');

      session.send({ type: 'conversation.item.delete', item_id: 'item_mine_2' });
      await session.wait('conversation.item.deleted');
      for (const [verb, more] of [['delete', {}], ['retrieve', {}],
        ['truncate', { content_index: 0, audio_end_ms: 0 }]]) {
        const event_id = `gone_${verb}`;
        session.send({ type: `conversation.item.${verb}`, event_id, item_id: 'item_mine_2',
          ...more });
        const { error } = await session.error(event_id);
        assert.equal(error.code, `item_${verb}_invalid_item_id`);
      }
      await session.stillWorks();
    });
  }

  test('an item that the client leaves out of order is not added', async (t) => {
    const session = await open(t);
    session.send({ type: 'conversation.item.create', event_id: 'lost_1',
      previous_item_id: 'item_nowhere', item: message('Where?') });
    await session.error('lost_1');
    assert.deepEqual(session.all('conversation.item.added'), []);
    await session.stillWorks();
  });

  test('bursts are answered in order', full, async (t) => {
    const session = await open(t);
    const ids = Array.from({ length: 50 }, (_, i) => `item_burst_${i}`);
    for (const id of ids) {
      session.send({ type: 'conversation.item.create', item: message(id, { id }) });
    }
    for (const item_id of ids) session.send({ type: 'conversation.item.delete', item_id });
    await session.until(() => session.all('conversation.item.deleted').length === ids.length,
      'all deletions');
    assert.deepEqual(session.all('conversation.item.added').map((e) => e.item.id), ids);
    assert.deepEqual(session.all('conversation.item.deleted').map((e) => e.item_id), ids);
  });

  test('a response out of band leaves the conversation as it is', full, async (t) => {
    const session = await open(t);
    await session.addText('My printer is broken.');
    const since = session.mark();
    session.send({ type: 'response.create', response: {
      conversation: 'none', output_modalities: ['text'], metadata: { topic: 'aside' },
      input: [message('What is two plus two?')] } });
    const answer = await session.answer(since);
    assert.match(answer.text, /\b(four|4)\b/i);
    assert.deepEqual(answer.response.metadata, { topic: 'aside' });
    assert.equal(answer.response.conversation_id, null);
    assert.deepEqual(session.all('conversation.item.added', since), []);
  });

  test('the session shows what was set, and nothing else changes', async (t) => {
    const session = await open(t);
    const before = session.created;
    const after = await session.update({ instructions: 'Be brief.', audio: {
      output: { voice: 'echo', speed: 1.25 },
      input: { turn_detection: { type: 'server_vad', silence_duration_ms: 450 } } } });
    assert.equal(after.instructions, 'Be brief.');
    assert.equal(after.audio.output.voice, 'echo');
    assert.equal(after.audio.output.speed, 1.25);
    assert.equal(after.audio.input.turn_detection.silence_duration_ms, 450);
    assert.equal(after.audio.input.turn_detection.prefix_padding_ms, 300);
    assert.deepEqual(after.audio.output.format, before.audio.output.format);
    assert.deepEqual(after.tools, before.tools);
    assert.equal(after.id, before.id);
  });
});
