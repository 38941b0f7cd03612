// SPDX-License-Identifier: MIT
//
// Settings: defaults, merging, reading from strangers (links, storage), and the session object they
// mean on the wire.

import type {
  AudioFormatName,
  Json,
  JsonObject,
  Settings,
  SettingsPatch,
  ToolAnswer,
  TurnDetectionSettings,
} from './api';

export const kSampleRates: Readonly<Record<AudioFormatName, number>> = {
  pcm24: 24000,
  pcmu: 8000,
  pcma: 8000,
};

/** Voices of the API; a server may know others. */
export const kVoices: readonly string[] = [
  'alloy',
  'ash',
  'ballad',
  'cedar',
  'coral',
  'echo',
  'marin',
  'sage',
  'shimmer',
  'verse',
];

const kTextMax = 100_000;

export const defaultSettings: Settings = {
  model: 'parley',
  voice: 'alloy',
  speed: 1,
  instructions: '',
  modality: 'audio',
  inputFormat: 'pcm24',
  outputFormat: 'pcm24',
  turnDetection: {
    type: 'server_vad',
    threshold: 0.5,
    prefixPaddingMs: 300,
    silenceDurationMs: 200,
    idleTimeoutMs: null,
    eagerness: 'auto',
    createResponse: true,
    interruptResponse: true,
  },
  noiseReduction: 'none',
  temperature: 0.8,
  maxOutputTokens: 'inf',
  toolsJson: '[]',
  toolChoice: 'auto',
  toolAnswers: {},
  continueAfterTools: true,
  transcription: { enabled: true, model: 'whisper-1', language: '', prompt: '' },
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
  micDeviceId: '',
  pushToTalk: false,
  outputVolume: 1,
  restoreConversation: true,
};

export function mergeSettings(base: Settings, patch: SettingsPatch): Settings {
  const merged = {
    ...base,
    ...patch,
    turnDetection: { ...base.turnDetection, ...patch.turnDetection },
    transcription: { ...base.transcription, ...patch.transcription },
  };
  return sanitizeSettings(merged, base);
}

/**
 * Settings out of anything: a link, the storage of an older version, a form. A field of the wrong
 * type takes the fallback's value, a number outside its range the nearest bound; unknown fields go.
 */
export function sanitizeSettings(value: unknown, fallback: Settings = defaultSettings): Settings {
  const from = isObject(value) ? value : {};
  return {
    model: text(from.model, fallback.model, 200),
    voice: text(from.voice, fallback.voice, 200),
    speed: number(from.speed, fallback.speed, 0.25, 1.5),
    instructions: text(from.instructions, fallback.instructions, kTextMax),
    modality: choice(from.modality, ['audio', 'text'], fallback.modality),
    inputFormat: choice(from.inputFormat, ['pcm24', 'pcmu', 'pcma'], fallback.inputFormat),
    outputFormat: choice(from.outputFormat, ['pcm24', 'pcmu', 'pcma'], fallback.outputFormat),
    turnDetection: turnDetection(from.turnDetection, fallback.turnDetection),
    noiseReduction: choice(
      from.noiseReduction,
      ['none', 'near_field', 'far_field'],
      fallback.noiseReduction,
    ),
    temperature: number(from.temperature, fallback.temperature, 0.6, 1.2),
    maxOutputTokens:
      from.maxOutputTokens === 'inf'
        ? 'inf'
        : typeof from.maxOutputTokens === 'number'
          ? Math.round(number(from.maxOutputTokens, 4096, 1, 4096))
          : fallback.maxOutputTokens,
    toolsJson: text(from.toolsJson, fallback.toolsJson, kTextMax),
    toolChoice: text(from.toolChoice, fallback.toolChoice, 64),
    toolAnswers: toolAnswers(from.toolAnswers, fallback.toolAnswers),
    continueAfterTools: flag(from.continueAfterTools, fallback.continueAfterTools),
    transcription: transcription(from.transcription, fallback.transcription),
    echoCancellation: flag(from.echoCancellation, fallback.echoCancellation),
    noiseSuppression: flag(from.noiseSuppression, fallback.noiseSuppression),
    autoGainControl: flag(from.autoGainControl, fallback.autoGainControl),
    micDeviceId: text(from.micDeviceId, fallback.micDeviceId, 500),
    pushToTalk: flag(from.pushToTalk, fallback.pushToTalk),
    outputVolume: number(from.outputVolume, fallback.outputVolume, 0, 1),
    restoreConversation: flag(from.restoreConversation, fallback.restoreConversation),
  };
}

function turnDetection(value: unknown, fallback: TurnDetectionSettings): TurnDetectionSettings {
  const from = isObject(value) ? value : {};
  const idle = from.idleTimeoutMs;
  return {
    type: choice(from.type, ['server_vad', 'semantic_vad', 'none'], fallback.type),
    threshold: number(from.threshold, fallback.threshold, 0, 1),
    prefixPaddingMs: Math.round(number(from.prefixPaddingMs, fallback.prefixPaddingMs, 0, 10_000)),
    silenceDurationMs: Math.round(
      number(from.silenceDurationMs, fallback.silenceDurationMs, 0, 10_000),
    ),
    idleTimeoutMs:
      idle === null
        ? null
        : typeof idle === 'number'
          ? Math.round(number(idle, 6000, 5000, 30_000))
          : fallback.idleTimeoutMs,
    eagerness: choice(from.eagerness, ['auto', 'low', 'medium', 'high'], fallback.eagerness),
    createResponse: flag(from.createResponse, fallback.createResponse),
    interruptResponse: flag(from.interruptResponse, fallback.interruptResponse),
  };
}

function transcription(
  value: unknown,
  fallback: Settings['transcription'],
): Settings['transcription'] {
  const from = isObject(value) ? value : {};
  return {
    enabled: flag(from.enabled, fallback.enabled),
    model: text(from.model, fallback.model, 200),
    language: text(from.language, fallback.language, 35),
    prompt: text(from.prompt, fallback.prompt, 10_000),
  };
}

function toolAnswers(value: unknown, fallback: Settings['toolAnswers']): Settings['toolAnswers'] {
  if (!isObject(value)) return fallback;
  const answers: { [name: string]: ToolAnswer } = {};
  for (const [name, answer] of Object.entries(value).slice(0, 128)) {
    if (name.length > 64 || !isObject(answer)) continue;
    answers[name] = {
      mode: choice(answer.mode, ['manual', 'template', 'script'], 'manual'),
      template: text(answer.template, '', 20_000),
      script: text(answer.script, '', 20_000),
    };
  }
  return answers;
}

// ----------------------------------------------------------------------------------------- tools

export interface ParsedTools {
  readonly tools: readonly JsonObject[] | null; // null: it does not parse
  readonly error: string;
}

/**
 * Reads the tool editor's text; both the bare form and the one nested under "function" are taken.
 */
export function parseTools(source: string): ParsedTools {
  if (source.trim() === '') return { tools: [], error: '' };
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    return { tools: null, error: `This is not JSON yet: ${(error as Error).message}` };
  }
  if (!Array.isArray(value))
    return { tools: null, error: 'Tools are a JSON array: [ { "type": "function", … } ]' };
  const tools: JsonObject[] = [];
  for (const [index, entry] of value.entries()) {
    if (!isObject(entry)) return { tools: null, error: `Tool ${index + 1} is not an object.` };
    const tool = isObject(entry.function) ? { type: 'function', ...entry.function } : entry;
    if (tool.type === undefined) return { tools: null, error: `Tool ${index + 1} has no "type".` };
    if (tool.type === 'function') {
      const name = tool.name;
      if (typeof name !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
        return {
          tools: null,
          error: `Tool ${index + 1} needs a "name" of letters, digits, _ and - (at most 64).`,
        };
      }
      if (tools.some((other) => other.name === name)) {
        return { tools: null, error: `Two tools are named "${name}".` };
      }
      if (tool.parameters !== undefined && !isObject(tool.parameters)) {
        return { tools: null, error: `"parameters" of "${name}" is a JSON Schema object.` };
      }
    }
    tools.push(tool as JsonObject);
  }
  return { tools, error: '' };
}

export function toolNamesOf(tools: readonly JsonObject[]): string[] {
  return tools.flatMap((tool) =>
    tool.type === 'function' && typeof tool.name === 'string' ? [tool.name] : [],
  );
}

// -------------------------------------------------------------------------------------- the wire

export function wireFormat(name: AudioFormatName): JsonObject {
  if (name === 'pcmu') return { type: 'audio/pcmu' };
  if (name === 'pcma') return { type: 'audio/pcma' };
  return { type: 'audio/pcm', rate: 24000 };
}

export function wireTurnDetection(settings: Settings): JsonObject | null {
  const detection = settings.turnDetection;
  if (settings.pushToTalk || detection.type === 'none') return null;
  const common = {
    create_response: detection.createResponse,
    interrupt_response: detection.interruptResponse,
  };
  if (detection.type === 'semantic_vad') {
    return { type: 'semantic_vad', eagerness: detection.eagerness, ...common };
  }
  return {
    type: 'server_vad',
    threshold: detection.threshold,
    prefix_padding_ms: detection.prefixPaddingMs,
    silence_duration_ms: detection.silenceDurationMs,
    idle_timeout_ms: detection.idleTimeoutMs,
    ...common,
  };
}

export function wireToolChoice(choiceText: string): Json {
  if (choiceText === 'auto' || choiceText === 'none' || choiceText === 'required')
    return choiceText;
  return { type: 'function', name: choiceText };
}

/**
 * The whole session object of a session.update in the GA dialect. Without `tools` it leaves them as
 * they are.
 */
export function wireSession(settings: Settings, tools: readonly JsonObject[] | null): JsonObject {
  const { transcription: words } = settings;
  const session: JsonObject = {
    type: 'realtime',
    output_modalities: [settings.modality],
    max_output_tokens: settings.maxOutputTokens,
    tool_choice: wireToolChoice(settings.toolChoice),
    audio: {
      input: {
        format: wireFormat(settings.inputFormat),
        transcription: words.enabled
          ? {
              model: words.model,
              ...(words.language ? { language: words.language } : {}),
              ...(words.prompt ? { prompt: words.prompt } : {}),
            }
          : null,
        noise_reduction:
          settings.noiseReduction === 'none' ? null : { type: settings.noiseReduction },
        turn_detection: wireTurnDetection(settings),
      },
      output: {
        format: wireFormat(settings.outputFormat),
        voice: settings.voice,
        speed: settings.speed,
      },
    },
  };
  // An empty text would clear the instructions the server was configured with.
  if (settings.instructions !== '') session.instructions = settings.instructions;
  if (tools) session.tools = tools.slice();
  return session;
}

/** Fields whose whole value is replaced by an update, whatever it leaves out. */
const kReplacedWhole: ReadonlySet<string> = new Set([
  'tools',
  'tool_choice',
  'output_modalities',
  'audio.input.turn_detection',
  'audio.input.transcription',
  'audio.input.noise_reduction',
  'audio.input.format',
  'audio.output.format',
]);

/**
 * The part of `next` that differs from `before`, with the type; null when nothing does. Sending
 * only that keeps one refused knob from refusing the others, and a voice that may no longer change
 * from being sent again.
 */
export function wireSessionChange(before: JsonObject, next: JsonObject): JsonObject | null {
  const change = changeOf(before, next, '');
  if (!change) return null;
  return { type: 'realtime', ...change };
}

function changeOf(before: JsonObject, next: JsonObject, path: string): JsonObject | null {
  const change: JsonObject = {};
  for (const [key, value] of Object.entries(next)) {
    const here = path ? `${path}.${key}` : key;
    const old = before[key];
    if (sameJson(old, value)) continue;
    if (isJsonObject(value) && isJsonObject(old) && !kReplacedWhole.has(here)) {
      const inner = changeOf(old, value, here);
      if (inner) change[key] = inner;
    } else {
      change[key] = value;
    }
  }
  // The instructions were emptied: then they are to be cleared.
  if (path === '' && before.instructions !== undefined && next.instructions === undefined)
    change.instructions = '';
  return Object.keys(change).length > 0 ? change : null;
}

// ---------------------------------------------------------------------------------- small checks

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return isObject(value);
}

export function sameJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length && left.every((value, index) => sameJson(value, right[index]))
    );
  }
  if (isJsonObject(left) && isJsonObject(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => sameJson(left[key], right[key]))
    );
  }
  return false;
}

function text(value: unknown, fallback: string, lengthMax: number): string {
  return typeof value === 'string' ? value.slice(0, lengthMax) : fallback;
}

function number(value: unknown, fallback: number, low: number, high: number): number {
  return typeof value === 'number' && Number.isFinite(value)
    ? Math.min(high, Math.max(low, value))
    : fallback;
}

function flag(value: unknown, fallback: boolean): boolean {
  return typeof value === 'boolean' ? value : fallback;
}

function choice<const T extends string>(value: unknown, of: readonly T[], fallback: T): T {
  return of.includes(value as T) ? (value as T) : fallback;
}
