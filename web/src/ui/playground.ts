// SPDX-License-Identifier: MIT
//
// The one engine of this page, and what the interface itself remembers: which panel is open, which
// colours, which item the log is about.

import { effect, signal } from '@preact/signals';
import { createPlayground } from '../core/api';

export const playground = createPlayground();
export const actions = playground.actions;

export type PanelName = 'settings' | 'latency' | 'events' | 'code';
export const panel = signal<PanelName>('settings');
/** On a phone one thing is shown at a time: the conversation, or the panel. */
export const phoneView = signal<'talk' | PanelName>('talk');

export function openPanel(name: PanelName): void {
  panel.value = name;
  phoneView.value = name;
}

/** Opens the log with the events of one item or response. */
export function showEventsOf(itemId: string | null, responseId: string | null): void {
  playground.log.filter.value = { ...playground.log.filter.value, itemId, responseId };
  openPanel('events');
}

export type Theme = 'system' | 'light' | 'dark';
const kThemeKey = 'parley.theme';

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(kThemeKey);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    return 'system';
  }
}

export const theme = signal<Theme>(storedTheme());
effect(() => {
  document.documentElement.dataset.theme = theme.value;
  try {
    localStorage.setItem(kThemeKey, theme.value);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
});

/** What was just done, for a screen reader and as a short message. */
export const announcement = signal('');
let announced: ReturnType<typeof setTimeout> | undefined;
export function announce(text: string): void {
  announcement.value = text;
  clearTimeout(announced);
  announced = setTimeout(() => (announcement.value = ''), 2500);
}

export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    announce(`${what} copied`);
  } catch {
    announce('The browser did not allow copying');
  }
}

export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
