// SPDX-License-Identifier: MIT
//
// JSON, indented and coloured.

import type { Json } from '../core/api';

const kToken = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi;

export function JsonText({ value }: { value: Json }) {
  const text = JSON.stringify(value, null, 2);
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(kToken)) {
    if (match.index > at) parts.push(text.slice(at, match.index));
    const kind = match[2] ? 'key' : match[1] ? 'string' : 'value';
    parts.push(
      <span key={match.index} class={`json-${kind}`}>
        {match[1] ?? match[0]}
      </span>,
      match[2] ?? '',
    );
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return (
    <pre class="json" tabIndex={0} aria-label="JSON">
      {parts}
    </pre>
  );
}
