// SPDX-License-Identifier: MIT
// Makes malformed variations of a client event out of its published schema: wrong types, values out
// of range, unknown fields, nesting, unicode, sizes, and frames cut short. The same for a seed.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { packagesDir } from './packages.mjs';

const require = createRequire(`${packagesDir}/package.json`);
const Ajv = require('ajv/dist/2020.js').default;
const spec = (name) => new URL(`../../spec/${name}`, import.meta.url);
const read = (name) => JSON.parse(readFileSync(spec(name), 'utf8'));

// mulberry32
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function validatorOf(dialect, type) {
  const schema = read(`realtime-${dialect}.schema.json`);
  const name = Object.keys(schema.$defs).find((key) => key.includes('ClientEvent')
    && !key.includes('Translation') && schema.$defs[key].properties?.type?.const === type);
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
  ajv.addSchema(schema, 'spec');
  return ajv.compile({ $ref: `spec#/$defs/${name}` });
}

// One value of each kind of wrongness; some are right somewhere, which the schema then says.
const WRONG = [null, true, false, 0, -1, 1, 7, 3.5, -0.5, 1e9, 1e300, -1e300, 12345678901, '', ' ',
  'x', 'no such word', 'NULL', '\u0000', '\ud83d\ude00', 'İ', 'ﬀ', '\u202e', '../..', '<b>', '%s%n',
  'x'.repeat(40), 'x'.repeat(600), 'y'.repeat(70_000), [], [[]], [null], [1, 2, 3], ['x'], [{}], {},
  { x: 1 }, { type: 'x' }, { type: null }, { type: ['message'] }];

const nested = (depth) => {
  let value = 'deep';
  for (let i = 0; i < depth; i += 1) value = i % 2 ? [value] : { a: value };
  return value;
};

// Every place in a document: ["session", "audio", 0].
function* placesOf(value, path = []) {
  if (path.length) yield path;
  if (value === null || typeof value !== 'object') return;
  for (const key of Object.keys(value)) {
    yield* placesOf(value[key], [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

function changed(event, path, change) {
  const copy = structuredClone(event);
  const parent = path.slice(0, -1).reduce((at, key) => at[key], copy);
  change(parent, path.at(-1));
  return copy;
}

// Objects whose keys are the client's own: everything in them is known.
const OWN_KEYS = /^(metadata|parameters|variables|headers|input_schema|annotations)$/;

// The event with one field more than the schema has, in each of its objects.
function surprised(event) {
  const places = [[], ...placesOf(event)].filter((path) => {
    const value = path.reduce((at, key) => at[key], event);
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      && !path.some((key) => OWN_KEYS.test(key));
  });
  return places.map((path) => {
    const copy = structuredClone(event);
    path.reduce((at, key) => at[key], copy).surprise = 1;
    return { event: copy, path: [...path, 'surprise'] };
  });
}

const named = (path) => path.reduce((text, key) => (typeof key === 'number' ? `${text}[${key}]`
  : text ? `${text}.${key}` : key), '');

// What the server takes although the schema does not: its extensions and tolerances.
function tolerated(dialect, path, value, event) {
  const place = named(path);
  // Null is "not given".
  if (dialect === 'beta' && /\bnull\b/.test(JSON.stringify(value) ?? '')) return true;
  const nullable = ['response.instructions', 'session.audio.input.transcription.language'];
  if (value === null && nullable.includes(place)) return true;
  if (/format\.rate$/.test(place)) return true;  // 8, 16 and 48 kHz too
  return event.type === undefined;
}

// `count` frames that must be refused, as { frame, path }: the place that the error names.
export function malformed(dialect, example, count, seed) {
  const valid = validatorOf(dialect, example.type);
  if (!valid(example)) throw new Error(`the example of ${example.type} is not valid`);
  const random = randomOf(seed);
  const found = new Map();
  const add = (event, path, value) => {
    if (valid(event) || tolerated(dialect, path, value, event)) return;
    found.set(JSON.stringify(event), { event, path });
  };
  for (const path of placesOf(example)) {
    if (path[0] === 'event_id') continue;
    for (const value of [...WRONG, nested(20), nested(40)]) {
      add(changed(example, path, (parent, key) => { parent[key] = value; }), path, value);
    }
    add(changed(example, path, (parent, key) => {
      if (Array.isArray(parent)) parent.splice(key, 1); else delete parent[key];
    }), path);
  }
  const extra = surprised(example);
  const all = [...found.values()];
  // Fisher-Yates, as far as needed.
  for (let i = 0; i < all.length; i += 1) {
    const other = i + Math.floor(random() * (all.length - i));
    [all[i], all[other]] = [all[other], all[i]];
  }
  const chosen = [...extra, ...all].slice(0, count).map(({ event, path }, index) => {
    const id = `m${index}`;
    return { frame: JSON.stringify({ ...event, event_id: id }), path: named(path), id };
  });
  // Small events have few places: the rest are frames cut short, which no reader can take.
  const whole = JSON.stringify(example);
  while (chosen.length < count) {
    const cut = whole.slice(0, 1 + Math.floor(random() * (whole.length - 1)));
    const tail = ['', ',', '}', ']', '"', '\u0000', '{', ' null'][Math.floor(random() * 8)];
    let parses = true;
    try { JSON.parse(cut + tail); } catch { parses = false; }
    if (!parses) chosen.push({ frame: cut + tail, path: null, id: null });
  }
  return chosen;
}
