// SPDX-License-Identifier: MIT
// The recognition fakes that stream: Azure Speech, Deepgram v1 and Flux, ElevenLabs Scribe.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readText } from '../providers/azure_frames.mjs';
import { tone, wav, wavHeader } from '../support/audio.mjs';
import { connect, post, useFakes } from './helpers.mjs';

const { url, control } = await useFakes();
const speech = (ms) => tone(ms, 16000);

// ---- Azure --------------------------------------------------------------------------------------

const azureKey = { 'ocp-apim-subscription-key': 'test-key' };
const idOf = (number) => String(number).padStart(32, '0');
const head = (path, id, extra = '') => `Path: ${path}\r\nX-RequestId: ${id}\r\n` +
  `X-Timestamp: 2026-01-31T10:00:00.000Z\r\n${extra}`;
const json = 'Content-Type: application/json\r\n';

function azureAudio(id, payload, type = '') {
  const headers = Buffer.from(head('audio', id, type && `Content-Type: ${type}\r\n`));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(headers.length);
  return Buffer.concat([length, headers, payload]);
}

async function azureTurn(path, { context = {}, id = idOf(1), socket } = {}) {
  const open = socket ?? await connect(`${url}/azure-speech${path}?language=en-US`,
    { headers: { ...azureKey, 'x-connectionid': idOf(9) } });
  if (!socket) {
    open.send(`${head('speech.config', id, json)}\r\n{"context":{"system":{"name":"test"}}}`);
  }
  open.send(`${head('speech.context', id, json)}\r\n${JSON.stringify(context)}`);
  open.send(azureAudio(id, wavHeader({ rate: 16000, dataBytes: 0 }), 'audio/x-wav'));
  return open;
}

const azureMessages = (socket) => socket.messages().map(readText);
const pathIs = (path) => (text) => text.includes(`Path:${path}`);

for (const path of ['/stt/speech/universal/v2',
  '/speech/recognition/conversation/cognitiveservices/v1']) {
  test(`Azure ${path}: hypotheses by amount of audio, a phrase at its end`, async () => {
    const socket = await azureTurn(path);
    for (let piece = 0; piece < 5; piece += 1) socket.send(azureAudio(idOf(1), speech(100)));
    socket.send(azureAudio(idOf(1), Buffer.alloc(0)));
    await socket.next(pathIs('turn.end'));
    const seen = azureMessages(socket);
    assert.deepEqual(seen.map((message) => message.path), ['turn.start', 'speech.startdetected',
      'speech.hypothesis', 'speech.hypothesis', 'speech.phrase', 'speech.enddetected', 'turn.end']);
    assert.deepEqual(seen.slice(2, 4).map((message) => JSON.parse(message.body).Text),
      ['hello', 'hello there']);
    const phrase = JSON.parse(seen[4].body);
    assert.deepEqual([phrase.RecognitionStatus, phrase.DisplayText], ['Success', 'Hello there.']);
    await socket.close();
    const [record] = await control.requests('azure-speech.stt');
    assert.deepEqual([record.audio.rate, record.audio.bytes, record.audio.declared_data_bytes],
      [16000, 16000, 0]);
  });
}

test('Azure: many turns on one connection, detailed results, word times', async () => {
  const socket = await azureTurn('/stt/speech/universal/v2');
  socket.send(azureAudio(idOf(1), speech(500)));
  socket.send(azureAudio(idOf(1), Buffer.alloc(0)));
  await socket.next(pathIs('turn.end'));
  await control.script({ provider: 'azure-speech.stt', text: 'Second turn.', strings: true });
  await azureTurn('', { socket, id: idOf(2), context: { phraseOutput: { format: 'Detailed',
    detailed: { options: ['WordTimings'] } } } });
  socket.send(azureAudio(idOf(2), speech(500)));
  socket.send(azureAudio(idOf(2), Buffer.alloc(0)));
  const phrase = JSON.parse(readText(await socket.next((text) => pathIs('speech.phrase')(text) &&
    text.includes(idOf(2)))).body);
  assert.equal(phrase.NBest[0].Display, 'Second turn.');
  assert.deepEqual(phrase.NBest[0].Words.map((word) => word.Word), ['second', 'turn']);
  assert.equal(typeof phrase.Offset, 'string');
  await socket.close();
});

test('Azure: an early turn.end, a hypothesis of another request, the statuses', async () => {
  await control.script([{ provider: 'azure-speech.stt', end_turn_at_ms: 300,
    foreign_hypothesis: true }, { provider: 'azure-speech.stt', status: 'NoMatch' }]);
  const socket = await azureTurn('/stt/speech/universal/v2');
  for (let piece = 0; piece < 3; piece += 1) socket.send(azureAudio(idOf(1), speech(100)));
  await socket.next(pathIs('turn.end'));
  assert.ok(azureMessages(socket).some((message) => message.requestId === 'f'.repeat(32)));
  await azureTurn('', { socket, id: idOf(2) });
  socket.send(azureAudio(idOf(2), speech(100)));
  socket.send(azureAudio(idOf(2), Buffer.alloc(0)));
  const phrase = await socket.next(pathIs('speech.phrase'));
  assert.equal(JSON.parse(readText(phrase).body).RecognitionStatus, 'NoMatch');
  await socket.close();
});

test('Azure closes 1007 on frames that are not its own, refuses by status', async () => {
  const bare = await connect(`${url}/azure-speech/stt/speech/universal/v2?language=en-US`,
    { headers: { ...azureKey, 'x-connectionid': idOf(9) } });
  bare.send('{"type":"hello"}');
  assert.equal((await bare.closing).code, 1007);
  const headless = await connect(`${url}/azure-speech/stt/speech/universal/v2?language=en-US`,
    { headers: { ...azureKey, 'x-connectionid': idOf(9) } });
  headless.send(`${head('speech.config', idOf(1))}\r\n{"context":{"system":{}}}`);
  headless.send(`${head('speech.context', idOf(1))}\r\n{}`);
  headless.send(azureAudio(idOf(1), speech(100)));
  assert.equal((await headless.closing).code, 1007);
  const open = (headers) => connect(`${url}/azure-speech/stt/speech/universal/v2?language=en-US`,
    { headers: { 'x-connectionid': idOf(9), ...headers } });
  await assert.rejects(open({}), { status: 401 });
  await control.fault({ provider: 'azure-speech.stt', kind: 429 });
  await assert.rejects(open(azureKey), { status: 429 });
});

test('Azure short audio over REST, simple and detailed', async () => {
  const target = `${url}/azure-speech/speech/recognition/conversation/cognitiveservices/v1`;
  const headers = { ...azureKey,
    'content-type': 'audio/wav; codecs=audio/pcm; samplerate=16000' };
  const sound = wav(speech(500), 16000);
  const simple = await (await post(`${target}?language=en-US`, sound, headers)).json();
  assert.deepEqual([simple.RecognitionStatus, simple.DisplayText], ['Success', 'Hello there.']);
  const detailed = await (await post(`${target}?language=en-US&format=detailed`, sound, headers))
    .json();
  assert.equal(detailed.NBest[0].Lexical, 'hello there');
  assert.equal((await post(target, sound, headers)).status, 400);
  assert.equal((await post(`${target}?language=en-US`, speech(100), headers)).status, 400);
  await control.script({ provider: 'azure-speech.stt-rest', status: 'InitialSilenceTimeout' });
  const silent = await (await post(`${target}?language=en-US`, sound, headers)).json();
  assert.equal(silent.RecognitionStatus, 'InitialSilenceTimeout');
});

test('Azure takes a chunked upload after 100-continue, its header without sizes', async () => {
  const http = await import('node:http');
  const answer = await new Promise((resolve, reject) => {
    const request = http.request(`${url}/azure-speech/speech/recognition/conversation/` +
      'cognitiveservices/v1?language=en-US', { method: 'POST', headers: { ...azureKey,
      'content-type': 'audio/wav; codecs=audio/pcm; samplerate=16000', expect: '100-continue',
      'transfer-encoding': 'chunked' } }, (response) => resolve(response.resume().statusCode));
    request.on('continue', () => {
      request.write(wavHeader({ rate: 16000, dataBytes: 0 }));
      request.end(speech(300));
    }).on('error', reject);
    request.flushHeaders();
  });
  assert.equal(answer, 200);
});

// ---- Deepgram -----------------------------------------------------------------------------------

const deepgramKey = { headers: { authorization: 'Token test-key' } };
const listenV1 = `${url}/deepgram/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000` +
  '&interim_results=true&vad_events=true';

test('Deepgram: SpeechStarted, interim and final results, Finalize, Metadata', async () => {
  const socket = await connect(listenV1, deepgramKey);
  socket.send('{"type":"KeepAlive"}');
  for (let piece = 0; piece < 5; piece += 1) socket.send(speech(100));
  socket.send('{"type":"Finalize"}');
  const final = await socket.next((message) => message.from_finalize);
  assert.equal(final.channel.alternatives[0].transcript, 'hello there');
  assert.deepEqual(final.channel.alternatives[0].words.map((word) => word.end), [0.25, 0.5]);
  assert.deepEqual(socket.messages().map((message) => message.type),
    ['SpeechStarted', 'Results', 'Results', 'Results']);
  socket.send('{"type":"Finalize"}');
  const nothing = await socket.next((message) => message.from_finalize);
  assert.equal(nothing.channel.alternatives[0].transcript, '');
  socket.send('{"type":"CloseStream"}');
  assert.equal((await socket.closing).code, 1000);
  assert.equal(socket.messages().at(-1).type, 'Metadata');
});

test('Deepgram: its own endpoint, silence that starts nothing, the key as protocol', async () => {
  await control.script([{ provider: 'deepgram', text: 'One.', speech_final_at_ms: 300 },
    { provider: 'deepgram', text: 'Two.', speech_final_at_ms: 300, pieces: ['T', 'wo.'] }]);
  const socket = await connect(listenV1, { protocols: ['token', 'test-key'] });
  for (let piece = 0; piece < 3; piece += 1) socket.send(speech(100));
  const one = await socket.next((message) => message.speech_final);
  assert.equal(one.channel.alternatives[0].transcript, 'One.');
  const before = socket.messages().length;
  for (let piece = 0; piece < 5; piece += 1) socket.send(Buffer.alloc(3200));
  await control.wait({ provider: 'deepgram', state: 'messages', count: 8 });
  for (let piece = 0; piece < 3; piece += 1) socket.send(speech(100));
  await socket.next((message) => message.speech_final);
  const finals = socket.messages().slice(before).filter((message) => message.is_final);
  assert.deepEqual(finals.map((message) => message.channel.alternatives[0].transcript),
    ['T', 'wo.']);
  await socket.close();
});

test('Deepgram: quiet sockets and nonsense are closed, handshakes refused', async () => {
  await control.script({ provider: 'deepgram', keepalive_ms: 5 });
  const quiet = await connect(listenV1, deepgramKey);
  const { code, reason } = await quiet.closing;
  assert.deepEqual([code, reason.slice(0, 9)], [1011, 'NET-0001:']);
  await control.reset();
  const nonsense = await connect(listenV1, deepgramKey);
  nonsense.send('{"type":"Hello"}');
  assert.equal((await nonsense.closing).code, 1008);
  await assert.rejects(connect(listenV1), (error) => {
    assert.deepEqual([error.status, JSON.parse(error.body).err_code], [401, 'INVALID_AUTH']);
    return true;
  });
  await assert.rejects(connect(`${url}/deepgram/v1/listen?model=nova-3&encoding=pcm`, deepgramKey),
    { status: 400 });
});

test('Flux: a turn with an eager end, resumed, forced', async () => {
  await control.script({ provider: 'deepgram.flux', text: 'What time is it?', resume: true });
  const socket = await connect(`${url}/deepgram/v2/listen?model=flux-general-en` +
    '&encoding=linear16&sample_rate=16000&eager_eot_threshold=0.5', deepgramKey);
  assert.equal((await socket.next()).type, 'Connected');
  for (let piece = 0; piece < 6; piece += 1) socket.send(speech(80));
  socket.send('{"type":"ForceEndTurn"}');
  const end = await socket.next((message) => message.event === 'EndOfTurn');
  assert.deepEqual([end.transcript, end.trigger, end.turn_index],
    ['What time is it?', 'manual', 0]);
  assert.deepEqual(socket.messages().slice(1).map((message) => message.event), ['StartOfTurn',
    'Update', 'Update', 'Update', 'Update', 'EagerEndOfTurn', 'TurnResumed', 'Update',
    'EndOfTurn']);
  assert.deepEqual(socket.messages().map((message) => message.sequence_id),
    [...socket.messages().keys()]);
  socket.send('{"type":"Configure","thresholds":{"eot_threshold":0.8}}');
  await socket.next((message) => message.type === 'ConfigureSuccess');
  socket.send('{"type":"CloseStream"}');
  await socket.closing;
});

// ---- ElevenLabs Scribe --------------------------------------------------------------------------

const scribe = `${url}/elevenlabs/v1/speech-to-text/realtime?model_id=scribe_v2_realtime` +
  '&audio_format=pcm_16000&commit_strategy=manual';
const chunk = (audio, commit = false) => ({ message_type: 'input_audio_chunk',
  audio_base_64: audio.toString('base64'), commit, sample_rate: 16000 });

test('Scribe: session, partials that replace, a commit, word times in addition', async () => {
  const socket = await connect(`${scribe}&include_timestamps=true`,
    { headers: { 'xi-api-key': 'test-key' } });
  assert.equal((await socket.next()).config.sample_rate, 16000);
  for (let piece = 0; piece < 3; piece += 1) socket.send(chunk(speech(100)));
  socket.send(chunk(Buffer.alloc(0), true));
  const timed = await socket.next((message) =>
    message.message_type === 'committed_transcript_with_timestamps');
  assert.deepEqual(timed.words.map((word) => word.type), ['word', 'spacing', 'word']);
  assert.deepEqual(socket.messages().slice(1, -1).map((message) => message.text),
    ['Hello', 'Hello there.', 'Hello there.']);
  socket.send(chunk(Buffer.alloc(0), true));
  const empty = await socket.next((message) =>
    message.message_type === 'committed_transcript' && message.text === '');
  assert.equal(empty.text, '');
  await socket.close();
});

test('Scribe: errors in band, refusals of key and format', async () => {
  const key = { headers: { 'xi-api-key': 'test-key' } };
  const socket = await connect(scribe, key);
  socket.send({ message_type: 'commit' });
  assert.equal((await socket.closing).code, 1008);
  assert.equal(socket.messages().at(-1).message_type, 'invalid_request');
  await control.fault({ provider: 'elevenlabs.scribe', kind: 'error', at: 1,
    reason: 'quota_exceeded' });
  const used = await connect(scribe, key);
  used.send(chunk(speech(200)));
  await used.closing;
  assert.equal(used.messages().at(-1).message_type, 'quota_exceeded');
  await assert.rejects(connect(scribe), { status: 401 });
});
