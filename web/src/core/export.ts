// SPDX-License-Identifier: MIT
//
// The conversation as a file: JSON for programs, Markdown for people, and WAV with the user left
// and the assistant right.

import type { ItemView, JsonObject, Settings, TurnMetrics } from './api';
import type { AudioStore } from './audio_store';
import { kExportRate } from './audio_store';
import { writeWav } from './wav';
import { wireSession, parseTools } from './settings';

export interface Conversed {
  readonly items: readonly ItemView[];
  readonly turns: readonly TurnMetrics[];
  readonly settings: Settings;
  readonly session: JsonObject | null;
  readonly exportedAt: Date;
}

export function conversationJson(from: Conversed): string {
  const value = {
    format: 'parley.conversation',
    version: 1,
    exported_at: from.exportedAt.toISOString(),
    session: from.session ?? wireSession(from.settings, parseTools(from.settings.toolsJson).tools),
    items: from.items.map(itemJson),
    turns: from.turns.map((turn) => ({
      response_id: turn.responseId,
      item_id: turn.itemId,
      source: turn.source,
      started_at_ms: rounded(turn.startedAtMs),
      endpoint_wait_ms: rounded(turn.endpointWaitMs),
      recognition_ms: rounded(turn.recognitionMs),
      first_token_ms: rounded(turn.firstTokenMs),
      first_clause_ms: rounded(turn.firstClauseMs),
      first_audio_ms: rounded(turn.firstAudioMs),
      overhead_ms: rounded(turn.overheadMs),
      total_ms: rounded(turn.totalMs),
      client_first_delta_ms: rounded(turn.clientFirstDeltaMs),
      playback_start_ms: rounded(turn.playbackStartMs),
    })),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

function itemJson(item: ItemView): object {
  const common = {
    id: item.id,
    type: item.kind,
    status: item.status,
    at_ms: rounded(item.createdAtMs),
    response_id: item.responseId,
  };
  if (item.kind === 'function_call') {
    return {
      ...common,
      call_id: item.callId,
      name: item.toolName,
      arguments: item.argumentsText,
      output: item.output,
    };
  }
  if (item.kind === 'function_call_output')
    return { ...common, call_id: item.callId, output: item.output };
  return {
    ...common,
    role: item.role,
    content: item.parts.map((part) =>
      part.kind === 'image'
        ? { type: 'image' }
        : { type: part.kind, [part.kind === 'audio' ? 'transcript' : 'text']: part.text },
    ),
    audio_ms: rounded(item.audioMs),
    heard_ms: item.role === 'assistant' ? rounded(item.heardMs.peek()) : null,
    truncated_at_ms: item.truncatedAtMs,
  };
}

export function conversationMarkdown(from: Conversed): string {
  const lines = [
    '# Conversation',
    '',
    `${from.exportedAt.toISOString()} · model \`${from.settings.model}\``,
    '',
  ];
  for (const item of from.items) {
    const block = itemMarkdown(item);
    if (block) lines.push(`**${whoOf(item)}** · ${clockText(item.createdAtMs)}`, '', block, '');
  }
  if (from.turns.length > 0) lines.push(...turnsMarkdown(from.turns));
  return lines.join('\n');
}

function itemMarkdown(item: ItemView): string {
  if (item.kind === 'function_call') {
    return `Calls \`${item.toolName}\`:\n\n${fenced(item.argumentsText, 'json')}`;
  }
  if (item.kind === 'function_call_output') {
    return `Result of \`${item.toolName || item.callId}\`:\n\n${fenced(item.output ?? '', '')}`;
  }
  const notes = [
    item.parts.some((part) => part.kind === 'image') ? '*(image)*' : '',
    item.truncatedAtMs !== null
      ? `*(interrupted after ${(item.truncatedAtMs / 1000).toFixed(1)} s)*`
      : '',
  ].filter(Boolean);
  return [item.text || '*(no words)*', ...notes].join('\n\n');
}

function turnsMarkdown(turns: readonly TurnMetrics[]): string[] {
  const cell = (value: number | null): string => (value === null ? '–' : `${Math.round(value)}`);
  return [
    '## Time, in milliseconds',
    '',
    '| turn | endpoint wait | recognition | first token | first clause | first sound | overhead |' +
      ' total |',
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...turns.map((turn, index) =>
      [
        '',
        index + 1,
        cell(turn.endpointWaitMs),
        cell(turn.recognitionMs),
        cell(turn.firstTokenMs),
        cell(turn.firstClauseMs),
        cell(turn.firstAudioMs),
        cell(turn.overheadMs),
        cell(turn.totalMs),
        '',
      ]
        .join(' | ')
        .trim(),
    ),
    '',
  ];
}

function whoOf(item: ItemView): string {
  return { user: 'User', assistant: 'Assistant', system: 'System', tool: 'Tool' }[item.role];
}

function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A fence longer than any run of backticks inside. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}

export function conversationWav(store: AudioStore): ArrayBuffer | null {
  const lanes = store.lanes();
  return lanes ? writeWav(kExportRate, [lanes.user, lanes.assistant]) : null;
}
