// SPDX-License-Identifier: MIT
// The synthesis fakes: ElevenLabs, Azure, MiniMax, Cartesia.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readBinary, readText } from '../providers/azure_frames.mjs';
import { tone } from '../support/audio.mjs';
import { bearer, connect, eventsOf, packages, post, useFakes } from './helpers.mjs';

const { url, control } = await useFakes();
const key = { 'xi-api-key': 'test-key' };
const voice = `${url}/elevenlabs/v1/text-to-speech/v1`;
const decode = (pieces) => Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64')));

test('ElevenLabs streams pcm, and its errors have a detail', async () => {
  const text = { text: 'Hello.', model_id: 'eleven_flash_v2_5' };
  const response = await post(`${voice}/stream?output_format=pcm_24000`, text, key);
  assert.match(response.headers.get('content-type'), /^audio\//);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), tone(360, 24000));
  const law = await post(`${voice}/stream?output_format=ulaw_8000`, text, key);
  assert.equal((await law.arrayBuffer()).byteLength, 360 * 8);
  const wrong = await post(`${voice}/stream`, text, { 'xi-api-key': 'no' });
  assert.deepEqual([wrong.status, (await wrong.json()).detail.status], [401, 'invalid_api_key']);
  assert.equal((await post(`${voice}/stream`, {}, key)).status, 422);
  await control.fault({ provider: 'elevenlabs', kind: 'quota' });
  const quota = await post(`${voice}/stream`, text, key);
  assert.deepEqual([quota.status, (await quota.json()).detail.status], [401, 'quota_exceeded']);
  await control.fault({ provider: 'elevenlabs', kind: 'error_200' });
  const inside = await post(`${voice}/stream`, text, key);
  assert.deepEqual([inside.status, inside.headers.get('content-type')], [200, 'application/json']);
});

test('ElevenLabs times every character over HTTP', async () => {
  const response = await post(`${voice}/stream/with-timestamps?output_format=pcm_16000`,
    { text: 'Hello there.' }, key);
  const lines = (await response.text()).trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(lines.flatMap((line) => line.alignment.characters).join(''), 'Hello there.');
  assert.deepEqual(decode(lines.map((line) => line.audio_base64)), tone(720, 16000));
  const starts = lines.flatMap((line) => line.alignment.character_start_times_seconds);
  assert.deepEqual(starts.map((start) => Math.round(start * 1000)),
    [...'Hello there.'].map((_, index) => index * 60));
});

test('ElevenLabs one-utterance socket: auto mode, alignment, isFinal, close', async () => {
  const socket = await connect(`${voice}/stream-input?model_id=m&output_format=pcm_24000` +
    '&auto_mode=true', { headers: key });
  socket.send({ text: ' ', voice_settings: { stability: 0.5 } });
  socket.send({ text: 'Hello there. ' });
  socket.send({ text: '' });
  assert.equal((await socket.closing).code, 1000);
  const messages = socket.messages();
  assert.equal(messages.at(-1).isFinal, true);
  const sound = messages.slice(0, -1);
  assert.deepEqual(decode(sound.map((message) => message.audio)), tone(720, 24000));
  assert.equal(sound.flatMap((message) => message.alignment.chars).join(''), 'Hello there.');
  assert.ok(sound.every((message) => message.alignment.charStartTimesMs[0] < 60));
});

test('ElevenLabs buffers by its schedule until flushed, and takes the key in band', async () => {
  const socket = await connect(`${voice}/stream-input?model_id=m&output_format=pcm_24000`);
  socket.send({ text: ' ', xi_api_key: 'test-key' });
  socket.send({ text: 'Too short. ' });
  socket.send({ text: 'Now. ', flush: true });
  const first = await socket.next((message) => message.audio);
  assert.equal(first.alignment.chars.join('').slice(0, 3), 'Too');
  await socket.close();
  const [record] = await control.wait({ provider: 'elevenlabs.tts-ws', state: 'closed_by_client' });
  assert.equal(record.authorized, true);
  const wrong = await connect(`${voice}/stream-input?model_id=m`);
  wrong.send({ text: ' ', xi_api_key: 'no' });
  assert.equal((await wrong.closing).code, 1008);
  assert.equal(wrong.messages()[0].error, 'invalid_api_key');
});

test('ElevenLabs contexts: five at most, closed one by one, in either spelling', async () => {
  const open = (spelling) => connect(`${voice}/multi-stream-input?model_id=m` +
    '&output_format=pcm_24000', { headers: { ...key, 'x-spelling': spelling } });
  const socket = await open('camel');
  for (const id of ['a', 'b']) {
    socket.send({ text: ' ', context_id: id });
    socket.send({ text: `Hello ${id}. `, context_id: id, flush: true });
  }
  for (const id of ['a', 'b']) {
    socket.send({ context_id: id, close_context: true });
    await socket.next((message) => message.isFinal && message.contextId === id);
    const sound = socket.messages().filter((message) => message.audio && message.contextId === id);
    assert.deepEqual(decode(sound.map((message) => message.audio)), tone(480, 24000));
  }
  socket.send({ close_socket: true });
  assert.equal((await socket.closing).code, 1000);

  await control.script({ provider: 'elevenlabs.multi', snake: true });
  const full = await open('snake');
  full.send({ text: ' ', context_id: '0' });
  full.send({ text: 'Hi. ', context_id: '0', flush: true });
  assert.equal((await full.next((message) => message.audio)).context_id, '0');
  for (let id = 1; id < 6; id += 1) full.send({ text: ' ', context_id: `${id}` });
  assert.equal((await full.closing).code, 1008);
  assert.equal(full.messages().at(-1).error, 'max_active_conversations');
});

test('ElevenLabs closes a quiet socket', async () => {
  await control.script({ provider: 'elevenlabs', inactivity_ms: 5 });
  const socket = await connect(`${voice}/stream-input?model_id=m`, { headers: key });
  assert.equal((await socket.closing).code, 1008);
  assert.equal(socket.messages()[0].error, 'input_timeout_exceeded');
});

const azure = `${url}/azure-speech/cognitiveservices/v1`;
const ssml = (text) => `<speak version='1.0' xml:lang='en-US'><voice name='en-US-JennyNeural'>${
  text}</voice></speak>`;
const azureHeaders = { 'ocp-apim-subscription-key': 'test-key', 'user-agent': 'test',
  'content-type': 'application/ssml+xml', 'x-microsoft-outputformat': 'raw-24khz-16bit-mono-pcm' };

test('Azure speaks SSML, and refuses what is no SSML, no format, no type, no key', async () => {
  const response = await post(azure, ssml('Fish &amp; chips.'), azureHeaders);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), tone(13 * 60, 24000));
  const [record] = await control.requests('azure-speech.tts');
  assert.deepEqual([record.ssml.voice, record.ssml.text], ['en-US-JennyNeural', 'Fish & chips.']);
  for (const [body, headers, status] of [
    [ssml('Fish & chips.'), {}, 400], [ssml('a < b'), {}, 400], ['Hello', {}, 400],
    [ssml('<b>Hi</voice>'), {}, 400], [ssml('Hi'), { 'x-microsoft-outputformat': 'pcm' }, 400],
    [ssml('Hi'), { 'content-type': 'text/plain' }, 415],
    [ssml('Hi'), { 'ocp-apim-subscription-key': 'no' }, 401]]) {
    assert.equal((await post(azure, body, { ...azureHeaders, ...headers })).status, status, body);
  }
  const riff = await post(azure, ssml('Hi'), { ...azureHeaders,
    'x-microsoft-outputformat': 'riff-24khz-16bit-mono-pcm' });
  assert.equal(Buffer.from(await riff.arrayBuffer()).toString('latin1', 0, 4), 'RIFF');
});

test('an Azure token from its issuer opens the voice', async () => {
  const issuer = `${url}/azure-speech/sts/v1.0/issueToken`;
  const token = await (await post(issuer, '', { 'ocp-apim-subscription-key': 'test-key' })).text();
  const { 'ocp-apim-subscription-key': _, ...headers } = azureHeaders;
  assert.equal((await post(azure, ssml('Hi'), headers)).status, 401);
  assert.equal((await post(azure, ssml('Hi'), { ...headers, authorization: `Bearer ${token}` }))
    .status, 200);
});

const requestId = '0123456789abcdef0123456789abcdef';
const azureText = (path, body, type = 'application/json') => `Path: ${path}\r\nX-RequestId: ${
  requestId}\r\nX-Timestamp: 2026-01-31T10:00:00.000Z\r\nContent-Type: ${type}\r\n\r\n${
  typeof body === 'string' ? body : JSON.stringify(body)}`;

test('Azure on a socket: turn.start, boundaries, audio by stream id, turn.end', async () => {
  const socket = await connect(`${url}/azure-speech/tts/cognitiveservices/websocket/v1`,
    { headers: { 'ocp-apim-subscription-key': 'test-key', 'x-connectionid': requestId } });
  socket.send(azureText('speech.config', { context: { system: { name: 'test' } } }));
  socket.send(azureText('synthesis.context', { synthesis: { audio: {
    outputFormat: 'raw-24khz-16bit-mono-pcm',
    metadataOptions: { wordBoundaryEnabled: true } } } }));
  socket.send(azureText('ssml', ssml('Hello there.'), 'application/ssml+xml'));
  await socket.next((message) => typeof message === 'string' && message.includes('Path:turn.end'));
  const texts = socket.messages().filter((message) => typeof message === 'string').map(readText);
  assert.deepEqual(texts.map((message) => message.path),
    ['turn.start', 'response', 'audio.metadata', 'audio.metadata', 'turn.end']);
  const { streamId } = JSON.parse(texts[1].body).audio;
  const words = JSON.parse(texts[2].body).Metadata;
  assert.deepEqual(words.map((word) => word.Data.text.Text), ['Hello', 'there.']);
  const sound = socket.messages().filter(Buffer.isBuffer).map(readBinary);
  assert.ok(sound.every((message) => message.headers['x-streamid'] === streamId));
  assert.equal(sound.at(-1).payload.length, 0);
  assert.deepEqual(Buffer.concat(sound.map((message) => message.payload)), tone(720, 24000));
  await socket.close();
});

test('Azure takes text in pieces, and stops when told', async () => {
  const socket = await connect(`${url}/azure-speech/cognitiveservices/websocket/v2`,
    { headers: { 'ocp-apim-subscription-key': 'test-key', 'x-connectionid': requestId } });
  socket.send(azureText('speech.config', { context: { system: { name: 'test' } } }));
  socket.send(azureText('synthesis.context', { synthesis: { audio: {
    outputFormat: 'raw-16khz-16bit-mono-pcm' }, input: { bidirectionalStreamingMode: true,
    voiceName: 'en-US-X', language: 'en-US' } } }));
  socket.send(azureText('text.piece', 'Hello ', 'text/plain'));
  socket.send(azureText('text.piece', 'there.', 'text/plain'));
  socket.send(azureText('text.end', '', 'text/plain'));
  await socket.next((message) => typeof message === 'string' && message.includes('Path:turn.end'));
  const sound = socket.messages().filter(Buffer.isBuffer).map(readBinary);
  assert.deepEqual(Buffer.concat(sound.map((message) => message.payload)), tone(720, 16000));
  socket.send(azureText('synthesis.control', { action: 'stop' }));
  await control.wait({ provider: 'azure-speech.tts-ws', state: 'stopped' });
  await socket.close();
});

const minimaxAsk = { model: 'speech-2.6-turbo', text: 'Hello there.', stream: true,
  voice_setting: { voice_id: 'v' }, audio_setting: { sample_rate: 24000, format: 'pcm' } };
const minimax = `${url}/minimax/v1/t2a_v2`;

test('MiniMax repeats everything in its last event unless told not to', async () => {
  const seen = await eventsOf(await post(minimax, minimaxAsk, bearer));
  const hex = (status) => Buffer.from(seen.filter((event) => event.data.data.status === status)
    .map((event) => event.data.data.audio).join(''), 'hex');
  assert.deepEqual(hex(1), tone(720, 24000));
  assert.deepEqual(hex(2), tone(720, 24000));
  assert.equal(seen.at(-1).data.extra_info.audio_length, 720);
  const lean = await eventsOf(await post(minimax, { ...minimaxAsk,
    stream_options: { exclude_aggregated_audio: true } }, bearer));
  assert.equal(lean.at(-1).data.data.audio, '');
  await control.script({ provider: 'minimax', no_space: true, upper_case: true,
    last_blank_line: false });
  const text = await (await post(minimax, minimaxAsk, bearer)).text();
  assert.match(text, /^data:\{/);
  assert.ok(!text.endsWith('\n\n'));
});

test('MiniMax refuses inside HTTP 200', async () => {
  const wrong = await post(minimax, minimaxAsk, { authorization: 'Bearer no' });
  assert.deepEqual([wrong.status, (await wrong.json()).base_resp.status_code], [200, 1004]);
  await control.fault({ provider: 'minimax', kind: 429 });
  const limited = await post(minimax, minimaxAsk, bearer);
  assert.deepEqual([limited.status, (await limited.json()).base_resp.status_code], [200, 1002]);
  await control.fault({ provider: 'minimax', kind: 500, http: true });
  assert.equal((await post(minimax, minimaxAsk, bearer)).status, 500);
  const voiceless = await post(minimax, { ...minimaxAsk, voice_setting: {} }, bearer);
  assert.equal((await voiceless.json()).base_resp.status_code, 2013);
});

test('MiniMax on a socket: task_start, task_continue, task_finish', async () => {
  const socket = await connect(`${url}/minimax/ws/v1/t2a_v2`, { headers: bearer });
  assert.equal((await socket.next()).event, 'connected_success');
  const { text: _, stream: __, ...start } = minimaxAsk;
  socket.send({ event: 'task_start', ...start });
  assert.equal((await socket.next()).event, 'task_started');
  socket.send({ event: 'task_continue', text: 'Hello there.' });
  await socket.next((message) => message.is_final);
  const sound = socket.messages().filter((message) => message.data)
    .map((message) => message.data.audio).join('');
  assert.deepEqual(Buffer.from(sound, 'hex'), tone(720, 24000));
  socket.send({ event: 'task_finish' });
  await socket.closing;
  assert.equal(socket.messages().at(-1).event, 'task_finished');
  const wrong = await connect(`${url}/minimax/ws/v1/t2a_v2`);
  await wrong.closing;
  assert.equal(wrong.messages()[0].base_resp.status_code, 1004);
});

const cartesiaAsk = { model_id: 'sonic-3.5', transcript: 'Hello there.',
  voice: { mode: 'id', id: 'v' }, output_format: { container: 'raw', encoding: 'pcm_s16le',
    sample_rate: 24000 } };
const cartesiaHeaders = { ...bearer, 'cartesia-version': '2026-03-01' };

test('Cartesia: bytes, events, and its errors', async () => {
  const bytes = await post(`${url}/cartesia/tts/bytes`, cartesiaAsk, cartesiaHeaders);
  assert.deepEqual(Buffer.from(await bytes.arrayBuffer()), tone(720, 24000));
  const sse = await eventsOf(await post(`${url}/cartesia/tts/sse`,
    { ...cartesiaAsk, add_timestamps: true }, cartesiaHeaders));
  assert.deepEqual(sse[0].data.word_timestamps.words, ['Hello', 'there.']);
  assert.deepEqual(decode(sse.map((event) => event.data.data).filter(Boolean)), tone(720, 24000));
  assert.deepEqual([sse.at(-1).data.type, sse.at(-1).data.status_code], ['done', 200]);
  assert.equal((await post(`${url}/cartesia/tts/bytes`, cartesiaAsk, bearer)).status, 400);
  const wrong = await post(`${url}/cartesia/tts/bytes`, cartesiaAsk,
    { ...cartesiaHeaders, authorization: 'Bearer no' });
  assert.deepEqual([wrong.status, (await wrong.json()).error_code], [401, 'unauthorized']);
});

test('Cartesia contexts: continue, cancel, and an error that spares the socket', async () => {
  const socket = await connect(`${url}/cartesia/tts/websocket`, { headers: cartesiaHeaders });
  const say = (id, rest) => socket.send({ ...cartesiaAsk, context_id: id, ...rest });
  say('a', { transcript: 'Hello ', continue: true });
  say('a', { transcript: 'there.', continue: false });
  await socket.next((message) => message.type === 'done' && message.context_id === 'a');
  const sound = socket.messages().filter((message) => message.type === 'chunk');
  assert.deepEqual(decode(sound.map((message) => message.data)), tone(720, 24000));
  say('b', { continue: true, max_buffer_delay_ms: 60000 });
  socket.send({ context_id: 'b', cancel: true });
  await control.wait({ provider: 'cartesia.ws', state: 'stopped' });
  say('c', { voice: undefined });
  const failed = await socket.next((message) => message.type === 'error');
  assert.equal(failed.context_id, 'c');
  say('d', {});
  await socket.next((message) => message.type === 'done' && message.context_id === 'd');
  assert.ok(!socket.messages().some((message) => message.context_id === 'b'));
  await socket.close();
});

test('faults inside a socket: cut, closed with a code, the provider\'s own error', async () => {
  const open = async () => {
    const socket = await connect(`${url}/cartesia/tts/websocket`, { headers: cartesiaHeaders });
    socket.send({ ...cartesiaAsk, context_id: 'a' });
    return socket;
  };
  await control.fault([{ provider: 'cartesia.ws', kind: 'early_close', at: 1, code: 1013,
    reason: 'try again' }, { provider: 'cartesia.ws', kind: 'truncate', at: 2 },
  { provider: 'cartesia.ws', kind: 'garbage' }, { provider: 'cartesia.ws', kind: 'reset' },
  { provider: 'cartesia.ws', kind: 'error' }, { provider: 'cartesia.ws', kind: 'slow_drip',
    bytes: 400 }]);
  const early = await open();
  assert.deepEqual(await early.closing, { code: 1013, reason: 'try again' });
  assert.equal(early.messages().length, 1);
  for (let turn = 0; turn < 3; turn += 1) {
    const socket = await open();
    socket.socket.on('error', () => {});
    assert.equal((await socket.closing).code, 1006);
  }
  const erring = await open();
  assert.equal((await erring.next((message) => message.type === 'error')).status_code, 500);
  erring.send({ ...cartesiaAsk, context_id: 'b' });
  await erring.next((message) => message.type === 'done' && message.context_id === 'b');
  await erring.close();
  const slow = await open();
  await slow.next((message) => message.type === 'done');
  await slow.close();
});

test('faults of the handshake: a status with its body, a page, a reset, silence', async () => {
  const open = () => connect(`${url}/cartesia/tts/websocket`, { headers: cartesiaHeaders });
  await control.fault([{ provider: 'cartesia.ws', kind: 429, retry_after: 3 },
    { provider: 'cartesia.ws', kind: 'html_200' }, { provider: 'cartesia.ws', kind: 'refuse' }]);
  await assert.rejects(open(), (error) => {
    assert.deepEqual([error.status, error.headers['retry-after']], [429, '3']);
    assert.equal(JSON.parse(error.body).error_code, 'concurrency_limited');
    return true;
  });
  await assert.rejects(open(), { status: 200 });
  await assert.rejects(open(), { code: 'ECONNRESET' });
  await control.fault({ provider: 'cartesia.ws', kind: 'empty', code: 1008 });
  const socket = await open();
  assert.equal((await socket.closing).code, 1008);
  await control.fault({ provider: 'cartesia.ws', kind: 'stall_headers' });
  const { WebSocket } = packages('ws');
  const waiting = new WebSocket(`${url}/cartesia/tts/websocket`.replace('http', 'ws'),
    { headers: cartesiaHeaders });
  waiting.on('error', () => {});
  await control.wait({ provider: 'cartesia.ws', state: 'started', count: 5 });
  waiting.terminate();
  await control.wait({ provider: 'cartesia.ws', state: 'closed_by_client' });
});
