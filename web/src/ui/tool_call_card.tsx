// SPDX-License-Identifier: MIT
//
// A tool call in the transcript: its arguments as they stream, and the form that answers it.

import { useSignal } from '@preact/signals';
import type { ItemView } from '../core/api';
import { actions } from './playground';

const kAnswering = {
  none: 'Waiting for the arguments',
  waiting: 'Waiting for an answer',
  running: 'The script is running',
  sent: 'Answered',
  failed: 'The answer failed',
} as const;

export function ToolCallCard({ item }: { item: ItemView }) {
  const output = useSignal('');
  const asks = item.answering === 'waiting' || item.answering === 'failed';
  return (
    <div class="tool-call">
      <code class="call">
        <b>{item.toolName}</b>({oneLine(item.argumentsText)})
      </code>
      {item.output !== null ? (
        <code class="output">→ {item.output}</code>
      ) : (
        <small class={item.answering === 'failed' ? 'bad' : 'hint'}>
          {kAnswering[item.answering]}
          {item.answerError && `: ${item.answerError}`}
        </small>
      )}
      {asks && item.output === null && (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            actions.answerToolCall(item.callId, output.value);
          }}
        >
          <input
            aria-label={`Answer for ${item.toolName}`}
            placeholder='{"result": …}'
            value={output.value}
            onInput={(event) => (output.value = event.currentTarget.value)}
          />
          <button>Answer</button>
        </form>
      )}
    </div>
  );
}

function oneLine(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json)).replaceAll('","', '", "').replaceAll('":', '": ');
  } catch {
    return json;
  }
}
