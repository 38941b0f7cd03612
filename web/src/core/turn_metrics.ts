// SPDX-License-Identifier: MIT
//
// The time of each answered turn. The server's own figures (`parley.turn.metrics`) when it sends
// them; what can be told from the arrival of events otherwise, and always for what only this side
// knows: when the first delta arrived, and when it could be heard.

import type { JsonObject, MetricName, TurnMetrics } from './api';
import type { AudioOffsets } from './clock';
import { numberOrNull, objectOf, stringOf, stringOrNull } from './wire_event';

const kTurnsMax = 500;

export const kMetricNames: readonly MetricName[] = [
  'endpointWaitMs',
  'recognitionMs',
  'firstTokenMs',
  'firstClauseMs',
  'firstAudioMs',
  'overheadMs',
  'totalMs',
  'clientFirstDeltaMs',
  'playbackStartMs',
];

/** A turn whose answer is awaited or running. */
interface Pending {
  startedAtMs: number; // end of speech, or the request
  requestedAtMs: number; // when the turn was known to be over
  spoken: boolean;
  responseId: string;
  itemId: string | null;
  firstTokenAtMs: number | null;
  firstAudioAtMs: number | null;
}

export class TurnTimes {
  private turns_: TurnMetrics[] = [];
  private changed_ = false;
  private request_: { startedAtMs: number; requestedAtMs: number; spoken: boolean } | null = null;
  private readonly pending_ = new Map<string, Pending>();

  constructor(
    private readonly offsets_: AudioOffsets,
    /** The silence after which the detector ends a turn, as it is in force now. */
    private readonly trailingSilenceMs_: () => number,
  ) {}

  /** The turns when they changed since the last call, else null. */
  takeChange(): readonly TurnMetrics[] | null {
    if (!this.changed_) return null;
    this.changed_ = false;
    return this.turns_;
  }

  sent(event: JsonObject, atMs: number): void {
    const type = stringOf(event, 'type');
    if (type === 'response.create')
      this.request_ = { startedAtMs: atMs, requestedAtMs: atMs, spoken: false };
  }

  received(event: JsonObject, atMs: number): void {
    switch (stringOf(event, 'type')) {
      case 'input_audio_buffer.speech_stopped': {
        const offset = numberOrNull(event, 'audio_end_ms');
        const end =
          offset === null ? atMs : this.offsets_.toClock(offset) - this.trailingSilenceMs_();
        this.request_ = { startedAtMs: Math.min(end, atMs), requestedAtMs: atMs, spoken: true };
        return;
      }
      case 'response.created':
        return this.created_(stringOf(objectOf(event, 'response'), 'id'), atMs);
      case 'response.output_text.delta':
      case 'response.output_audio_transcript.delta':
        return this.token_(event, atMs);
      case 'response.output_audio.delta':
        return this.audio_(event, atMs);
      case 'response.done':
        return this.done_(stringOf(objectOf(event, 'response'), 'id'));
      case 'parley.turn.metrics':
        return this.server_(event, atMs);
      default:
    }
  }

  /** The item's first sample left the loudspeaker this long after its first delta had arrived. */
  playbackStarted(itemId: string, playbackStartMs: number): void {
    const turn = this.turns_.find((other) => other.itemId === itemId);
    if (turn && turn.playbackStartMs === null) this.put_({ ...turn, playbackStartMs });
  }

  clear(): void {
    this.turns_ = [];
    this.pending_.clear();
    this.request_ = null;
    this.changed_ = true;
  }

  private created_(responseId: string, atMs: number): void {
    const request = this.request_ ?? { startedAtMs: atMs, requestedAtMs: atMs, spoken: false };
    this.request_ = null;
    this.pending_.set(responseId, {
      ...request,
      responseId,
      itemId: null,
      firstTokenAtMs: null,
      firstAudioAtMs: null,
    });
  }

  private token_(event: JsonObject, atMs: number): void {
    const pending = this.pending_.get(stringOf(event, 'response_id'));
    if (!pending || pending.firstTokenAtMs !== null) return;
    pending.firstTokenAtMs = atMs;
    pending.itemId ??= stringOrNull(event, 'item_id');
    if (stringOf(event, 'type') === 'response.output_text.delta') this.measured_(pending);
  }

  private audio_(event: JsonObject, atMs: number): void {
    const pending = this.pending_.get(stringOf(event, 'response_id'));
    if (!pending || pending.firstAudioAtMs !== null) return;
    pending.firstAudioAtMs = atMs;
    pending.itemId = stringOrNull(event, 'item_id');
    this.measured_(pending);
  }

  private done_(responseId: string): void {
    this.pending_.delete(responseId);
  }

  /** What this side can tell of a turn, once its first output is here. */
  private measured_(turn: Pending): void {
    const outputAtMs = turn.firstAudioAtMs ?? turn.firstTokenAtMs ?? turn.requestedAtMs;
    const tokenAtMs =
      turn.firstTokenAtMs !== null ? Math.min(turn.firstTokenAtMs, outputAtMs) : null;
    const totalMs = outputAtMs - turn.startedAtMs;
    const known = this.turns_.find((other) => other.responseId === turn.responseId);
    if (known) {
      this.put_({ ...known, itemId: known.itemId ?? turn.itemId, clientFirstDeltaMs: totalMs });
      return;
    }
    this.put_({
      responseId: turn.responseId,
      itemId: turn.itemId,
      startedAtMs: turn.startedAtMs,
      source: 'client',
      endpointWaitMs: turn.spoken ? turn.requestedAtMs - turn.startedAtMs : null,
      recognitionMs: null,
      firstTokenMs: tokenAtMs !== null ? tokenAtMs - turn.requestedAtMs : null,
      firstClauseMs: null,
      firstAudioMs:
        turn.firstAudioAtMs !== null
          ? turn.firstAudioAtMs - (tokenAtMs ?? turn.requestedAtMs)
          : null,
      overheadMs: null,
      totalMs,
      clientFirstDeltaMs: totalMs,
      playbackStartMs: null,
    });
  }

  private server_(event: JsonObject, atMs: number): void {
    const responseId = stringOf(event, 'response_id');
    const known = this.turns_.find((other) => other.responseId === responseId);
    const stoppedAt = numberOrNull(event, 'speech_stopped_at_ms');
    this.put_({
      responseId,
      itemId: stringOrNull(event, 'item_id') ?? known?.itemId ?? null,
      startedAtMs:
        stoppedAt !== null ? this.offsets_.toClock(stoppedAt) : (known?.startedAtMs ?? atMs),
      source: 'server',
      endpointWaitMs: numberOrNull(event, 'endpoint_wait_ms'),
      recognitionMs: numberOrNull(event, 'recognition_ms'),
      firstTokenMs: numberOrNull(event, 'first_token_ms'),
      firstClauseMs: numberOrNull(event, 'first_clause_ms'),
      firstAudioMs: numberOrNull(event, 'first_audio_ms'),
      overheadMs: numberOrNull(event, 'overhead_ms'),
      totalMs: numberOrNull(event, 'total_ms'),
      clientFirstDeltaMs: known?.clientFirstDeltaMs ?? null,
      playbackStartMs: known?.playbackStartMs ?? null,
    });
  }

  private put_(turn: TurnMetrics): void {
    const turns = this.turns_.filter((other) => other.responseId !== turn.responseId);
    const at = this.turns_.findIndex((other) => other.responseId === turn.responseId);
    turns.splice(at < 0 ? turns.length : at, 0, turn);
    this.turns_ = turns.slice(-kTurnsMax);
    this.changed_ = true;
  }
}

export type Medians = { readonly [M in MetricName]: number | null };

export function mediansOf(turns: readonly TurnMetrics[]): Medians {
  const medians = {} as { [M in MetricName]: number | null };
  for (const name of kMetricNames) {
    const values = turns.flatMap((turn) => turn[name] ?? []).sort((left, right) => left - right);
    const middle = values.length >> 1;
    medians[name] =
      values.length === 0
        ? null
        : values.length % 2 === 1
          ? (values[middle] as number)
          : ((values[middle - 1] as number) + (values[middle] as number)) / 2;
  }
  return medians;
}
