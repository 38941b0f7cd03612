// SPDX-License-Identifier: MIT
// What many spoken turns leave behind: sound goes in, is recognised, answered and spoken by HTTP
// servers that answer at once (tests/fakes), and the server's memory and sockets are watched.
//
//   node tests/fakes/run.mjs -- node bench/load/memory.mjs --binary build/release/bin/parley
//     [--turns 1000] [--conversations 10]
//
// The turns are spread over that many conversations, one after the other. Sound is sent as fast as
// the server takes it: turns end by their samples, not by the clock.
import {
  mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Server } from '../../tests/e2e/support/server.mjs';
import { WebSocket } from '../../tests/e2e/support/packages.mjs';

const RATE_HZ = 16000;
const FRAME_BYTES = RATE_HZ / 50 * 2;  // 20 ms
const SILENCE_FRAMES = 40;  // 800 ms: more than the 500 ms that end a turn
const REPORTS = 10;

const { values: options } = parseArgs({ options: {
  binary: { type: 'string', default: 'build/release/bin/parley' },
  turns: { type: 'string', default: '1000' },
  conversations: { type: 'string', default: '10' },
} });
const fakes = process.env.PARLEY_FAKES_URL;
const speechDir = process.env.PARLEY_TEST_SPEECH_DIR;
if (!fakes || !speechDir) {
  console.error('start it through tests/fakes/run.mjs, with PARLEY_TEST_SPEECH_DIR set');
  process.exit(2);
}
const turns = Number(options.turns);
const turnsEach = Math.ceil(turns / Number(options.conversations));

async function control(path, body) {
  const answer = await fetch(`${fakes}/control/${path}`,
    { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
}
// What the fakes remember of requests is forgotten now and then; what they say is told again.
async function prepareFakes() {
  await control('reset', {});
  await control('script', { provider: 'openai.transcriptions', text: 'good bye' });
  await control('script', { provider: 'openai.chat', text: 'Good bye, then.' });
  await control('script', { provider: 'openai.speech', ms_per_char: 20 });
}

const engine = (kind, model) => `[${kind}.fast]
provider = "openai"
base_url = "${fakes}/openai/v1"
api_key = "test-key"
model = "${model}"
`;
const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));
const config = join(folder, 'parley.toml');
writeFileSync(config, engine('stt', 'gpt-4o-mini-transcribe') + engine('llm', 'gpt-4.1-mini')
  + engine('tts', 'gpt-4o-mini-tts'));
const server = await Server.start(resolve(options.binary),
  ['--config', config, '--log-level', 'warn']);
rmSync(folder, { recursive: true });

function resident() {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Number(status.match(/VmRSS:\s+(\d+)/)[1]) / 1024;
}
function sockets() {
  const handles = `/proc/${server.pid}/fd`;
  return readdirSync(handles).filter((handle) => {
    try {
      return readlinkSync(join(handles, handle)).startsWith('socket:');
    } catch {
      return false;  // closed meanwhile
    }
  }).length;
}

// The prompt and the silence behind it, as the events that carry them.
const wav = readFileSync(join(speechDir, 'vm-goodbye.wav')).subarray(44);
const said = Buffer.concat([wav, Buffer.alloc(SILENCE_FRAMES * FRAME_BYTES)]);
const frames = [];
for (let at = 0; at + FRAME_BYTES <= said.length; at += FRAME_BYTES) {
  const audio = said.subarray(at, at + FRAME_BYTES).toString('base64');
  frames.push(JSON.stringify({ type: 'input_audio_buffer.append', audio }));
}

async function connect() {
  const socket = new WebSocket(`ws://${server.host}/v1/realtime`);
  await new Promise((open, fail) => { socket.once('open', open).once('error', fail); });
  const input = { format: { type: 'audio/pcm', rate: RATE_HZ },
    transcription: { model: 'gpt-4o-mini-transcribe' } };
  socket.send(JSON.stringify({ type: 'session.update',
    session: { type: 'realtime', audio: { input } } }));
  return socket;
}

// One spoken turn; the bytes of sound that came back.
function speak(socket) {
  return new Promise((done, fail) => {
    let heard = 0;
    let transcript;
    const listen = (data) => {
      const event = JSON.parse(String(data));
      if (event.type === 'response.output_audio.delta') heard += event.delta.length;
      if (event.type.endsWith('input_audio_transcription.completed')) transcript = event.transcript;
      if (event.type === 'error') fail(new Error(event.error.message));
      if (event.type !== 'response.done') return;
      socket.off('message', listen);
      const { status, status_details: details } = event.response;
      if (status !== 'completed') return fail(new Error(`${status}: ${JSON.stringify(details)}`));
      if (!heard || transcript !== 'good bye') return fail(new Error('no words, or no sound'));
      done(heard);
    };
    socket.on('message', listen);
    for (const frame of frames) socket.send(frame);
  });
}

console.log(`${turns} spoken turns in ${options.conversations} conversations`);
const began = performance.now();
let socket;
for (let turn = 0; turn <= turns; turn += 1) {
  if (turn % turnsEach === 0 || turn === turns) {
    socket?.close();
    socket = turn < turns ? await connect() : undefined;
  }
  if (turn % Math.ceil(turns / REPORTS) === 0) {
    await prepareFakes();
    console.log(`${String(turn).padStart(6)} turns: ${resident().toFixed(1)} MiB resident, `
      + `${sockets()} sockets`);
  }
  if (turn < turns) await speak(socket);
}
console.log(`took ${((performance.now() - began) / 1000).toFixed(0)} s`);
await server.stop();
