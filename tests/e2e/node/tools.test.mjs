// SPDX-License-Identifier: MIT
// Function calls: the model asks, the client answers, the model speaks.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALECTS, full, open } from '../support/session.mjs';

const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'Get the current weather in a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', description: 'The name of the city' } },
    required: ['city'],
  },
};

describe('tools', { concurrency: 4 }, () => {
  for (const dialect of DIALECTS) {
    test(`a function call makes its round trip (${dialect})`, async (t) => {
      const session = await open(t, { dialect });
      await session.update({ tools: [WEATHER], tool_choice: 'auto' });
      const asked = await session.ask('What is the weather in Paris?');
      assert.equal(asked.response.status, 'completed');
      const call = asked.response.output.find((item) => item.type === 'function_call');
      assert.ok(call, `no call in ${JSON.stringify(asked.response.output)}`);
      assert.equal(call.name, 'get_weather');
      assert.match(call.call_id, /^call_/);
      assert.match(JSON.parse(call.arguments).city, /paris/i);
      const done = await session.wait('response.function_call_arguments.done');
      assert.equal(done.arguments, call.arguments);
      assert.equal(done.call_id, call.call_id);

      const since = session.mark();
      session.send({ type: 'conversation.item.create', item: { type: 'function_call_output',
        call_id: call.call_id, output: JSON.stringify({ temperature_c: 21, sky: 'sunny' }) } });
      await session.wait('conversation.item.added', { since });
      session.send({ type: 'response.create' });
      const answer = await session.answer(since);
      assert.equal(answer.response.status, 'completed');
      assert.match(answer.transcript, /21|twenty[ -]one|sunny/i);
      assert.ok(answer.audio.length > 0);
    });
  }

  test('tool_choice none keeps the model from calling', full, async (t) => {
    const session = await open(t);
    await session.update({ output_modalities: ['text'], tools: [WEATHER], tool_choice: 'none' });
    const { response } = await session.ask('What is the weather in Paris?');
    assert.deepEqual(response.output.map((item) => item.type), ['message']);
  });

  test('a small talk question calls nothing', full, async (t) => {
    const session = await open(t);
    await session.update({ output_modalities: ['text'], tools: [WEATHER] });
    const { response } = await session.ask('Hello!');
    assert.deepEqual(response.output.map((item) => item.type), ['message']);
  });

  test('an output for a call that was never made is refused', async (t) => {
    const session = await open(t);
    session.send({ type: 'conversation.item.create', event_id: 'out_1',
      item: { type: 'function_call_output', call_id: 'call_nobody_made', output: '{}' } });
    const { error } = await session.error('out_1');
    assert.equal(error.type, 'invalid_request_error');
    await session.stillWorks();
  });
});
