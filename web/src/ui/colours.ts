// SPDX-License-Identifier: MIT
//
// The style sheet's colours for what is drawn on a canvas, read again when the theme changes.

import { effect, signal } from '@preact/signals';
import { theme as chosen } from './playground';

export interface Colours {
  readonly user: string;
  readonly assistant: string;
  readonly line: string;
  readonly text: string;
  readonly faint: string;
  readonly warn: string;
  readonly bad: string;
  readonly tool: string;
}

/** Rises when other colours are in force. */
export const theme = signal(0);
let read: Colours | null = null;

function again(): void {
  read = null;
  theme.value += 1;
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
effect(() => {
  void chosen.value;
  queueMicrotask(again); // once the attribute is on the page
});

export function colours(): Colours {
  if (!read) {
    const style = getComputedStyle(document.documentElement);
    const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
    read = {
      user: of('user'),
      assistant: of('assistant'),
      line: of('line'),
      text: of('text'),
      faint: of('faint'),
      warn: of('warn'),
      bad: of('bad'),
      tool: of('tool'),
    };
  }
  return read;
}
