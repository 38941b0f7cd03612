// SPDX-License-Identifier: MIT
// A real Chromium with a microphone that plays a file, on the page of a running server.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '../../../web/node_modules/playwright-core/index.mjs';
import { patience_ms, plainHost, speechDir } from '../../e2e/support/environment.mjs';

const kRateHz = 48000; // what Chromium's fake microphone likes best

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  .find((path) => existsSync(path));

/** The samples of one recorded prompt, 16 kHz. */
export function prompt(name) {
  const wav = readFileSync(join(speechDir(), `${name}.wav`));
  const at = wav.indexOf('data') + 8;
  return new Int16Array(wav.buffer.slice(wav.byteOffset + at, wav.byteOffset + wav.length));
}

/** A WAV file of silences (numbers, in seconds) and prompts (names), one after the other. */
export function wavOf(parts, rate = kRateHz) {
  const times = rate / 16000;
  const pieces = parts.map((part) => {
    if (typeof part === 'number') return new Int16Array(Math.round(part * rate));
    const samples = prompt(part);
    return Int16Array.from({ length: samples.length * times }, (_, i) => {
      const whole = Math.floor(i / times);
      const rest = i / times - whole;
      return samples[whole] * (1 - rest) + (samples[whole + 1] ?? 0) * rest;
    });
  });
  const count = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const wav = Buffer.alloc(44 + count * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + count * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(count * 2, 40);
  let at = 44;
  for (const piece of pieces) {
    Buffer.from(piece.buffer).copy(wav, at);
    at += piece.length * 2;
  }
  return wav;
}

/** A browser whose microphone plays a file once; `granted`: the user lets the page have it. */
export function launchChromium(heard, granted = true) {
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--autoplay-policy=no-user-gesture-required',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${heard}%noloop`,
      granted ? '--use-fake-ui-for-media-stream' : '--deny-permission-prompts',
    ],
  });
}

/**
 * Opens the page. `microphone`: the parts of what it hears, once; null: the user denies it.
 * Whatever the console or the policy complain about is in `complaints`.
 */
export async function openPage({ host = plainHost(), microphone = [60], context = {}, hash = '',
  before } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-page-'));
  const heard = join(folder, 'microphone.wav');
  writeFileSync(heard, wavOf(microphone ?? [1]));
  const browser = await launchChromium(heard, microphone !== null);
  const scope = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    acceptDownloads: true,
    ...context,
  });
  const page = await scope.newPage();
  page.setDefaultTimeout(patience_ms);
  const complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await before?.(page);
  await page.goto(`http://${host}/${hash}`);
  // What the browser does to a voice in its first second is not what is tested here.
  await page.evaluate(() => window.__parley.playground.actions.updateSettings({
    echoCancellation: false, noiseSuppression: false, autoGainControl: false }));
  return {
    page,
    complaints,
    browser,
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Waits until `look`, run in the page with `argument`, gives something true, and returns that.
 * (Playwright's own waitForFunction needs eval, which the page's policy forbids.)
 */
export async function until(page, look, argument, what = String(look)) {
  const deadline = Date.now() + patience_ms;
  for (;;) {
    const found = await page.evaluate(look, argument);
    if (found) return found;
    if (Date.now() > deadline) {
      const items = await page.evaluate(() => window.__parley.playground.items.value
        .map(({ role, kind, status, text }) => ({ role, kind, status, text })));
      throw new Error(`never true: ${what}\n${JSON.stringify(items, null, 1)}`);
    }
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 30)));
  }
}

/** The newest finished answer's text, once there are `count` answers. */
export function answer(page, count = 1) {
  return until(page, (wanted) => {
    const answers = window.__parley.playground.items.value
      .filter((item) => item.role === 'assistant' && item.kind === 'message');
    const last = answers[wanted - 1];
    return last && last.status !== 'in_progress' && last.text;
  }, count, `answer ${count}`);
}

export async function say(page, text) {
  await page.getByPlaceholder('Type a message').fill(text);
  await page.getByRole('button', { name: 'Send message' }).click();
}

/** Events of the wire so far, oldest first: {direction, type, json}. */
export function eventsOf(page, type) {
  return page.evaluate((wanted) => {
    const found = [];
    const { log } = window.__parley.playground;
    for (let seq = 0; ; seq += 1) {
      const entry = log.get(seq);
      if (!entry && seq > 20_000) return found;
      if (entry && entry.type === wanted) {
        found.push({ direction: entry.direction, type: entry.type, json: entry.json() });
      }
    }
  }, type);
}
