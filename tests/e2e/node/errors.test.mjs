// SPDX-License-Identifier: MIT
// Bad input: an error that names it, and a session that goes on.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALECTS, dial, full, open } from '../support/session.mjs';
import { pour, silence, speech } from '../support/sound.mjs';

// The codes that leave a session open; clients end it on any other.
const KNOWN_CODES = new Set(['invalid_value', 'invalid_type', 'integer_below_min_value',
  'integer_above_max_value', 'decimal_below_min_value', 'decimal_above_max_value',
  'string_above_max_length', 'array_above_max_length', 'unknown_parameter',
  'missing_required_parameter', 'invalid_json', 'invalid_event', 'input_audio_buffer_commit_empty',
  'conversation_already_has_active_response', 'response_cancel_not_active',
  'item_delete_invalid_item_id', 'item_truncate_invalid_item_id', 'item_retrieve_invalid_item_id',
  'cannot_update_voice']);

const update = (session) => ({ type: 'session.update', session: { type: 'realtime', ...session } });
const vad = (turn_detection) => update({ audio: { input: { turn_detection } } });
const create = (item) => ({ type: 'conversation.item.create', item });
const append = (audio) => ({ type: 'input_audio_buffer.append', audio });

// name, event, code, param. The event is as GA says it.
const TABLE = [
  ['an unknown type', { type: 'session.nonsense' }, 'invalid_value', 'type'],
  ['a type that is no string', { type: 7 }, null, 'type'],
  ['instructions that are a number', update({ instructions: 5 }), 'invalid_type',
    'session.instructions'],
  ['a session without its type', { type: 'session.update', session: {} },
    'missing_required_parameter', 'session.type'],
  ['a field of the other dialect', update({ temperature: 0.8 }), 'unknown_parameter',
    'session.temperature'],
  ['a threshold above one', vad({ type: 'server_vad', threshold: 1.5 }),
    'decimal_above_max_value', 'session.audio.input.turn_detection.threshold'],
  ['a negative silence', vad({ type: 'server_vad', silence_duration_ms: -1 }),
    'integer_below_min_value', 'session.audio.input.turn_detection.silence_duration_ms'],
  ['a kind of turn detection that does not exist', vad({ type: 'telepathy' }), 'invalid_value',
    'session.audio.input.turn_detection.type'],
  ['a format that does not exist', update({ audio: { input: { format: { type: 'audio/mp9' } } } }),
    'invalid_value', 'session.audio.input.format.type'],
  ['two modalities', update({ output_modalities: ['audio', 'text'] }), null,
    'session.output_modalities'],
  ['too many tokens', update({ max_output_tokens: 5000 }), 'integer_above_max_value',
    'session.max_output_tokens'],
  ['an item create without an item', { type: 'conversation.item.create' },
    'missing_required_parameter', 'item'],
  ['an item of a type that does not exist', create({ type: 'poem' }), 'invalid_value', 'item.type'],
  ['a role that does not exist', create({ type: 'message', role: 'ghost', content: [] }),
    'invalid_value', 'item.role'],
  ['content that is a string', create({ type: 'message', role: 'user', content: 'hi' }),
    'invalid_type', 'item.content'],
  ['an item id that is too long', create({ id: 'i'.repeat(33), type: 'message', role: 'user',
    content: [{ type: 'input_text', text: 'x' }] }), 'string_above_max_length', 'item.id'],
  ['an item after one that is not there', { type: 'conversation.item.create',
    previous_item_id: 'item_nowhere', item: { type: 'message', role: 'user',
      content: [{ type: 'input_text', text: 'x' }] } }, null, 'previous_item_id'],
  ['an append without audio', { type: 'input_audio_buffer.append' }, 'missing_required_parameter',
    'audio'],
  ['audio that is a number', append(5), 'invalid_type', 'audio'],
  ['audio that is no base64', append('!!!!'), 'invalid_value', 'audio'],
  ['base64 without its end', append('AAAAA'), 'invalid_value', 'audio'],
  ['audio with half a sample', append('AAAA'), 'invalid_value', 'audio'],
  ['a commit of nothing', { type: 'input_audio_buffer.commit' }, 'input_audio_buffer_commit_empty',
    null],
  ['a cancel of nothing', { type: 'response.cancel' }, 'response_cancel_not_active', null],
  ['a delete of an unknown item', { type: 'conversation.item.delete', item_id: 'item_x' },
    'item_delete_invalid_item_id', undefined],
  ['a retrieve of an unknown item', { type: 'conversation.item.retrieve', item_id: 'item_x' },
    'item_retrieve_invalid_item_id', undefined],
  ['a truncate of an unknown item', { type: 'conversation.item.truncate', item_id: 'item_x',
    content_index: 0, audio_end_ms: 0 }, 'item_truncate_invalid_item_id', undefined],
  ['a truncate without an item', { type: 'conversation.item.truncate', content_index: 0,
    audio_end_ms: 0 }, 'missing_required_parameter', 'item_id'],
];

async function expectError(session, code, param, eventId, since) {
  const { error } = await session.error(eventId, since);
  assert.equal(error.type, 'invalid_request_error');
  assert.ok(KNOWN_CODES.has(error.code), `${error.code} is a code of our own: ${error.message}`);
  if (code) assert.equal(error.code, code, error.message);
  if (param !== undefined) assert.equal(error.param, param, error.message);
  assert.ok(error.message.length > 0);
  assert.equal(session.all('error', since).length, 1, 'more than one error for one event');
}

test('every bad event is named, and the session goes on', async (t) => {
  const session = await open(t);
  await session.update({ audio: { input: { turn_detection: null } } });
  for (const [index, [name, event, code, param]] of TABLE.entries()) {
    await t.test(name, async () => {
      const since = session.mark();
      const event_id = `bad_${index}`;
      session.send({ event_id, ...event }, { check: false });
      await expectError(session, code, param, event_id, since);
      await session.stillWorks();
    });
  }
});

describe('frames', { concurrency: 4 }, () => {
  for (const dialect of DIALECTS) {
    test(`frames that are no event are named (${dialect})`, async (t) => {
      const session = await open(t, { dialect });
      for (const [frame, code] of [
        ['{oops', 'invalid_json'], ['', 'invalid_json'],
        ['{"type":"response.create"', 'invalid_json'],
        ['{}', 'invalid_event'], ['[1,2]', null], ['"text"', null], ['null', null],
        ['{"type":"response.cancel"} trailing', 'invalid_json'],
        [Buffer.from([1, 2, 3]), 'invalid_event'], [`${'['.repeat(100_000)}`, null],
      ]) {
        const since = session.mark();
        session.sendRaw(frame);
        await expectError(session, code, undefined, null, since);
        await session.stillWorks();
      }
    });
  }

  test('beta fields are checked by their beta names', async (t) => {
    const session = await open(t, { dialect: 'beta' });
    session.send({ type: 'session.update', event_id: 'b1', session: { temperature: 'hot' } },
      { check: false });
    await expectError(session, 'invalid_type', 'session.temperature', 'b1', 0);
    await session.stillWorks();
  });

  test('no error without an event_id invents one', async (t) => {
    const session = await open(t);
    session.send({ type: 'response.cancel' });
    const { error } = await session.wait('error');
    assert.equal(error.event_id, null);
  });

  test('a second response while one runs is refused, and the first runs on', async (t) => {
    const session = await open(t);
    await session.addText('Please count from one to ten.');
    const since = session.mark();
    session.send({ type: 'response.create' });
    session.send({ type: 'response.create', event_id: 'second' });
    const { error } = await session.error('second');
    assert.equal(error.code, 'conversation_already_has_active_response');
    const answer = await session.answer(since);
    assert.equal(answer.response.status, 'completed');
    assert.match(answer.transcript, /\b(ten|10)\b/i);
  });

  test('bad audio leaves the buffer as it was', async (t) => {
    const session = await open(t);
    await session.update({ audio: { input: { turn_detection: null } } });
    const clip = speech('hello-world');
    pour(session, clip.subarray(0, 20_000));
    for (const audio of ['!!!!', 'AAAA', 'AAAAA']) {
      session.send({ type: 'input_audio_buffer.append', audio, event_id: `bad ${audio}` },
        { check: false });
      await session.error(`bad ${audio}`);
    }
    pour(session, clip.subarray(20_000));
    session.send({ type: 'input_audio_buffer.commit' });
    const { item_id } = await session.wait('input_audio_buffer.committed');
    session.send({ type: 'conversation.item.retrieve', item_id });
    const { item } = await session.wait('conversation.item.retrieved');
    assert.deepEqual(Buffer.from(item.content[0].audio, 'base64'), clip);
  });

  test('a commit of less than 100 ms is refused, and the audio stays', full, async (t) => {
    const session = await open(t);
    await session.update({ audio: { input: { turn_detection: null } } });
    pour(session, silence(60));
    session.send({ type: 'input_audio_buffer.commit', event_id: 'short' });
    const { error } = await session.error('short');
    assert.equal(error.code, 'input_audio_buffer_commit_empty');
    assert.match(error.message, /60\.00 ?ms/);
    pour(session, silence(60));
    session.send({ type: 'input_audio_buffer.commit' });
    await session.wait('input_audio_buffer.committed');
  });

  test('who asks for a call or an unknown intent gets no other session instead', async (t) => {
    for (const [query, param] of [['call_id=rtc_1', 'call_id'], ['intent=transcribe', 'intent']]) {
      const session = dial(t, { path: `/v1/realtime?model=parley&${query}`, schema: false,
        record: false });
      const { error } = await session.wait('error');
      assert.equal(error.code, 'invalid_value');
      assert.equal(error.param, param);
      assert.deepEqual(await session.closed,
        { code: 4000, reason: 'invalid_request_error.invalid_value' });
      assert.deepEqual(session.all('session.created'), []);
    }
  });

  test('a beta session refuses the fields of GA by name', async (t) => {
    const session = await open(t, { dialect: 'beta' });
    for (const [field, value] of [['output_modalities', ['text']], ['audio', { output: {} }],
      ['type', 'realtime']]) {
      session.sendRaw(JSON.stringify({ type: 'session.update', event_id: field,
        session: { [field]: value } }));
      const { error } = await session.error(field);
      assert.equal(error.code, 'unknown_parameter');
      assert.equal(error.param, `session.${field}`);
    }
    await session.stillWorks();
  });

  test('a frame over the limit closes with 1009', async (t) => {
    const session = dial(t, { schema: false });
    await session.wait('session.created');
    session.sendRaw(JSON.stringify({ type: 'input_audio_buffer.append',
      audio: 'A'.repeat(25 << 20) }));
    assert.equal((await session.closed).code, 1009);
  });
});
