// SPDX-License-Identifier: MIT
// Translation sessions, with a language model that is told to translate (a fake one, whose wire is
// real).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startFakes } from '../../fakes/support/start.mjs';
import { WebSocket } from '../support/packages.mjs';
import { Server } from '../support/server.mjs';
import { full } from '../support/session.mjs';
import { binary, plainHost } from '../support/environment.mjs';
import { silence, speech } from '../support/sound.mjs';

const TRANSLATION = 'Hola mundo.';
let fakes;
let server;
let folder;

before(async () => {
  if (full.skip) return;
  fakes = await startFakes();
  await fakes.control.script({ provider: 'openai.chat', text: TRANSLATION });
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  const config = join(folder, 'parley.toml');
  writeFileSync(config, `[llm.fake]\nprovider = "openai"\nbase_url = "${fakes.url}/openai/v1"\n`
    + 'api_key = "test-key"\nmodel = "any"\n');
  server = await Server.start(binary(), ['--config', config]);
});
after(async () => {
  await server?.stop();
  await fakes?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

async function connect(t, host) {
  const socket = new WebSocket(`ws://${host}/v1/realtime/translations?model=any`);
  t.after(() => socket.terminate());
  const events = [];
  const waiting = new Set();
  socket.on('message', (data) => {
    events.push(JSON.parse(data));
    for (const look of [...waiting]) look();
  });
  const wait = (type) => new Promise((resolve) => {
    const look = () => {
      const found = events.find((event) => event.type === type);
      if (!found) return;
      waiting.delete(look);
      resolve(found);
    };
    waiting.add(look);
    look();
  });
  const send = (event) => socket.send(JSON.stringify(event));
  return { socket, events, wait, send };
}

// 200 ms at a time, as the API asks for; in one go, since only the core counts time.
function pour({ send }, pcm) {
  for (let at = 0; at < pcm.length; at += 9600) {
    send({ type: 'session.input_audio_buffer.append',
      audio: pcm.subarray(at, at + 9600).toString('base64') });
  }
}

describe('translation', () => {
  test('speech comes out in another language, and a close flushes', full, async (t) => {
    const session = await connect(t, server.host);
    const created = await session.wait('session.created');
    assert.equal(created.session.type, 'translation');
    session.send({ type: 'session.update', session: { audio: {
      input: { transcription: { model: 'whisper-1' } }, output: { language: 'es' } } } });
    const updated = await session.wait('session.updated');
    assert.equal(updated.session.audio.output.language, 'es');
    pour(session, Buffer.concat([speech('hello-world'), silence(800), speech('vm-goodbye')]));
    session.send({ type: 'session.close' });
    const [code] = await once(session.socket, 'close');
    assert.equal(code, 1000);

    assert.equal(session.events.at(-1).type, 'session.closed');
    const text = (type) => session.events.filter((event) => event.type === type)
      .map((event) => event.delta).join('');
    assert.match(text('session.input_transcript.delta'), /hello/i);
    assert.equal(text('session.output_transcript.delta'), `${TRANSLATION} ${TRANSLATION}`);
    const sound = session.events.filter((event) => event.type === 'session.output_audio.delta');
    assert.ok(sound.length > 2);
    assert.ok(sound.every((event) => event.format === 'pcm16' && event.sample_rate === 24000));
    const asked = await fakes.control.requests('openai.chat');
    assert.match(JSON.stringify(asked), /interpreter[^"]*'es'/);
  });

  test('what is wrong names its field, and the session goes on', full, async (t) => {
    const session = await connect(t, server.host);
    await session.wait('session.created');
    session.send({ type: 'response.create', event_id: 'mine' });
    const error = await session.wait('error');
    assert.equal(error.error.param, 'type');
    assert.equal(error.error.event_id, 'mine');
    session.send({ type: 'session.update', session: { audio: { output: { language: 'de' } } } });
    await session.wait('session.updated');
    session.send({ type: 'session.close' });
    await session.wait('session.closed');
  });

  test('a server without a language model says that it cannot', full, async (t) => {
    const session = await connect(t, plainHost());
    const error = await session.wait('error');
    assert.equal(error.error.code, 'invalid_model');
    const [code] = await once(session.socket, 'close');
    assert.equal(code, 4000);
  });
});
