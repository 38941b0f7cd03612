// SPDX-License-Identifier: MIT
// vLLM's /v1/realtime: transcription of a stream; the first commit starts, the final one ends.
import { any, bearer } from './auth.mjs';
import { vllmError } from './openai_errors.mjs';
import { textPieces } from './text.mjs';

const bytesPerDelta = 3200;

async function converse(channel, accept) {
  await accept();
  const fail = (code, message) => channel.send({ type: 'error', error: message, code });
  await channel.send({ type: 'session.created', id: 'sess-fake', created: 1767225600 });
  let entry = channel.script;
  let model = null;
  let deltas = null;
  let bytes = 0;
  const finish = async () => {
    if (bytes === 0) {
      await fail('invalid_audio', 'no audio');
      return;
    }
    const text = deltas.text;
    for (const delta of deltas.left.splice(0)) {
      await channel.send({ type: 'transcription.delta', delta });
    }
    deltas = null;
    await channel.send({ type: 'transcription.done', text, usage: { prompt_tokens: 1,
      completion_tokens: 5, total_tokens: 6 } });
    entry = channel.board.takeScript(channel.id);
  };
  return channel.listen(async (raw) => {
    let message;
    try {
      message = JSON.parse(raw);
    } catch {
      await fail('invalid_json', 'Invalid JSON');
      return;
    }
    if (message.type === 'session.update') {
      model = message.model ?? null;
    } else if (message.type === 'input_audio_buffer.commit') {
      if (model === null) {
        await fail('model_not_validated', 'session.update must come first');
      } else if (message.final) {
        if (deltas) await finish();
      } else if (!deltas) {
        const text = entry.text ?? 'hello there';
        deltas = { text, left: textPieces(text) };
        bytes = 0;
      }
    } else if (message.type === 'input_audio_buffer.append') {
      const audio = Buffer.from(message.audio ?? '', 'base64');
      channel.addAudio(audio);
      const before = Math.floor(bytes / bytesPerDelta);
      bytes += audio.length;
      const due = deltas ? Math.floor(bytes / bytesPerDelta) - before : 0;
      for (const delta of deltas ? deltas.left.splice(0, due) : []) {
        await channel.send({ type: 'transcription.delta', delta });
      }
    } else {
      await fail('unknown_event', `Unknown event type: ${message.type}`);
    }
  });
}

export const routes = [{ id: 'vllm.realtime', kind: 'websocket', path: /^\/vllm\/v1\/realtime$/,
  auth: any(bearer, ({ headers }) => headers.authorization === undefined),
  error: (what) => vllmError(what), handle: converse, streamError: () => ({ messages: [
    JSON.stringify({ type: 'error', error: 'Something failed', code: 'processing_error' })] }) }];
