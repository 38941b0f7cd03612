// SPDX-License-Identifier: MIT
// A telephone call, with the carrier played by the test: µ-law in 20 ms messages, a buffer that
// plays in real time, marks sent back as their sound was played, all of them at once on a clear.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Wire, serverAs, speech } from './support.mjs';

// G.711 µ-law, by the book.
function ulaw(sample) {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32635) + 0x84;
  let exponent = 7;
  for (let mask = 0x4000; exponent > 0 && !(magnitude & mask); mask >>= 1) exponent -= 1;
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0xf)) & 0xff;
}

const telephone = (name) => {
  const samples = speech(name);
  return Buffer.from(Array.from({ length: samples.length >> 1 }, (_, i) =>
    ulaw((samples[2 * i] + samples[2 * i + 1]) >> 1)));
};

class Call {
  constructor(wire, names) {
    this.wire = wire;
    this.names = names;
    this.played = 0; // bytes that left the loudspeaker
    this.cleared = 0;
    this.queue = [];
    this.sequence = 0;
    this.timestamp = 0;
    this.said = Buffer.alloc(0);
    wire.socket.on('message', (data) => this.receive(JSON.parse(String(data))));
    this.clock = setInterval(() => this.tick(), 20);
  }

  static async start(t, server, { carrier = 'twilio', parameters = {}, path } = {}) {
    const wire = await Wire.dial(t, `ws://${server.host}${path ?? `/${carrier}`}`);
    const twilio = carrier === 'twilio';
    const call = new Call(wire, { twilio });
    t.after(() => clearInterval(call.clock));
    wire.send({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    call.send({ event: 'start', start: twilio
      ? { accountSid: 'AC1', streamSid: 'MZ1', callSid: 'CA1', tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters: parameters }
      : { call_control_id: 'v3:1', media_format: { encoding: 'PCMU', sample_rate: 8000,
        channels: 1 }, custom_parameters: parameters } });
    return call;
  }

  send(event) {
    this.sequence += 1;
    const { twilio } = this.names;
    this.wire.send({ ...event, [twilio ? 'sequenceNumber' : 'sequence_number']:
      String(this.sequence), [twilio ? 'streamSid' : 'stream_id']: 'MZ1' });
  }

  receive(event) {
    assert.equal(event.streamSid, this.names.twilio ? 'MZ1' : undefined);
    if (event.event === 'media') {
      this.queue.push({ left: Buffer.from(event.media.payload, 'base64').length });
    } else if (event.event === 'mark') {
      this.queue.push({ mark: event.mark.name });
      this.marks();
    } else if (event.event === 'clear') {
      this.cleared += 1;
      const waiting = this.queue.filter(({ mark }) => mark);
      this.queue = [];
      for (const { mark } of waiting) this.send({ event: 'mark', mark: { name: mark } });
    } else {
      assert.fail(`an event that carriers do not know: ${event.event}`);
    }
  }

  marks() {
    while (this.queue[0]?.mark) {
      this.send({ event: 'mark', mark: { name: this.queue.shift().mark } });
    }
  }

  // 20 ms pass: 160 bytes are said, up to 160 are played.
  tick() {
    let room = 160;
    while (room > 0 && this.queue[0]?.left) {
      const taken = Math.min(room, this.queue[0].left);
      room -= taken;
      this.queue[0].left -= taken;
      this.played += taken;
      if (this.queue[0].left === 0) this.queue.shift();
      this.marks();
    }
    const piece = Buffer.alloc(160, 0xff);
    this.said.copy(piece, 0, 0, 160);
    this.said = this.said.subarray(160);
    this.send({ event: 'media', media: { track: 'inbound', chunk: '1',
      timestamp: String(this.timestamp), payload: piece.toString('base64') } });
    this.timestamp += 20;
    this.wire.look();
  }

  say(name) { this.said = telephone(name); }
  quiet() { return this.wire.when(() => this.played > 0 && this.queue.length === 0, 'quiet'); }
  speaks(beyond = 0) { return this.wire.when(() => this.played > beyond, 'speaks'); }
}

// What is heard of a call besides sound is in the server's log only, so tests look at the sound.
describe('telephony', { concurrency: 2 }, () => {
  for (const carrier of ['twilio', 'telnyx']) {
    test(`${carrier}: a call is greeted, listened to and answered`, async (t) => {
      const server = await serverAs(t, 'open-realtime');
      const call = await Call.start(t, server, { carrier });
      await call.speaks();
      // The greeting ends, then the caller speaks, then an answer comes.
      await call.wire.when(() => call.queue.length === 0 && call.played > 4000, 'the greeting');
      const greeting = call.played;
      call.say('tt-weasels');
      await call.speaks(greeting + 4000);
      call.send({ event: 'stop', stop: {} });
      await call.wire.when(() => call.wire.closed);
      assert.equal(call.wire.closed, 1000);
    });
  }

  test('speech over the answer clears the carrier, and the next answer is heard', async (t) => {
    const server = await serverAs(t, 'open-realtime');
    const call = await Call.start(t, server, { parameters: { greeting: 'false' } });
    for (const digit of ['1', '2', '#']) call.send({ event: 'dtmf', dtmf: { digit } });
    await call.speaks(2000); // the keys were answered
    call.say('tt-somethingwrong');
    await call.wire.when(() => call.cleared === 1, 'clear');
    const heard = call.played;
    await call.speaks(heard + 4000);
    assert.equal(call.cleared, 1);
  });

  test('without a greeting nobody speaks before the caller; a pause ends the keys', async (t) => {
    const server = await serverAs(t, 'open-realtime');
    const call = await Call.start(t, server, { parameters: { greeting: 'false' } });
    await call.wire.when(() => call.timestamp > 600, 'half a second');
    assert.equal(call.played, 0);
    call.send({ event: 'dtmf', dtmf: { digit: '7' } });
    await call.speaks(2000);
  });

  test('what makes no sense is let be, and the call goes on', async (t) => {
    const server = await serverAs(t, 'open-realtime');
    const call = await Call.start(t, server, { parameters: { greeting: 'false' } });
    for (const bad of ['{', '[]', '7', '{}', '{"event":"media"}', '{"event":"no_such"}',
      '{"event":"media","media":{"payload":"###"}}', '{"event":"mark"}', '{"event":"start"}']) {
      call.wire.send(bad);
    }
    call.wire.socket.send(Buffer.from([1, 2, 3]));
    call.say('vm-goodbye');
    await call.speaks(2000);
  });

  test('a token comes with the stream, and the answer to a call names it', async (t) => {
    const server = await serverAs(t, 'open-realtime', {}, ['--token', 'secret']);
    const voice = `http://${server.host}/twilio/voice`;
    assert.equal((await fetch(voice, { method: 'POST' })).status, 401);
    const xml = await (await fetch(`${voice}?token=secret&voice=a%22b`, { method: 'POST' })).text();
    assert.match(xml, new RegExp(`<Stream url="wss://${server.host}/twilio">`));
    assert.match(xml, /<Parameter name="token" value="secret"\/>/);
    assert.match(xml, /value="a&quot;b"/);
    const call = await Call.start(t, server, { parameters: { token: 'secret' } });
    await call.speaks();
    const refused = await Call.start(t, server, { parameters: { token: 'wrong' } });
    await refused.wire.when(() => refused.wire.closed);
    assert.equal(refused.wire.closed, 1008);
  });
});
