// SPDX-License-Identifier: MIT
// Two hundred malformed variations of every client event, made from the schemas: each gets an error
// that names the field, and the session works after the last.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALECTS, dial, full } from '../support/session.mjs';
import { malformed } from '../support/malformed.mjs';

const COUNT = 200;
const SEED = Number(process.env.PARLEY_SEED ?? 20261121);

const message = { type: 'message', role: 'user',
  content: [{ type: 'input_text', text: 'Hello.' }] };
const turnDetection = { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300,
  silence_duration_ms: 200, create_response: true, interrupt_response: true };
const tool = { type: 'function', name: 'f', description: 'd',
  parameters: { type: 'object', properties: {} } };

const shared = [
  { type: 'input_audio_buffer.append', audio: 'AAAA' },
  { type: 'input_audio_buffer.commit' },
  { type: 'input_audio_buffer.clear' },
  { type: 'conversation.item.create', previous_item_id: 'root', item: message },
  { type: 'conversation.item.create', item: { type: 'function_call_output', call_id: 'call_1',
    output: '{}' } },
  { type: 'conversation.item.retrieve', item_id: 'item_1' },
  { type: 'conversation.item.delete', item_id: 'item_1' },
  { type: 'conversation.item.truncate', item_id: 'item_1', content_index: 0, audio_end_ms: 10 },
  { type: 'response.cancel', response_id: 'resp_1' },
];
const EVENTS = {
  ga: [...shared,
    { type: 'session.update', session: { type: 'realtime', instructions: 'x',
      output_modalities: ['audio'], tools: [tool], tool_choice: 'auto', max_output_tokens: 100,
      truncation: { type: 'retention_ratio', retention_ratio: 0.5 },
      audio: { input: { format: { type: 'audio/pcm', rate: 24000 }, turn_detection: turnDetection,
        transcription: { model: 'whisper-1', language: 'en' },
        noise_reduction: { type: 'near_field' } },
      output: { voice: 'alloy', speed: 1 } } } },
    { type: 'response.create', response: { instructions: 'x', output_modalities: ['text'],
      conversation: 'none', metadata: { key: 'value' }, tools: [tool], tool_choice: 'none',
      max_output_tokens: 10, input: [message, { type: 'item_reference', id: 'item_1' }] } }],
  beta: [...shared,
    { type: 'session.update', session: { modalities: ['audio', 'text'], instructions: 'x',
      voice: 'alloy', input_audio_format: 'pcm16', output_audio_format: 'pcm16',
      input_audio_transcription: { model: 'whisper-1' }, turn_detection: turnDetection,
      tools: [tool], tool_choice: 'auto', temperature: 0.8, max_response_output_tokens: 100 } },
    { type: 'response.create', response: { modalities: ['text'], instructions: 'x',
      metadata: { key: 'value' }, tools: [tool], tool_choice: 'none', temperature: 0.7,
      max_response_output_tokens: 10, conversation: 'none' } }],
};

// The error names the place, what holds it, or what is in it.
function names(error, path) {
  const { param, message: text } = error;
  if (param === null) return false;
  const bare = (place) => place.replace(/\[\d+\]/g, '');
  const [said, meant] = [bare(param), bare(path)];
  return said.startsWith(meant) || meant.startsWith(said) || text.includes(`'${path}'`);
}

for (const dialect of DIALECTS) {
  describe(`malformed events, ${dialect}, seed ${SEED}`, () => {
    for (const [index, event] of EVENTS[dialect].entries()) {
      test(`${event.type} (${index})`, full, async (t) => {
        const session = dial(t, { dialect });
        await session.wait('session.created');
        const frames = malformed(dialect, event, COUNT, SEED + index);
        for (const { frame } of frames) session.sendRaw(frame);
        // In order behind them all: when it is answered, all were.
        const since = session.mark();
        const update = dialect === 'ga'
          ? { type: 'session.update', session: { type: 'realtime', instructions: 'Still here.' } }
          : { type: 'session.update', session: { instructions: 'Still here.' } };
        session.sendRaw(JSON.stringify(update));
        await session.until(() => session.all('session.updated', 0)
          .find((said) => said.session.instructions === 'Still here.'), 'the session to go on');
        assert.ok(session.mark() >= since);

        const errors = session.all('error').map((said) => said.error);
        const wrong = [];
        for (const { frame, path, id } of frames) {
          if (id === null) continue;
          const error = errors.find((candidate) => candidate.event_id === id);
          const shown = `${path}: ${frame.slice(0, 1500)}`;
          if (!error) wrong.push(`accepted, ${shown}`);
          else if (!names(error, path)) {
            wrong.push(`names ${error.param} (${error.code}), not ${shown}`);
          }
        }
        const cut = frames.filter(({ id }) => id === null).length;
        const unread = errors.filter((error) => error.code === 'invalid_json').length;
        assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} of ${COUNT}`);
        assert.ok(unread >= cut, `${unread} of ${cut} cut frames were refused`);
      });
    }
  });
}
