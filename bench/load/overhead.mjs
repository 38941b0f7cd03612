// SPDX-License-Identifier: MIT
// Our own share of an answer's time: recogniser, model and voice are HTTP servers that answer at
// once (tests/fakes), so what passes between `speech_stopped` and the first audio delta is Parley's
// and the loopback's.
//
//   node tests/fakes/run.mjs -- node bench/load/overhead.mjs --binary build/release/bin/parley
//     [--turns 20] [--typed 1000]
//
// --typed adds that many typed turns, heard and answered over HTTP, and says what memory they left.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Server } from '../../tests/e2e/support/server.mjs';
import { WebSocket } from '../../tests/e2e/support/packages.mjs';

function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
}

const fakes = process.env.PARLEY_FAKES_URL;
const speechDir = process.env.PARLEY_TEST_SPEECH_DIR;
if (!fakes || !speechDir) {
  console.error('start it through tests/fakes/run.mjs, with PARLEY_TEST_SPEECH_DIR set');
  process.exit(2);
}
const turns = Number(option('turns', '20'));
const typed = Number(option('typed', '0'));

const engine = (kind, more = '') => `[${kind}.fast]
provider = "openai"
base_url = "${fakes}/openai/v1"
api_key = "test-key"
${more}
`;
const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));
const config = join(folder, 'parley.toml');
writeFileSync(config,
  engine('stt', 'model = "whisper-1"') + engine('llm', 'model = "m"') + engine('tts'));
const server = await Server.start(resolve(option('binary', 'build/release/bin/parley')),
  ['--config', config, '--log-level', 'warn']);
rmSync(folder, { recursive: true });

const wav = readFileSync(join(speechDir, 'vm-goodbye.wav'));
const { buffer, byteOffset, length } = wav;
const samples = new Int16Array(buffer.slice(byteOffset + 44, byteOffset + length));
const socket = new WebSocket(`ws://${server.host}/v1/realtime?parley.events=metrics`);
const seen = { waits: [], metrics: [] };
let stoppedAt = 0;
let finished;
socket.on('message', (data) => {
  const event = JSON.parse(String(data));
  if (event.type === 'input_audio_buffer.speech_stopped') stoppedAt = performance.now();
  if (event.type === 'response.output_audio.delta' && stoppedAt) {
    seen.waits.push(performance.now() - stoppedAt);
    stoppedAt = 0;
  }
  if (event.type === 'parley.turn.metrics') seen.metrics.push(event);
  if (event.type === 'response.done') finished?.();
  if (event.type === 'error') console.error(event.error.message);
});
await new Promise((resolve) => socket.once('open', resolve));
socket.send(JSON.stringify({ type: 'session.update', session: { type: 'realtime', audio: {
  input: { format: { type: 'audio/pcm', rate: 16000 } } } } }));

const resident = () => Number(readFileSync(`/proc/${server.pid}/status`, 'utf8')
  .match(/VmRSS:\s+(\d+)/)[1]) / 1024;

// Out of band, so that the conversation stays as long as it is; each is a chat and a voice request.
for (let turn = 1; turn <= typed; turn += 1) {
  const done = new Promise((resolve) => { finished = resolve; });
  socket.send(JSON.stringify({ type: 'response.create', response: { conversation: 'none',
    output_modalities: [turn % 10 === 0 ? 'audio' : 'text'], input: [{ type: 'message',
      role: 'user', content: [{ type: 'input_text', text: `Question ${turn}` }] }] } }));
  await done;
  if (turn % 200 === 0) console.log(`${turn} typed turns: ${resident().toFixed(1)} MiB resident`);
}

for (let turn = 0; turn < turns; turn += 1) {
  const done = new Promise((resolve) => { finished = resolve; });
  let at = 0;
  const microphone = setInterval(() => {
    const piece = new Int16Array(320);
    piece.set(samples.subarray(at, at + 320));
    at += 320;
    socket.send(JSON.stringify({ type: 'input_audio_buffer.append',
      audio: Buffer.from(piece.buffer).toString('base64') }));
  }, 20);
  await done;
  clearInterval(microphone);
}
socket.terminate();
const usage = resident();
await server.stop();

const median = (values) => {
  const sorted = values.filter((value) => value !== null).sort((left, right) => left - right);
  return sorted.length ? sorted[sorted.length >> 1].toFixed(2) : '-';
};
console.log(`${seen.waits.length} turns, resident ${usage.toFixed(1)} MiB`);
console.log(`speech_stopped to first audio delta, ms: median ${median(seen.waits)}, `
  + `worst ${Math.max(...seen.waits).toFixed(2)}`);
for (const stage of ['recognition_ms', 'first_token_ms', 'first_clause_ms', 'first_audio_ms',
  'overhead_ms']) {
  console.log(`  ${stage.padEnd(16)} median ${median(seen.metrics.map((event) => event[stage]))}`);
}
