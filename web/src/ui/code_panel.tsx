// SPDX-License-Identifier: MIT
//
// The current settings as a snippet that runs.

import { useSignal } from '@preact/signals';
import type { SnippetLanguage } from '../core/api';
import { actions, copyText, playground } from './playground';

const kLanguages: readonly (readonly [SnippetLanguage, string])[] = [
  ['javascript', 'JavaScript'],
  ['python', 'Python'],
  ['curl', 'websocat'],
  ['cpp', 'C++'],
];

export function CodePanel() {
  const language = useSignal<SnippetLanguage>('javascript');
  void playground.settings.value;
  const code = actions.codeSnippet(language.value);
  return (
    <div class="code">
      <div class="row">
        <div class="segments" role="group" aria-label="Language">
          {kLanguages.map(([name, label]) => (
            <button
              key={name}
              aria-pressed={language.value === name}
              onClick={() => (language.value = name)}
            >
              {label}
            </button>
          ))}
        </div>
        <button class="quiet" onClick={() => void copyText(code, 'Code')}>
          Copy
        </button>
      </div>
      <pre tabIndex={0} aria-label="Code with the current settings">
        {code}
      </pre>
    </div>
  );
}
