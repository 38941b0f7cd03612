// SPDX-License-Identifier: MIT
//
// Reading events that came over the wire: every field may be missing or of another type than
// promised.

import type { JsonObject } from './api';
import { isObject } from './settings';

export function stringOf(from: JsonObject, key: string): string {
  const value = from[key];
  return typeof value === 'string' ? value : '';
}

export function stringOrNull(from: JsonObject, key: string): string | null {
  const value = from[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

export function numberOrNull(from: JsonObject, key: string): number | null {
  const value = from[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function objectOf(from: JsonObject, key: string): JsonObject {
  const value = from[key];
  return isObject(value) ? (value as JsonObject) : {};
}

export function listOf(from: JsonObject, key: string): JsonObject[] {
  const value = from[key];
  return Array.isArray(value) ? value.filter((entry): entry is JsonObject => isObject(entry)) : [];
}

/** An id of the API's form: a prefix and 21 characters; at most 32 in all. */
export function newId(prefix: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const random = crypto.getRandomValues(new Uint8Array(21));
  return `${prefix}_${Array.from(random, (byte) => letters[byte % letters.length]).join('')}`;
}
