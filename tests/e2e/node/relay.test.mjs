// SPDX-License-Identifier: MIT
// A model that is relayed: the upstream is a Parley of its own, behind a key that the client of the
// first never sees.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { binary } from '../support/environment.mjs';
import { Server } from '../support/server.mjs';
import { Wire } from '../compat/support.mjs';

const question = { type: 'conversation.item.create', item: { type: 'message', role: 'user',
  content: [{ type: 'input_text', text: 'What is two plus three?' }] } };

async function gateway(t, key) {
  const upstream = await Server.start(binary(), ['--token', 'upstream-secret']);
  const folder = mkdtempSync(join(tmpdir(), 'parley-relay-'));
  const config = join(folder, 'parley.toml');
  writeFileSync(config, `[s2s.far]\nprovider = "openai"\nmodel = "far-model"\n`
    + `base_url = "http://${upstream.host}/v1"\napi_key = "${key}"\n`
    + `[models.near]\ns2s = "far"\n[models.own]\n`);
  const server = await Server.start(binary(), ['--config', config, '--token', 'mine']);
  t.after(async () => {
    rmSync(folder, { recursive: true });
    await server.stop();
    await upstream.stop();
  });
  return { server, upstream };
}

const dial = (t, server, model, beta) => Wire.dial(t,
  `ws://${server.host}/v1/realtime?model=${model}`, { headers: { Authorization: 'Bearer mine',
    ...(beta ? { 'OpenAI-Beta': 'realtime=v1' } : {}) } });

describe('relayed models', { concurrency: 2 }, () => {
  for (const beta of [false, true]) {
    test(`a ${beta ? 'beta' : 'GA'} client is answered by the upstream`, async (t) => {
      const { server } = await gateway(t, 'upstream-secret');
      const wire = await dial(t, server, 'near', beta);
      const { session } = await wire.until('session.created');
      assert.equal(session.model, 'near');
      wire.send(question);
      wire.send({ type: 'response.create' });
      const { response } = await wire.until('response.done');
      assert.equal(response.status, 'completed');
      const said = wire.all(beta ? 'response.audio_transcript.done'
        : 'response.output_audio_transcript.done')[0].transcript;
      assert.match(said, /\b(5|five)\b/i);
      assert.ok(wire.all(beta ? 'response.audio.delta' : 'response.output_audio.delta').length > 0);
      assert.doesNotMatch(JSON.stringify(wire.events), /upstream-secret|far-model/);
    });
  }

  test('an upstream that refuses the key is told of, without the key', async (t) => {
    const { server } = await gateway(t, 'wrong-secret');
    const wire = await dial(t, server, 'near');
    const { error } = await wire.until('error');
    assert.match(error.message, /s2s\.far/);
    await wire.when(() => wire.closed);
    assert.doesNotMatch(JSON.stringify(wire.events), /wrong-secret/);
    const own = await dial(t, server, 'own');
    await own.until('session.created');
  });

  test('an upstream that dies ends the session',
    async (t) => {
      const { server, upstream } = await gateway(t, 'upstream-secret');
      const wire = await dial(t, server, 'near');
      await wire.until('session.created');
      await upstream.stop('SIGKILL');
      await wire.until('error');
      await wire.when(() => wire.closed);
      assert.ok([1011, 1013].includes(wire.closed), String(wire.closed));
    });
});
