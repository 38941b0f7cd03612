// SPDX-License-Identifier: MIT
// The published schemas as lists of fields, and events with just one field of choice set.
import { readFileSync } from 'node:fs';

const DEPTH_MAX = 7;

export class Schema {
  constructor(dialect) {
    const file = new URL(`../spec/realtime-${dialect}.schema.json`, import.meta.url);
    this.defs = JSON.parse(readFileSync(file, 'utf8')).$defs;
  }

  // The events of one side by type, without translation's, which are their own.
  events(side) {
    const found = new Map();
    for (const [name, schema] of Object.entries(this.defs)) {
      const type = schema.properties?.type?.const;
      if (name.includes(`${side}Event`) && !name.includes('Translation') && type) {
        found.set(type, schema);
      }
    }
    return [...found].sort(([a], [b]) => a.localeCompare(b));
  }

  resolve(schema) {
    let at = schema;
    while (at.$ref) at = this.defs[at.$ref.split('/').pop()];
    return at;
  }

  // The shapes that a value may have, null left out: [{ label, schema }].
  shapes(schema) {
    const at = this.resolve(schema);
    const many = at.anyOf ?? at.oneOf;
    if (!many) return at.type === 'null' ? [] : [at];
    return many.flatMap((one) => this.shapes(one));
  }

  // Every field below a schema: { path: "session.audio.input", steps, schema }, where a step is a
  // property, or the shape that an alternative chose.
  * fields(schema, path = '', steps = [], depth = 0) {
    if (depth > DEPTH_MAX) return;
    for (const [index, shape] of this.shapes(schema).entries()) {
      const here = [...steps, { shape: index }];
      if (shape.properties) {
        for (const [key, property] of Object.entries(shape.properties)) {
          const place = path ? `${path}.${key}` : key;
          const next = [...here, { key }];
          yield { path: place, steps: next, schema: property, required: shape.required ?? [] };
          yield* this.fields(property, place, next, depth + 1);
        }
      } else if (shape.items) {
        yield* this.fields(shape.items, `${path}[]`, [...here, { item: true }], depth + 1);
      }
    }
  }

  // A small valid value.
  sample(schema, depth = 0) {
    const [shape] = this.shapes(schema);
    if (!shape || depth > 12) return null;
    if ('const' in shape) return shape.const;
    if (shape.enum) return shape.enum[0];
    const type = Array.isArray(shape.type) ? shape.type.find((one) => one !== 'null') : shape.type;
    if (shape.properties || type === 'object') return this.object(shape, depth);
    if (type === 'array') return [];
    if (type === 'string') return 'x'.repeat(Math.max(1, shape.minLength ?? 1));
    if (type === 'boolean') return true;
    if (type === 'integer') return shape.minimum ?? shape.default ?? 1;
    if (type === 'number') return shape.minimum ?? shape.default ?? 1;
    return 'x';
  }

  object(shape, depth) {
    const value = {};
    for (const key of shape.required ?? []) {
      if (shape.properties?.[key]) value[key] = this.sample(shape.properties[key], depth + 1);
    }
    return value;
  }

  // A value of `schema` in which the field that `steps` leads to is set.
  with(schema, steps, value) {
    if (steps.length === 0) return value;
    const [{ shape: index }, next, ...rest] = steps;
    const shape = this.shapes(schema)[index];
    if (next.item) return [this.with(shape.items, rest, value)];
    const object = this.object(shape, 0);
    object[next.key] = this.with(shape.properties[next.key], rest, value);
    return object;
  }
}
