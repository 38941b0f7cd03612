// SPDX-License-Identifier: MIT
// Every fault at every HTTP provider: the answer is broken in the way asked for, the record says
// so, and the next request is served.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { tone, wav } from '../support/audio.mjs';
import { bearer, raw, useFakes } from './helpers.mjs';

const { url, control } = await useFakes();

const form = (name) => ({ type: 'multipart/form-data; boundary=XX', body: [
  '--XX\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n',
  ...(name === 'stream'
    ? ['--XX\r\nContent-Disposition: form-data; name="stream"\r\n\r\ntrue\r\n'] : []),
  '--XX\r\nContent-Disposition: form-data; name="file"; filename="audio.wav"\r\n' +
  'Content-Type: audio/wav\r\n\r\n'].join('') + wav(tone(200, 16000), 16000).toString('latin1') +
  '\r\n--XX--\r\n' });
const json = (body) => ({ type: 'application/json', body: JSON.stringify(body) });
const chat = json({ model: 'm', stream: true, messages: [{ role: 'user', content: 'One two' }] });
const speech = json({ model: 'tts-1', voice: 'v', input: 'Hello there.', response_format: 'pcm',
  stream_format: 'audio' });
const key = (name) => ({ [name]: 'test-key' });

const requests = {
  'openai.chat': ['/openai/v1/chat/completions', bearer, chat],
  'azure.chat': ['/azure/openai/v1/chat/completions', key('api-key'), chat],
  'llamacpp.chat': ['/llamacpp/v1/chat/completions', {}, chat],
  'ollama.chat': ['/ollama/v1/chat/completions', {}, chat],
  'vllm.chat': ['/vllm/v1/chat/completions', {}, chat],
  'openai.responses': ['/openai/v1/responses', bearer,
    json({ model: 'm', stream: true, input: 'Hi' })],
  'anthropic.messages': ['/anthropic/v1/messages',
    { ...key('x-api-key'), 'anthropic-version': '2023-06-01' }, json({ model: 'm', stream: true,
      max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] })],
  'openai.transcriptions': ['/openai/v1/audio/transcriptions', bearer, form()],
  'vllm.transcriptions': ['/vllm/v1/audio/transcriptions', {}, form('stream')],
  'whispercpp.inference': ['/whispercpp/inference', {}, form()],
  'azure-speech.stt-rest': ['/azure-speech/speech/recognition/conversation/cognitiveservices/v1' +
    '?language=en-US', key('ocp-apim-subscription-key'),
  { type: 'audio/wav; codecs=audio/pcm; samplerate=16000',
    body: wav(tone(200, 16000), 16000).toString('latin1') }],
  'openai.speech': ['/openai/v1/audio/speech', bearer, speech],
  'kokoro.speech': ['/kokoro/v1/audio/speech', {}, speech],
  'elevenlabs.tts': ['/elevenlabs/v1/text-to-speech/v/stream?output_format=pcm_24000',
    key('xi-api-key'), json({ text: 'Hello there.' })],
  'elevenlabs.timestamps': ['/elevenlabs/v1/text-to-speech/v/stream/with-timestamps' +
    '?output_format=pcm_24000', key('xi-api-key'), json({ text: 'Hello there.' })],
  'azure-speech.tts': ['/azure-speech/cognitiveservices/v1',
    { ...key('ocp-apim-subscription-key'), 'user-agent': 'test',
      'x-microsoft-outputformat': 'raw-24khz-16bit-mono-pcm' }, { type: 'application/ssml+xml',
      body: '<speak version="1.0" xml:lang="en"><voice name="v">Hello there.</voice></speak>' }],
  'minimax.t2a': ['/minimax/v1/t2a_v2', bearer, json({ model: 'm', text: 'Hello there.',
    stream: true, voice_setting: { voice_id: 'v' }, audio_setting: { format: 'pcm' } })],
  'cartesia.bytes': ['/cartesia/tts/bytes', { ...bearer, 'cartesia-version': '2026-03-01' },
    json({ model_id: 'm', transcript: 'Hello there.', voice: { id: 'v' }, output_format:
      { container: 'raw', encoding: 'pcm_s16le', sample_rate: 24000 } })],
  'cartesia.sse': ['/cartesia/tts/sse', { ...bearer, 'cartesia-version': '2026-03-01' },
    json({ model_id: 'm', transcript: 'Hello there.', voice: { id: 'v' }, output_format:
      { container: 'raw', encoding: 'pcm_s16le', sample_rate: 24000 } })],
};
const answering = ['401', '403', '429', '500', '503', 'quota', 'html_200', 'error_200'];
const breaking = ['refuse', 'garbage_headers', 'empty', 'truncate', 'reset', 'garbage',
  'early_close', 'error'];
const stalling = ['stall_headers', 'stall_body', 'hold'];

const wholeBody = (text) => {
  const [head, ...rest] = text.split('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(head);
  const body = rest.join('\r\n\r\n');
  return length ? body.length === Number(length[1]) : body.endsWith('0\r\n\r\n');
};

for (const [id, [path, headers, { type, body }]] of Object.entries(requests)) {
  const bytes = Buffer.from(body, 'latin1');
  const send = () => raw(url + path,
    { headers: { ...headers, 'content-type': type }, body: bytes });
  const last = async () => (await control.wait({ provider: id, state: 'idle' })).at(-1);

  test(`${id} breaks as told, and goes on`, async () => {
    for (const kind of answering) {
      await control.fault({ provider: id, kind });
      const { text } = await send();
      assert.ok(wholeBody(text), `${kind}: ${text.slice(0, 200)}`);
      assert.deepEqual([(await last()).fault, (await last()).ended], [kind, 'faulted'], kind);
    }
    for (const kind of breaking) {
      await control.fault({ provider: id, kind });
      const { text } = await send();
      if (kind === 'refuse') assert.equal(text, '');
      if (kind === 'truncate' || kind === 'reset') assert.ok(!wholeBody(text), kind);
      assert.deepEqual([(await last()).fault, (await last()).ended], [kind, 'faulted'], kind);
    }
    for (const kind of stalling) {
      await control.fault({ provider: id, kind });
      const received = (await control.requests(id)).filter((seen) => seen.received_at_ms).length;
      const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
      const lines = Object.entries({ ...headers, 'content-type': type,
        'content-length': bytes.length }).map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.write(`POST ${path} HTTP/1.1\r\nhost: a\r\n${lines}\r\n`);
      socket.write(bytes);
      await control.wait({ provider: id, state: 'received', count: received + 1 });
      socket.destroy();
      assert.equal((await last()).ended, 'closed_by_client', kind);
    }
    await control.fault({ provider: id, kind: 'slow_drip', bytes: 8000 });
    for (let turn = 0; turn < 2; turn += 1) {
      const { text } = await send();
      assert.match(text, /^HTTP\/1\.1 200 /);
      assert.ok(wholeBody(text));
      assert.equal((await last()).ended, 'complete');
    }
    assert.equal((await control.open()).requests, 0);
  });
}
