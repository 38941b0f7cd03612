// SPDX-License-Identifier: MIT
//
// After a break a new session knows nothing. It is given the conversation so far, as text, under
// the items' own ids; what the server says of these items is an echo of what is shown already.

import type { ItemView, JsonObject } from './api';
import type { Conversation } from './conversation';
import { objectOf, stringOf } from './wire_event';

const kItemsMax = 200;
const kEventPrefix = 'restore_';

export class Handover {
  private readonly given_ = new Set<string>(); // items whose echo is awaited

  constructor(
    private readonly conversation_: Conversation,
    private readonly send_: (event: JsonObject) => boolean,
  ) {}

  /** How many items were handed over. */
  begin(): number {
    this.given_.clear();
    for (const item of this.conversation_.items().slice(-kItemsMax)) {
      const wire = asText(item, this.conversation_);
      if (!wire) continue;
      this.given_.add(item.id);
      this.send_({
        type: 'conversation.item.create',
        event_id: kEventPrefix + item.id,
        item: { id: item.id, ...wire },
      });
    }
    return this.given_.size;
  }

  /** True for events about handed-over items that change nothing. */
  echoes(event: JsonObject): boolean {
    const type = stringOf(event, 'type');
    if (type === 'error') {
      return stringOf(objectOf(event, 'error'), 'event_id').startsWith(kEventPrefix);
    }
    if (type !== 'conversation.item.added' && type !== 'conversation.item.done') return false;
    const id = stringOf(objectOf(event, 'item'), 'id');
    if (!this.given_.has(id)) return false;
    if (type === 'conversation.item.done') this.given_.delete(id);
    return true;
  }
}

function asText(item: ItemView, conversation: Conversation): JsonObject | null {
  if (item.kind === 'message' && item.role !== 'tool') {
    if (item.text === '') return null;
    const type = item.role === 'assistant' ? 'output_text' : 'input_text';
    return { type: 'message', role: item.role, content: [{ type, text: item.text }] };
  }
  if (item.kind === 'function_call' && item.output !== null) {
    const args = item.argumentsText || '{}';
    return { type: 'function_call', call_id: item.callId, name: item.toolName, arguments: args };
  }
  if (item.kind === 'function_call_output' && conversation.callItem(item.callId)) {
    return { type: 'function_call_output', call_id: item.callId, output: item.output ?? '' };
  }
  return null;
}
