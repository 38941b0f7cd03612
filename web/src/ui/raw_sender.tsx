// SPDX-License-Identifier: MIT
//
// Sends any event as it is written: templates to start from, and what the schema would say to it.

import { useSignal } from '@preact/signals';
import { actions, announce, playground } from './playground';

export function RawSender() {
  const text = useSignal('');
  const problem = useSignal('');
  const issues = text.value.trim() ? actions.checkRawEvent(text.value) : [];
  return (
    <details class="raw-sender">
      <summary>Send an event</summary>
      <select
        aria-label="Start from a template"
        value=""
        onChange={(event) => {
          const template = playground.eventTemplates.find(
            ({ type }) => type === event.currentTarget.value,
          );
          if (template) text.value = JSON.stringify(template.json, null, 2);
          event.currentTarget.value = '';
        }}
      >
        <option value="">Start from a template…</option>
        {(['session', 'audio', 'conversation', 'response'] as const).map((group) => (
          <optgroup key={group} label={group}>
            {playground.eventTemplates
              .filter((template) => template.group === group)
              .map((template) => (
                <option key={template.type} value={template.type} title={template.description}>
                  {template.type}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
      <textarea
        aria-label="Event as JSON"
        rows={7}
        spellcheck={false}
        placeholder={'{"type": "response.create"}'}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      {issues.map((issue) => (
        <small key={issue.path + issue.message} class={issue.severity === 'error' ? 'bad' : 'warn'}>
          {issue.path && <code>{issue.path}</code>} {issue.message}
        </small>
      ))}
      {problem.value && (
        <small class="bad" role="alert">
          {problem.value}
        </small>
      )}
      <button
        disabled={!text.value.trim()}
        onClick={() => {
          problem.value = actions.sendRaw(text.value) ?? '';
          if (!problem.value) announce('Event sent');
        }}
      >
        Send
      </button>
    </details>
  );
}
