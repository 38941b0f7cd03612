// SPDX-License-Identifier: MIT
//
// What the audio worklets and the page say to each other. Times are the audio clock's seconds;
// samples at its rate.

/** One block of captured sound, 20 ms. */
export interface CapturedBlock {
  readonly samples: Float32Array;
  readonly peak: number;
  readonly rms: number;
}

export type ToPlayback =
  | { readonly type: 'push'; readonly key: number; readonly samples: Float32Array }
  | { readonly type: 'end'; readonly key: number }
  | { readonly type: 'flush'; readonly request: number };

export type FromPlayback =
  /** The item began to sound at sample `played` of it; again after running dry. */
  | {
      readonly type: 'started';
      readonly key: number;
      readonly played: number;
      readonly time: number;
    }
  | { readonly type: 'ended'; readonly key: number; readonly played: number; readonly time: number }
  | {
      readonly type: 'underrun';
      readonly key: number;
      readonly played: number;
      readonly time: number;
    }
  /** About 50 times a second while there is sound. */
  | {
      readonly type: 'progress';
      readonly key: number;
      readonly played: number;
      readonly time: number;
      readonly peak: number;
      readonly rms: number;
    }
  | {
      readonly type: 'flushed';
      readonly request: number;
      readonly time: number;
      readonly items: readonly {
        readonly key: number;
        readonly played: number;
        readonly dropped: number;
      }[];
    };
