// SPDX-License-Identifier: MIT
// A page of Realtime Speech Bridge's, in Chromium with a microphone that plays a recording, against
// the server that takes the old one's place. What was heard is compared with what was sent.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { binary, patience_ms } from '../../e2e/support/environment.mjs';
import { Server } from '../../e2e/support/server.mjs';
import { launchChromium, wavOf } from './browser.mjs';

const kPageDir = fileURLToPath(new URL('./speech_bridge', import.meta.url));

// Where `piece` was heard whole and unmixed, from `from` on; -1: nowhere.
function heardAt(piece, heard, from) {
  const loud = piece.findIndex((sample) => Math.abs(sample) > 200);
  if (loud < 0) return from;
  const same = (at) => piece.every((sample, i) => Math.abs(sample - heard[at + i]) <= 1);
  for (let at = from; at + piece.length <= heard.length; at += 1) {
    if (Math.abs(piece[loud] - heard[at + loud]) <= 1 && same(at)) return at;
  }
  return -1;
}

test('rows 25–31: two turns, a cancel, stop, start again and an interruption are heard as sent',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-page-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const recording = join(folder, 'microphone.wav');
    writeFileSync(recording, wavOf([2.5, 'vm-goodbye', 120]));
    const server = await Server.start(binary(),
      ['--compat', 'speech-bridge', '--static-dir', kPageDir], { API_TOKENS: 'one,two' });
    t.after(() => server.stop());
    const browser = await launchChromium(recording);
    t.after(() => browser.close());
    const page = await browser.newPage();
    page.setDefaultTimeout(patience_ms);
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`http://${server.host}/`);
    await page.waitForFunction(() => window.ready);

    const done = async (count) => {
      await page.waitForFunction((wanted) => window.wire.log
        .filter(({ type }) => type === 'response.done').length >= wanted, count);
      return page.evaluate((wanted) => window.wire.log
        .filter(({ type }) => type === 'response.done')[wanted - 1].response, count);
    };
    const type = async (text) => {
      await page.fill('#text', text);
      await page.click('#send');
    };
    const sounded = (after) => page.waitForFunction(
      (count) => window.wire.sounds.length > count, after);
    const soundCount = () => page.evaluate(() => window.wire.sounds.length);
    const heardWhole = async (id) => {
      await page.waitForFunction(() => window.idle());
      const { pieces, heard } = await page.evaluate(async (wanted) => ({
        pieces: window.wire.sounds.filter((sound) => sound.id === wanted),
        heard: await window.played() }), id);
      assert.ok(pieces.length > 5);
      let at = 0;
      for (const [i, { samples }] of pieces.entries()) {
        at = heardAt(samples, heard, at);
        assert.ok(at >= 0, `piece ${i} of ${pieces.length} was not heard as it was sent`);
        at += samples.length;
      }
    };

    await page.click('#start');
    const first = await done(1);
    await heardWhole(first.id);
    await type('What is seven times eight?');
    const second = await done(2);
    assert.match(second.output[0].content[0].transcript, /56/);
    await heardWhole(second.id);

    let before = await soundCount();
    await type('Please count from one to ten.');
    await sounded(before);
    await page.click('#cancel');
    assert.equal((await done(3)).status, 'cancelled');

    await page.click('#stop');
    await page.waitForFunction(() => window.wire.log.at(-1).type === 'closed');
    before = await soundCount();
    await page.click('#start');
    await page.waitForFunction(() => window.wire.log.at(-1).type === 'session.updated');
    await type('Please count from one to ten.');
    await sounded(before);
    assert.equal((await done(4)).status, 'cancelled', 'speech ended it');
    const last = await done(5);
    assert.equal(last.status, 'completed');
    await heardWhole(last.id);

    const log = await page.evaluate(() => window.wire.log);
    assert.equal(log.filter((event) => event.type === 'response.cancelled').length, 2);
    assert.deepEqual(log.filter((event) => event.type === 'error'), []);
    assert.deepEqual(log.filter(({ type: name, item }) => name === 'conversation.item.created'
      && item.role === 'assistant'), []);
    assert.deepEqual(complaints, []);
  });
