// SPDX-License-Identifier: MIT
//
// The whole engine, with the real worklets, in a browser in a box.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../src/core/api';
import { decodeBase64, encodeBase64 } from '../src/core/base64';
import { encodeSamples, toPcm16 } from '../src/core/samples';
import { writeWav } from '../src/core/wav';
import { Browser } from './browser';
import { flow, rms, sine } from './flows';

const kSession = flow('vad-turn')[0]?.event.session as JsonObject;

async function connected(link = ''): Promise<Browser> {
  const browser = await Browser.open(link);
  const opened = browser.playground.actions.connect();
  await browser.settle();
  browser.open();
  await opened;
  browser.server({ type: 'session.created', event_id: 'e', session: kSession });
  await browser.settle();
  return browser;
}

function beginAnswer(browser: Browser, id = 'item_a', responseId = 'resp_a'): void {
  browser.server({ type: 'response.created', response: { id: responseId, status: 'in_progress' } });
  const item = { id, type: 'message', role: 'assistant', status: 'in_progress', content: [] };
  browser.server({ type: 'response.output_item.added', response_id: responseId, item });
  browser.server({ type: 'conversation.item.added', previous_item_id: null, item });
  browser.server({
    type: 'response.content_part.added',
    response_id: responseId,
    item_id: id,
    content_index: 0,
    part: { type: 'audio' },
  });
}

function sound(
  browser: Browser,
  samples: Float32Array,
  id = 'item_a',
  responseId = 'resp_a',
): void {
  const delta = encodeBase64(encodeSamples('pcm24', toPcm16(samples)));
  browser.server({
    type: 'response.output_audio.delta',
    response_id: responseId,
    item_id: id,
    content_index: 0,
    delta,
  });
}

function endAnswer(
  browser: Browser,
  status = 'completed',
  reason = '',
  responseId = 'resp_a',
): void {
  browser.server({
    type: 'response.done',
    response: { id: responseId, status, status_details: { reason } },
  });
}

test('the session opens with sub-protocol, model and metrics, and sends what differs', async () => {
  const browser = await connected();
  const url = new URL(browser.socket.url);
  assert.deepEqual(
    [url.searchParams.get('model'), url.searchParams.get('parley.events')],
    ['parley', 'metrics'],
  );
  assert.deepEqual(browser.socket.protocols, ['realtime']);
  assert.deepEqual(browser.sentTypes(), ['session.update']);
  const { connection, activity } = browser.playground;
  assert.deepEqual([connection.value.phase, connection.value.sessionId], ['open', kSession.id]);
  assert.deepEqual(activity.value, {
    userSpeaking: false,
    responding: false,
    playing: false,
    pendingToolCalls: 0,
  });
});

test('an answer sounds at once, without a gap, and is heard to its end', async () => {
  const browser = await connected();
  beginAnswer(browser);
  const tone = sine(500, 24000, 1);
  sound(browser, tone.subarray(0, 2400));
  const before = browser.heard.length;
  await browser.pass(30);
  const first = browser.heard.findIndex((value, at) => at >= before && Math.abs(value) > 0.05);
  assert.ok(first >= 0 && (first - before) / 48 < 10, `started after ${(first - before) / 48} ms`);
  sound(browser, tone.subarray(2400));
  browser.server({ type: 'response.output_audio.done', response_id: 'resp_a', item_id: 'item_a' });
  endAnswer(browser);
  await browser.pass(1200);
  const [item] = browser.playground.items.value;
  assert.ok(Math.abs((item?.heardMs.value ?? 0) - 1000) < 1);
  assert.equal(Math.round(item?.audioMs ?? 0), 1000);
  const body = browser.heard.slice(before + 2000, before + 46000);
  for (let at = 0; at + 480 < body.length; at += 480)
    assert.ok(rms(body, at, at + 480) > 0.3, `gap at ${at / 48} ms`);
  assert.equal(browser.playground.underruns.value, 0);
  assert.equal(browser.playground.activity.value.playing, false);
  const playback = browser.playground.timeline.marks.find((mark) => mark.kind === 'playback');
  assert.ok(Math.abs((playback?.endMs ?? 0) - (playback?.startMs ?? 0) - 1000) < 30);
});

test('speech over an answer silences it and tells the server what was heard', async () => {
  const browser = await connected();
  beginAnswer(browser);
  sound(browser, sine(500, 24000, 3));
  await browser.pass(700);
  browser.server({
    type: 'input_audio_buffer.speech_started',
    audio_start_ms: 0,
    item_id: 'item_u',
  });
  const stopped = browser.heard.length;
  sound(browser, sine(500, 24000, 1)); // one that was already on its way
  endAnswer(browser, 'cancelled', 'turn_detected');
  await browser.pass(300);
  assert.ok(browser.heard.slice(stopped + 200).every((value) => value === 0));
  const truncate = browser.last('conversation.item.truncate');
  assert.equal(truncate?.item_id, 'item_a');
  assert.equal(truncate?.content_index, 0);
  const heardMs = truncate?.audio_end_ms as number;
  const begin = browser.heard.findIndex((value) => value !== 0);
  const end = browser.heard.length - [...browser.heard].reverse().findIndex((value) => value !== 0);
  const sounded = (end - begin) / 48;
  assert.ok(
    Number.isInteger(heardMs) && Math.abs(heardMs - sounded) <= 3,
    `${heardMs} against ${sounded}`,
  );
  assert.equal(
    browser.sentTypes().filter((type) => type === 'conversation.item.truncate').length,
    1,
  );
  assert.equal(
    browser.playground.items.value.find((item) => item.id === 'item_a')?.truncatedAtMs,
    heardMs,
  );
  assert.ok(browser.playground.timeline.marks.some((mark) => mark.kind === 'interruption'));
});

test('speech does not silence an answer when the session says so', async () => {
  const browser = await connected();
  const session = structuredClone(kSession) as { audio: { input: { turn_detection: JsonObject } } };
  session.audio.input.turn_detection.interrupt_response = false;
  browser.server({ type: 'session.updated', session: session as unknown as JsonObject });
  beginAnswer(browser);
  sound(browser, sine(500, 24000, 1));
  await browser.pass(200);
  browser.server({
    type: 'input_audio_buffer.speech_started',
    audio_start_ms: 0,
    item_id: 'item_u',
  });
  await browser.pass(200);
  assert.equal(browser.last('conversation.item.truncate'), undefined);
  assert.ok(rms(browser.heard.slice(-4800)) > 0.3);
});

test('speech after an answer was heard to its end cuts nothing', async () => {
  const browser = await connected();
  beginAnswer(browser);
  sound(browser, sine(500, 24000, 0.3));
  browser.server({ type: 'response.output_audio.done', response_id: 'resp_a', item_id: 'item_a' });
  endAnswer(browser);
  await browser.pass(500);
  browser.server({
    type: 'input_audio_buffer.speech_started',
    audio_start_ms: 0,
    item_id: 'item_u',
  });
  await browser.pass(50);
  assert.equal(browser.last('conversation.item.truncate'), undefined);
});

test('an answer that outruns its audio is told as an underrun and goes on', async () => {
  const browser = await connected();
  beginAnswer(browser);
  sound(browser, sine(500, 24000, 0.1));
  await browser.pass(300);
  assert.equal(browser.playground.underruns.value, 1);
  sound(browser, sine(500, 24000, 0.5));
  browser.server({ type: 'response.output_audio.done', response_id: 'resp_a', item_id: 'item_a' });
  await browser.pass(700);
  assert.ok(Math.abs((browser.playground.items.value[0]?.heardMs.value ?? 0) - 600) < 1);
});

test('the button stops response and sound; a typed message does so by itself', async () => {
  const browser = await connected();
  beginAnswer(browser);
  sound(browser, sine(500, 24000, 3));
  await browser.pass(200);
  browser.sent.length = 0;
  const typed = browser.playground.actions.sendText('  Stop, please. ');
  await browser.settle();
  assert.deepEqual(browser.sentTypes(), ['response.cancel', 'conversation.item.truncate']);
  endAnswer(browser, 'cancelled', 'client_cancelled');
  await typed;
  assert.deepEqual(browser.sentTypes().slice(2), ['conversation.item.create', 'response.create']);
  const item = browser.last('conversation.item.create')?.item as { content: JsonObject[] };
  assert.deepEqual(item.content, [{ type: 'input_text', text: 'Stop, please.' }]);
});

// -------------------------------------------------------------------------------- the microphone

function speak(browser: Browser, samples: Float32Array): void {
  for (let at = 0; at < samples.length; at += 128) {
    const block = new Float32Array(128);
    block.set(samples.subarray(at, at + 128));
    browser.speech.push(block);
  }
}

function appended(browser: Browser): Int16Array {
  const bytes = browser.sent
    .filter((event) => event.type === 'input_audio_buffer.append')
    .map((event) => decodeBase64(event.audio as string));
  const all = new Uint8Array(bytes.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of bytes) {
    all.set(part, at);
    at += part.length;
  }
  return new Int16Array(all.buffer);
}

test('the microphone is appended at the rate of the session, 20 ms at a time', async () => {
  const browser = await connected();
  await browser.playground.actions.startMic();
  assert.equal(browser.playground.mic.value.phase, 'on');
  speak(browser, sine(400, 48000, 1));
  await browser.pass(1000);
  const samples = appended(browser);
  assert.ok(Math.abs(samples.length - 24000) < 600, `${samples.length}`);
  const appends = browser.sent.filter((event) => event.type === 'input_audio_buffer.append');
  assert.ok(appends.length >= 49 && appends.length <= 51);
  const ideal = sine(400, 24000, 1);
  for (let at = 480; at < 22000; at += 1) {
    assert.ok(Math.abs((samples[at] as number) / 32768 - (ideal[at] as number)) < 0.01, `at ${at}`);
  }
  const levels = new Float32Array(2);
  browser.playground.timeline.user.read(300, 320, 1, levels);
  assert.ok((levels[0] ?? 0) > 0.4);
  assert.ok(browser.playground.userLevel.value > 0);
});

test('telephone formats are appended as eight thousand bytes a second', async () => {
  const browser = await connected();
  browser.playground.actions.updateSettings({ inputFormat: 'pcmu' });
  await browser.until(
    () => browser.sentTypes().filter((type) => type === 'session.update').length === 2,
  );
  const update = browser.last('session.update')?.session as { audio: { input: JsonObject } };
  assert.deepEqual(update.audio.input.format, { type: 'audio/pcmu' });
  await browser.playground.actions.startMic();
  await browser.pass(1000);
  const bytes = browser.sent
    .filter((event) => event.type === 'input_audio_buffer.append')
    .reduce((sum, event) => sum + decodeBase64(event.audio as string).length, 0);
  assert.ok(Math.abs(bytes - 8000) < 200, `${bytes}`);
});

test('push-to-talk sends only while it is held, then commits and asks for an answer', async () => {
  const browser = await connected();
  browser.playground.actions.updateSettings({ pushToTalk: true });
  await browser.playground.actions.startMic();
  await browser.pass(500);
  assert.ok(!browser.sentTypes().includes('input_audio_buffer.append'));
  await browser.playground.actions.pushToTalkDown();
  assert.equal(browser.playground.mic.value.talking, true);
  await browser.pass(500);
  browser.playground.actions.pushToTalkUp();
  await browser.pass(200);
  const types = browser.sentTypes().filter((type) => type !== 'session.update');
  assert.equal(types[0], 'input_audio_buffer.clear');
  assert.deepEqual(types.slice(-2), ['input_audio_buffer.commit', 'response.create']);
  const appends = types.filter((type) => type === 'input_audio_buffer.append').length;
  assert.ok(appends >= 24 && appends <= 26, `${appends}`);
});

test('a tap is too short to be a turn, and says so', async () => {
  const browser = await connected();
  browser.playground.actions.updateSettings({ pushToTalk: true });
  await browser.playground.actions.startMic();
  await browser.playground.actions.pushToTalkDown();
  await browser.pass(40);
  browser.playground.actions.pushToTalkUp();
  await browser.settle();
  assert.ok(!browser.sentTypes().includes('input_audio_buffer.commit'));
  assert.match(browser.playground.notices.value[0]?.text ?? '', /too short/);
});

for (const [error, phase] of [
  ['NotAllowedError', 'denied'],
  ['NotFoundError', 'missing'],
  ['NotReadableError', 'failed'],
] as const) {
  test(`a microphone that fails with ${error} is explained, and text still works`, async () => {
    const browser = await connected();
    browser.microphoneError = error;
    await browser.playground.actions.startMic();
    const { mic } = browser.playground;
    assert.equal(mic.value.phase, phase);
    assert.match(mic.value.message, /microphone/i);
    await browser.playground.actions.sendText('Hello');
    assert.ok(browser.sentTypes().includes('response.create'));
  });
}

test('a file that is no WAV is refused in words', async () => {
  const browser = await connected();
  await browser.playground.actions.playWavFile(new Blob(['hello']));
  assert.match(browser.playground.notices.value[0]?.text ?? '', /not a WAV/);
  await browser.playground.actions.playWavFile(new Blob([writeWav(8000, [new Int16Array(0)])]));
  assert.match(browser.playground.notices.value[1]?.text ?? '', /no sound/);
});

// ---------------------------------------------------------------------------------------- breaks

test('after a break settings and conversation are handed over, and shown once', async () => {
  const browser = await connected();
  for (const { dir, event } of flow('vad-turn').slice(3))
    if (dir === 'server') browser.server(event);
  await browser.settle();
  const before = browser.playground.items.value.map((item) => [item.id, item.text]);
  assert.equal(before.length, 2);
  browser.break();
  await browser.settle();
  assert.equal(browser.playground.connection.value.phase, 'reconnecting');
  browser.sent.length = 0;
  const again = browser.playground.actions.connect(); // an impatient user
  await browser.settle();
  browser.open();
  await again;
  browser.server({ type: 'session.created', session: kSession });
  await browser.settle();
  const created = browser.sent.filter((event) => event.type === 'conversation.item.create');
  assert.deepEqual(browser.sentTypes()[0], 'session.update');
  assert.deepEqual(
    created.map((event) => (event.item as JsonObject).id),
    before.map(([id]) => id),
  );
  for (const event of created) {
    const item = { ...(event.item as JsonObject), status: 'completed' };
    browser.server({ type: 'conversation.item.added', previous_item_id: null, item });
    browser.server({ type: 'conversation.item.done', previous_item_id: null, item });
  }
  await browser.settle();
  assert.deepEqual(
    browser.playground.items.value.map((item) => [item.id, item.text]),
    before,
  );
  const outage = browser.playground.timeline.marks.find((mark) => mark.kind === 'connection');
  assert.notEqual(outage?.endMs, null);
});

test('a new conversation starts from nothing', async () => {
  const browser = await connected();
  for (const { dir, event } of flow('text-turn').slice(1))
    if (dir === 'server') browser.server(event);
  await browser.settle();
  const fresh = browser.playground.actions.newConversation();
  await browser.settle();
  browser.open();
  await fresh;
  browser.server({ type: 'session.created', session: kSession });
  await browser.settle();
  const { items, timeline, turns } = browser.playground;
  assert.deepEqual([items.value.length, timeline.marks.length, turns.value.length], [0, 0, 0]);
  assert.equal(browser.sockets.length, 2);
});

// ---------------------------------------------------------------------------- many of everything

test('half an hour of events leaves lists of bounded length', async () => {
  const browser = await connected();
  const vad = { type: 'parley.vad', probability: 0.4, threshold: 0.5, speech: false };
  for (let turn = 0; turn < 600; turn += 1) {
    const [user, answer, response] = [`u${turn}`, `a${turn}`, `r${turn}`];
    browser.server({
      type: 'input_audio_buffer.speech_started',
      audio_start_ms: turn * 3000,
      item_id: user,
    });
    for (let at = 0; at < 30; at += 1)
      browser.server({ ...vad, audio_end_ms: turn * 3000 + at * 100 });
    browser.server({
      type: 'input_audio_buffer.speech_stopped',
      audio_end_ms: turn * 3000 + 1000,
      item_id: user,
    });
    browser.server({ type: 'input_audio_buffer.committed', item_id: user, previous_item_id: null });
    browser.server({
      type: 'conversation.item.added',
      item: { id: user, type: 'message', role: 'user', content: [{ type: 'input_audio' }] },
    });
    beginAnswer(browser, answer, response);
    for (let at = 0; at < 20; at += 1) {
      browser.server({
        type: 'response.output_audio_transcript.delta',
        response_id: response,
        item_id: answer,
        content_index: 0,
        delta: 'word ',
      });
    }
    endAnswer(browser, 'completed', '', response);
    browser.nowMs += 3000;
    if (turn % 50 === 0) await browser.settle();
  }
  await browser.settle();
  const { items, log, timeline, turns } = browser.playground;
  assert.equal(items.value.length, 1200);
  assert.ok(timeline.marks.length <= 20_000 && turns.value.length <= 500);
  await browser.until(() => log.totals.value.received > 30_000);
  assert.ok(log.visible.value.length <= 5000 && log.totals.value.dropped > 0);
  log.clear();
  assert.equal(log.visible.value.length, 0);
});

test('raw events are sent as they are, and refused in words when they cannot be', async () => {
  const browser = await connected();
  const { actions } = browser.playground;
  assert.equal(actions.sendRaw('{"type":"response.cancel"}'), null);
  assert.deepEqual(browser.sent.at(-1), { type: 'response.cancel' });
  assert.match(actions.sendRaw('{') ?? '', /not JSON/);
  assert.match(actions.sendRaw('[]') ?? '', /object/);
  browser.break();
  assert.match(actions.sendRaw('{"type":"response.cancel"}') ?? '', /no connection/);
  actions.disconnect();
});

test('settings of a link are taken, and what the page exports opens again', async () => {
  const first = await connected();
  first.playground.actions.updateSettings({ voice: 'cedar', speed: 1.25 });
  const link = new URL(first.playground.actions.shareLink()).hash;
  const browser = await connected(link);
  assert.deepEqual(
    [browser.playground.settings.value.voice, browser.playground.settings.value.speed],
    ['cedar', 1.25],
  );
  beginAnswer(browser);
  sound(browser, sine(500, 24000, 0.5));
  endAnswer(browser);
  await browser.pass(700);
  const wav = browser.playground.actions.exportWav();
  assert.ok(wav && wav.size > 44 + 24000 * 0.5 * 2);
  assert.match(await browser.playground.actions.exportMarkdown().text(), /Assistant/);
  assert.equal(
    (JSON.parse(await browser.playground.actions.exportJson().text()) as { items: unknown[] }).items
      .length,
    1,
  );
  assert.ok(
    (await browser.playground.actions.exportEventsJsonl().text()).includes('"dir":"server"'),
  );
});
