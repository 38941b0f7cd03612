// SPDX-License-Identifier: MIT
//
// Runs one user-written tool answer. This worker is served with a policy of its own that allows
// `eval` and nothing else: no network, no imports. The page ends it after the answer, or when it
// takes too long.

export interface SandboxRequest {
  readonly script: string;
  readonly args: unknown;
  readonly call: { readonly id: string; readonly name: string };
}

export type SandboxReply =
  | { readonly type: 'output'; readonly output: string }
  | { readonly type: 'error'; readonly message: string }
  /** The server's policy forbids scripts here. */
  | { readonly type: 'forbidden' };

self.onmessage = async (message: MessageEvent<SandboxRequest>): Promise<void> => {
  const { script, args, call } = message.data;
  self.postMessage(await answer(script, args, call));
};

async function answer(
  script: string,
  args: unknown,
  call: SandboxRequest['call'],
): Promise<SandboxReply> {
  let run: (args: unknown, call: unknown) => Promise<unknown>;
  try {
    run = new Function(
      'args',
      'call',
      `"use strict"; return (async () => {\n${script}\n})();`,
    ) as typeof run;
  } catch (error) {
    if (error instanceof EvalError) return { type: 'forbidden' };
    return { type: 'error', message: String(error) };
  }
  try {
    const value = await run(args, call);
    const output = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null');
    return { type: 'output', output };
  } catch (error) {
    return { type: 'error', message: String(error) };
  }
}
