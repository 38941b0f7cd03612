// SPDX-License-Identifier: MIT
// Servers that people run at home: Piper, vLLM's streaming recogniser, Wyoming. And the program
// itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { tone } from '../support/audio.mjs';
import { connect, post, useFakes } from './helpers.mjs';

const { url, control } = await useFakes();

test('Piper answers a WAV and calls it text/html', async () => {
  const response = await post(`${url}/piper/synthesize`, { text: 'Hello.', length_scale: 2 });
  assert.match(response.headers.get('content-type'), /^text\/html/);
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.deepEqual(bytes.subarray(44), tone(720, 22050));
  assert.equal((await post(`${url}/piper/synthesize`, { text: '' })).status, 500);
});

test('vLLM realtime: the first commit starts, the final one ends', async () => {
  const socket = await connect(`${url}/vllm/v1/realtime`);
  assert.equal((await socket.next()).type, 'session.created');
  socket.send({ type: 'input_audio_buffer.commit' });
  assert.equal((await socket.next()).code, 'model_not_validated');
  socket.send({ type: 'session.update', model: 'voxtral' });
  socket.send({ type: 'input_audio_buffer.commit' });
  const audio = tone(100, 16000).toString('base64');
  socket.send({ type: 'input_audio_buffer.append', audio });
  assert.equal((await socket.next()).delta, 'hello');
  socket.send({ type: 'input_audio_buffer.commit', final: true });
  assert.equal((await socket.next()).delta, ' there');
  assert.equal((await socket.next()).text, 'hello there');
  await socket.close();
});

// Events of a Wyoming service, read one by one.
async function wyoming() {
  const [host, port] = (await control.addresses()).wyoming.split(':');
  const socket = net.connect(Number(port), host);
  await once(socket, 'connect');
  let buffer = Buffer.alloc(0);
  const reader = socket[Symbol.asyncIterator]();
  const take = async (holds) => {
    while (!holds()) {
      const { value, done } = await reader.next();
      if (done) throw new Error('closed');
      buffer = Buffer.concat([buffer, value]);
    }
  };
  return { socket,
    send: (type, data, payload = Buffer.alloc(0)) => socket.write(Buffer.concat([Buffer.from(
      `${JSON.stringify({ type, data, payload_length: payload.length })}\n`), payload])),
    next: async () => {
      await take(() => buffer.includes(10));
      const end = buffer.indexOf(10);
      const line = JSON.parse(buffer.subarray(0, end));
      const dataEnd = end + 1 + (line.data_length ?? 0);
      const total = dataEnd + (line.payload_length ?? 0);
      await take(() => buffer.length >= total);
      const data = line.data_length ? JSON.parse(buffer.subarray(end + 1, dataEnd)) : {};
      const payload = buffer.subarray(dataEnd, total);
      buffer = buffer.subarray(total);
      return { type: line.type, data, payload };
    } };
}

test('Wyoming describes itself, hears and speaks', async () => {
  const peer = await wyoming();
  peer.send('describe');
  assert.equal((await peer.next()).data.tts[0].voices[0].name, 'en_US-lessac-medium');
  peer.send('transcribe', { language: 'en' });
  peer.send('audio-start', { rate: 16000, width: 2, channels: 1 });
  peer.send('audio-chunk', { rate: 16000, width: 2, channels: 1 }, tone(100, 16000));
  peer.send('audio-stop');
  assert.equal((await peer.next()).data.text, 'hello there');
  peer.send('synthesize', { text: 'Hello.' });
  assert.equal((await peer.next()).data.rate, 22050);
  const pieces = [];
  for (let event = await peer.next(); event.type !== 'audio-stop'; event = await peer.next()) {
    pieces.push(event.payload);
  }
  assert.deepEqual(Buffer.concat(pieces), tone(360, 22050));
  peer.socket.destroy();
  await control.wait({ provider: 'wyoming', state: 'closed_by_client' });
});

test('run.mjs hands over the address and the exit code', async () => {
  const run = fileURLToPath(new URL('../run.mjs', import.meta.url));
  const code = `fetch(process.env.PARLEY_FAKES_URL + '/control/open')
    .then((answer) => process.exit(answer.ok && process.env.PARLEY_FAKES_TLS_URL ? 7 : 1))`;
  const child = spawn(process.execPath, [run, '--tls', '--', process.execPath, '-e', code],
    { stdio: 'inherit' });
  assert.deepEqual(await once(child, 'exit'), [7, null]);
  const missing = spawn(process.execPath, [run, '--', './no-such-command'], { stdio: 'ignore' });
  assert.deepEqual(await once(missing, 'exit'), [127, null]);
});

test('the program ends with its input, and on SIGTERM', async () => {
  const main = fileURLToPath(new URL('../main.mjs', import.meta.url));
  for (const end of [(child) => child.stdin.end(), (child) => child.kill('SIGTERM')]) {
    const child = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout, 'data');
    assert.match(line.toString(), /^listening http:\/\/127\.0\.0\.1:\d+\n$/);
    end(child);
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  }
});
