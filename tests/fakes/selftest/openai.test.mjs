// SPDX-License-Identifier: MIT
// Chat completions, transcriptions and speech: their bytes, and the official client as witness.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { tone, wav } from '../support/audio.mjs';
import { bearer, events, eventsOf, listen, packages, post, raw, useFakes } from './helpers.mjs';

// The client wants the global that Node 18 does not have yet.
globalThis.File ??= (await import('node:buffer')).File;
const { OpenAI, toFile } = packages('openai');
const { url, control } = await useFakes();
const openai = new OpenAI({ apiKey: 'test-key', baseURL: `${url}/openai/v1`, maxRetries: 0 });
const chat = { model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] };

test('a chat stream is data lines, a finish, usage when asked, and [DONE]', async () => {
  const { text } = await raw(`${url}/openai/v1/chat/completions`, { headers: bearer,
    body: JSON.stringify({ ...chat, stream_options: { include_usage: true } }) });
  assert.match(text, /^HTTP\/1.1 200 OK\r\n/);
  assert.match(text, /content-type: text\/event-stream/i);
  assert.match(text, /transfer-encoding: chunked/i);
  assert.ok(text.endsWith('data: [DONE]\n\n\r\n0\r\n\r\n'));
  assert.ok(!text.includes('event:'));
  const body = text.slice(text.indexOf('\r\n\r\n') + 4).replace(/\r\n[0-9a-f]+\r\n/g, '')
    .replace(/^[0-9a-f]+\r\n/, '').replace(/\r\n0\r\n\r\n$/, '');
  const all = events(body).map((event) => event.data);
  assert.equal(all.at(-1), '[DONE]');
  assert.deepEqual(all.at(-2).choices, []);
  assert.ok(all.at(-2).usage.total_tokens > 0);
  assert.equal(all.at(-3).choices[0].finish_reason, 'stop');
  const said = all.slice(0, -1).map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  assert.equal(said, 'You said: Hi');
});

test('the official client collects parallel tool calls from fragments', async () => {
  await control.script({ provider: 'openai.chat', interleave: true, tool_calls: [
    { name: 'weather', arguments: { city: 'Bern', unit: 'celsius' } },
    { name: 'now', arguments: { tz: 'UTC' } }] });
  const stream = openai.chat.completions.stream({ ...chat, tools: [
    { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } },
    { type: 'function', function: { name: 'now', parameters: { type: 'object' } } }] });
  const completion = await stream.finalChatCompletion();
  assert.equal(completion.choices[0].finish_reason, 'tool_calls');
  assert.deepEqual(completion.choices[0].message.tool_calls.map((call) => [call.id,
    call.function.name, JSON.parse(call.function.arguments)]),
  [['call_1', 'weather', { city: 'Bern', unit: 'celsius' }], ['call_2', 'now', { tz: 'UTC' }]]);
  const [record] = await control.requests('openai.chat');
  assert.equal(record.body.tools[0].function.name, 'weather');
});

test('a whole answer, and a history whose tool calls lack answers', async () => {
  const completion = await openai.chat.completions.create({ ...chat, stream: false });
  assert.equal(completion.choices[0].message.content, 'You said: Hi');
  await assert.rejects(openai.chat.completions.create({ ...chat, messages: [
    { role: 'assistant', content: null, tool_calls: [{ id: 'call_9', type: 'function',
      function: { name: 'now', arguments: '{}' } }] }, { role: 'user', content: 'Hi' }] }),
  { status: 400, message: /call_9/ });
});

test('Ollama gives a whole call in one delta, Azure begins with empty choices', async () => {
  await control.script({ provider: 'ollama', tool_calls: [{ name: 'now', arguments: {} }],
    finish_reason: 'stop' });
  const calls = (await eventsOf(await post(`${url}/ollama/v1/chat/completions`, chat)))
    .flatMap((event) => event.data.choices?.[0]?.delta.tool_calls ?? []);
  assert.equal(calls.length, 1);
  assert.equal(calls[0].function.arguments, '{}');
  const azure = await eventsOf(await post(
    `${url}/azure/openai/deployments/d/chat/completions?api-version=2024-10-21`,
    { messages: chat.messages, stream: true }, { 'api-key': 'test-key' }));
  assert.deepEqual(azure[0].data.choices, []);
  assert.ok(azure[0].data.prompt_filter_results);
});

test('omni: audio goes in as the server wants it, and comes out in its three ways', async () => {
  const sound = wav(tone(500, 16000), 16000).toString('base64');
  const ask = (data, format) => ({ model: 'm', stream: true, modalities: ['text', 'audio'],
    audio: { voice: 'x', format },
    messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio:
      { data, format: 'wav' } }] }] });
  await control.script({ provider: '*', text: 'I heard you.' });
  const openaiEvents = await eventsOf(await post(`${url}/openai/v1/chat/completions`,
    ask(sound, 'pcm16'), bearer));
  const deltas = openaiEvents.map((event) => event.data.choices?.[0]?.delta.audio).filter(Boolean);
  assert.equal(deltas.map((delta) => delta.transcript ?? '').join(''), 'I heard you.');
  const pcm = Buffer.concat(deltas.map((delta) => Buffer.from(delta.data ?? '', 'base64')));
  assert.deepEqual(pcm, tone(12 * 60, 24000));
  const [record] = await control.requests('openai.chat');
  assert.equal(record.heard[0].rate, 16000);
  assert.equal(record.heard[0].duration_ms, 500);

  const refused = await post(`${url}/dashscope/compatible-mode/v1/chat/completions`,
    ask(sound, 'wav'), bearer);
  assert.equal(refused.status, 400);
  const qwen = await eventsOf(await post(`${url}/dashscope/compatible-mode/v1/chat/completions`,
    ask(`data:;base64,${sound}`, 'wav'), bearer));
  const fragments = qwen.map((event) => event.data.choices?.[0]?.delta.audio?.data ?? '');
  assert.deepEqual(Buffer.concat(fragments.map((data) => Buffer.from(data, 'base64'))), pcm);

  const vllm = await eventsOf(await post(`${url}/vllm-omni/v1/chat/completions`,
    ask(sound, 'wav')));
  const spoken = vllm.filter((event) => event.data.modality === 'audio');
  assert.ok(spoken.every((event) => event.data.choices[0].finish_reason === 'stop'));
  assert.equal(Buffer.from(spoken[0].data.choices[0].delta.content, 'base64')
    .toString('latin1', 0, 4), 'RIFF');
});

test('each server refuses a wrong key in its own words', async () => {
  const wrong = { authorization: 'Bearer wrong' };
  const bodies = {};
  for (const [name, path] of [['openai', '/openai/v1'], ['vllm', '/vllm/v1']]) {
    const response = await post(`${url}${path}/chat/completions`, chat, wrong);
    assert.equal(response.status, 401);
    bodies[name] = await response.json();
  }
  assert.equal(bodies.openai.error.code, 'invalid_api_key');
  assert.deepEqual(bodies.vllm, { error: 'Unauthorized' });
  const [record] = await control.requests('openai.chat');
  assert.equal(record.authorized, false);
  assert.equal(record.headers.authorization, '(hidden)');
});

test('transcription: json, text, verbose_json and the stream, by the official client', async () => {
  const file = await toFile(wav(tone(2000, 16000), 16000), 'audio.wav', { type: 'audio/wav' });
  const json = await openai.audio.transcriptions.create({ file, model: 'gpt-4o-transcribe' });
  assert.equal(json.text, 'hello there');
  const [record] = await control.requests('openai.transcriptions');
  assert.deepEqual([record.fields.model, record.file.filename, record.audio.rate,
    record.audio.duration_ms, record.audio.valid], ['gpt-4o-transcribe', 'audio.wav', 16000, 2000,
    true]);
  const text = await openai.audio.transcriptions.create({ file, model: 'whisper-1',
    response_format: 'text' });
  assert.equal(text, 'hello there\n');
  const verbose = await openai.audio.transcriptions.create({ file, model: 'whisper-1',
    response_format: 'verbose_json', timestamp_granularities: ['word'] });
  assert.deepEqual(verbose.words.map((word) => word.word), ['hello', 'there']);
  assert.equal(verbose.words[1].end, 2);
  const deltas = [];
  for await (const event of await openai.audio.transcriptions.create(
    { file, model: 'gpt-4o-transcribe', stream: true })) deltas.push(event);
  assert.deepEqual(deltas.map((event) => event.delta ?? event.text),
    ['hello', ' there', 'hello there']);
});

function form(bytes, filename = 'audio.wav', fields = { model: 'm' }) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  data.append('file', new Blob([bytes], { type: 'audio/wav' }), filename);
  return data;
}

test('transcription refuses what is not audio, and audio under a wrong name', async () => {
  const target = `${url}/openai/v1/audio/transcriptions`;
  const sound = wav(tone(200, 16000), 16000);
  for (const body of [form(Buffer.from('not audio')), form(sound, 'audio.webm'),
    form(sound, 'audio.wav', {}), form(wav(tone(90, 16000), 16000)),
    form(sound, 'audio.wav', { model: 'gpt-4o-transcribe', response_format: 'text' })]) {
    const response = await post(target, body, bearer);
    assert.equal(response.status, 400);
    assert.equal((await response.json()).error.type, 'invalid_request_error');
  }
  const webm = spawnSync('ffmpeg', ['-loglevel', 'error', '-f', 's16le', '-ar', '16000', '-ac', '1',
    '-i', 'pipe:0', '-c:a', 'libopus', '-f', 'webm', 'pipe:1'], { input: tone(500, 16000) }).stdout;
  assert.equal((await post(target, form(webm, 'audio.webm'), bearer)).status, 200);
  const record = (await control.requests('openai.transcriptions')).at(-1);
  assert.deepEqual([record.audio.container, record.audio.codec], ['webm', 'opus']);
});

test('whisper.cpp: newline-laden text, text/html, its rewritten errors', async () => {
  const target = `${url}/whispercpp/inference`;
  const sound = wav(tone(200, 16000), 16000);
  await control.script({ provider: 'whispercpp', segments: [
    { text: 'What time', start: 0, end: 1 }, { text: 'is it?', start: 1, end: 2 }] });
  assert.deepEqual(await (await post(target, form(sound))).json(),
    { text: ' What time\n is it?\n' });
  const text = await post(target, form(sound, 'a.wav', { response_format: 'text' }));
  assert.equal(text.headers.get('content-type'), 'text/html; charset=utf-8');
  const bad = await post(target, form(Buffer.from('nonsense')));
  assert.deepEqual([bad.status, await bad.text()], [400, 'Invalid request']);
});

test('vLLM transcribes in chat-like chunks; Speaches in segments without [DONE]', async () => {
  const sound = wav(tone(200, 16000), 16000);
  const vllm = await eventsOf(await post(`${url}/vllm/v1/audio/transcriptions`,
    form(sound, 'a.wav', { stream: 'true', stream_include_usage: 'true' })));
  assert.equal(vllm[0].data.object, 'transcription.chunk');
  assert.deepEqual(vllm.at(-2).data.choices, []);
  assert.equal(vllm.at(-1).data, '[DONE]');
  const speaches = await eventsOf(await post(`${url}/speaches/v1/audio/transcriptions`,
    form(sound, 'a.wav', { model: 'm', stream: 'true' })));
  assert.deepEqual(speaches.map((event) => event.data.type),
    ['transcript.text.delta', 'transcript.text.done']);
});

test('speech: a tone of 60 ms per character, cut inside samples', async () => {
  const response = await openai.audio.speech.create({ model: 'tts', voice: 'marin',
    input: 'Hello there.', response_format: 'pcm' });
  const pcm = Buffer.from(await response.arrayBuffer());
  const heard = listen(pcm, 24000);
  assert.equal(heard.ms, 720);
  assert.ok(Math.abs(heard.hz - 400) < 5);
  const { text } = await raw(`${url}/openai/v1/audio/speech`, { headers: bearer,
    body: JSON.stringify({ model: 'tts', voice: 'marin', input: 'Hello there.',
      response_format: 'pcm' }) });
  assert.match(text, /\r\n12c1\r\n/, 'a chunk of 4801 bytes');
});

for (const [format, magic] of [['mp3', /^\xff[\xe0-\xff]/], ['opus', /^OggS/], ['flac', /^fLaC/],
  ['aac', /^\xff\xf1/], ['wav', /^RIFF\xff\xff\xff\xff/]]) {
  test(`speech as ${format} is a real file that ffmpeg reads`, async () => {
    const response = await post(`${url}/openai/v1/audio/speech`, { model: 'tts', voice: 'marin',
      input: 'Hello there, how are you?', response_format: format }, bearer);
    assert.equal(response.status, 200);
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.match(bytes.toString('latin1', 0, 16), magic);
    const decoded = spawnSync('ffmpeg', ['-loglevel', 'error', '-i', 'pipe:0', '-f', 's16le',
      '-ar', '24000', '-ac', '1', 'pipe:1'], { input: bytes, maxBuffer: 1 << 26 });
    const heard = listen(decoded.stdout, 24000);
    assert.ok(Math.abs(heard.ms - 1500) < 100, `${heard.ms} ms`);
    assert.ok(Math.abs(heard.hz - 400) < 30, `${heard.hz} Hz`);
  });
}

test('speech as events, and the errors of its servers', async () => {
  const ask = { model: 'tts', voice: 'v', input: 'Hi.', response_format: 'pcm',
    stream_format: 'sse' };
  const sse = await eventsOf(await post(`${url}/openai/v1/audio/speech`, ask, bearer));
  assert.equal(sse.at(-1).data.type, 'speech.audio.done');
  const pcm = Buffer.concat(sse.slice(0, -1)
    .map((event) => Buffer.from(event.data.audio, 'base64')));
  assert.deepEqual(pcm, tone(180, 24000));
  const kokoro = await post(`${url}/kokoro/v1/audio/speech`, { ...ask, model: 'nope' });
  assert.equal((await kokoro.json()).detail.type, 'invalid_request_error');
  const openedai = await post(`${url}/openedai/v1/audio/speech`, ask);
  assert.equal(openedai.headers.get('content-type'), 'audio/pcm;rate=22050');
  const unknown = await post(`${url}/openai/v1/audio/speech`, { ...ask, sample_rate: 16000 },
    bearer);
  assert.equal(unknown.status, 400);
});
