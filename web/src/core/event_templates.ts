// SPDX-License-Identifier: MIT
//
// Client events of the GA dialect: templates for the raw sender, and a check of what was typed
// against the schema's required fields, types and choices. The check advises; the server decides.

import type { EventTemplate, Json, JsonObject, RawEventIssue } from './api';
import { isObject } from './settings';

export const kEventTemplates: readonly EventTemplate[] = [
  {
    type: 'session.update',
    group: 'session',
    description: 'Change the session; only the fields given.',
    json: {
      type: 'session.update',
      session: { type: 'realtime', instructions: 'Answer in one sentence.' },
    },
  },
  {
    type: 'input_audio_buffer.append',
    group: 'audio',
    description: 'Audio of the user, base64 in the input format.',
    json: { type: 'input_audio_buffer.append', audio: 'AAAAAAAAAAA=' },
  },
  {
    type: 'input_audio_buffer.commit',
    group: 'audio',
    description: 'Make the audio so far an item of the user.',
    json: { type: 'input_audio_buffer.commit' },
  },
  {
    type: 'input_audio_buffer.clear',
    group: 'audio',
    description: 'Forget the audio so far.',
    json: { type: 'input_audio_buffer.clear' },
  },
  {
    type: 'output_audio_buffer.clear',
    group: 'audio',
    description: 'Cut off the sound (WebRTC and SIP only).',
    json: { type: 'output_audio_buffer.clear' },
  },
  {
    type: 'conversation.item.create',
    group: 'conversation',
    description: 'Add a message, a call or its output.',
    json: {
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello!' }] },
    },
  },
  {
    type: 'conversation.item.truncate',
    group: 'conversation',
    description: 'Cut an answer to what was heard.',
    json: {
      type: 'conversation.item.truncate',
      item_id: 'item_',
      content_index: 0,
      audio_end_ms: 1000,
    },
  },
  {
    type: 'conversation.item.delete',
    group: 'conversation',
    description: 'Remove an item.',
    json: { type: 'conversation.item.delete', item_id: 'item_' },
  },
  {
    type: 'conversation.item.retrieve',
    group: 'conversation',
    description: 'Show an item with its audio.',
    json: { type: 'conversation.item.retrieve', item_id: 'item_' },
  },
  {
    type: 'response.create',
    group: 'response',
    description: 'Answer now.',
    json: { type: 'response.create' },
  },
  {
    type: 'response.create',
    group: 'response',
    description: 'Answer beside the conversation, as text.',
    json: {
      type: 'response.create',
      response: {
        conversation: 'none',
        output_modalities: ['text'],
        metadata: { topic: 'summary' },
        instructions: 'Sum the conversation up in one sentence.',
      },
    },
  },
  {
    type: 'response.cancel',
    group: 'response',
    description: 'Stop the answer under way.',
    json: { type: 'response.cancel' },
  },
];

type Rule =
  | {
      readonly kind: 'string' | 'integer' | 'object' | 'array';
      readonly required?: boolean;
      readonly max?: number;
    }
  | { readonly kind: 'choice'; readonly of: readonly string[]; readonly required?: boolean };

const kItemId: Rule = { kind: 'string', required: true, max: 32 };

/** Fields by path, for each type. */
const kRules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  'session.update': {
    session: { kind: 'object', required: true },
    'session.type': { kind: 'choice', of: ['realtime', 'transcription'], required: true },
    'session.instructions': { kind: 'string' },
    'session.output_modalities': { kind: 'array' },
    'session.tools': { kind: 'array' },
    'session.audio': { kind: 'object' },
    'session.audio.input': { kind: 'object' },
    'session.audio.output': { kind: 'object' },
    'session.audio.input.turn_detection.type': {
      kind: 'choice',
      of: ['server_vad', 'semantic_vad'],
    },
    'session.audio.input.noise_reduction.type': { kind: 'choice', of: ['near_field', 'far_field'] },
    'session.audio.input.format.type': {
      kind: 'choice',
      of: ['audio/pcm', 'audio/pcmu', 'audio/pcma'],
    },
    'session.audio.output.format.type': {
      kind: 'choice',
      of: ['audio/pcm', 'audio/pcmu', 'audio/pcma'],
    },
  },
  'input_audio_buffer.append': { audio: { kind: 'string', required: true } },
  'input_audio_buffer.commit': {},
  'input_audio_buffer.clear': {},
  'output_audio_buffer.clear': {},
  'conversation.item.create': {
    item: { kind: 'object', required: true },
    'item.id': { kind: 'string', max: 32 },
    'item.type': {
      kind: 'choice',
      required: true,
      of: [
        'message',
        'function_call',
        'function_call_output',
        'mcp_list_tools',
        'mcp_call',
        'mcp_approval_request',
        'mcp_approval_response',
      ],
    },
    previous_item_id: { kind: 'string' },
  },
  'conversation.item.truncate': {
    item_id: kItemId,
    content_index: { kind: 'integer', required: true },
    audio_end_ms: { kind: 'integer', required: true },
  },
  'conversation.item.delete': { item_id: kItemId },
  'conversation.item.retrieve': { item_id: kItemId },
  'response.create': {
    response: { kind: 'object' },
    'response.instructions': { kind: 'string' },
    'response.output_modalities': { kind: 'array' },
    'response.conversation': { kind: 'choice', of: ['auto', 'none'] },
    'response.input': { kind: 'array' },
    'response.tools': { kind: 'array' },
    'response.metadata': { kind: 'object' },
  },
  'response.cancel': { response_id: { kind: 'string' } },
};

const kBetaFields: readonly string[] = [
  'modalities',
  'voice',
  'input_audio_format',
  'output_audio_format',
  'input_audio_transcription',
  'turn_detection',
  'temperature',
  'max_response_output_tokens',
];

export function checkRawEvent(text: string): readonly RawEventIssue[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return [{ path: '', message: `Not JSON: ${(error as Error).message}`, severity: 'error' }];
  }
  if (!isObject(value))
    return [{ path: '', message: 'An event is a JSON object.', severity: 'error' }];
  const event = value as JsonObject;
  if (typeof event.type !== 'string') {
    return [{ path: 'type', message: 'An event needs a "type".', severity: 'error' }];
  }
  const rules = kRules[event.type];
  if (!rules) {
    const known = Object.keys(kRules).join(', ');
    return [
      { path: 'type', message: `Not a client event. There are: ${known}`, severity: 'warning' },
    ];
  }
  const issues = Object.entries(rules).flatMap(([path, rule]) => checkField(event, path, rule));
  const top = new Set([
    'type',
    'event_id',
    ...Object.keys(rules).map((path) => path.split('.')[0] as string),
  ]);
  for (const key of Object.keys(event)) {
    if (!top.has(key))
      issues.push({
        path: key,
        message: `"${key}" is not a field of this event.`,
        severity: 'warning',
      });
  }
  return [...issues, ...checkBetaFields(event)];
}

function checkBetaFields(event: JsonObject): RawEventIssue[] {
  if (event.type !== 'session.update' || !isObject(event.session)) return [];
  const { session } = event;
  return kBetaFields
    .filter((field) => field in session)
    .map((field) => ({
      path: `session.${field}`,
      message: `"${field}" is a field of the beta; this session speaks GA.`,
      severity: 'warning' as const,
    }));
}

function checkField(event: JsonObject, path: string, rule: Rule): RawEventIssue[] {
  const keys = path.split('.');
  let parent: Json | undefined = event;
  for (const key of keys.slice(0, -1)) {
    parent = isObject(parent) ? (parent as JsonObject)[key] : undefined;
  }
  if (!isObject(parent)) return []; // said at the parent, or optional
  const value = (parent as JsonObject)[keys[keys.length - 1] as string];
  if (value === undefined) {
    return rule.required ? [{ path, message: `"${path}" is required.`, severity: 'error' }] : [];
  }
  if (value === null && !rule.required) return [];
  const wrong = fault(value, rule);
  return wrong ? [{ path, message: `"${path}" ${wrong}.`, severity: 'error' }] : [];
}

function fault(value: Json, rule: Rule): string {
  switch (rule.kind) {
    case 'choice':
      return typeof value === 'string' && rule.of.includes(value)
        ? ''
        : `is one of ${rule.of.join(', ')}`;
    case 'string':
      if (typeof value !== 'string') return 'is a string';
      return rule.max !== undefined && value.length > rule.max
        ? `has at most ${rule.max} characters`
        : '';
    case 'integer':
      return Number.isInteger(value) ? '' : 'is a whole number';
    case 'object':
      return isObject(value) ? '' : 'is an object';
    case 'array':
      return Array.isArray(value) ? '' : 'is a list';
  }
}
