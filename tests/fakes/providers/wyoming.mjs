// SPDX-License-Identifier: MIT
// Wyoming over TCP: recognition and synthesis on one port, addressed as `wyoming`.
import net from 'node:net';
import { brief } from '../support/board.mjs';
import { cut, speech } from '../support/audio.mjs';
import { textPieces } from './text.mjs';

const format = { rate: 22050, width: 2, channels: 1 };
const attribution = { name: 'fake', url: '' };
const info = {
  asr: [{ name: 'fake-whisper', attribution, installed: true, supports_transcript_streaming: false,
    models: [{ name: 'fake', languages: ['en'], attribution, installed: true }] }],
  tts: [{ name: 'fake-piper', attribution, installed: true, supports_synthesize_streaming: true,
    voices: [{ name: 'en_US-lessac-medium', languages: ['en'], attribution, installed: true }] }],
};

function write(socket, type, data = {}, payload = Buffer.alloc(0)) {
  const body = Buffer.from(JSON.stringify(data));
  const line = { type, version: '1.7.2', ...(body.length > 2 ? { data_length: body.length } : {}),
    ...(payload.length ? { payload_length: payload.length } : {}) };
  socket.write(Buffer.concat([Buffer.from(`${JSON.stringify(line)}\n`),
    body.length > 2 ? body : Buffer.alloc(0), payload]));
}

// Takes whole events off the front of `buffer` → { events, rest }; throws where it is no event.
function read(buffer) {
  const events = [];
  for (;;) {
    const end = buffer.indexOf(10);
    if (end < 0) return { events, rest: buffer };
    const line = JSON.parse(buffer.subarray(0, end));
    const dataEnd = end + 1 + (line.data_length ?? 0);
    const total = dataEnd + (line.payload_length ?? 0);
    if (buffer.length < total) return { events, rest: buffer };
    const data = line.data_length ? JSON.parse(buffer.subarray(end + 1, dataEnd)) : {};
    events.push({ type: line.type, data: { ...line.data, ...data },
      payload: buffer.subarray(dataEnd, total) });
    buffer = buffer.subarray(total);
  }
}

class Conversation {
  constructor(board, socket, record) {
    Object.assign(this, { board, socket, record });
    this.streaming = false;
    this.transcribing = false;
  }

  async take({ type, data, payload }) {
    const { record, socket } = this;
    record.messages.push({ message: brief({ type, data }) });
    record.messages_seen += 1;
    switch (type) {
      case 'describe': return write(socket, 'info', info);
      case 'transcribe':
        this.transcribing = true;
        return undefined;
      case 'audio-chunk':
        record.audio.bytes += payload.length;
        Object.assign(record.audio, data);
        return undefined;
      case 'audio-stop': return this.transcribing ? this.#transcript() : undefined;
      case 'synthesize': return this.streaming ? undefined : this.#speak(data.text);
      case 'synthesize-start':
        this.streaming = true;
        return undefined;
      case 'synthesize-chunk': return this.#speak(data.text);
      case 'synthesize-stop':
        this.streaming = false;
        return write(socket, 'synthesize-stopped');
      default: return undefined;
    }
  }

  #transcript() {
    const entry = this.board.takeScript('wyoming');
    const text = entry.text ?? 'hello there';
    this.transcribing = false;
    if (entry.partials) {
      write(this.socket, 'transcript-start', { language: 'en' });
      for (const piece of textPieces(text)) write(this.socket, 'transcript-chunk', { text: piece });
    }
    write(this.socket, 'transcript', { text, language: 'en' });
    if (entry.partials) write(this.socket, 'transcript-stop');
  }

  async #speak(text) {
    const entry = this.board.takeScript('wyoming');
    const rate = entry.rate ?? format.rate;
    const sound = await speech('pcm', text, { rate, perCharacter: entry.ms_per_char,
      hz: entry.tone_hz });
    write(this.socket, 'audio-start', { ...format, rate });
    for (const piece of cut(sound, entry.piece_bytes ?? 2048)) {
      write(this.socket, 'audio-chunk', { ...format, rate }, piece);
      this.record.pieces += 1;
    }
    write(this.socket, 'audio-stop');
  }
}

// Faults: `refuse`, `stall_body` (never answers), `truncate` (goes at the first event), `garbage`.
function serve(board, socket) {
  const fault = board.takeFault('wyoming', false);
  const record = board.open({ provider: 'wyoming', kind: 'tcp', method: 'TCP', path: '',
    fault: fault?.kind ?? null, messages: [], messages_seen: 0, audio: { bytes: 0 } });
  const conversation = new Conversation(board, socket, record);
  let buffer = Buffer.alloc(0);
  let work = Promise.resolve();
  socket.on('error', () => {});
  socket.on('close', () => board.close(record, 'closed_by_client'));
  const strike = () => {
    board.close(record, 'faulted');
    if (fault.kind === 'garbage') socket.end('this is no event\n');
    else socket.destroy();
  };
  if (fault?.kind === 'refuse') strike();
  socket.on('data', (bytes) => {
    if (fault?.kind === 'stall_body') return;
    if (fault) {
      strike();
      return;
    }
    try {
      const { events, rest } = read(Buffer.concat([buffer, bytes]));
      buffer = rest;
      for (const event of events) work = work.then(() => conversation.take(event));
      work.then(() => board.changed());
    } catch {
      socket.destroy();
    }
  });
}

export async function startWyoming(board) {
  const server = net.createServer((socket) => serve(board, socket));
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return server;
}
