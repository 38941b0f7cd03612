#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// What holds across the events of any one conversation, whatever was said: order, ids, indexes and
// sums that a schema of single events cannot say. The numbers in comments:
//   1 every event has its own id              5 a commit names the item that its speech announced
//   2 session.created comes first, once       6 nothing of a response after its response.done
//   3 every begin has one end; deltas add up  7 an error names the client's event, or null
//   4 items come before their content         8 no event of the other dialect
//
//   node invariants.mjs [--dialect ga|beta] TRANSCRIPT.jsonl ...
//
// A transcript line is {"dir":"client"|"server","event":{...}}. A line with "cut": true is the last
// of a connection that was broken on purpose: what was open then need not be finished.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const GA_ONLY =
  /^(conversation\.item\.(added|done)|response\.output_(text|audio|audio_transcript)\.)/;
const BETA_ONLY =
  /^(conversation\.item\.created|transcription_session\.|response\.(text|audio(_transcript)?)\.)/;

// Each name in beta is the GA name without its "output_", but for the items.
export function gaName(type) {
  if (type === 'conversation.item.created') return 'conversation.item.added';
  return type.replace(/^response\.(text|audio|audio_transcript)\./, 'response.output_$1.');
}

export function betaName(type) {
  if (type === 'conversation.item.added') return 'conversation.item.created';
  if (type === 'conversation.item.done') return null;
  return type.replace(/^response\.output_(text|audio|audio_transcript)\./, 'response.$1.');
}

// After response.done, only these may still name the response.
const LATE = /^(output_audio_buffer\.|response\.mcp_call)/;
const isMcp = (item) => item?.type?.startsWith('mcp_') ?? false;

class Checker {
  constructor(dialect) {
    this.dialect = dialect;
    this.problems = [];
    this.events = 0;
    this.line = 0;
    this.type = '';
    this.eventIds = new Set();
    this.clientIds = new Set();
    this.createdAtRoot = 0;
    this.order = [];          // item ids as the client would list them
    this.added = new Map();   // item id -> {previous, done}
    this.known = new Set();   // every item id that ever was
    this.responses = new Map();
    this.turns = new Map();   // item id of a user turn -> {started, stopped, committed}
    this.lastTurnEndMs = 0;
    this.transcripts = new Map();
  }

  fail(message) {
    this.problems.push(`line ${this.line} [${this.type}]: ${message}`);
  }

  require(condition, message) {
    if (!condition) this.fail(message);
    return Boolean(condition);
  }

  client(event) {
    if (typeof event.event_id === 'string') this.clientIds.add(event.event_id);
    if (event.type === 'conversation.item.create' && event.previous_item_id === 'root') {
      this.createdAtRoot++;
    }
  }

  server(event) {
    this.events++;
    const wireType = event.type;
    this.require(!(this.dialect === 'ga' ? BETA_ONLY : GA_ONLY).test(wireType),
      `an event of the other dialect`);  // 8
    this.require(wireType !== 'conversation.created', 'conversation.created is not sent');  // 2
    if (wireType !== 'input_audio_buffer.dtmf_event_received') {  // 1
      if (this.require(typeof event.event_id === 'string', 'no event_id')) {
        this.require(!this.eventIds.has(event.event_id), `event_id ${event.event_id} again`);
        this.eventIds.add(event.event_id);
      }
    }
    const type = gaName(wireType);
    if (this.events === 1) {  // 2
      this.require(/^(transcription_)?session\.created$/.test(wireType),
        'the first event is not session.created');
    } else {
      this.require(!/^(transcription_)?session\.created$/.test(wireType), 'session.created again');
    }
    const handler = this[type];
    if (handler) handler.call(this, event);
    if (event.response_id !== undefined && !LATE.test(type) && !isMcp(event.item)) {  // 6
      const response = this.responses.get(event.response_id);
      if (this.require(response, `response ${event.response_id} was never created`)) {
        this.require(!response.done, `response ${event.response_id} was already done`);
      }
    }
  }

  // ---- items ----------------------------------------------------------------------------------

  'conversation.item.added'(event) {
    const { item } = event;
    const previous = event.previous_item_id ?? null;
    if (!this.require(!this.known.has(item.id), `item ${item.id} added again`)) return;
    if (previous === null) {  // 4
      this.require(this.order.length === 0 || this.createdAtRoot-- > 0,
        `item ${item.id} has no previous item, but ${this.order.at(-1)} is there`);
      this.order.unshift(item.id);
    } else {
      const at = this.order.indexOf(previous);
      this.require(at >= 0, `previous_item_id ${previous} is not in the conversation`);
      this.order.splice(at < 0 ? this.order.length : at + 1, 0, item.id);
    }
    this.known.add(item.id);
    this.added.set(item.id, { previous, done: this.dialect === 'beta' });
    const turn = this.turns.get(item.id);
    if (turn?.committed) {
      this.require(turn.previous === previous, 'previous_item_id differs from that of committed');
    }
  }

  'conversation.item.done'(event) {
    const added = this.added.get(event.item.id);
    if (!this.require(added, `item ${event.item.id} is done but was never added`)) return;
    this.require(!added.done, `item ${event.item.id} is done again`);
    added.done = true;
    const at = this.order.indexOf(event.item.id);
    const before = at > 0 ? this.order[at - 1] : null;
    this.require(at < 0 || [added.previous, before].includes(event.previous_item_id ?? null),
      `previous_item_id ${event.previous_item_id} is neither where it was added nor where it is`);
    this.require(event.item.status !== 'in_progress', 'a done item is still in progress');
  }

  'conversation.item.deleted'(event) {
    const at = this.order.indexOf(event.item_id);
    if (this.require(at >= 0, `item ${event.item_id} is not in the conversation`)) {
      this.order.splice(at, 1);
    }
  }

  'conversation.item.retrieved'(event) {
    this.require(this.order.includes(event.item.id), 'retrieved an item that is not there');
  }

  'conversation.item.truncated'(event) {
    this.require(this.order.includes(event.item_id), 'truncated an item that is not there');
  }

  // ---- user audio -----------------------------------------------------------------------------

  'input_audio_buffer.speech_started'(event) {
    this.require(!this.turns.has(event.item_id), `speech started again for ${event.item_id}`);
    this.require(![...this.turns.values()].some((t) => t.started && !t.stopped && !t.committed
      && !t.cleared), 'speech started while speech was going on');
    this.require(event.audio_start_ms >= this.lastTurnEndMs,
      `starts at ${event.audio_start_ms} ms, in the turn that ended at ${this.lastTurnEndMs} ms`);
    this.turns.set(event.item_id, { started: true, startMs: event.audio_start_ms });
  }

  'input_audio_buffer.speech_stopped'(event) {
    const turn = this.turns.get(event.item_id);
    if (!this.require(turn, 'speech stopped that never started')) return;
    this.require(!turn.stopped, 'speech stopped again');
    this.require(event.audio_end_ms > turn.startMs, 'speech ends before it starts');
    turn.stopped = true;
    this.lastTurnEndMs = event.audio_end_ms;
  }

  'input_audio_buffer.committed'(event) {  // 5
    const open = [...this.turns].find(([, t]) => t.started && !t.committed && !t.cleared);
    if (open) {
      this.require(open[0] === event.item_id, `speech_started announced item ${open[0]}`);
    }
    const turn = this.turns.get(event.item_id) ?? {};
    this.require(!turn.committed, 'committed again');
    turn.committed = true;
    turn.previous = event.previous_item_id ?? null;
    this.turns.set(event.item_id, turn);
  }

  'input_audio_buffer.cleared'() {
    for (const turn of this.turns.values()) if (!turn.committed) turn.cleared = true;
  }

  'conversation.item.input_audio_transcription.delta'(event) {
    if (event.content_index !== undefined) {
      this.require(this.known.has(event.item_id), 'a transcript before its item');  // 4
    }
    this.transcripts.set(event.item_id, (this.transcripts.get(event.item_id) ?? '') + event.delta);
  }

  'conversation.item.input_audio_transcription.completed'(event) {
    this.require(this.known.has(event.item_id), 'a transcript before its item');
    const deltas = this.transcripts.get(event.item_id);
    this.require(deltas === undefined || deltas === event.transcript,  // 3
      `deltas say ${JSON.stringify(deltas)}, completed says ${JSON.stringify(event.transcript)}`);
    this.transcripts.delete(event.item_id);
  }

  'conversation.item.input_audio_transcription.failed'(event) {
    this.require(this.known.has(event.item_id), 'a failed transcript before its item');
  }

  // ---- responses ------------------------------------------------------------------------------

  'response.created'(event) {
    const { response } = event;
    this.require(!this.responses.has(response.id), `response ${response.id} created again`);  // 3
    const active = [...this.responses].find(([, r]) => !r.done && !r.outOfBand);
    const outOfBand = response.conversation_id === null;
    this.require(outOfBand || !active, `response ${active?.[0]} is still going on`);
    this.require(response.status === 'in_progress', `status is ${response.status}`);
    this.require((response.output ?? []).length === 0, 'has output already');
    this.require(response.usage == null, 'has usage already');
    this.responses.set(response.id, {
      done: false, outOfBand, items: [], metadata: response.metadata,
      format: response.audio?.output?.format?.type ?? response.output_audio_format,
    });
  }

  'response.output_item.added'(event) {
    const response = this.responses.get(event.response_id);
    if (!response) return;
    this.require(event.output_index === response.items.length,
      `output_index ${event.output_index}, expected ${response.items.length}`);
    response.items.push({ id: event.item.id, type: event.item.type, done: null, parts: [] });
    this.require(!this.known.has(event.item.id), `item ${event.item.id} was already added`);
  }

  'response.output_item.done'(event) {
    const item = this.itemOf(event, event.item.id);
    if (!item) return;
    this.require(item.done === null, 'the item is done again');
    this.require(item.parts.every((part) => part.done), 'the item is done before its parts');
    this.require(event.item.status !== 'in_progress', 'a done item is still in progress');
    if (item.type === 'function_call' && item.arguments !== undefined) {
      this.require(event.item.arguments === item.arguments, 'its arguments differ from the deltas');
      this.require(event.item.call_id === item.callId, 'its call_id differs');
    }
    for (const [index, part] of item.parts.entries()) {
      const shown = event.item.content?.[index];
      this.require(shown, `content ${index} is missing`);
      this.require((shown?.text ?? shown?.transcript ?? '') === part.text,
        `content ${index} differs from the deltas`);
    }
    item.done = event.item;
    if (this.dialect === 'ga' && !this.responses.get(event.response_id).outOfBand) {
      this.require(this.added.get(item.id)?.done, 'conversation.item.done comes before it');
    }
  }

  'response.content_part.added'(event) {
    const item = this.itemOf(event, event.item_id);
    if (!item) return;
    if (!this.responses.get(event.response_id).outOfBand) {
      this.require(this.known.has(event.item_id), 'content before the item was added');  // 4
    }
    this.require(event.content_index === item.parts.length,
      `content_index ${event.content_index}, expected ${item.parts.length}`);
    item.parts.push({ type: event.part.type, text: '', done: false, finished: new Set() });
  }

  'response.content_part.done'(event) {
    const part = this.partOf(event);
    if (!part) return;
    this.require(!part.done, 'the part is done again');
    const streams = part.type === 'text'
      ? ['output_text'] : ['output_audio', 'output_audio_transcript'];
    for (const stream of streams) {
      this.require(part.finished.has(stream), `comes before ${stream}.done`);
    }
    this.require((event.part.text ?? event.part.transcript ?? '') === part.text,
      `says ${JSON.stringify(event.part.text ?? event.part.transcript)}, `
      + `the deltas said ${JSON.stringify(part.text)}`);
    part.done = true;
  }

  'response.output_text.delta'(event) { this.delta(event, 'output_text'); }
  'response.output_audio_transcript.delta'(event) { this.delta(event, 'output_audio_transcript'); }
  'response.output_text.done'(event) { this.finish(event, 'output_text', event.text); }
  'response.output_audio_transcript.done'(event) {
    this.finish(event, 'output_audio_transcript', event.transcript);
  }
  'response.output_audio.done'(event) { this.finish(event, 'output_audio'); }

  'response.output_audio.delta'(event) {
    const part = this.partOf(event);
    if (!part) return;
    this.require(!part.finished.has('output_audio'), 'audio after output_audio.done');
    const bytes = Buffer.from(event.delta, 'base64');
    this.require(bytes.toString('base64') === event.delta, 'not canonical base64');
    this.require(bytes.length > 0, 'no audio in it');
    const { format } = this.responses.get(event.response_id);
    if (/pcm$|pcm16/.test(format ?? 'pcm16')) {
      this.require(bytes.length % 2 === 0, `${bytes.length} bytes are no whole samples`);
    }
  }

  'response.function_call_arguments.delta'(event) {
    const item = this.itemOf(event, event.item_id);
    if (!item) return;
    this.require(this.known.has(event.item_id), 'arguments before the item was added');
    item.argumentDeltas = (item.argumentDeltas ?? '') + event.delta;
  }

  'response.function_call_arguments.done'(event) {
    const item = this.itemOf(event, event.item_id);
    if (!item) return;
    this.require((item.argumentDeltas ?? '') === event.arguments, 'differs from its deltas');
    item.arguments = event.arguments;
    item.callId = event.call_id;
  }

  'response.done'(event) {
    const { response } = event;
    const mine = this.responses.get(response.id);
    if (!this.require(mine, `response ${response.id} was never created`)) return;
    this.require(!mine.done, 'done again');  // 3
    mine.done = true;
    this.require(response.status !== 'in_progress', 'done, but still in progress');
    this.require(mine.items.every((item) => item.done || isMcp(item)), 'done before its items');
    this.require(JSON.stringify((response.output ?? []).map((item) => item.id))
      === JSON.stringify(mine.items.map((item) => item.id)), 'output lists other items');
    for (const [index, item] of (response.output ?? []).entries()) {
      const shown = mine.items[index]?.done;
      this.require(!shown || item.status === shown.status, `output ${index}: another status`);
    }
    if (response.status === 'completed') {
      this.require(mine.items.every((item) => item.done?.status !== 'incomplete'),
        'completed, with an incomplete item');
    } else {
      this.require(response.status_details?.type === response.status,
        `status ${response.status}, but status_details ${JSON.stringify(response.status_details)}`);
    }
    const metadata = (value) => JSON.stringify(value ?? null);
    this.require(metadata(response.metadata) === metadata(mine.metadata),
      'metadata differs from response.created');
    this.usage(response.usage);
  }

  usage(usage) {
    if (usage == null) return;
    this.require(usage.total_tokens === usage.input_tokens + usage.output_tokens,
      'total_tokens is not the sum of input and output');
    const input = usage.input_token_details ?? {};
    const cached = input.cached_tokens ?? 0;
    this.require(cached <= usage.input_tokens, 'more cached tokens than input tokens');
  }

  error(event) {  // 7
    const { error } = event;
    this.require(error.event_id === null || typeof error.event_id === 'string',
      'error.event_id is neither null nor a string');
  }

  // ---- helpers --------------------------------------------------------------------------------

  itemOf(event, id) {
    const response = this.responses.get(event.response_id);
    const item = response?.items[event.output_index];
    if (!response) return null;                       // reported by server()
    if (!this.require(item, `output_index ${event.output_index} was never added`)) return null;
    this.require(item.id === id, `output_index ${event.output_index} is ${item.id}, not ${id}`);
    this.require(item.done === null || event.type === 'response.output_item.done',
      'an event of an item that is done');
    return item;
  }

  partOf(event) {
    const item = this.itemOf(event, event.item_id);
    const part = item?.parts[event.content_index];
    if (!item) return null;
    if (!this.require(part, `content_index ${event.content_index} was never added`)) return null;
    this.require(!part.done, 'an event of a part that is done');
    return part;
  }

  delta(event, stream) {
    const part = this.partOf(event);
    if (!part) return;
    this.require(!part.finished.has(stream), `a delta after ${stream}.done`);
    this.require(event.delta !== '', 'an empty delta');
    part.text += event.delta;
  }

  finish(event, stream, text) {
    const part = this.partOf(event);
    if (!part) return;
    this.require(!part.finished.has(stream), `${stream}.done again`);
    part.finished.add(stream);
    if (text !== undefined) {
      this.require(text === part.text,
        `says ${JSON.stringify(text)}, the deltas said ${JSON.stringify(part.text)}`);
    }
  }

  end(cut) {
    this.line = 'end';
    this.type = cut ? 'cut' : 'closed';
    this.require(this.events > 0, 'no event at all');
    if (cut) return;
    for (const [id, response] of this.responses) {
      this.require(response.done, `response ${id} was never done`);
    }
    for (const [id, item] of this.added) {
      this.require(item.done, `item ${id} was added but never done`);
    }
    for (const [id, turn] of this.turns) {
      this.require(!turn.stopped || turn.committed || turn.cleared,
        `speech stopped, but item ${id} was never committed`);
    }
  }
}

// Problems of one connection's events, as sentences; none when all is well.
export function checkEvents(records, dialect) {
  const checker = new Checker(dialect);
  let cut = false;
  records.forEach((record, index) => {
    checker.line = index + 1;
    checker.type = record.event.type;
    if (record.dir === 'client') checker.client(record.event);
    else checker.server(record.event);
    cut ||= record.cut === true;
  });
  checker.end(cut);
  return checker.problems;
}

export function readTranscript(path) {
  return readFileSync(path, 'utf8').split('\n').filter((line) => line.trim())
    .map((line) => JSON.parse(line));
}

function main(args) {
  let dialect = null;
  let failed = 0;
  let count = 0;
  while (args[0]?.startsWith('--')) {
    if (args[0] !== '--dialect' || !['ga', 'beta'].includes(args[1])) {
      console.error('usage: invariants.mjs [--dialect ga|beta] TRANSCRIPT.jsonl ...');
      return 2;
    }
    dialect = args[1];
    args = args.slice(2);
  }
  for (const path of args) {
    const guess = /(^|[/._-])beta([/._-]|$)/.test(path) ? 'beta' : 'ga';
    const problems = checkEvents(readTranscript(path), dialect ?? guess);
    for (const problem of problems) console.log(`FAIL ${path} ${problem}`);
    failed += problems.length > 0;
    count++;
  }
  console.log(`invariants: ${count - failed} of ${count} transcripts hold`);
  return failed ? 1 : 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exit(main(process.argv.slice(2)));
}
