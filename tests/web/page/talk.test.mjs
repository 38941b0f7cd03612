// SPDX-License-Identifier: MIT
// Talking on the page, in a real browser against the real server: by voice, by text, over the
// answer, with tools, over a restart, and without a microphone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server } from '../../e2e/support/server.mjs';
import { binary } from '../../e2e/support/environment.mjs';
import { answer, eventsOf, openPage, say, until, wavOf } from './browser.mjs';

const kLongQuestion = 'Please count from one to ten.';

test('a spoken turn is heard, answered and played soon after its first delta', async () => {
  const view = await openPage({ microphone: [1, 'vm-goodbye', 60] });
  const { page } = view;
  try {
    await page.evaluate(() => window.__parley.record());
    await page.getByRole('button', { name: 'Talk', exact: true }).click();
    const said = await answer(page);
    assert.ok(said.length > 3, said);
    const user = await page.evaluate(() => window.__parley.playground.items.value
      .find((item) => item.role === 'user'));
    assert.match(user.text, /bye/i);
    await until(page, () => window.__parley.playground.items.value
      .some((item) => item.role === 'assistant' && item.heardMs.value + 30 >= item.audioMs));

    const starts = await page.evaluate(() => window.__parley.playbackStarts);
    assert.equal(starts.length, 1);
    assert.ok(starts[0].delayMs < 60, `playback began ${starts[0].delayMs} ms after the delta`);
    assert.equal(await page.evaluate(() => window.__parley.playground.underruns.value), 0);

    // The server's own figures, and the detector's trace.
    const turn = await page.evaluate(() => window.__parley.playground.turns.value[0]);
    assert.equal(turn.source, 'server');
    assert.ok(turn.totalMs >= turn.endpointWaitMs && turn.endpointWaitMs >= 150,
      JSON.stringify(turn));
    assert.ok(await page.evaluate(() => window.__parley.playground.timeline
      .vad(0, 1e9).some((sample) => sample.probability > 0.5)));
    assert.deepEqual(view.complaints, []);
  } finally {
    await view.close();
  }
});

test('an answer plays without a gap: what left the output graph has no dead stretch', async () => {
  const view = await openPage();
  const { page } = view;
  try {
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.evaluate(() => window.__parley.record());
    await say(page, 'What is seven times eight?');
    await answer(page);
    await until(page, () => window.__parley.playground.items.value
      .some((item) => item.role === 'assistant' && item.heardMs.value + 30 >= item.audioMs));
    const { rate, samples } = await page.evaluate(() => {
      const recording = window.__parley.recorded();
      return { rate: recording.rate, samples: Array.from(recording.samples) };
    });
    // Exact zeros are what an empty jitter buffer plays; a voice's pauses are never that quiet.
    const first = samples.findIndex((sample) => sample !== 0);
    const last = samples.findLastIndex((sample) => sample !== 0);
    let dead = 0;
    let longest = 0;
    for (let at = first; at < last; at += 1) {
      dead = samples[at] === 0 ? dead + 1 : 0;
      longest = Math.max(longest, dead);
    }
    assert.ok(last - first > rate, 'more than a second was played');
    assert.ok(longest / rate < 0.02, `${longest / rate} s of nothing inside the answer`);
    assert.equal(await page.evaluate(() => window.__parley.playground.underruns.value), 0);
  } finally {
    await view.close();
  }
});

test('speech over the answer stops it at once and tells the server what was heard', async () => {
  const view = await openPage({ microphone: [3.5, 'tt-somethingwrong', 60] });
  const { page } = view;
  try {
    await page.getByRole('button', { name: 'Talk', exact: true }).click();
    await until(page, () => window.__parley.playground.connection.value.phase === 'open');
    await say(page, kLongQuestion);
    const cut = await until(page, () => window.__parley.playground.items.value
      .find((item) => item.role === 'assistant' && item.truncatedAtMs !== null));
    assert.ok(cut.truncatedAtMs < cut.audioMs || cut.status === 'incomplete', JSON.stringify(cut));
    const [truncate] = await eventsOf(page, 'conversation.item.truncate');
    assert.equal(truncate.json.item_id, cut.id);
    assert.equal(truncate.json.audio_end_ms, cut.truncatedAtMs);
    assert.equal((await eventsOf(page, 'conversation.item.truncated')).length, 1);
    // The conversation goes on.
    await answer(page, 2);
    assert.ok(await page.getByText(/heard .* of .* s/).isVisible());
  } finally {
    await view.close();
  }
});

test('a typed turn is answered, replayed, retrieved and deleted', async () => {
  const view = await openPage();
  const { page } = view;
  try {
    await say(page, 'What is seven times eight?');
    assert.match(await answer(page), /56/);
    const item = page.locator('.item[data-role=assistant]').last();
    await item.getByRole('button', { name: 'Replay audio' }).first().click();
    await until(page, () => window.__parley.playground.replaying.value !== null);
    await item.getByRole('button', { name: 'Stop replaying' }).click();

    await item.locator('summary').click();
    await item.getByRole('button', { name: 'Retrieve raw item' }).click();
    await until(page, () => window.__parley.playground.items.value
      .some((one) => one.raw && one.role === 'assistant'));
    await item.locator('summary').click();
    await item.getByRole('button', { name: 'Delete' }).click();
    await until(page, () => !window.__parley.playground.items.value
      .some((one) => one.role === 'assistant'));
    assert.deepEqual(view.complaints, []);
  } finally {
    await view.close();
  }
});

for (const [how, prepare] of [
  ['by hand', async (page) => {
    await page.getByLabel('Calls of get_weather are answered').selectOption('manual');
  }],
  ['by a template', async () => {}],
  ['by a script', async (page) => {
    await page.getByLabel('Calls of get_weather are answered').selectOption('script');
    const script = page.getByLabel('Script for get_weather');
    await script.fill('return { sky: "clear", city: args.city };');
    await script.blur();
  }],
]) {
  test(`a tool call is shown and answered ${how}`, async () => {
    const view = await openPage();
    const { page } = view;
    try {
      await page.getByLabel('Presets').getByRole('button', { name: 'Tools' }).click();
      await prepare(page);
      await say(page, 'What is the weather in Paris?');
      if (how === 'by hand') {
        await page.getByLabel('Answer for get_weather').fill('{"sky": "clear"}');
        await page.getByRole('button', { name: 'Answer', exact: true }).click();
      }
      await answer(page);
      const call = await page.evaluate(() => window.__parley.playground.items.value
        .find((item) => item.kind === 'function_call'));
      assert.match(call.argumentsText, /Paris/i);
      assert.match(call.output, /clear/);
      assert.ok(await page.locator('.tool-call .output').isVisible());
      assert.deepEqual(view.complaints, []);
    } finally {
      await view.close();
    }
  });
}

test('push-to-talk sends what was said while the button was held', async () => {
  const view = await openPage({
    microphone: ['hello-world', 0.2, 'hello-world', 'hello-world', 60] });
  const { page } = view;
  try {
    await page.getByLabel('Presets').getByRole('button', { name: 'Push to talk' }).click();
    await page.getByRole('button', { name: 'Talk', exact: true }).click();
    const hold = page.getByRole('button', { name: 'Hold to talk' });
    await hold.dispatchEvent('pointerdown', { pointerId: 1 });
    await until(page, () => window.__parley.playground.mic.value.talking);
    await until(page, () => window.__parley.playground.timeline.user.endMs > 1500);
    await page.getByRole('button', { name: 'Release to send' })
      .dispatchEvent('pointerup', { pointerId: 1 });
    await answer(page);
    assert.ok((await eventsOf(page, 'input_audio_buffer.commit')).length >= 1);
  } finally {
    await view.close();
  }
});

test('a WAV file speaks where there is no microphone', async () => {
  const view = await openPage();
  const { page } = view;
  try {
    await page.getByLabel('WAV file that speaks for you').setInputFiles({
      name: 'goodbye.wav',
      mimeType: 'audio/wav',
      buffer: wavOf([0.3, 'vm-goodbye', 0.5], 16000),
    });
    await answer(page);
    const heard = await page.evaluate(() => window.__parley.playground.items.value
      .find((item) => item.role === 'user').text);
    assert.match(heard, /bye/i);
  } finally {
    await view.close();
  }
});

test('a denied microphone is explained, and typing goes on working', async () => {
  const view = await openPage({ microphone: null });
  const { page } = view;
  try {
    await page.getByRole('button', { name: 'Talk', exact: true }).click();
    await until(page, () => window.__parley.playground.mic.value.phase === 'denied');
    assert.ok(await page.locator('.notices').getByText(/microphone/i).first().isVisible());
    await say(page, 'Hello');
    await answer(page);
  } finally {
    await view.close();
  }
});

test('after a restart the page comes back and takes the conversation along', async () => {
  let server = await Server.start(binary());
  const { host } = server;
  const view = await openPage({ host });
  const { page } = view;
  try {
    await say(page, 'My name is Ada.');
    await answer(page);
    await server.stop();
    await until(page, () => window.__parley.playground.connection.value.phase === 'reconnecting');
    server = await Server.start(binary(), ['--listen', host]);
    await until(page, () => window.__parley.playground.connection.value.phase === 'open');
    await say(page, 'What is my name?');
    assert.match(await answer(page, 2), /Ada/);
  } finally {
    await view.close();
    await server.stop();
  }
});
