// SPDX-License-Identifier: MIT
// Whole events that show fields together with what those need beside them. A field that is in none
// of these is sent as the schema alone would have it.

const audio = 'AAAAAAAA';
const fn = { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' } };
const filter = { tool_names: ['a'], read_only: true };
const mcp = (more) => ({ type: 'mcp', server_label: 'label', server_url: 'http://127.0.0.1:1/mcp',
  ...more });
const servers = [
  mcp({ authorization: 'token', headers: { a: 'b' }, server_description: 'd',
    allowed_callers: ['direct'], allowed_tools: filter, defer_loading: false,
    require_approval: { always: filter, never: filter } }),
];
const user = (...content) => ({ type: 'message', role: 'user', content });
const detection = { threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 200,
  idle_timeout_ms: 5000, create_response: true, interrupt_response: true };

const items = (assistantText) => [
  { id: 'mine', object: 'realtime.item', status: 'completed',
    ...user({ type: 'input_text', text: 'Hello.' }) },
  user({ type: 'input_audio', audio, transcript: 'Hello.' }),
  { type: 'message', role: 'assistant', content: [{ type: assistantText, text: 'Hello.' }] },
  { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Be brief.' }] },
  { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
  { type: 'function_call_output', call_id: 'call_none', output: '{}' },
];
const image = user({ type: 'input_image', image_url: 'data:image/png;base64,AAAAAAAA',
  detail: 'low' });
const created = (item) => ({ type: 'conversation.item.create', previous_item_id: 'root', item });
const asked = (response) => ({ type: 'response.create', response });
const updated = (session) => ({ type: 'session.update', session });

export const EXAMPLES = {
  ga: [
    ...[...items('output_text'), image].map(created),
    created({ id: 'mine', type: 'mcp_approval_response', approval_request_id: 'mcpr_none',
      approve: true, reason: 'so' }),
    ...[...items('output_text'), image].filter((item) => !JSON.stringify(item).includes('_audio'))
      .map((item) => asked({ conversation: 'none', input: [item] })),
    asked({ conversation: 'none', input: [{ type: 'item_reference', id: 'item_none' }] }),
    asked({ conversation: 'none', output_modalities: ['text'], tools: [fn] }),
    asked({ output_modalities: ['audio'], tools: servers,
      audio: { output: { format: { type: 'audio/pcm', rate: 24000 }, voice: 'alloy' } } }),
    updated({ type: 'realtime', output_modalities: ['text'], tools: [fn],
      audio: { input: { format: { type: 'audio/pcm', rate: 24000 },
        noise_reduction: { type: 'near_field' },
        turn_detection: { type: 'server_vad', ...detection } },
      output: { format: { type: 'audio/pcm', rate: 24000 } } } }),
    updated({ type: 'realtime', tools: servers }),
  ],
  beta: [
    ...items('text').map(created),
    ...items('text').filter((item) => !JSON.stringify(item).includes('_audio'))
      .map((item) => asked({ conversation: 'none', input: [item] })),
    asked({ conversation: 'none', input: [{ type: 'item_reference', id: 'item_none' }] }),
    asked({ conversation: 'none', modalities: ['text'], tools: [fn],
      tool_choice: { type: 'function', name: 'f' } }),
    updated({ modalities: ['text'], tools: [fn], tool_choice: { type: 'function', name: 'f' },
      input_audio_noise_reduction: { type: 'near_field' } }),
    { type: 'transcription_session.update', session: {
      input_audio_format: 'pcm16', include: ['item.input_audio_transcription.logprobs'],
      input_audio_transcription: { model: 'whisper-1', language: 'en', prompt: 'p' },
      input_audio_noise_reduction: { type: 'near_field' },
      turn_detection: { type: 'server_vad', eagerness: 'low', ...detection },
      modalities: ['text'],
      client_secret: { expires_at: { anchor: 'created_at', seconds: 60 } } } },
  ],
};
