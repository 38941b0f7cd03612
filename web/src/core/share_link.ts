// SPDX-License-Identifier: MIT
//
// Settings in the fragment of a link: only those that differ from the defaults, as base64url JSON.
// Nothing about this machine travels (no device id, no volume), and never the token, which is no
// setting. A script that answers tool calls travels as text, but arrives switched to "by hand": a
// link must not run code by itself.

import type { Json, JsonObject, Settings } from './api';
import { decodeBase64Url, encodeBase64Url } from './base64';
import { defaultSettings, isObject, sameJson, sanitizeSettings } from './settings';

const kKey = 's';
const kLinkCharactersMax = 400_000;

const kStaysHere: ReadonlySet<keyof Settings> = new Set(['micDeviceId', 'outputVolume'] as const);

export function encodeSettings(settings: Settings): string {
  const shared = differing(
    defaultSettings as unknown as JsonObject,
    Object.fromEntries(
      Object.entries(settings).filter(([key]) => !kStaysHere.has(key as keyof Settings)),
    ) as JsonObject,
  );
  return encodeBase64Url(new TextEncoder().encode(JSON.stringify(shared)));
}

export function shareLink(pageUrl: string, settings: Settings): string {
  const url = new URL(pageUrl);
  url.search = '';
  url.username = '';
  url.password = '';
  url.hash = `${kKey}=${encodeSettings(settings)}`;
  return url.toString();
}

/** The settings of a link's fragment; null when it has none or they cannot be read. */
export function settingsOfLink(hash: string): Settings | null {
  const encoded = new URLSearchParams(hash.replace(/^#/, '')).get(kKey);
  if (!encoded || encoded.length > kLinkCharactersMax) return null;
  try {
    const value: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(decodeBase64Url(encoded)),
    );
    if (!isObject(value)) return null;
    const nested = (key: 'turnDetection' | 'transcription'): object =>
      isObject(value[key]) ? value[key] : {};
    return withoutRunningScripts(
      sanitizeSettings({
        ...defaultSettings,
        ...value,
        turnDetection: { ...defaultSettings.turnDetection, ...nested('turnDetection') },
        transcription: { ...defaultSettings.transcription, ...nested('transcription') },
        micDeviceId: '',
        outputVolume: defaultSettings.outputVolume,
      }),
    );
  } catch {
    return null;
  }
}

function withoutRunningScripts(settings: Settings): Settings {
  const toolAnswers = Object.fromEntries(
    Object.entries(settings.toolAnswers).map(([name, answer]) => [
      name,
      answer.mode === 'script' ? { ...answer, mode: 'manual' as const } : answer,
    ]),
  );
  return { ...settings, toolAnswers };
}

function differing(base: JsonObject, value: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const [key, entry] of Object.entries(value)) {
    const before: Json | undefined = base[key];
    if (sameJson(before, entry)) continue;
    out[key] =
      isObject(entry) && isObject(before) && key !== 'toolAnswers'
        ? differing(before, entry)
        : entry;
  }
  return out;
}
