// SPDX-License-Identifier: MIT
// The checker itself: golden transcripts hold, and each of these small wrongs is seen.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkEvents, readTranscript } from './invariants.mjs';
import { clientEvent } from './support/dialect.mjs';

const flows = fileURLToPath(new URL('../spec/flows', import.meta.url));
const golden = (dialect, name) => readTranscript(`${flows}/${dialect}/${name}.jsonl`);
const ofType = (type) => (record) => record.event.type === type;

for (const dialect of ['ga', 'beta']) {
  for (const file of readdirSync(`${flows}/${dialect}`)) {
    if (file.startsWith('translation')) continue;
    test(`the golden flow ${dialect}/${file} holds`, () => {
      assert.deepEqual(checkEvents(readTranscript(`${flows}/${dialect}/${file}`), dialect), []);
    });
  }
}

// What is done to a golden flow, and the complaint that must follow.
const wrongs = [
  ['an event id used twice', 'text-turn', /again/, (r) => {
    r[3].event.event_id = r[0].event.event_id;
  }],
  ['a session that starts with another event', 'text-turn', /first event/, (r) => r.shift()],
  ['an event of the other dialect', 'text-turn', /other dialect/, (r) => {
    r.find(ofType('response.output_text.delta')).event.type = 'response.text.delta';
  }],
  ['a response without its done', 'text-turn', /never done/, (r) => {
    r.splice(r.findIndex(ofType('response.done')), 1);
  }],
  ['a second done', 'text-turn', /done again/, (r) => {
    const done = structuredClone(r.find(ofType('response.done')));
    done.event.event_id = 'event_other';
    r.push(done);
  }],
  ['a delta after response.done', 'text-turn', /already done/, (r) => {
    const [delta] = r.splice(r.findIndex(ofType('response.output_text.delta')), 1);
    r.push(delta);
  }],
  ['a lost delta', 'text-turn', /deltas said/, (r) => {
    r.splice(r.findIndex(ofType('response.output_text.delta')), 1);
  }],
  ['an index with a gap', 'text-turn', /output_index 1, expected 0/, (r) => {
    r.find(ofType('response.output_item.added')).event.output_index = 1;
  }],
  ['an item that is never added', 'text-turn', /never added/, (r) => {
    r.splice(r.findIndex(ofType('conversation.item.added')), 1);
  }],
  ['an item that is never done', 'text-turn', /never done/, (r) => {
    r.splice(r.findIndex(ofType('conversation.item.done')), 1);
  }],
  ['a previous item that is not there', 'text-turn', /not in the conversation/, (r) => {
    r.findLast(ofType('conversation.item.added')).event.previous_item_id = 'item_nowhere';
  }],
  ['an item appended without its previous item', 'text-turn', /no previous item/, (r) => {
    r.findLast(ofType('conversation.item.added')).event.previous_item_id = null;
  }],
  ['a commit of another item', 'vad-turn', /announced item/, (r) => {
    r.find(ofType('input_audio_buffer.committed')).event.item_id = 'item_other';
  }],
  ['half a sample', 'vad-turn', /whole samples/, (r) => {
    r.find(ofType('response.output_audio.delta')).event.delta = 'AAAA';
  }],
  ['a transcript that differs from its deltas', 'vad-turn', /completed says/, (r) => {
    r.find(ofType('conversation.item.input_audio_transcription.completed'))
      .event.transcript = 'Something else.';
  }],
  ['speech that ends before it starts', 'vad-turn', /before it starts/, (r) => {
    r.find(ofType('input_audio_buffer.speech_stopped')).event.audio_end_ms = 10;
  }],
  ['tokens that do not add up', 'vad-turn', /sum/, (r) => {
    r.find(ofType('response.done')).event.response.usage.total_tokens++;
  }],
  ['arguments that differ from their deltas', 'function-call-parallel', /differs from its deltas/,
    (r) => { r.find(ofType('response.function_call_arguments.done')).event.arguments = '{}'; }],
];
for (const [name, flow, complaint, spoil] of wrongs) {
  test(`the checker sees ${name}`, () => {
    const records = structuredClone(golden('ga', flow));
    spoil(records);
    assert.match(checkEvents(records, 'ga').join('\n'), complaint);
  });
}

test('a connection that was cut may leave things open', () => {
  const records = golden('ga', 'text-turn');
  records.length = records.findIndex(ofType('response.output_text.done'));
  records.at(-1).cut = true;
  assert.deepEqual(checkEvents(records, 'ga'), []);
});

test('GA events are said in beta', () => {
  assert.deepEqual(clientEvent('beta', { type: 'session.update', session: {
    type: 'realtime', output_modalities: ['audio'], max_output_tokens: 9,
    audio: { input: { format: { type: 'audio/pcmu' }, turn_detection: null },
      output: { voice: 'echo' } } } }),
  { type: 'session.update', session: { modalities: ['text', 'audio'], voice: 'echo',
    max_response_output_tokens: 9, input_audio_format: 'g711_ulaw', turn_detection: null } });
});
