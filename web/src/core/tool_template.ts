// SPDX-License-Identifier: MIT
//
// The declarative way to answer tool calls: text with {{args.city}}, {{args}}, {{call_id}},
// {{name}} and {{now}} in it. Inside a JSON string a value is escaped as the string needs it;
// standing alone it is written as JSON. So both {"city": "{{args.city}}"} and {"city":
// {{args.city}}} come out as valid JSON.

import type { Json } from './api';
import { isObject } from './settings';

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly args: Json;
}

export function parseArguments(text: string): Json {
  try {
    return JSON.parse(text || '{}') as Json;
  } catch {
    return text;
  }
}

export function fillTemplate(template: string, call: ToolCall, nowIso: string): string {
  const isJson = /^\s*([["]|\{(?!\{))/.test(template);
  let out = '';
  let inString = false;
  for (let at = 0; at < template.length;) {
    const hole = /^\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}/.exec(template.slice(at, at + 200));
    if (hole) {
      const value = lookUp(hole[1] as string, call, nowIso);
      out += written(value, isJson, inString);
      at += hole[0].length;
      continue;
    }
    const letter = template[at] as string;
    if (letter === '\\' && inString) {
      out += template.slice(at, at + 2);
      at += 2;
      continue;
    }
    if (letter === '"') inString = !inString;
    out += letter;
    at += 1;
  }
  return out;
}

function written(value: Json, isJson: boolean, inString: boolean): string {
  if (isJson && !inString) return JSON.stringify(value);
  const text = typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
  return isJson ? JSON.stringify(text).slice(1, -1) : text;
}

function lookUp(path: string, call: ToolCall, nowIso: string): Json {
  const [head, ...rest] = path.split('.');
  if (head === 'call_id') return call.id;
  if (head === 'name') return call.name;
  if (head === 'now') return nowIso;
  if (head !== 'args') return null;
  let value: Json = call.args;
  for (const key of rest) {
    if (Array.isArray(value)) value = value[Number(key)] ?? null;
    else if (isObject(value) && Object.hasOwn(value, key))
      value = (value as { [key: string]: Json })[key] ?? null;
    else return null;
  }
  return value;
}
