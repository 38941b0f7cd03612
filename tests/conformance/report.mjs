// SPDX-License-Identifier: MIT
// Makes docs/conformance.md: each client event is sent to the running server with one field of the
// published schema set at a time, and what the server makes of it is the table; server events are
// what the scenarios' transcripts hold.
//
//   node tests/e2e/run.mjs --binary parley --
//     node tests/conformance/report.mjs SCENARIOS E2E [--check]
//
// SCENARIOS and E2E are the folders that scenarios_schema and e2e_node leave their transcripts in;
// of the latter, those with MCP servers. --check compares with the committed page.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainHost } from '../e2e/support/environment.mjs';
import { WebSocket } from '../e2e/support/packages.mjs';
import { EXAMPLES } from './examples.mjs';
import { Schema } from './schema.mjs';

const page = fileURLToPath(new URL('../../docs/conformance.md', import.meta.url));
const [scenarios, endToEnd, flag] = process.argv.slice(2);
const DIALECTS = { ga: 'GA', beta: 'Beta' };

// Values that the schema leaves open and the server does not.
const VALUES = {
  audio: 'AAAAAAAA', 'session.audio.input.format.rate': 24000, 'format.rate': 24000,
  image_url: 'data:image/png;base64,AAAAAAAA', server_url: 'http://127.0.0.1:1/mcp',
  call_id: 'call_none', previous_item_id: 'root',
  'session.model': 'parley', speed: 1, temperature: 0.8, retention_ratio: 0.5,
  idle_timeout_ms: 5000, threshold: 0.5, version: '1', conversation: 'none',
  'session.type': 'realtime',
};

function valueFor(schema, field) {
  const key = Object.keys(VALUES).find((name) => field.path === name
    || field.path.endsWith(`.${name}`) || field.path.endsWith(`].${name}`));
  const sample = schema.sample(field.schema);
  return key && typeof sample !== 'object' ? VALUES[key] : sample;
}

// What is required beside a field is given the values that the server wants, too.
function settled(event) {
  const visit = (value, path) => {
    if (Array.isArray(value)) return value.map((one) => visit(one, `${path}[]`));
    if (value === null || typeof value !== 'object') {
      const key = Object.keys(VALUES).find((name) => path === name || path.endsWith(`.${name}`));
      return key && typeof value === typeof VALUES[key] ? VALUES[key] : value;
    }
    return Object.fromEntries(Object.entries(value)
      .map(([key, one]) => [key, visit(one, path ? `${path}.${key}` : key)]));
  };
  return visit(event, '');
}

class Probe {
  static async open(dialect, type) {
    const probe = new Probe();
    const headers = dialect === 'beta' ? { 'OpenAI-Beta': 'realtime=v1' } : {};
    const query = type.startsWith('transcription_session') ? 'intent=transcription'
      : 'model=parley';
    probe.socket = new WebSocket(`ws://${plainHost()}/v1/realtime?${query}`, { headers });
    probe.events = [];
    probe.socket.on('message', (data) => {
      probe.events.push(JSON.parse(data));
      probe.look?.();
    });
    await probe.until((event) => event.type.endsWith('session.created'));
    return probe;
  }

  until(match) {
    return new Promise((resolve) => {
      this.look = () => {
        const found = this.events.find(match);
        if (found) resolve(found);
      };
      this.look();
    });
  }

  // The error that answers this event, or nothing. A wrong event sent behind it is the mark.
  async ask(event) {
    this.count = (this.count ?? 0) + 1;
    const id = `probe_${this.count}`;
    this.events = [];
    this.socket.send(JSON.stringify({ ...event, event_id: id }));
    this.socket.send(JSON.stringify({ type: 'no.such.event', event_id: `after_${id}` }));
    await this.until((said) => said.error?.event_id === `after_${id}`);
    return this.events.find((said) => said.error?.event_id === id)?.error;
  }
}

// Errors about the state of a fresh session, not about the field.
const STATE = new Set(['input_audio_buffer_commit_empty', 'response_cancel_not_active',
  'item_delete_invalid_item_id', 'item_retrieve_invalid_item_id', 'item_truncate_invalid_item_id',
  'conversation_already_has_active_response']);

const NOTHING_THERE = /does not exist|no call waits|no function call/;

function verdict(error, path) {
  if (!error || STATE.has(error.code)) return 'supported';
  const bare = (text) => (text ?? '').replace(/\[\d*\]/g, '[]');
  const said = bare(error.param);
  if (said === path || said.startsWith(`${path}.`) || said.startsWith(`${path}[`)) {
    // An id that nothing has, or a value that only a fuller example could satisfy.
    if (NOTHING_THERE.test(error.message)) return 'supported';
    return `refused: \`${error.code}\``;
  }
  return NOTHING_THERE.test(error.message) ? 'supported'
    : `with it, \`${error.code}\` for \`${said}\``;
}

function* pathsOf(value, path = '') {
  if (Array.isArray(value)) {
    for (const one of value) yield* pathsOf(one, `${path}[]`);
  } else if (value !== null && typeof value === 'object') {
    for (const [key, one] of Object.entries(value)) {
      const place = path ? `${path}.${key}` : key;
      yield place;
      yield* pathsOf(one, place);
    }
  }
}

async function clientTable(dialect) {
  const schema = new Schema(dialect);
  const lines = [];
  for (const [type, event] of schema.events('Client')) {
    lines.push(`### ${type}`, '', '| field | here |', '| --- | --- |');
    const seen = new Map();
    const examples = EXAMPLES[dialect].filter((example) => example.type === type)
      .map((example) => ({ example, paths: new Set(pathsOf(example)) }));
    for (const field of schema.fields(event)) {
      if (field.path === 'type' || field.path === 'event_id') continue;
      const value = valueFor(schema, field);
      const tries = [settled(schema.with(event, field.steps, value)),
        ...examples.filter(({ paths }) => paths.has(field.path)).map(({ example }) => example)];
      // The best of what the field may be part of.
      for (const said of tries) {
        if (seen.get(field.path) === 'supported') break;
        const probe = await Probe.open(dialect, type);
        const found = verdict(await probe.ask({ ...said, type }), field.path);
        probe.socket.terminate();
        const better = found === 'supported' || found.startsWith('refused');
        if (!seen.has(field.path) || better) seen.set(field.path, found);
      }
    }
    if (seen.size === 0) {
      const probe = await Probe.open(dialect, type);
      lines.push(`| (no fields) | ${verdict(await probe.ask({ type }), '')} |`);
      probe.socket.terminate();
    }
    for (const [path, found] of seen) lines.push(`| \`${path}\` | ${found} |`);
    lines.push('');
  }
  return lines;
}

function serverTable(dialect) {
  const sent = new Map();
  const recorded = join(endToEnd, dialect);
  const files = [join(scenarios, `${dialect}.jsonl`),
    ...(existsSync(recorded) ? readdirSync(recorded) : [])
      .filter((name) => name.startsWith('node-mcp-')).map((name) => join(recorded, name))];
  for (const file of files) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (!line.includes('"dir":"server"')) continue;
      const { event } = JSON.parse(line);
      if (!sent.has(event.type)) sent.set(event.type, new Set());
      for (const path of pathsOf(event)) sent.get(event.type).add(path);
    }
  }
  const schema = new Schema(dialect);
  const lines = ['| event | sent | fields of the schema that the scenarios did not show |',
    '| --- | --- | --- |'];
  for (const [type, event] of schema.events('Server')) {
    const fields = sent.get(type);
    const missing = new Set();
    if (fields) {
      for (const { path } of schema.fields(event)) {
        const parent = path.replace(/(\.|\[\]\.)?[^.[]+$/, '');
        // What lies below a missing field is missing with it.
        if (!fields.has(path) && (parent === '' || fields.has(parent.replace(/\[\]$/, '')))) {
          missing.add(path);
        }
      }
    }
    const shown = [...missing].map((path) => `\`${path}\``).join(', ');
    lines.push(`| \`${type}\` | ${fields ? 'yes' : 'no'} | ${shown} |`);
  }
  return [...lines, ''];
}

const INTRODUCTION = `
# Conformance

Made by \`tests/conformance/report.mjs\` from what the running server does; a test fails when it is
out of date.

Each client event of the published schema was sent with one field set at a time. \`supported\`:
taken and acted on or shown again; \`refused\`: answered with this error, which names the field;
otherwise the field is only part of events that the server refuses for another one. Server events:
whether the [scenarios](../tests/scenarios/README.md), or the end-to-end tests with MCP servers, had
the server send it, and which of the schema's fields they did not show (many are optional, or belong
to another kind of item). Events that are never sent belong to WebRTC and SIP, or to engines that
Parley does not have.
`;
const out = [INTRODUCTION.trim(), ''];
for (const [dialect, title] of Object.entries(DIALECTS)) {
  out.push(`## ${title}: client events`, '', ...await clientTable(dialect));
  out.push(`## ${title}: server events`, '', ...serverTable(dialect));
}
const text = `${out.join('\n').trimEnd()}\n`;
if (flag === '--check') {
  if (readFileSync(page, 'utf8') !== text) {
    console.error('docs/conformance.md is not what the server does now; make it anew');
    writeFileSync(join(scenarios, 'conformance.md'), text);
    process.exit(1);
  }
  console.log('docs/conformance.md is up to date');
} else {
  writeFileSync(page, text);
  console.log(`${text.split('\n').length} lines`);
}
process.exit(0);
