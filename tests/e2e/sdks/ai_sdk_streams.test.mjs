// SPDX-License-Identifier: MIT
// The Vercel AI SDK's functions for one task: streaming transcription, and speech and text in one
// REST call. Only base URL and key are ours.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as environment from '../support/environment.mjs';
import { WebSocket } from '../support/packages.mjs';
import { KEY, heard, load, silence, speech, tap, together, words } from './support.mjs';

const { experimental_streamTranscribe: streamTranscribe, generateSpeech, transcribe } =
  await load('ai');
const { createOpenAI } = await load('@ai-sdk/openai');

// Recorded speech as a microphone would give it: 20 ms at a time, at real pace.
function liveAudio(pcm) {
  const frame = 960;
  const started = performance.now();
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      const at = sent * frame;
      if (at >= pcm.length) return controller.close();
      const early = started + sent * 20 - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      controller.enqueue(new Uint8Array(pcm.subarray(at, at + frame)));
      sent++;
    },
  });
}

async function provider(t) {
  const relay = await tap(t);
  const baseURL = `http://${relay.host}/v1`;
  return { relay, openai: createOpenAI({ baseURL, apiKey: KEY, webSocket: WebSocket }) };
}

async function collect(result) {
  const parts = [];
  for await (const part of result.fullStream) parts.push(part);
  return parts;
}

describe('AI SDK streams', together, () => {
  for (const [model, providerOptions] of [
    ['gpt-realtime-whisper', { language: 'en', streaming: { delay: 'low' } }],
    ['gpt-transcribe', { language: 'en' }],
  ]) {
    test(`streamTranscribe with ${model}`, async (t) => {
      const { openai, relay } = await provider(t);
      const result = streamTranscribe({
        model: openai.transcription(model), inputAudioFormat: { type: 'audio/pcm', rate: 24000 },
        audio: liveAudio(Buffer.concat([silence(300), speech('tt-weasels'), silence(600)])),
        providerOptions: { openai: providerOptions },
      });
      const parts = await collect(result);
      assert.deepEqual(parts.filter(({ type }) => type === 'error'), []);
      const text = await result.text;
      assert.ok(heard(text, words('tt-weasels')) >= 0.5, text);
      const wire = await relay.wire();
      assert.deepEqual([wire.errors, wire.all('response.created')], [[], []]);
    });
  }

  test('generateSpeech speaks, and transcribe hears it', async (t) => {
    const { openai } = await provider(t);
    const { audio } = await generateSpeech({
      model: openai.speech('tts-1'), text: 'Hello world.', voice: 'alloy', outputFormat: 'wav' });
    assert.equal(Buffer.from(audio.uint8Array).toString('latin1', 0, 4), 'RIFF');
    const { text } = await transcribe({
      model: openai.transcription('whisper-1'), audio: audio.uint8Array });
    assert.ok(heard(text, 'hello world') >= 0.5, text);
  });

  test('transcribe hears a recording', async (t) => {
    const { openai } = await provider(t);
    const wav = readFileSync(join(environment.speechDir(), 'tt-weasels.wav'));
    const result = await transcribe({ model: openai.transcription('whisper-1'), audio: wav });
    assert.ok(heard(result.text, words('tt-weasels')) >= 0.5, result.text);
  });
});
