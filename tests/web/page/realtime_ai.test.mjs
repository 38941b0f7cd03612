// SPDX-License-Identifier: MIT
// A page with the habits of realtime-ai's, in Chromium with a microphone that plays a recording,
// against the server that takes the old one's place. What was heard is compared with what was sent.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { binary, patience_ms } from '../../e2e/support/environment.mjs';
import { Server } from '../../e2e/support/server.mjs';
import { launchChromium, wavOf } from './browser.mjs';

const kPageDir = fileURLToPath(new URL('./realtime_ai', import.meta.url));

// Where `message` was heard whole and unmixed, from `from` on; -1: nowhere.
function heardAt(message, heard, from) {
  const loud = message.findIndex((sample) => Math.abs(sample) > 200);
  if (loud < 0) return from;
  const same = (at) => message.every((sample, i) => Math.abs(sample - heard[at + i]) <= 1);
  for (let at = from; at + message.length <= heard.length; at += 1) {
    if (Math.abs(message[loud] - heard[at + loud]) <= 1 && same(at)) return at;
  }
  return -1;
}

test('rows 12–22: two turns, an interruption, stop, reset and start again are heard as they were '
  + 'sent', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-page-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const recording = join(folder, 'microphone.wav');
  writeFileSync(recording, wavOf([1.5, 'tt-weasels', 120]));
  const server = await Server.start(binary(),
    ['--compat', 'realtime-ai', '--static-dir', kPageDir]);
  t.after(() => server.stop());
  const browser = await launchChromium(recording);
  t.after(() => browser.close());
  const page = await browser.newPage();
  page.setDefaultTimeout(patience_ms);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`http://${server.host}/`);
  await page.waitForFunction(() => window.ready);

  const answers = () => page.evaluate(() => window.wire.log
    .filter((event) => event.type === 'llm_response' && event.is_complete)
    .map(({ content }) => content));
  const answered = async (count) => {
    await page.waitForFunction((wanted) => window.wire.log
      .filter((event) => event.type === 'llm_response' && event.is_complete).length >= wanted,
    count);
    return (await answers())[count - 1];
  };
  const type = async (text) => {
    await page.fill('#text', text);
    await page.click('#send');
  };
  const sounds = () => page.evaluate(() => window.wire.messages.length);
  // Until the loudspeaker has been silent for a second.
  const quiet = async () => {
    const deadline = Date.now() + patience_ms;
    while (!await page.evaluate(async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const played = await window.played();
      return played.length > 16000
        && played.slice(-16000).every((sample) => Math.abs(sample) < 200);
    })) assert.ok(Date.now() < deadline, 'the loudspeaker never falls silent');
  };
  const check = async (first, last) => {
    const { messages, heard } = await page.evaluate(async () => ({
      messages: window.wire.messages, heard: await window.played() }));
    let at = 0;
    for (let i = first; i < last; i += 1) {
      at = heardAt(messages[i], heard, at);
      assert.ok(at >= 0, `message ${i} of ${messages.length} was not heard as it was sent`);
      at += messages[i].length;
    }
  };

  await page.click('#start');
  assert.ok(await answered(1));
  await quiet();
  await type('Please count from one to ten.');
  assert.match(await answered(2), /\b10\b/);
  await quiet();
  const whole = await sounds();
  assert.ok(whole >= 3);
  await check(0, whole);

  await type('Please count from one to ten.');
  await page.waitForFunction((count) => window.wire.messages.length > count, whole);
  await type('What is seven times eight?');
  assert.doesNotMatch(await answered(3), /\b10\b/);
  assert.match(await answered(4), /56/);
  await quiet();
  const interrupted = await sounds();
  await check(interrupted - 1, interrupted);

  await type('Please count from one to ten.');
  await page.waitForFunction((count) => window.wire.messages.length > count, interrupted);
  await page.click('#stop');
  await page.waitForFunction(() => window.wire.log.at(-1).status === 'stopped');
  const stopped = await sounds();
  await page.click('#reset');
  await page.waitForFunction(() => window.wire.log.at(-1).status === 'listening');
  const before = (await answers()).length;
  assert.equal(await sounds(), stopped, 'nothing comes after stop');
  await page.click('#start');
  assert.ok(await answered(before + 1));
  await quiet();
  await check(stopped, await sounds());
  assert.deepEqual(complaints, []);
  assert.equal(await page.evaluate(() => window.wire.log
    .filter((event) => event.type === 'error').length), 0);
});
