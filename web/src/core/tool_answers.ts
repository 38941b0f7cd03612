// SPDX-License-Identifier: MIT
//
// Answers to tool calls without a hand: a template filled in here, or a script run in a worker of
// its own.

import sandboxUrl from '../worklets/tool_sandbox.ts?worker&url';
import type { SandboxReply, SandboxRequest } from '../worklets/tool_sandbox';
import type { ToolCall } from './tool_template';

const kScriptMsMax = 2000;
const kOutputCharactersMax = 100_000;

/** Rejects with an Error whose message may be shown. */
export function runToolScript(script: string, call: ToolCall): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(sandboxUrl, { type: 'module', name: 'tool' });
    const timer = setTimeout(
      () => finish(() => reject(new Error('The script took longer than two seconds.'))),
      kScriptMsMax,
    );
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      worker.terminate();
      settle();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      finish(() => reject(new Error(event.message || 'The script could not be started.')));
    };
    worker.onmessage = (message: MessageEvent<SandboxReply>) => {
      const reply = message.data;
      finish(() => {
        if (reply.type === 'output') resolve(reply.output.slice(0, kOutputCharactersMax));
        else if (reply.type === 'error') reject(new Error(reply.message));
        else
          reject(
            new Error('This server does not allow scripts; answer with a template or by hand.'),
          );
      });
    };
    const request: SandboxRequest = {
      script,
      args: call.args,
      call: { id: call.id, name: call.name },
    };
    worker.postMessage(request);
  });
}
