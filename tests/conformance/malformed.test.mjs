// SPDX-License-Identifier: MIT
// Two hundred malformed variations of each event that shows a whole side of the schema: MCP tools,
// all kinds of items and input, transcription sessions, buffers that belong to other transports.
// Each gets an error whose `param` is the field, and the session works after the last.
//
// e2e/node/malformed.test.mjs does the same with the events that clients send most.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { malformed } from '../e2e/support/malformed.mjs';
import { DIALECTS, dial, full } from '../e2e/support/session.mjs';
import { EXAMPLES } from './examples.mjs';
import { valuesAt } from './probe.mjs';

const COUNT = 200;
const SEED = Number(process.env.PARLEY_SEED ?? 20261121);

const transcribing = { type: 'session.update', session: { type: 'transcription',
  include: ['item.input_audio_transcription.logprobs'],
  audio: { input: { format: { type: 'audio/pcm', rate: 24000 },
    transcription: { model: 'whisper-1', language: 'en', prompt: 'p' },
    noise_reduction: { type: 'far_field' },
    turn_detection: { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300,
      silence_duration_ms: 200 } } } } };
const settings = { type: 'session.update', session: { type: 'realtime',
  tracing: { workflow_name: 'w', group_id: 'g', metadata: { key: 'value' } },
  prompt: { id: 'pmpt_1', version: '7', variables: { name: 'Ada' } },
  reasoning: { effort: 'low' }, parallel_tool_calls: true,
  tool_choice: { type: 'function', name: 'f' },
  truncation: { type: 'retention_ratio', retention_ratio: 0.5,
    token_limits: { post_instructions: 900 } },
  audio: { input: { turn_detection: { type: 'semantic_vad', eagerness: 'low',
    create_response: true, interrupt_response: true } } } } };
const clear = { type: 'output_audio_buffer.clear' };
// Written out and read again, so that no two places share a value that is then changed in both.
const EVENTS = JSON.parse(JSON.stringify({ ga: [...EXAMPLES.ga, settings, transcribing, clear],
  beta: [...EXAMPLES.beta, clear] }));

// Places that the server does not read, which docs/conformance.md says of them, and an id that a
// client may leave out of every item.
const UNREAD = {
  'conversation.item.create': /^item\.id$/,
};

// The session shows null here when nothing is set, and clients send back what they were shown.
const SHOWN_NULL = /^session\.(include|audio\.input\.transcription\.(language|prompt))$/;

function counts(event, frame, place) {
  if (UNREAD[event.type]?.test(place)) return false;
  return !(SHOWN_NULL.test(place) && valuesAt(JSON.parse(frame), place)[0] === null);
}

// The field, or something in it: never nothing, a neighbour, or only what holds it.
function names({ param }, path) {
  if (!param) return false;
  const [said, meant] = [param, path].map((place) => `${place.replace(/\[\d*\]/g, '')}.`);
  return said.startsWith(meant);
}

for (const dialect of DIALECTS) {
  describe(`malformed whole events, ${dialect}, seed ${SEED}`, () => {
    for (const [index, event] of EVENTS[dialect].entries()) {
      test(`${event.type} (${index})`, full, async (t) => {
        const transcribes = event.session?.type === 'transcription'
          || event.type.startsWith('transcription_');
        const path = transcribes ? '/v1/realtime?intent=transcription' : undefined;
        const session = dial(t, { dialect, path, schema: false });
        const opened = await session.until(() => session.records.length && session.records[0],
          'the session');
        assert.match(opened.event.type, /session\.created$/);
        const frames = malformed(dialect, event, COUNT, SEED + index);
        assert.equal(frames.length, COUNT);
        for (const { frame } of frames) session.sendRaw(frame);
        // In order behind them all: when it is answered, all were.
        session.send({ type: 'input_audio_buffer.clear' });
        await session.wait('input_audio_buffer.cleared');

        const errors = session.all('error').map((said) => said.error);
        const byId = new Map(errors.map((error) => [error.event_id, error]));
        const wrong = [];
        for (const { frame, path: place, id } of frames) {
          if (id === null || !counts(event, frame, place)) continue;
          const error = byId.get(id);
          const shown = `${place}: ${frame.slice(0, 600)}`;
          if (!error) wrong.push(`accepted, ${shown}`);
          else if (!names(error, place)) {
            wrong.push(`names ${error.param} (${error.code}), not ${shown}`);
          }
        }
        const cut = frames.filter(({ id }) => id === null).length;
        const unread = errors.filter(({ code }) => code === 'invalid_json').length;
        assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} of ${COUNT}`);
        assert.ok(unread >= cut, `${unread} of ${cut} cut frames were refused`);
      });
    }
  });
}
