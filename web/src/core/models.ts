// SPDX-License-Identifier: MIT
//
// The models a server offers, from /v1/models. Nothing depends on it: a server without that page
// has no suggestions.

import { isObject } from './settings';

const kNamesMax = 200;

export async function modelNames(origin: string, token: string): Promise<string[]> {
  try {
    const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};
    const answer = await fetch(`${origin}/v1/models`, { headers });
    if (!answer.ok) return [];
    const body: unknown = await answer.json();
    const list = isObject(body) && Array.isArray(body.data) ? body.data : [];
    return list
      .flatMap((entry) => (isObject(entry) && typeof entry.id === 'string' ? [entry.id] : []))
      .slice(0, kNamesMax);
  } catch {
    return [];
  }
}
