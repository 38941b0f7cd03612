// SPDX-License-Identifier: MIT
// The page as a desk to work at: knobs, inspection, exports, links; and that it is sound: quick,
// accessible, within its policy, and no heavier after half an hour.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { answer, eventsOf, openPage, say, until } from './browser.mjs';

const axe = readFileSync(
  new URL('../../../web/node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

async function download(page, button) {
  const [file] = await Promise.all([page.waitForEvent('download'), button.click()]);
  return readFileSync(await file.path());
}

test('knobs that are turned in a session show what the server made of them', async () => {
  const view = await openPage();
  const { page } = view;
  try {
    await page.getByRole('button', { name: 'Connect' }).click();
    await until(page, () => window.__parley.playground.session.value);
    await page.getByLabel('Instructions').fill('You are terse.');
    await page.getByLabel('Instructions').blur();
    await page.getByLabel('Silence that ends a turn').fill('480');
    await page.getByRole('button', { name: 'Far field' }).click();
    await page.getByLabel('Language').fill('en');
    await page.getByLabel('Language').blur();
    await until(page, () => {
      const { audio, instructions } = window.__parley.playground.session.value;
      return instructions === 'You are terse.' && audio.input.noise_reduction?.type === 'far_field'
        && audio.input.turn_detection.silence_duration_ms === 480
        && audio.input.transcription.language === 'en';
    });
    assert.ok(await page.getByRole('img', { name: 'The server accepted it' }).count() >= 3);

    await page.getByRole('button', { name: 'Semantic' }).click();
    await page.getByRole('button', { name: 'High', exact: true }).click();
    await until(page, () => window.__parley.playground.session.value.audio.input
      .turn_detection.eagerness === 'high');

    // After sound was heard the voice is settled: the refusal shows at the knob.
    await say(page, 'Hello');
    await answer(page);
    await page.getByLabel('Voice', { exact: true }).fill('verse');
    await page.getByLabel('Voice', { exact: true }).blur();
    await page.getByText(/Cannot update a conversation's voice/).first().waitFor();
    assert.deepEqual(view.complaints, []);
  } finally {
    await view.close();
  }
});

test('what is exported opens as what it says it is', async () => {
  const view = await openPage();
  const { page } = view;
  try {
    await say(page, 'What is seven times eight?');
    await answer(page);
    await until(page, () => window.__parley.playground.items.value
      .some((item) => item.role === 'assistant' && item.heardMs.value + 30 >= item.audioMs));
    const menu = page.locator('.top .menu');
    const exported = async (name) => {
      await menu.locator('summary').click();
      return download(page, menu.getByRole('button', { name }));
    };
    const json = JSON.parse(await exported('Conversation, JSON'));
    assert.ok(JSON.stringify(json).includes('seven times eight'));
    const markdown = String(await exported('Conversation, Markdown'));
    assert.match(markdown, /seven times eight/);
    assert.match(markdown, /56/);
    const events = String(await exported('Events, JSONL')).trim().split('\n').map((line) =>
      JSON.parse(line));
    assert.ok(events.length > 10);
    assert.ok(JSON.stringify(events).includes('session.created'));

    const wav = await exported(/Sound, WAV/);
    assert.equal(wav.toString('latin1', 0, 4) + wav.toString('latin1', 8, 12), 'RIFFWAVE');
    assert.equal(wav.readUInt16LE(22), 2, 'two channels');
    let loudest = 0;
    for (let at = 44 + 2; at + 1 < wav.length; at += 4) {
      loudest = Math.max(loudest, Math.abs(wav.readInt16LE(at)));
    }
    assert.ok(loudest > 1000, 'the assistant is on the right');
    assert.deepEqual(view.complaints, []);
  } finally {
    await view.close();
  }
});

test('events are filtered, opened and sent by hand', async () => {
  const view = await openPage();
  const { page } = view;
  try {
    await say(page, 'Hello');
    await answer(page);
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByLabel('Search events').fill('response.done');
    await page.locator('.event', { hasText: 'response.done' }).first().click();
    assert.match(await page.locator('.detail .json').innerText(), /"status": "completed"/);

    await page.getByText('Send an event').click();
    await page.getByLabel('Start from a template').selectOption('input_audio_buffer.clear');
    await page.locator('.raw-sender').getByRole('button', { name: 'Send' }).click();
    await until(page, () => true);
    await page.getByLabel('Search events').fill('input_audio_buffer.cleared');
    await page.locator('.event', { hasText: 'input_audio_buffer.cleared' }).waitFor();

    await page.getByLabel('Event as JSON').fill('{"type": "no.such.event"}');
    assert.ok(await page.locator('.raw-sender small').count() > 0, 'the schema has a word on it');
    await page.getByLabel('Event as JSON').fill('{"type": ');
    await page.locator('.raw-sender').getByRole('button', { name: 'Send' }).click();
    await page.locator('.raw-sender [role=alert]').waitFor();
    assert.deepEqual(view.complaints, []);
  } finally {
    await view.close();
  }
});

test('a link holds the settings and never the key', async () => {
  const view = await openPage();
  const { page } = view;
  try {
    await page.getByLabel('Instructions').fill('Speak like a pirate.');
    await page.getByLabel('Instructions').blur();
    await page.getByLabel('API key').fill('sk-very-secret');
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    const link = await page.evaluate(() => window.__parley.playground.actions.shareLink());
    assert.ok(!link.includes('very-secret') && !decodeURIComponent(link).includes('very-secret'));
    const other = await view.browser.newContext();
    const opened = await other.newPage();
    await opened.goto(link);
    assert.equal(await opened.getByLabel('Instructions').inputValue(), 'Speak like a pirate.');
    await page.getByRole('tab', { name: 'Code' }).click();
    for (const language of ['JavaScript', 'Python', 'websocat', 'C++']) {
      await page.getByRole('button', { name: language, exact: true }).click();
      const code = await page.locator('.code pre').innerText();
      assert.match(code, /Speak like a pirate/, language);
      assert.ok(!code.includes('very-secret'));
    }
  } finally {
    await view.close();
  }
});

test('the timeline and the panels work from the keyboard', async () => {
  const view = await openPage();
  const { page } = view;
  try {
    await say(page, 'Hello');
    await answer(page);
    await page.getByRole('application', { name: /Timeline/ }).focus();
    await page.keyboard.press('.');
    await page.locator('.timeline [role=status]').filter({ hasText: /seconds/ }).waitFor({
      state: 'attached' });
    await page.keyboard.press('Enter');
    assert.equal(await page.getByRole('tab', { name: 'Events' }).getAttribute('aria-selected'),
      'true');
    await page.getByRole('tab', { name: 'Events' }).focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.getByRole('tab', { name: 'Code' }).getAttribute('aria-selected'),
      'true');
    await say(page, 'Please count from one to ten.');
    await until(page, () => window.__parley.playground.activity.value.playing);
    await page.locator('.transcript').focus();
    await page.keyboard.press('Escape');
    await until(page, () => !window.__parley.playground.activity.value.playing);
    await until(page, () => window.__parley.playground.items.value
      .some((item) => item.truncatedAtMs !== null || item.status === 'incomplete'));
  } finally {
    await view.close();
  }
});

for (const [size, viewport] of [
  ['a desk', { width: 1440, height: 900 }],
  ['a phone', { width: 390, height: 844 }],
]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`every panel is accessible on ${size}, ${colorScheme}`, async () => {
      const view = await openPage({ context: { viewport, colorScheme } });
      const { page } = view;
      try {
        await say(page, 'What is seven times eight?');
        await answer(page);
        await page.evaluate(axe);
        const panels = size === 'a phone' ? page.getByLabel('Views') : page.getByRole('tablist');
        for (const panel of ['Talk', 'Settings', 'Latency', 'Events', 'Code']) {
          if (panel === 'Talk' && size !== 'a phone') continue;
          const role = size === 'a phone' ? 'button' : 'tab';
          await panels.getByRole(role, { name: panel }).click();
          const faults = await page.evaluate(async () => (await window.axe.run()).violations
            .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html)}`));
          assert.deepEqual(faults, [], panel);
          const overflow = await page.evaluate(() =>
            document.documentElement.scrollWidth > document.documentElement.clientWidth);
          assert.equal(overflow, false, `${panel} is wider than the screen`);
        }
        assert.deepEqual(view.complaints, []);
      } finally {
        await view.close();
      }
    });
  }
}

test("what a phone's header has no room for is in its menu", async () => {
  const view = await openPage({ context: { viewport: { width: 390, height: 844 } } });
  const { page } = view;
  try {
    await say(page, 'What is seven times eight?');
    await answer(page);
    await page.getByText('More', { exact: true }).click();
    assert.ok(await page.getByRole('button', { name: 'Copy a link' }).isVisible());
    await page.getByRole('button', { name: 'New conversation' }).click();
    await until(page, () => window.__parley.playground.items.value.length === 0);
    assert.equal(await page.getByRole('button', { name: 'New conversation' }).isVisible(), false);
  } finally {
    await view.close();
  }
});

// Half an hour of talk in a few seconds: the server is played by the test, as nobody has half an
// hour. 300 turns with their deltas, levels and transcripts.
test('half an hour of events leaves the page as light as a quarter did', async () => {
  let wire;
  const view = await openPage({
    before: (page) => page.routeWebSocket(/\/v1\/realtime/, (socket) => {
      wire = socket;
      socket.onMessage(() => {});
    }),
  });
  const { page } = view;
  let sent = 0;
  const send = (event) => wire.send(JSON.stringify({ event_id: `event_${sent += 1}`, ...event }));
  const sound = Buffer.alloc(4800).toString('base64');
  let offset = 0;
  const turn = (number) => {
    const [user, item, response] = [`item_u${number}`, `item_a${number}`, `resp_${number}`];
    const ref = { response_id: response, item_id: item, output_index: 0, content_index: 0 };
    const begin = offset;
    for (let at = 0; at < 20; at += 1) {
      offset += 100;
      send({ type: 'parley.vad', audio_end_ms: offset, probability: (at % 10) / 10, threshold: 0.5,
        speech: true });
    }
    send({ type: 'input_audio_buffer.speech_started', audio_start_ms: begin, item_id: user });
    send({ type: 'input_audio_buffer.speech_stopped', audio_end_ms: offset, item_id: user });
    send({ type: 'conversation.item.added', previous_item_id: null, item: { id: user,
      type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_audio',
        transcript: null }] } });
    send({ type: 'conversation.item.input_audio_transcription.completed', item_id: user,
      content_index: 0, transcript: `Question number ${number}, and what of it?` });
    send({ type: 'response.created', response: { id: response, status: 'in_progress' } });
    send({ type: 'conversation.item.added', previous_item_id: user, item: { id: item,
      type: 'message', role: 'assistant', status: 'in_progress', content: [] } });
    send({ type: 'response.content_part.added', ...ref, part: { type: 'audio', transcript: '' } });
    for (let at = 0; at < 20; at += 1) {
      send({ type: 'response.output_audio_transcript.delta', ...ref, delta: `word${at} ` });
      if (number % 25 === 0) send({ type: 'response.output_audio.delta', ...ref, delta: sound });
    }
    send({ type: 'conversation.item.done', previous_item_id: user, item: { id: item,
      type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_audio',
        transcript: `Answer number ${number}.` }] } });
    send({ type: 'response.done', response: { id: response, status: 'completed', output: [] } });
  };
  try {
    await page.getByRole('button', { name: 'Connect' }).click();
    await until(page, () => window.__parley.playground.connection.value.phase === 'open');
    send({ type: 'session.created', session: { id: 'sess_1', type: 'realtime', audio: {} } });
    await page.getByRole('tab', { name: 'Events' }).click();
    const inspector = await page.context().newCDPSession(page);
    const weigh = async () => {
      await until(page, (wanted) => window.__parley.playground.items.value.length >= wanted
        && window.__parley.playground.log.totals.value.received, done * 2);
      await inspector.send('HeapProfiler.collectGarbage');
      const { usedSize } = await inspector.send('Runtime.getHeapUsage');
      return { heap: usedSize, nodes: await page.evaluate(() =>
        document.getElementsByTagName('*').length) };
    };
    let done = 0;
    const talk = async (turns) => {
      for (let count = 0; count < turns; count += 1) {
        turn(done);
        done += 1;
        if (count % 10 === 9) await page.evaluate(() => new Promise(requestAnimationFrame));
      }
    };
    await talk(150);
    const quarter = await weigh();
    await talk(150);
    const half = await weigh();
    assert.ok(half.nodes < 3000, `${half.nodes} elements`);
    assert.ok(half.nodes < quarter.nodes * 1.2, `${quarter.nodes} elements became ${half.nodes}`);
    assert.ok(half.heap - quarter.heap < 24e6,
      `${((half.heap - quarter.heap) / 1e6).toFixed(1)} MB more`);
    // Still quick: the list scrolls to its beginning and back, and a click opens an event.
    await page.locator('.event-list').evaluate((list) => { list.scrollTop = 0; });
    await page.locator('.event').first().click();
    await page.locator('.detail').waitFor();
    assert.deepEqual(view.complaints, []);
  } finally {
    await view.close();
  }
});

test('files are cached for good or asked for again, and nothing foreign is loaded', async () => {
  const loaded = [];
  const view = await openPage({
    before: (page) => page.on('response', (response) => loaded.push(response)),
  });
  const { page } = view;
  try {
    await until(page, () => window.__parley);
    const origin = new URL(page.url()).origin;
    for (const response of loaded) {
      const url = new URL(response.url());
      assert.equal(url.origin, origin);
      const headers = await response.allHeaders();
      if (url.pathname.startsWith('/assets/')) assert.match(headers['cache-control'], /immutable/);
      if (url.pathname === '/') {
        assert.equal(headers['cache-control'], 'no-cache');
        assert.match(headers['content-security-policy'], /default-src 'none'/);
        assert.doesNotMatch(headers['content-security-policy'], /unsafe/);
        const again = await page.request.get(url.href, {
          headers: { 'If-None-Match': headers.etag } });
        assert.equal(again.status(), 304);
      }
    }
    assert.ok(loaded.length >= 3);
    const { duration } = await page.evaluate(() => performance
      .getEntriesByType('navigation')[0].toJSON());
    console.log(`loaded in ${Math.round(duration)} ms`);
    assert.equal((await eventsOf(page, 'error')).length, 0);
  } finally {
    await view.close();
  }
});
