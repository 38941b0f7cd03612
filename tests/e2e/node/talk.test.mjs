// SPDX-License-Identifier: MIT
// `parley talk`, the client on the command line.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { binary, plainHost, speechDir, tlsHost } from '../support/environment.mjs';
import { heard, levelDbfs, words } from '../support/sound.mjs';

async function talk(args) {
  const child = spawn(binary(), ['talk', ...args]);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => { out += chunk; });
  child.stderr.setEncoding('utf8').on('data', (chunk) => { err += chunk; });
  const [code] = await once(child, 'close');
  return { code, out, err };
}

function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'parley-talk-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

// The samples of a WAV file's data chunk.
function samples(path) {
  const wav = readFileSync(path);
  assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
  let at = 12;
  while (wav.toString('latin1', at, at + 4) !== 'data') at += 8 + wav.readUInt32LE(at + 4);
  const size = wav.readUInt32LE(at + 4);
  assert.equal(at + 8 + size, wav.length, 'the header gives another length');
  return wav.subarray(at + 8);
}

describe('talk', { concurrency: 2 }, () => {
  test('a recorded question gets a recorded answer', async (t) => {
    const answer = join(folder(t), 'answer.wav');
    const { code, out, err } = await talk(['--url', `ws://${plainHost()}/v1/realtime`,
      '--in', join(speechDir(), 'tt-weasels.wav'), '--out', answer]);
    assert.equal(code, 0, err);
    assert.ok(heard(out, words('tt-weasels')) >= 0.5, out);
    const level = levelDbfs(samples(answer));
    assert.ok(level > -45 && level < -3, `${level} dBFS`);
  });

  test('a text question is answered in text', async () => {
    const { code, out, err } = await talk(['--url', `ws://${plainHost()}/v1/realtime`,
      '--text', 'What is two plus three?']);
    assert.equal(code, 0, err);
    assert.match(out, /\b(five|5)\b/i);
  });

  test('it speaks wss and trusts what it is told to', async () => {
    const { code, out, err } = await talk(['--url', `wss://${tlsHost()}/v1/realtime`,
      '--ca', process.env.NODE_EXTRA_CA_CERTS, '--text', 'What is two plus three?']);
    assert.equal(code, 0, err);
    assert.match(out, /\b(five|5)\b/i);
  });

  test('a server that is not there is said plainly', async () => {
    const { code, err } = await talk(['--url', 'ws://127.0.0.1:1/v1/realtime', '--text', 'Hello']);
    assert.notEqual(code, 0);
    assert.match(err, /127\.0\.0\.1/);
  });

  test('a file that is not there is said plainly', async (t) => {
    const out = join(folder(t), 'answer.wav');
    const { code, err } = await talk(['--url', `ws://${plainHost()}/v1/realtime`,
      '--in', 'nowhere.wav', '--out', out]);
    assert.notEqual(code, 0);
    assert.match(err, /nowhere\.wav/);
    assert.ok(!existsSync(out));
  });
});
