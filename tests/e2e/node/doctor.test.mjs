// SPDX-License-Identifier: MIT
// `parley engines` and `parley doctor`, with engines that are well and ones that are not.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startFakes } from '../../fakes/support/start.mjs';
import { full } from '../support/session.mjs';
import { binary } from '../support/environment.mjs';

let fakes;
let folder;

before(async () => {
  if (full.skip) return;
  fakes = await startFakes();
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
});
after(async () => {
  await fakes?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

// The fakes are a process of their own, so waiting here holds nobody up.
function parley(command, toml) {
  const config = join(folder, 'parley.toml');
  writeFileSync(config, toml);
  return spawnSync(binary(), [command, '--config', config], {
    encoding: 'utf8', env: { ...process.env, FAKE_KEY: 'test-key' } });
}

const llm = (name, key, url = fakes.url) => `[llm.${name}]\nprovider = "openai"\n`
  + `base_url = "${url}/openai/v1"\napi_key = "${key}"\n`;

describe('doctor', () => {
  test('engines that are well say how fast, the others what is wrong', full, () => {
    const good = parley('doctor', llm('good', '${FAKE_KEY}'));
    assert.equal(good.status, 0, good.stderr);
    assert.match(good.stdout, /llm\.good +openai +well: reachable, authorised, first byte/);
    assert.match(good.stdout, /stt\.embedded +pocketsphinx +well/);
    assert.match(good.stdout, /tts\.embedded +flite +well/);

    const bad = parley('doctor', llm('refused', 'a-secret-key')
      + llm('gone', 'k', 'http://127.0.0.1:1'));
    assert.equal(bad.status, 1);
    assert.match(bad.stdout, /llm\.refused .*FAILED: .*refused the key/);
    assert.match(bad.stdout, /it is reachable; give it the right api_key in \[llm\.refused\]/);
    assert.match(bad.stdout, /llm\.gone .*FAILED: .*cannot be reached/);
    assert.match(bad.stdout, /is it running, and is base_url of \[llm\.gone\] its address\?/);
    assert.doesNotMatch(bad.stdout + bad.stderr, /a-secret-key/);
  });

  test('engines and models are listed with where they were written', full, () => {
    const listed = parley('engines', `${llm('mine', 'k')}[models.one]\nllm = "mine"\n`);
    assert.equal(listed.status, 0, listed.stderr);
    assert.match(listed.stdout, /llm\.mine +openai +\S*parley\.toml:1/);
    assert.match(listed.stdout, /model one/);
    const wrong = parley('engines', '[llm.mine]\nprovider = "nothing"\n');
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /'nothing' is unknown; valid: builtin, openai/);
  });
});
