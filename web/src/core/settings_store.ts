// SPDX-License-Identifier: MIT
//
// The settings of this page: defaults, then what this browser remembers, then what the link says.
// Only knobs that were turned are remembered; the others follow the server's own defaults. The
// token lives in the tab's session storage.

import { signal } from '@preact/signals-core';
import type { JsonObject, Settings, SettingsPatch } from './api';
import {
  defaultSettings,
  isObject,
  mergeSettings,
  parseTools,
  sameJson,
  sanitizeSettings,
  toolNamesOf,
} from './settings';
import { adoptSession } from './settings_sync';
import { settingsOfLink } from './share_link';

export interface KeyValueStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const kSettingsKey = 'parley.settings';
const kTokenKey = 'parley.token';

export class SettingsStore {
  readonly settings = signal<Settings>(defaultSettings);
  readonly toolsError = signal('');
  readonly toolNames = signal<readonly string[]>([]);
  readonly hasToken = signal(false);

  private readonly touched_ = new Set<keyof Settings>();
  private tools_: readonly JsonObject[] = [];
  private token_ = '';

  /** `link` is the fragment of the page's address. */
  constructor(
    link: string,
    private readonly local_: KeyValueStore,
    private readonly tab_: KeyValueStore,
  ) {
    this.token_ = read(tab_, kTokenKey);
    this.hasToken.value = this.token_ !== '';
    this.set_(settingsOfLink(link) ?? this.remembered_());
    for (const key of Object.keys(defaultSettings) as (keyof Settings)[]) {
      if (!same(this.settings.peek(), defaultSettings, key)) this.touched_.add(key);
    }
  }

  get token(): string {
    return this.token_;
  }

  /** The tools in force: of the last text that made sense. */
  tools(): readonly JsonObject[] {
    return this.tools_;
  }

  update(patch: SettingsPatch): void {
    for (const key of Object.keys(patch) as (keyof Settings)[]) this.touched_.add(key);
    this.set_(mergeSettings(this.settings.peek(), patch));
    this.remember_();
  }

  reset(): void {
    this.touched_.clear();
    this.set_(defaultSettings);
    this.remember_();
  }

  /** The server's defaults for knobs nobody has turned. */
  adopt(session: JsonObject): void {
    this.set_(adoptSession(this.settings.peek(), session, (key) => !this.touched_.has(key)));
  }

  setToken(token: string): void {
    this.token_ = token.trim();
    this.hasToken.value = this.token_ !== '';
    write(this.tab_, kTokenKey, this.token_);
  }

  private set_(settings: Settings): void {
    const { tools, error } = parseTools(settings.toolsJson);
    this.toolsError.value = error;
    if (tools) {
      this.tools_ = tools;
      this.toolNames.value = toolNamesOf(tools);
    }
    this.settings.value = settings;
  }

  private remembered_(): Settings {
    try {
      const value: unknown = JSON.parse(read(this.local_, kSettingsKey) || '{}');
      return sanitizeSettings(isObject(value) ? { ...defaultSettings, ...value } : {});
    } catch {
      return defaultSettings;
    }
  }

  private remember_(): void {
    const settings = this.settings.peek();
    const turned = Object.fromEntries([...this.touched_].map((key) => [key, settings[key]]));
    write(this.local_, kSettingsKey, this.touched_.size > 0 ? JSON.stringify(turned) : '');
  }
}

function same(left: Settings, right: Settings, key: keyof Settings): boolean {
  return sameJson(left[key] as never, right[key] as never);
}

// Storage may be switched off or full; then the page just forgets.

function read(store: KeyValueStore, key: string): string {
  try {
    return store.getItem(key) ?? '';
  } catch {
    return '';
  }
}

function write(store: KeyValueStore, key: string, value: string): void {
  try {
    if (value === '') store.removeItem(key);
    else store.setItem(key, value);
  } catch {
    // As above.
  }
}
