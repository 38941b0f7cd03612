// SPDX-License-Identifier: MIT
// Anthropic Messages, streamed and whole.
import { any, bearer, header } from './auth.mjs';
import { brief } from '../support/board.mjs';
import { textPieces } from './text.mjs';

const script = ['chunk_chars', 'tool_calls', 'finish_reason', 'done', 'reasoning', 'comments',
  'stop_sequence'];

const kinds = { 400: ['invalid_request_error', 'Invalid request'],
  401: ['authentication_error', 'invalid x-api-key'],
  402: ['billing_error', 'Your credit balance is too low to access the API.'],
  403: ['permission_error', 'Your API key does not have permission to use the resource.'],
  404: ['not_found_error', 'model: nope'], 413: ['request_too_large', 'Request too large'],
  429: ['rate_limit_error', 'This request would exceed your rate limit.'],
  500: ['api_error', 'Internal server error'], 504: ['timeout_error', 'Request timed out'],
  529: ['overloaded_error', 'Overloaded'] };

function error(what, { message } = {}) {
  const status = what === 'quota' ? 402 : what;
  const [type, usual] = kinds[status] ?? kinds[500];
  return { status, headers: { 'request-id': 'req_fake', ...(status === 429
    ? { 'anthropic-ratelimit-requests-remaining': '0' } : {}) },
  body: { type: 'error', error: { type, message: message ?? usual }, request_id: 'req_fake' } };
}

// What the service would answer 400 to.
function problemOf(request) {
  if (!request.model) return 'model: Field required';
  if (!Number.isInteger(request.max_tokens)) return 'max_tokens: Field required';
  if (!Array.isArray(request.messages) || request.messages.length === 0) {
    return 'messages: at least one message is required';
  }
  if (request.messages[0].role !== 'user') {
    return 'messages: first message must use the "user" role';
  }
  let open = new Set();
  for (const [index, { role, content }] of request.messages.entries()) {
    if (role !== 'user' && role !== 'assistant') return `messages.${index}.role: ${role}`;
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
    if (!blocks?.length) return `messages.${index}: content must be non-empty`;
    const results = blocks.filter((block) => block.type === 'tool_result');
    for (const result of results) {
      if (!open.delete(result.tool_use_id)) {
        return `messages.${index}: unexpected tool_use_id ${result.tool_use_id}`;
      }
    }
    if (open.size > 0) {
      return `messages.${index}: tool_use ids were found without tool_result blocks immediately ` +
        `after: ${[...open].join(', ')}`;
    }
    if (results.length && blocks.slice(0, results.length).some((b) => b.type !== 'tool_result')) {
      return `messages.${index}: tool_result blocks must come first`;
    }
    const uses = blocks.filter((block) => block.type === 'tool_use');
    if (uses.some((use) => typeof use.input !== 'object')) return 'tool_use.input: not an object';
    open = new Set(uses.map((use) => use.id));
  }
  if ((request.tools ?? []).some((tool) => !tool.name || !tool.input_schema)) {
    return 'tools.0.input_schema: Field required';
  }
  return open.size > 0 ? 'the last tool_use has no tool_result' : null;
}

function lastText(messages) {
  const { content } = [...messages].reverse().find((message) => message.role === 'user');
  if (typeof content === 'string') return content;
  return content.filter((block) => block.type === 'text').map((block) => block.text).join(' ');
}

const usageOf = (request, text) => ({ input_tokens: JSON.stringify(request.messages).length >> 2,
  cache_creation_input_tokens: 0, cache_read_input_tokens: 0,
  output_tokens: Math.max(1, text.length >> 2) });

// The blocks of the answer: thinking, text, tool uses.
function blocksOf(entry, request) {
  const text = entry.text ?? (entry.tool_calls ? '' : `You said: ${lastText(request.messages)}`);
  return [...(entry.reasoning ? [{ type: 'thinking', thinking: entry.reasoning }] : []),
    ...(text ? [{ type: 'text', text }] : []),
    ...(entry.tool_calls ?? []).map((call, index) => ({ type: 'tool_use',
      id: call.id ?? `toolu_${index + 1}`, name: call.name,
      input: typeof call.arguments === 'string'
        ? JSON.parse(call.arguments) : call.arguments ?? {} }))];
}

async function handle(exchange, body) {
  const { script: entry, record, headers } = exchange;
  if (!headers['anthropic-version']) {
    return exchange.whole(error(400, { message: 'anthropic-version: header is required' }));
  }
  let request;
  try {
    request = JSON.parse(body);
  } catch {
    return exchange.whole(error(400, { message: 'The request body is not valid JSON' }));
  }
  record.body = brief(request);
  const problem = problemOf(request);
  if (problem) return exchange.whole(error(400, { message: problem }));
  const blocks = blocksOf(entry, request);
  const stop = entry.finish_reason ?? (entry.tool_calls ? 'tool_use' : 'end_turn');
  const usage = usageOf(request, JSON.stringify(blocks));
  const message = { id: 'msg_fake', type: 'message', role: 'assistant', model: request.model,
    stop_sequence: entry.stop_sequence ?? null };
  if (!request.stream) {
    return exchange.whole({ headers: { 'request-id': 'req_fake' },
      body: { ...message, content: blocks, stop_reason: stop, usage } });
  }
  return stream(exchange, { message, blocks, stop, usage });
}

async function stream(exchange, { message, blocks, stop, usage }) {
  const { script: entry } = exchange;
  const send = (type, rest) => exchange.sse({ type, ...rest }, type);
  await exchange.sseHead({ 'request-id': 'req_fake' });
  await send('message_start', { message: { ...message, content: [], stop_reason: null,
    stop_sequence: null, usage: { ...usage, output_tokens: 1 } } });
  for (const [index, block] of blocks.entries()) {
    await send('content_block_start', { index, content_block: emptied(block) });
    if (index === 0 && entry.comments !== false) await send('ping', {});
    for (const delta of deltasOf(block, entry)) await send('content_block_delta', { index, delta });
    await send('content_block_stop', { index });
  }
  await send('message_delta', { delta: { stop_reason: stop,
    stop_sequence: entry.stop_sequence ?? null }, usage: { output_tokens: usage.output_tokens } });
  if (entry.done !== false) await send('message_stop', {});
  return exchange.end();
}

function emptied(block) {
  switch (block.type) {
    case 'text': return { type: 'text', text: '' };
    case 'thinking': return { type: 'thinking', thinking: '', signature: '' };
    default: return { ...block, input: {} };
  }
}

function deltasOf(block, entry) {
  if (block.type === 'text') {
    return textPieces(block.text, entry.chunk_chars).map((text) => ({ type: 'text_delta', text }));
  }
  if (block.type === 'thinking') {
    return [...textPieces(block.thinking, entry.chunk_chars)
      .map((thinking) => ({ type: 'thinking_delta', thinking })),
    { type: 'signature_delta', signature: 'ZmFrZQ==' }];
  }
  const json = JSON.stringify(block.input);
  const pieces = json === '{}' ? [] : textPieces(json, entry.chunk_chars ?? 6);
  return ['', ...pieces].map((partial) => ({ type: 'input_json_delta', partial_json: partial }));
}

export const routes = [{ id: 'anthropic.messages', path: /^\/anthropic\/v1\/messages$/,
  auth: any(header('x-api-key'), bearer), error: (what) => error(what), script, handle,
  streamError: () => 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error",' +
    '"message":"Overloaded"}}\n\n' }];
