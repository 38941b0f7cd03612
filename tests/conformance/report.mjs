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
import { taken } from './evidence.mjs';
import { EXAMPLES } from './examples.mjs';
import { probe, samples, settled } from './probe.mjs';
import { Schema } from './schema.mjs';

const page = fileURLToPath(new URL('../../docs/conformance.md', import.meta.url));
const tests = fileURLToPath(new URL('../', import.meta.url));
const MCP = '[MCP tests](../tests/e2e/node/mcp.test.mjs)';
const [scenarios, endToEnd, flag] = process.argv.slice(2);
// What a session shows of itself: whole, and at once.
const PROBED = /session\.(created|updated)$/;
const DIALECTS = { ga: 'GA', beta: 'Beta' };

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

// What became of a field, from all that was tried with it.
function verdict(type, path, found, silent) {
  const kinds = new Set(found.map(({ kind }) => kind));
  const first = (kind) => found.find((one) => one.kind === kind);
  const alone = kinds.has('state') && !kinds.has('shown') && !kinds.has('whole');
  const quiet = kinds.has('taken') || alone || (kinds.has('whole') && !kinds.has('shown'));
  const why = quiet ? taken(type, path) : undefined;
  if ((kinds.has('taken') || alone) && !why) {
    silent.push(`${type} ${path}`);
    return 'silently ignored';
  }
  if (kinds.has('shown')) {
    const also = kinds.has('taken') ? `; elsewhere ${why}` : '';
    return `shown again in \`${first('shown').by}\`${also}`;
  }
  if (why) return why;
  if (kinds.has('whole')) return 'as its fields';
  return (first('refused') ?? first('elsewhere')).said;
}

async function clientTable(dialect, silent, heard) {
  const schema = new Schema(dialect);
  const lines = [];
  for (const [type, event] of schema.events('Client')) {
    lines.push(`### ${type}`, '', '| field | here |', '| --- | --- |');
    const seen = new Map();
    const examples = EXAMPLES[dialect].filter((example) => example.type === type)
      .map((example) => ({ example, paths: new Set(pathsOf(example)) }));
    for (const field of schema.fields(event)) {
      if (field.path === 'type' || field.path === 'event_id') continue;
      const tries = samples(schema, field)
        .map((value) => settled({ ...schema.with(event, field.steps, value), type }));
      tries.push(...examples.filter(({ paths }) => paths.has(field.path))
        .map(({ example }) => example));
      if (!seen.has(field.path)) seen.set(field.path, []);
      for (const said of tries) seen.get(field.path).push(await probe(dialect, said, field.path));
      heard.push(...seen.get(field.path).flatMap((found) => found.heard));
    }
    if (seen.size === 0) seen.set('', [await probe(dialect, { type }, '')]);
    for (const [path, found] of seen) {
      const name = path ? `\`${path}\`` : '(no fields)';
      lines.push(`| ${name} | ${verdict(type, path, found, silent)} |`);
    }
    lines.push('');
  }
  return lines;
}

// By type of event, the first scenario whose golden transcript holds it. What is said in a dialect
// follows the dialect's name on a line of its own.
function goldens(dialect) {
  const found = new Map();
  for (const name of readdirSync(join(tests, 'scenarios'), { recursive: true }).sort()) {
    if (!name.endsWith('.golden')) continue;
    const text = readFileSync(join(tests, 'scenarios', name), 'utf8');
    let now = '';
    for (const line of text.split('\n')) {
      if (line in DIALECTS) now = line;
      const type = /^< ([a-z_.]+)/.exec(line)?.[1];
      if (now !== dialect || !type || found.has(type)) continue;
      found.set(type, `[${name.replace('.golden', '')}](../tests/scenarios/${name})`);
    }
  }
  return found;
}

function serverTable(dialect, heard) {
  const sent = new Map();
  const show = (event) => {
    if (!sent.has(event.type)) sent.set(event.type, new Set());
    for (const path of pathsOf(event)) sent.get(event.type).add(path);
  };
  const golden = goldens(dialect);
  const recorded = join(endToEnd, dialect);
  const files = [join(scenarios, `${dialect}.jsonl`),
    ...(existsSync(recorded) ? readdirSync(recorded) : [])
      .filter((name) => name.startsWith('node-mcp-')).map((name) => join(recorded, name))];
  for (const file of files) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (!line.includes('"dir":"server"')) continue;
      show(JSON.parse(line).event);
    }
  }
  const recordedTypes = new Set(sent.keys());
  // Of the probes only what they alone had: how far a response got when they hung up is chance.
  heard.filter(({ type }) => PROBED.test(type)).forEach(show);
  const schema = new Schema(dialect);
  const lines = ['| event | sent, for instance in | fields of the schema that were not shown |',
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
    const where = !fields ? 'no'
      : golden.get(type) ?? (recordedTypes.has(type) ? MCP : 'the client events above');
    if (where === MCP && !type.includes('mcp')) {
      throw new Error(`no golden transcript of ${dialect} holds ${type}`);
    }
    const shown = [...missing].map((path) => `\`${path}\``).join(', ');
    lines.push(`| \`${type}\` | ${where} | ${shown} |`);
  }
  return [...lines, ''];
}

const INTRODUCTION = `
# Conformance

Made by \`tests/conformance/report.mjs\` from what the running server does; a test fails when it is
out of date, or when a field is taken in silence.

Each client event of the published schema was sent with one field set at a time, to every kind of
value that the schema gives it, none of them the default where there is another.

- \`shown again\`: an event shows the very value that was sent.
- \`acts\`: taken, and the linked test sees what it does.
- \`refused\`: answered with this error, which names the field. \`with it\`: part only of events
  that are refused for another field.
- \`taken\`: it has an effect, which no test sees yet.
- \`checked, without effect\`: a wrong value is refused, a right one changes nothing, and why.
- \`ignored\`: neither checked nor used.
- \`as its fields\`: an object or a list, whose fields have lines of their own.

Server events: which [scenario](../tests/scenarios/README.md) or end-to-end test had the server
send it, and which of the schema's fields none of them showed (many are optional, or belong to
another kind of item). The fields that clients need beyond the schema, \`tests/spec/presence.json\`,
are all there: the schema check of the same transcripts fails without one. Events that are never
sent belong to WebRTC and SIP, or to engines that Parley does not have.
`;
const silent = [];
const out = [INTRODUCTION.trim(), ''];
for (const [dialect, title] of Object.entries(DIALECTS)) {
  const heard = [];
  out.push(`## ${title}: client events`, '', ...await clientTable(dialect, silent, heard));
  out.push(`## ${title}: server events`, '', ...serverTable(dialect, heard));
}
const text = `${out.join('\n').trimEnd()}\n`;
if (silent.length) {
  console.error(`neither shown, nor refused, nor in evidence.mjs:\n  ${silent.join('\n  ')}`);
  process.exit(1);
}
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
