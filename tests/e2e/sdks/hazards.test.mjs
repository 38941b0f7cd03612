// SPDX-License-Identifier: MIT
// What other servers stumble over, and clients rely on without saying so: bursts, races, sizes,
// ids, sub-protocols, CORS. The SDKs' own tests cover the rest.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as environment from '../support/environment.mjs';
import { DIALECTS, dial, full } from '../support/session.mjs';
import { Microphone, durationMs, heard, silence, speech, words } from '../support/sound.mjs';
import { MODEL, SECRET, guardedServer } from './support.mjs';

const APPEND_BYTES_MAX = 15 * 1024 * 1024;

const message = (text, more) => (
  { type: 'message', role: 'user', content: [{ type: 'input_text', text }], ...more });

async function start(t, session, options) {
  const opened = dial(t, options);
  await opened.wait('session.created');
  if (session) await opened.update(session);
  return opened;
}

// Begins a long spoken answer and waits for its first sound.
async function speakLong(session) {
  await session.addText('Please count from one to fifty.');
  const since = session.mark();
  session.send({ type: 'response.create' });
  const { item_id } = await session.wait('response.output_audio.delta', { since });
  return { since, itemId: item_id };
}

const truncate = (itemId, audioEndMs, more) => ({ type: 'conversation.item.truncate',
  item_id: itemId, content_index: 0, audio_end_ms: audioEndMs, ...more });

describe('bursts and sizes', { concurrency: 3 }, () => {
  for (const dialect of DIALECTS) {
    test(`everything at once, before session.created is read (${dialect})`, async (t) => {
      const session = dial(t, { dialect });
      await new Promise((resolve) => session.socket.once('open', resolve));
      const ids = Array.from({ length: 50 }, (_, i) => `item_burst_${i}`);
      session.send({ type: 'session.update', session: {
        type: 'realtime', instructions: 'Be brief.', output_modalities: ['text'] } });
      for (const id of ids) {
        session.send({ type: 'conversation.item.create', item: message(id, { id }) });
      }
      for (const item_id of ids) session.send({ type: 'conversation.item.delete', item_id });
      session.send({ type: 'conversation.item.create', item: message('What is two plus three?') });
      session.send({ type: 'response.create' });
      const answer = await session.answer(0);
      assert.match(answer.text, /\b(five|5)\b/i);
      const told = session.records.filter(({ dir }) => dir === 'server')
        .map(({ event }) => event.type);
      assert.deepEqual(told.slice(0, 2), ['session.created', 'session.updated']);
      assert.deepEqual(session.all('conversation.item.deleted').map((e) => e.item_id), ids);
      assert.deepEqual(session.all('error'), []);
    });
  }

  test('an append of 15 MiB is taken, a larger one is refused', full, async (t) => {
    const session = await start(t, { audio: { input: { turn_detection: null } } });
    const append = (bytes, more) => session.send({ type: 'input_audio_buffer.append',
      audio: Buffer.alloc(bytes).toString('base64'), ...more });
    append(APPEND_BYTES_MAX + 2, { event_id: 'too_much' });
    const { error } = await session.error('too_much');
    assert.equal(error.param, 'audio');
    append(APPEND_BYTES_MAX);
    session.send({ type: 'input_audio_buffer.commit' });
    const { item_id } = await session.wait('input_audio_buffer.committed');
    session.send({ type: 'conversation.item.retrieve', item_id });
    const { item } = await session.wait('conversation.item.retrieved');
    assert.equal(Buffer.from(item.content[0].audio, 'base64').length, APPEND_BYTES_MAX);
  });

  test('frames of 10 ms make the same turn', async (t) => {
    const session = await start(t, { output_modalities: ['text'],
      audio: { input: { transcription: { model: 'whisper-1' } } } });
    const halves = new Microphone({ closed: session.closed, send: (event) => {
      const frame = Buffer.from(event.audio, 'base64');
      for (const part of [frame.subarray(0, 480), frame.subarray(480)]) {
        session.send({ ...event, audio: part.toString('base64') });
      }
    } });
    await halves.say(Buffer.concat([silence(300), speech('hello-world')]));
    const { transcript } = await session.wait(
      'conversation.item.input_audio_transcription.completed');
    await session.answer(0);
    halves.stop();
    assert.ok(heard(transcript, words('hello-world')) >= 0.5, transcript);
  });

  test('a long item is retrieved with all its audio while an answer is spoken', full, async (t) => {
    const session = await start(t, { audio: { input: { turn_detection: null } } });
    const clip = Buffer.concat([speech('hello-world'), silence(60_000)]);
    session.send({ type: 'input_audio_buffer.append', audio: clip.toString('base64') });
    session.send({ type: 'input_audio_buffer.commit' });
    const { item_id } = await session.wait('input_audio_buffer.committed');
    const { since } = await speakLong(session);
    session.send({ type: 'conversation.item.retrieve', item_id });
    const { item } = await session.wait('conversation.item.retrieved', { since });
    assert.deepEqual(Buffer.from(item.content[0].audio, 'base64'), clip);
    assert.deepEqual(session.all('response.done', since), []);
    session.send({ type: 'response.cancel' });
    await session.wait('response.done', { since });
  });
});

describe('races', { concurrency: 3 }, () => {
  test('response.cancel may meet the end, at any moment', full, async (t) => {
    const session = await start(t, { output_modalities: ['text'] });
    await session.addText('Hello.');
    for (let events = 0; events < 12; events++) {
      const since = session.mark();
      session.send({ type: 'response.create' });
      // A little later each time, the last ones after the end.
      await session.until(() => session.mark() > since + 1 + 2 * events
        || session.all('response.done', since).length, 'the answer');
      session.send({ type: 'response.cancel', event_id: `cancel_${events}` });
      const { response } = await session.wait('response.done', { since });
      await session.stillWorks();
      const [refused] = session.all('error', since);
      if (refused) {
        assert.equal(response.status, 'completed');
        assert.equal(refused.error.code, 'response_cancel_not_active');
        assert.equal(refused.error.event_id, `cancel_${events}`);
        assert.match(refused.error.message, /^Cancellation failed/);
      } else {
        assert.equal(response.status, 'cancelled');
        assert.equal(response.status_details.reason, 'client_cancelled');
      }
    }
  });

  test('a cancel with the id of a response that is over is refused', async (t) => {
    const session = await start(t, { output_modalities: ['text'] });
    const { id } = await session.ask('Hello.');
    session.send({ type: 'response.cancel', response_id: id, event_id: 'late' });
    const { error } = await session.error('late');
    assert.equal(error.code, 'response_cancel_not_active');
    assert.match(error.message, /^Cancellation failed/);
  });

  test('truncate: while spoken, twice, after the end, an older item, beyond it', async (t) => {
    const session = await start(t);
    const { since, itemId } = await speakLong(session);
    const heardSoFar = () => durationMs(Buffer.concat(session.all('response.output_audio.delta')
      .map((event) => Buffer.from(event.delta, 'base64'))));
    await session.until(() => heardSoFar() > 100, 'some sound');
    session.send({ type: 'response.cancel' });
    session.send(truncate(itemId, 30));
    await session.wait('conversation.item.truncated', { since });
    await session.wait('response.done', { since });
    session.send(truncate(itemId, 20));
    await session.wait('conversation.item.truncated', { match: (e) => e.audio_end_ms === 20 });

    const second = await session.ask('What is two plus three?');
    const [spoken] = second.response.output;
    session.send(truncate(itemId, 10));
    await session.wait('conversation.item.truncated', { match: (e) => e.audio_end_ms === 10 });
    const length = Math.floor(durationMs(second.audio));
    session.send(truncate(spoken.id, length + 1000, { event_id: 'beyond' }));
    const { error } = await session.error('beyond');
    assert.equal(error.code, 'invalid_value');
    assert.match(error.message, /^Audio content of \d+ms is already shorter than \d+ms/);
    session.send(truncate(spoken.id, 100));
    await session.wait('conversation.item.truncated', { match: (e) => e.item_id === spoken.id });

    session.send({ type: 'conversation.item.retrieve', item_id: spoken.id });
    const { item } = await session.wait('conversation.item.retrieved');
    assert.equal(durationMs(Buffer.from(item.content[0].audio, 'base64')), 100);
    session.send(truncate('item_nobody_made', 100, { event_id: 'nobody' }));
    assert.equal((await session.error('nobody')).error.code, 'item_truncate_invalid_item_id');
    await session.stillWorks();
  });

  test('several responses out of band run beside a spoken answer', async (t) => {
    const session = await start(t);
    const { since, itemId } = await speakLong(session);
    const topics = ['one', 'two', 'three'];
    for (const topic of topics) {
      session.send({ type: 'response.create', event_id: `aside_${topic}`, response: {
        conversation: 'none', output_modalities: ['text'], metadata: { client_event_id: topic },
        input: [message(`What is ${topic} plus three?`)] } });
    }
    const aside = (type, topic) => session.all(type, since).find(
      ({ response }) => response.metadata?.client_event_id === topic)?.response;
    await session.until(() => topics.every((topic) => aside('response.done', topic)), 'them all');
    for (const topic of topics) {
      const done = aside('response.done', topic);
      assert.equal(done.status, 'completed');
      assert.equal(done.conversation_id, null);
      assert.equal(aside('response.created', topic).id, done.id);
    }
    assert.deepEqual(session.all('conversation.item.added', since)
      .filter(({ item }) => item.id !== itemId), []);
    assert.equal(session.all('response.done', since).length, topics.length);
    session.send({ type: 'response.cancel' });
    await session.until(() => session.all('response.done', since).length === topics.length + 1,
      'the spoken answer\'s end');
    assert.deepEqual(session.all('error'), []);
  });
});

describe('ids and shapes', { concurrency: 3 }, () => {
  test('client ids of 32 characters are kept, longer ones refused', async (t) => {
    const session = await start(t);
    const id = 'i'.repeat(32);
    session.send({ type: 'conversation.item.create', item: message('Hello.', { id }) });
    assert.equal((await session.wait('conversation.item.added')).item.id, id);
    session.send({ type: 'conversation.item.create', event_id: 'long',
      item: message('Hello.', { id: `${id}i` }) }, { check: false });
    const { error } = await session.error('long');
    assert.equal(error.code, 'string_above_max_length');
    assert.equal(error.param, 'item.id');
    session.send({ type: 'conversation.item.create', event_id: 'again',
      item: message('Hello.', { id }) });
    await session.error('again');
    await session.stillWorks();
  });

  test('turn_detection comes back whole, and a format without its rate is 24 kHz', async (t) => {
    const session = await start(t);
    const { audio } = await session.update({ model: MODEL, audio: {
      input: { format: { type: 'audio/pcm' },
        turn_detection: { type: 'server_vad', interrupt_response: false } } } }, { check: false });
    assert.deepEqual(audio.input.format, { type: 'audio/pcm', rate: 24000 });
    assert.equal(audio.input.turn_detection.interrupt_response, false);
    assert.equal(audio.input.turn_detection.create_response, true);
  });

  test('a transcription session has no fields of a conversation', async (t) => {
    const session = dial(t, { path: '/v1/realtime?intent=transcription' });
    const { session: created } = await session.wait('session.created');
    assert.equal(created.type, 'transcription');
    const { turn_detection: detection } = created.audio.input;
    for (const field of ['create_response', 'interrupt_response', 'idle_timeout_ms']) {
      assert.ok(!(field in detection), field);
    }
  });

  test('a call of a function without parameters has arguments', async (t) => {
    const session = await start(t, { output_modalities: ['text'], tool_choice: 'required',
      tools: [{ type: 'function', name: 'get_time', description: 'Get the current time.',
        parameters: { type: 'object', properties: {} } }] });
    const { response } = await session.ask('What time is it?');
    assert.deepEqual(JSON.parse(response.output[0].arguments), {});
  });

  test('a GA key and the beta header make a beta session', async (t) => {
    const session = dial(t, { dialect: 'beta', headers: { Authorization: 'Bearer sk-proj-x' } });
    assert.ok((await session.wait('session.created')).session.modalities);
  });
});

describe('doors', { concurrency: 3 }, () => {
  test('whoever offers sub-protocols gets `realtime`, whatever comes with it', async (t) => {
    for (const protocols of [
      ['realtime'],
      ['realtime', 'openai-insecure-api-key.any', 'openai-agents-sdk.0.20.0'],
      ['openai-insecure-api-key.x', 'openai-organization.o', 'openai-project.p', 'realtime'],
    ]) {
      const session = dial(t, { protocols });
      await session.wait('session.created');
      assert.equal(session.socket.protocol, 'realtime');
    }
  });

  test('REST errors are objects with four members', async () => {
    const { host } = await guardedServer();
    const rest = (path, init) => fetch(`http://${host}${path}`, init);
    for (const [status, answered] of [
      [401, await rest('/v1/models')],
      [401, await rest('/v1/realtime/client_secrets', { method: 'POST', body: '{}' })],
      [404, await rest('/v1/nothing', { headers: { Authorization: `Bearer ${SECRET}` } })],
      [400, await rest('/v1/realtime/client_secrets', { method: 'POST', body: '{"session":1}',
        headers: { Authorization: `Bearer ${SECRET}`, 'Content-Type': 'application/json' } })],
    ]) {
      assert.equal(answered.status, status);
      const { error } = await answered.json();
      assert.deepEqual(Object.keys(error).sort(), ['code', 'message', 'param', 'type']);
    }
  });

  test('a browser may ask for an ephemeral key', async () => {
    const { host } = await guardedServer();
    const path = `http://${host}/v1/realtime/client_secrets`;
    const asked = ['authorization', 'content-type', 'x-openai-agents-sdk', 'openai-organization',
      'openai-project', 'openai-safety-identifier', 'openai-beta'];
    const preflight = await fetch(path, { method: 'OPTIONS', headers: {
      Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': asked.join(',') } });
    assert.ok(preflight.ok, `${preflight.status}`);
    const allowed = preflight.headers.get('access-control-allow-headers').toLowerCase();
    for (const header of asked) {
      assert.ok(allowed.split(/,\s*/).includes(header) || allowed === '*', header);
    }
    assert.match(preflight.headers.get('access-control-allow-methods'), /POST|\*/);
    const origin = preflight.headers.get('access-control-allow-origin');
    assert.ok(['*', 'https://app.example'].includes(origin), origin);
    // Also on a refusal, or the page never learns why.
    const refused = await fetch(path,
      { method: 'POST', headers: { Origin: 'https://app.example' } });
    assert.equal(refused.status, 401);
    assert.ok(refused.headers.get('access-control-allow-origin'));
    assert.match(refused.headers.get('access-control-expose-headers') ?? '', /\blocation\b/i);
  });

  test('an ephemeral key carries its session, in full', async (t) => {
    const { host } = await guardedServer();
    const make = async (body) => {
      const answered = await fetch(`http://${host}/v1/realtime/client_secrets`, { method: 'POST',
        headers: { Authorization: `Bearer ${SECRET}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body) });
      assert.equal(answered.status, 200);
      return answered.json();
    };
    const bare = await make({});  // no session, no expires_after
    assert.match(bare.value, /^ek_/);
    assert.equal(bare.session.type, 'realtime');
    assert.equal(bare.session.audio.input.turn_detection.type, 'server_vad');
    const bound = await make({ expires_after: { anchor: 'created_at', seconds: 60 }, session: {
      type: 'realtime', model: MODEL, instructions: 'Speak like a pirate.',
      audio: { output: { voice: 'echo' } } } });
    assert.equal(bound.session.instructions, 'Speak like a pirate.');
    const left = bound.expires_at - Date.now() / 1000;
    assert.ok(left > 0 && left < 90, `${left} s left`);

    const authorised = { Authorization: `Bearer ${bound.value}` };
    const session = dial(t, { host, headers: authorised });
    const { session: created } = await session.wait('session.created');
    assert.equal(created.instructions, 'Speak like a pirate.');
    assert.equal(created.audio.output.voice, 'echo');
    // It opens sessions, and nothing else.
    const models = await fetch(`http://${host}/v1/models`, { headers: authorised });
    assert.ok([200, 401, 403].includes(models.status));
    const more = await fetch(`http://${host}/v1/realtime/client_secrets`,
      { method: 'POST', headers: authorised, body: '{}' });
    assert.ok([401, 403].includes(more.status), `an ephemeral key made another: ${more.status}`);
  });

  test('the transcription.delta of other doors is there at ours', full, async (t) => {
    const session = await start(t, { audio: { input: { turn_detection: null,
      transcription: { model: 'whisper-1' } } } }, { host: environment.plainHost() });
    session.send({ type: 'input_audio_buffer.append',
      audio: speech('tt-weasels').toString('base64') });
    session.send({ type: 'input_audio_buffer.commit' });
    await session.wait('conversation.item.input_audio_transcription.completed');
    assert.ok(session.all('conversation.item.input_audio_transcription.delta').length > 0);
  });
});
