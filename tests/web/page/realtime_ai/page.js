// SPDX-License-Identifier: MIT
// A page that hears and speaks as realtime-ai's does, faults included: it sends about half of what
// its microphone gives, cuts 12 bytes off every message, and believes that nothing plays while it
// decodes. What its loudspeaker played is in `window.played`.
const kRateHz = 16000;

const log = [];      // every event of the server
const messages = []; // samples of every message of sound, after the cut
window.wire = { log, messages };

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
const nothing = new GainNode(speaker, { gain: 0 });
tape.connect(nothing).connect(speaker.destination);

window.played = () => new Promise((resolve) => {
  tape.port.onmessage = ({ data }) => {
    const all = new Float32Array(data.length * 128);
    data.forEach((block, i) => block && all.set(block, i * 128));
    resolve(Array.from(all, (sample) => Math.round(sample * 32768)));
  };
  tape.port.postMessage('give');
});

let playing = false;
let source = null;
let queue = [];

async function decode(bytes) {
  const samples = new Int16Array(bytes);
  const offline = new OfflineAudioContext(1, samples.length, kRateHz);
  const buffer = offline.createBuffer(1, samples.length, kRateHz);
  buffer.copyToChannel(Float32Array.from(samples, (sample) => sample / 32768), 0);
  const from = new AudioBufferSourceNode(offline, { buffer });
  from.connect(offline.destination);
  from.start();
  return offline.startRendering();
}

async function play(bytes) {
  if (playing && source) {
    queue.push(bytes);
    return;
  }
  const node = new AudioBufferSourceNode(speaker, { buffer: await decode(bytes) });
  node.connect(speaker.destination);
  node.connect(tape);
  source = node;
  playing = true;
  node.onended = () => {
    source = null;
    if (playing && queue.length > 0) {
      setTimeout(() => { if (playing && queue.length > 0) play(queue.shift()); }, 5);
    } else {
      playing = false;
    }
  };
  node.start();
}

function silence() {
  source?.stop();
  source = null;
  playing = false;
  queue = [];
}

// ---- the wire --------------------------------------------------------------------------------

const socket = new WebSocket(`ws://${location.host}/ws`);
const send = (command, more = {}) => socket.send(JSON.stringify({ command, ...more }));
let answering = false;

socket.onmessage = async ({ data }) => {
  if (typeof data !== 'string') {
    const bytes = (await data.arrayBuffer()).slice(12);
    messages.push(Array.from(new Int16Array(bytes)));
    play(bytes);
    return;
  }
  const event = JSON.parse(data);
  log.push(event);
  if (event.type === 'llm_status') answering = true;
  if (event.type === 'llm_response' && event.is_complete) answering = false;
  if (['tts_stop', 'interrupt_acknowledged', 'stop_acknowledged'].includes(event.type)) silence();
};

// ---- the microphone --------------------------------------------------------------------------

let microphone = null;
let first = true;

function speakUp(samples) {
  const level = samples.reduce((sum, sample) => sum + Math.abs(sample), 0) / samples.length;
  if (answering && playing && level > 0.03) send('interrupt');
}

async function start() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext({ sampleRate: kRateHz });
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(341); // of the 640 that came
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    speakUp(samples);
    const frame = new DataView(new ArrayBuffer(8 + samples.length * 2));
    frame.setUint32(0, Date.now() % 2 ** 32, true);
    frame.setUint32(4, 0x80 | (first ? 0x200 : 0), true);
    first = false;
    samples.forEach((sample, i) => frame.setInt16(8 + i * 2, sample * 32767, true));
    socket.send(frame);
  }, 40);
  microphone = { stream, context, timer };
  send('start');
}

function stop() {
  if (microphone) {
    clearInterval(microphone.timer);
    for (const track of microphone.stream.getTracks()) track.stop();
    microphone.context.close();
    microphone = null;
  }
  first = true;
  silence();
  send('stop');
  send('clear_queues');
}

const on = (id, action) => document.getElementById(id).addEventListener('click', action);
on('start', start);
on('stop', stop);
on('reset', () => { silence(); send('reset'); });
on('send', () => send('text_input', { text: document.getElementById('text').value }));
window.ready = true;
