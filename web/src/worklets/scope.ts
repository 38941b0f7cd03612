// SPDX-License-Identifier: MIT
//
// The parts of AudioWorkletGlobalScope used here; TypeScript's libraries do not have them.

export interface WorkletProcessor {
  readonly port: MessagePort;
}

interface WorkletScope {
  readonly AudioWorkletProcessor: new () => WorkletProcessor;
  readonly sampleRate: number;
  readonly currentTime: number;
  registerProcessor(name: string, processor: new () => WorkletProcessor): void;
}

export const scope = globalThis as unknown as WorkletScope;
