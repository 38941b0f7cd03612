// SPDX-License-Identifier: MIT
// POST …/audio/transcriptions as OpenAI, Azure OpenAI, Groq, Speaches and vLLM answer it, and
// whisper.cpp's own /inference. Says `hello there` unless scripted.
import { any, bearer, header, none } from './auth.mjs';
import { inspect } from '../support/audio.mjs';
import { parseMultipart } from '../support/multipart.mjs';
import { azureError, openaiError, speachesError, vllmError } from './openai_errors.mjs';
import { textPieces, timedWords } from './text.mjs';

const script = ['chunk_chars', 'done', 'language', 'segments', 'no_speech_prob', 'avg_logprob',
  'logprobs', 'event_lines', 'words'];

const loose = any(bearer, ({ headers }) => headers.authorization === undefined);
const flavours = {
  openai: { path: /^\/openai\/v1\/audio\/transcriptions$/, auth: bearer, error: openaiError,
    needsModel: true, streams: 'openai', hosted: true },
  azure: { path:
    /^\/azure\/openai\/(?:v1|deployments\/(?<deployment>[^/]+))\/audio\/transcriptions$/,
  auth: any(header('api-key'), bearer), error: azureError, streams: 'openai' },
  groq: { path: /^\/groq\/openai\/v1\/audio\/transcriptions$/, auth: bearer, error: openaiError,
    needsModel: true, extra: { x_groq: { id: 'req_groq' } } },
  speaches: { path: /^\/speaches\/v1\/audio\/transcriptions$/, auth: loose, error: speachesError,
    needsModel: true, streams: 'segments', space: ' ' },
  vllm: { path: /^\/vllm\/v1\/audio\/transcriptions$/, auth: loose, error: vllmError,
    streams: 'vllm', space: ' ' },
  ollama: { path: /^\/ollama\/v1\/audio\/transcriptions$/, auth: none,
    error: openaiError, needsModel: true },
};

const heardDefault = 'hello there';
const fileMax = 25 * 1024 * 1024;
const audioMsMin = 100;

function refusal(flavour, status, message, param) {
  return flavour.error(status, { message, param, code: 'invalid_value' });
}

// Reads the form into the record; a refusal, or null.
function readForm(exchange, body, flavour) {
  const form = parseMultipart(exchange.headers['content-type'], body);
  if (form.error) return refusal(flavour, 400, form.error);
  const { record } = exchange;
  record.fields = form.fields;
  const { file } = form.files;
  if (!file) return refusal(flavour, 400, "'file' is a required property", 'file');
  record.file = { filename: file.filename, type: file.type };
  record.audio = inspect(file.bytes);
  if (file.bytes.length > fileMax) return refusal(flavour, 413, 'Maximum content size exceeded');
  if (!file.filename) return refusal(flavour, 400, 'the file part has no filename', 'file');
  if (!record.audio.valid) {
    return refusal(flavour, 400, 'Audio file might be corrupted or unsupported', 'file');
  }
  const extension = file.filename.split('.').pop();
  const expected = { wav: ['wav'], webm: ['webm'], ogg: ['ogg', 'oga', 'opus'], flac: ['flac'],
    mp3: ['mp3', 'mpga', 'mpeg'] }[record.audio.container];
  if (!expected?.includes(extension)) {
    return refusal(flavour, 400, `Unrecognized file format: ${file.filename} holds ` +
      `${record.audio.container}`, 'file');
  }
  if (flavour.needsModel && !form.fields.model) {
    return refusal(flavour, flavour === flavours.speaches ? 422 : 400,
      'you must provide a model parameter', 'model');
  }
  return flavour.hosted ? hostedRefusal(flavour, record) : null;
}

// What only OpenAI itself minds.
function hostedRefusal(flavour, { audio, fields }) {
  if (audio.duration_ms !== undefined && audio.duration_ms < audioMsMin) {
    return flavour.error(400, { param: 'file', code: 'audio_too_short',
      message: 'Audio file is too short. Minimum audio length is 0.1 seconds.' });
  }
  const format = fields.response_format ?? 'json';
  if (/^gpt-4o(-mini)?-transcribe(?!-diarize)/.test(fields.model) && format !== 'json') {
    return refusal(flavour, 400, `response_format '${format}' is not compatible with model ` +
      `'${fields.model}'. Use 'json' instead.`, 'response_format');
  }
  return null;
}

async function handle(exchange, body, flavour) {
  const { script: entry, record } = exchange;
  const refused = readForm(exchange, body, flavour);
  if (refused) return exchange.whole(refused);
  const heard = describe(exchange, (flavour.space ?? '') + (entry.text ?? heardDefault));
  const { fields } = record;
  if (fields.stream === 'true' && flavour.streams && fields.model !== 'whisper-1') {
    return flavour.streams === 'vllm' ? streamAsVllm(exchange, heard)
      : streamAsOpenai(exchange, heard, flavour);
  }
  const format = fields.response_format ?? 'json';
  if (format === 'json') {
    return exchange.whole({ headers: { 'x-request-id': 'req_fake' }, body:
      { text: heard.text, ...logprobs(entry, heard.text), usage: usageOf(fields, heard),
        ...flavour.extra } });
  }
  if (format === 'verbose_json') {
    return exchange.whole({ body: { ...verbose(heard, fields), ...flavour.extra } });
  }
  return exchange.whole(plain(format, heard) ?? refusal(flavour, 400,
    `Invalid response_format ${format}`, 'response_format'));
}

function describe(exchange, text) {
  const { script: entry, record } = exchange;
  const seconds = (record.audio.duration_ms ?? 1000) / 1000;
  const segments = entry.segments ?? [{ text, start: 0, end: seconds }];
  return { text: entry.segments ? segments.map((segment) => segment.text).join('') : text,
    language: entry.language ?? 'english', duration: seconds,
    segments: segments.map((segment, id) => ({ id, seek: 0, start: 0, end: seconds,
      tokens: [50364, 50414], temperature: 0, avg_logprob: entry.avg_logprob ?? -0.2,
      compression_ratio: 0.8, no_speech_prob: entry.no_speech_prob ?? 0.01, ...segment })),
    words: entry.words ?? timedWords(text, seconds * 1000).map(({ word, start_ms, end_ms }) =>
      ({ word, start: start_ms / 1000, end: end_ms / 1000 })) };
}

function usageOf(fields, heard) {
  if (fields.model === 'whisper-1') {
    return { type: 'duration', seconds: Math.ceil(heard.duration) };
  }
  const output = Math.max(1, heard.text.length >> 2);
  return { type: 'tokens', input_tokens: 14, output_tokens: output, total_tokens: 14 + output,
    input_token_details: { audio_tokens: 12, text_tokens: 2 } };
}

function logprobs(entry, text) {
  if (!entry.logprobs) return {};
  return { logprobs: textPieces(text).map((token) =>
    ({ token, logprob: -0.01, bytes: [...Buffer.from(token)] })) };
}

function verbose(heard, fields) {
  const granular = [fields['timestamp_granularities[]'] ?? []].flat();
  return { task: 'transcribe', language: heard.language, duration: heard.duration,
    text: heard.text, segments: heard.segments,
    ...(granular.includes('word') ? { words: heard.words } : {}),
    usage: { type: 'duration', seconds: Math.ceil(heard.duration) } };
}

function clock(seconds, mark) {
  const ms = Math.round(seconds * 1000);
  const two = (value) => String(Math.floor(value) % 60).padStart(2, '0');
  return `${two(ms / 3600000)}:${two(ms / 60000)}:${two(ms / 1000)}${mark}` +
    String(ms % 1000).padStart(3, '0');
}

function plain(format, heard, textType = 'text/plain; charset=utf-8') {
  const cues = (mark) => heard.segments.map(({ id, start, end, text }) =>
    `${mark === ',' ? `${id + 1}\n` : ''}${clock(start, mark)} --> ${clock(end, mark)}\n` +
    `${text.trim()}\n\n`).join('');
  switch (format) {
    case 'text': return { headers: { 'content-type': textType }, body: `${heard.text}\n` };
    case 'srt': return { headers: { 'content-type': 'application/x-subrip' }, body: cues(',') };
    case 'vtt': return { headers: { 'content-type': 'text/vtt' },
      body: `WEBVTT\n\n${cues('.')}` };
    default: return null;
  }
}

async function streamAsOpenai(exchange, heard, flavour) {
  const { script: entry } = exchange;
  await exchange.sseHead({ 'x-request-id': 'req_fake' });
  const send = (data) => exchange.sse(data, entry.event_lines ? data.type : undefined);
  const pieces = flavour.streams === 'segments'
    ? heard.segments.map((segment) => segment.text) : textPieces(heard.text, entry.chunk_chars);
  for (const delta of pieces) {
    await send({ type: 'transcript.text.delta', delta, ...logprobs(entry, delta) });
  }
  await send({ type: 'transcript.text.done', text: heard.text,
    usage: usageOf(exchange.record.fields, heard) });
  const marked = entry.done ?? flavour.streams === 'openai';
  await (marked ? exchange.end('data: [DONE]\n\n') : exchange.end());
}

async function streamAsVllm(exchange, heard) {
  const { script: entry, record } = exchange;
  const base = { id: 'trsc-fake', object: 'transcription.chunk', created: 1767225600,
    model: record.fields.model ?? 'whisper' };
  await exchange.sseHead();
  for (const content of textPieces(heard.text, entry.chunk_chars)) {
    await exchange.sse({ ...base, choices: [{ delta: { content } }] });
  }
  await exchange.sse({ ...base, choices: [{ delta: { content: '' }, finish_reason: 'stop',
    stop_reason: null }] });
  if (record.fields.stream_include_usage === 'true') {
    await exchange.sse({ ...base, choices: [], usage:
      { prompt_tokens: 14, completion_tokens: 3, total_tokens: 17 } });
  }
  await (entry.done === false ? exchange.end() : exchange.end('data: [DONE]\n\n'));
}

// ---- whisper.cpp --------------------------------------------------------------------------------

// One decoder under one lock: requests wait for each other.
let whisperLock = Promise.resolve();

const whisperStatus = (what) => (what === 'quota' ? 429 : what);
// The server-wide error handler of whisper.cpp rewrites the bodies.
function whisperError(what) {
  const status = whisperStatus(what);
  if (status === 400) {
    return { status, headers: { 'content-type': 'text/plain' }, body: 'Invalid request' };
  }
  if (status === 500) return { status, headers: {}, body: { error: 'failed to process audio' } };
  return { status, headers: { 'content-type': 'text/plain' },
    body: status === 404 ? 'File Not Found (/inference)' : `Error ${status}` };
}

async function handleWhisper(exchange, body) {
  const before = whisperLock;
  let unlock;
  whisperLock = new Promise((resolve) => { unlock = resolve; });
  try {
    await Promise.race([before, exchange.gone]);
    await answerWhisper(exchange, body);
  } finally {
    before.then(unlock);
  }
}

async function answerWhisper(exchange, body) {
  const form = parseMultipart(exchange.headers['content-type'], body);
  const { record, script: entry } = exchange;
  if (form.error || !form.files.file) return exchange.whole(whisperError(400));
  record.fields = form.fields;
  record.file = { filename: form.files.file.filename, type: form.files.file.type };
  record.audio = inspect(form.files.file.bytes);
  if (!record.audio.valid || record.audio.container === 'webm') {
    return exchange.whole(whisperError(400));
  }
  const said = entry.text ?? heardDefault;
  const heard = describe(exchange, ` ${said}`);
  const lines = heard.segments.map((segment) => ` ${segment.text.trim()}\n`).join('');
  const cors = { 'access-control-allow-origin': '*', server: 'whisper.cpp' };
  const format = form.fields.response_format ?? 'json';
  if (format === 'json') return exchange.whole({ headers: cors, body: { text: lines } });
  if (format === 'verbose_json') {
    return exchange.whole({ headers: cors, body: { ...verbose(heard, {}),
      detected_language: heard.language, detected_language_probability: 0.99,
      segments: heard.segments.map((segment) => ({ ...segment,
        words: heard.words.map((word) => ({ ...word, word: ` ${word.word}`, t_dtw: -1,
          probability: 0.9 })) })) } });
  }
  return exchange.whole(plain(format, { ...heard, text: lines }, 'text/html; charset=utf-8'));
}

export const routes = [
  ...Object.entries(flavours).map(([name, flavour]) => ({ id: `${name}.transcriptions`,
    path: flavour.path, auth: flavour.auth, script, error: (what) => flavour.error(what),
    streamError: () => `data: ${JSON.stringify(flavour.error(500).body)}\n\n` +
      (flavour.streams === 'vllm' ? 'data: [DONE]\n\n' : ''),
    handle: (exchange, body) => handle(exchange, body, flavour) })),
  { id: 'whispercpp.inference', path: /^\/whispercpp\/inference$/, auth: none, script,
    error: whisperError, handle: handleWhisper },
  { id: 'whispercpp.health', path: /^\/whispercpp\/health$/, method: 'GET', auth: none,
    error: whisperError, handle: (exchange) => exchange.whole({ body: { status: 'ok' } }) },
];
