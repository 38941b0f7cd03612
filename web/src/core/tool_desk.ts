// SPDX-License-Identifier: MIT
//
// Where tool calls wait for their answers: by hand, by template or by script. Once every call of a
// response has one and the response is over, the conversation goes on by itself, if it is to.

import type { JsonObject, Settings } from './api';
import type { Conversation } from './conversation';
import { fillTemplate, parseArguments, type ToolCall } from './tool_template';
import { newId } from './wire_event';

export interface ToolDeskParts {
  readonly conversation: Conversation;
  readonly settings: () => Settings;
  readonly send: (event: JsonObject) => boolean;
  readonly runScript: (script: string, call: ToolCall) => Promise<string>;
  readonly responding: () => boolean;
  readonly changed: () => void;
}

export class ToolDesk {
  /** Responses whose calls were answered and that nobody has followed up yet. */
  private readonly due_ = new Set<string>();
  private readonly taken_ = new Set<string>(); // calls that a template or script has taken on
  private generation_ = 0;

  constructor(private readonly parts_: ToolDeskParts) {}

  /** Items may have become calls that can be answered by themselves. */
  look(): void {
    for (const item of this.parts_.conversation.openCalls()) {
      if (this.taken_.has(item.callId)) continue;
      const answer = this.parts_.settings().toolAnswers[item.toolName];
      if (!answer || answer.mode === 'manual') continue;
      this.taken_.add(item.callId);
      const call: ToolCall = {
        id: item.callId,
        name: item.toolName,
        args: parseArguments(item.argumentsText),
      };
      if (answer.mode === 'template') {
        this.answer(item.callId, fillTemplate(answer.template, call, new Date().toISOString()));
      } else {
        void this.run_(item.id, answer.script, call);
      }
    }
  }

  answer(callId: string, output: string): void {
    const { conversation, send, changed } = this.parts_;
    const item = conversation.callItem(callId);
    if (!item || item.output !== null || item.answering === 'sent') return;
    const sent = send({
      type: 'conversation.item.create',
      item: { id: newId('item'), type: 'function_call_output', call_id: callId, output },
    });
    if (!sent) {
      conversation.update(item.id, {
        answering: 'failed',
        answerError: 'There is no connection to answer over.',
      });
    } else {
      conversation.update(item.id, { answering: 'sent', output, answerError: '' });
      if (item.responseId) this.due_.add(item.responseId);
      this.goOn();
    }
    changed();
  }

  /** After an answer, and after a response has ended. */
  goOn(): void {
    if (this.parts_.responding()) return;
    const open = new Set(this.parts_.conversation.openCalls().map((item) => item.responseId));
    const ready = [...this.due_].filter((responseId) => !open.has(responseId));
    if (ready.length === 0) return;
    for (const responseId of ready) this.due_.delete(responseId);
    if (this.parts_.settings().continueAfterTools) this.parts_.send({ type: 'response.create' });
  }

  /** Calls of a session that is gone are nobody's any more. */
  clear(): void {
    this.generation_ += 1;
    this.due_.clear();
    this.taken_.clear();
  }

  private async run_(itemId: string, script: string, call: ToolCall): Promise<void> {
    const { conversation, changed, runScript } = this.parts_;
    const generation = this.generation_;
    conversation.update(itemId, { answering: 'running' });
    changed();
    try {
      const output = await runScript(script, call);
      if (generation === this.generation_) this.answer(call.id, output);
    } catch (error) {
      if (generation !== this.generation_) return;
      conversation.update(itemId, { answering: 'failed', answerError: (error as Error).message });
      changed();
    }
  }
}
