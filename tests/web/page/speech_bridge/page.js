// SPDX-License-Identifier: MIT
// A page that speaks to Realtime Speech Bridge as its README says: the key as a sub-protocol,
// 24 kHz both ways, one piece of sound played after the other. What its loudspeaker played is in
// `window.played`.
const kRateHz = 24000;

const log = [];    // every event of the server, but sound
const sounds = []; // { id, samples } of every piece of sound; id: its response's
window.wire = { log, sounds };

// ---- what is heard ---------------------------------------------------------------------------

const recorder = `
  class Recorder extends AudioWorkletProcessor {
    constructor() {
      super();
      this.blocks = [];
      this.port.onmessage = () => this.port.postMessage(this.blocks);
    }
    process([[samples]]) {
      this.blocks.push(samples ? samples.slice() : null);
      return true;
    }
  }
  registerProcessor('recorder', Recorder);`;

const speaker = new AudioContext({ sampleRate: kRateHz });
await speaker.audioWorklet.addModule(
  URL.createObjectURL(new Blob([recorder], { type: 'text/javascript' })));
const tape = new AudioWorkletNode(speaker, 'recorder');
tape.connect(new GainNode(speaker, { gain: 0 })).connect(speaker.destination);

window.played = () => new Promise((resolve) => {
  tape.port.onmessage = ({ data }) => {
    const all = new Float32Array(data.length * 128);
    data.forEach((block, i) => block && all.set(block, i * 128));
    resolve(Array.from(all, (sample) => Math.round(sample * 32768)));
  };
  tape.port.postMessage('give');
});

let queue = [];
let source = null;

function playNext() {
  source = null;
  const samples = queue.shift();
  if (!samples) return;
  const buffer = speaker.createBuffer(1, samples.length, kRateHz);
  buffer.copyToChannel(Float32Array.from(samples, (sample) => sample / 32768), 0);
  source = new AudioBufferSourceNode(speaker, { buffer });
  source.connect(tape);
  source.onended = playNext;
  source.start();
}

function silence() {
  queue = [];
  if (source) source.onended = null;
  source?.stop();
  source = null;
}

window.idle = () => source === null;

// ---- the wire --------------------------------------------------------------------------------

const bytesOf = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const textOf = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

let socket = null;
let answer = null; // the id of the last one that began
const send = (event) => socket.send(JSON.stringify(event));

function receive(event) {
  if (event.type === 'response.audio.delta') {
    const samples = Array.from(new Int16Array(bytesOf(event.delta).buffer));
    sounds.push({ id: event.response_id, samples });
    queue.push(samples);
    if (!source) playNext();
    return;
  }
  log.push(event);
  if (event.type === 'response.created') answer = event.response.id;
  if (event.type === 'response.cancelled') silence();
}

// ---- the microphone --------------------------------------------------------------------------

let microphone = null;

async function start() {
  socket = new WebSocket(`ws://${location.host}/v1/realtime`, ['openai-insecure-api-key.one']);
  socket.onmessage = ({ data }) => receive(JSON.parse(data));
  socket.onclose = () => log.push({ type: 'closed' });
  await new Promise((resolve) => { socket.onopen = resolve; });
  send({ type: 'session.update', session: { voice: 'shimmer', modalities: ['audio', 'text'],
    turn_detection: { type: 'server_vad', interrupt_response: 'yes', end_ms: '600' } } });
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext({ sampleRate: kRateHz });
  const processor = context.createScriptProcessor(2048, 1, 1);
  processor.onaudioprocess = ({ inputBuffer }) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    const samples = Int16Array.from(inputBuffer.getChannelData(0), (sample) => sample * 32767);
    send({ type: 'input_audio_buffer.append', audio: textOf(new Uint8Array(samples.buffer)) });
  };
  context.createMediaStreamSource(stream).connect(processor);
  processor.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
  microphone = { stream, context };
}

function stop() {
  for (const track of microphone.stream.getTracks()) track.stop();
  microphone.context.close();
  silence();
  socket.close();
}

function type() {
  send({ type: 'conversation.item.create', item: { type: 'message', role: 'user',
    content: [{ type: 'input_text', text: document.getElementById('text').value }] } });
  send({ type: 'response.create' });
}

const on = (id, action) => document.getElementById(id).addEventListener('click', action);
on('start', start);
on('stop', stop);
on('cancel', () => send({ type: 'response.cancel', response_id: answer }));
on('send', type);
window.ready = true;
