// SPDX-License-Identifier: MIT
//
// What acts: the connection and its returns, tool answers, exports.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, Settings, ToolAnswer } from '../src/core/api';
import { AudioStore } from '../src/core/audio_store';
import { RealtimeConnection, retryWaitMs, type SocketLike } from '../src/core/connection';
import { Conversation } from '../src/core/conversation';
import { conversationJson, conversationMarkdown, conversationWav } from '../src/core/export';
import { defaultSettings, mergeSettings } from '../src/core/settings';
import { ToolDesk } from '../src/core/tool_desk';
import { fillTemplate, parseArguments } from '../src/core/tool_template';
import { flow } from './flows';

class Socket implements SocketLike {
  readyState = 0;
  bufferedAmount = 0;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: string[] = [];
  closedWith: number | undefined;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {}

  send(text: string): void {
    this.sent.push(text);
  }

  close(code?: number): void {
    this.closedWith = code;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.(undefined as never);
  }

  break(code = 1006, reason = ''): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

/** A connection in a world whose sockets and timers the test moves. */
class Wire {
  readonly sockets: Socket[] = [];
  readonly heard: string[] = [];
  timer: { ms: number; run: () => void } | null = null;
  readonly connection = new RealtimeConnection(
    {
      opened: (again) => this.heard.push(again ? 'opened again' : 'opened'),
      received: (event) => this.heard.push(`got ${String(event.type)}`),
      sent: (event, bytes) => this.heard.push(`sent ${String(event.type)} ${bytes}`),
      lost: () => this.heard.push('lost'),
      gaveUp: (reason) => this.heard.push(`gave up: ${reason}`),
    },
    {
      open: (url, protocols) => {
        const socket = new Socket(url, protocols);
        this.sockets.push(socket);
        return socket;
      },
      now: () => 1000,
      random: () => 0,
      later: (ms, run) => (this.timer = { ms, run }),
      cancel: () => (this.timer = null),
    },
  );

  get socket(): Socket {
    return this.sockets.at(-1) as Socket;
  }

  fire(): void {
    const { timer } = this;
    this.timer = null;
    timer?.run();
  }
}

test('the token travels as a sub-protocol, never in the address', async () => {
  const wire = new Wire();
  const opened = wire.connection.connect('ws://h/v1/realtime?model=m', 'sesame');
  assert.deepEqual(wire.socket.protocols, ['realtime', 'openai-insecure-api-key.sesame']);
  assert.ok(!wire.socket.url.includes('sesame'));
  wire.socket.open();
  await opened;
  assert.equal(wire.connection.state.value.phase, 'open');
});

test('what is sent is counted in bytes of UTF-8', () => {
  const wire = new Wire();
  void wire.connection.connect('ws://h', '');
  assert.equal(wire.connection.send({ type: 'x' }), false);
  wire.socket.open();
  const event = { type: 'x', text: 'aé你🎉' };
  assert.equal(wire.connection.send(event), true);
  assert.equal(
    wire.heard.at(-1),
    `sent x ${new TextEncoder().encode(JSON.stringify(event)).length}`,
  );
});

test('a broken connection comes back by itself, waiting longer each time', () => {
  const wire = new Wire();
  void wire.connection.connect('ws://h', '');
  wire.socket.open();
  wire.socket.break();
  const waits: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    assert.equal(wire.connection.state.value.phase, 'reconnecting');
    assert.notEqual(wire.connection.state.value.reason, '');
    waits.push(wire.timer?.ms ?? 0);
    wire.fire();
    wire.socket.break();
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  wire.fire();
  wire.socket.open();
  assert.equal(wire.connection.state.value.phase, 'open');
  assert.deepEqual(wire.heard, ['opened', 'lost', 'opened again']);
  wire.socket.break();
  assert.equal(wire.timer?.ms, 500, 'from the beginning after a success');
});

test('waits are shortened at random by up to a third', () => {
  assert.equal(retryWaitMs(1, 0), 500);
  assert.ok(Math.abs(retryWaitMs(1, 1) - 333.3) < 1);
});

test('the first connect is tried again too, and whoever waits hears of the failure', async () => {
  const wire = new Wire();
  const opened = wire.connection.connect('ws://h', '');
  wire.socket.break();
  await opened;
  assert.equal(wire.connection.state.value.phase, 'connecting');
  assert.match(wire.connection.state.value.reason, /cannot be reached/);
  assert.ok(wire.timer);
});

for (const [code, type] of [
  [3000, 'invalid_api_key'],
  [4000, 'invalid_model'],
] as const) {
  test(`what trying again cannot mend is not tried again: ${type}`, () => {
    const wire = new Wire();
    void wire.connection.connect('ws://h', '');
    wire.socket.open();
    wire.socket.onmessage?.({
      data: JSON.stringify({ type: 'error', error: { code: type, message: 'In kind words.' } }),
    });
    wire.socket.break(code, 'invalid_request_error');
    assert.deepEqual(
      [wire.connection.state.value.phase, wire.connection.state.value.reason],
      ['closed', 'In kind words.'],
    );
    assert.equal(wire.timer, null);
  });
}

test('a disconnect is final and silent', () => {
  const wire = new Wire();
  void wire.connection.connect('ws://h', '');
  wire.socket.open();
  const { socket } = wire;
  wire.connection.disconnect();
  assert.equal(socket.closedWith, 1000);
  socket.break();
  assert.equal(wire.timer, null);
  assert.deepEqual(wire.heard, ['opened', 'lost']);
});

test('disconnecting while waiting to return ends the waiting', () => {
  const wire = new Wire();
  void wire.connection.connect('ws://h', '');
  wire.socket.break();
  wire.connection.disconnect();
  assert.equal(wire.timer, null);
});

test('frames that are no events are passed over', () => {
  const wire = new Wire();
  void wire.connection.connect('ws://h', '');
  wire.socket.open();
  for (const data of ['{', '[]', '7', new ArrayBuffer(3)]) wire.socket.onmessage?.({ data });
  assert.deepEqual(wire.heard, ['opened']);
});

test('late audio is given up when the link is full, events are not', () => {
  const wire = new Wire();
  void wire.connection.connect('ws://h', '');
  wire.socket.open();
  wire.socket.bufferedAmount = 5_000_000;
  assert.equal(wire.connection.sendAudio({ type: 'a' }), false);
  assert.equal(wire.connection.send({ type: 'b' }), true);
});

// ----------------------------------------------------------------------------------------- tools

const kCall = {
  id: 'call_1',
  name: 'get_weather',
  args: { city: 'São "Paulo"', days: [1, 2], deep: { x: null } },
};

test('a template fills JSON so that it stays JSON', () => {
  const filled = fillTemplate(
    '{"a": {{args.city}}, "b": "in {{args.city}}", "c": {{ args }}, "d": {{args.missing}}, ' +
      '"e": "{{call_id}}", "f": {{args.days.1}}}',
    kCall,
    'now',
  );
  assert.deepEqual(JSON.parse(filled), {
    a: 'São "Paulo"',
    b: 'in São "Paulo"',
    c: kCall.args,
    d: null,
    e: 'call_1',
    f: 2,
  });
});

test('a template of plain text gets plain text', () => {
  assert.equal(
    fillTemplate('It is {{now}} in {{args.city}}: {{args.days}}', kCall, 'noon'),
    'It is noon in São "Paulo": [1,2]',
  );
  assert.equal(fillTemplate('{{args.constructor}}{{nothing}}', kCall, ''), '');
});

test('arguments that are no JSON are kept as text', () => {
  assert.deepEqual(
    [parseArguments('{"a":1}'), parseArguments(''), parseArguments('{"a')],
    [{ a: 1 }, {}, '{"a'],
  );
});

class Desk {
  readonly conversation = new Conversation();
  readonly sent: JsonObject[] = [];
  settings: Settings;
  responding = true;
  scripts: ((output: string | Error) => void)[] = [];
  readonly desk = new ToolDesk({
    conversation: this.conversation,
    settings: () => this.settings,
    send: (event) => this.sent.push(event) > 0,
    runScript: () =>
      new Promise((resolve, reject) =>
        this.scripts.push((output) =>
          typeof output === 'string' ? resolve(output) : reject(output),
        ),
      ),
    responding: () => this.responding,
    changed: () => {},
  });

  constructor(mode: ToolAnswer['mode'], more: Partial<Settings> = {}) {
    this.settings = mergeSettings(defaultSettings, {
      ...more,
      toolAnswers: {
        get_weather: { mode, template: '{"city":{{args.city}}}', script: 'return 1' },
      },
    });
    for (const { dir, event } of flow('function-call-parallel')) {
      if (dir === 'client' && (event.item as JsonObject)?.type === 'function_call_output') break;
      if (dir === 'server') this.conversation.receive(event, 0);
      if (event.type === 'response.output_item.done') this.desk.look();
    }
  }

  done(): void {
    this.responding = false;
    this.desk.look();
    this.desk.goOn();
  }

  types(): unknown[] {
    return this.sent.map((event) => (event.item as JsonObject)?.output ?? event.type);
  }
}

test('templates answer every call once, and the conversation goes on after the response', () => {
  const desk = new Desk('template');
  assert.deepEqual(desk.types(), ['{"city":"Rome"}', '{"city":"Oslo"}']);
  desk.done();
  desk.desk.goOn();
  assert.deepEqual(desk.types(), ['{"city":"Rome"}', '{"city":"Oslo"}', 'response.create']);
});

test('by hand, the conversation waits for the last answer', () => {
  const desk = new Desk('manual');
  desk.done();
  const [first, second] = desk.conversation.openCalls();
  desk.desk.answer(first?.callId ?? '', 'a');
  assert.deepEqual(desk.types(), ['a']);
  desk.desk.answer(first?.callId ?? '', 'again');
  desk.desk.answer(second?.callId ?? '', 'b');
  assert.deepEqual(desk.types(), ['a', 'b', 'response.create']);
  assert.deepEqual(desk.conversation.openCalls(), []);
});

test('a response after the answers is asked for only when that is wanted', () => {
  const desk = new Desk('template', { continueAfterTools: false });
  desk.done();
  assert.ok(!desk.types().includes('response.create'));
});

test('a script that fails says why and leaves the call to the hand', async () => {
  const desk = new Desk('script');
  desk.done();
  assert.equal(desk.conversation.openCalls()[0]?.answering, 'running');
  desk.scripts[0]?.(new Error('city is not defined'));
  desk.scripts[1]?.('fine');
  await new Promise((resolve) => setImmediate(resolve));
  const [open] = desk.conversation.openCalls();
  assert.deepEqual([open?.answering, open?.answerError], ['failed', 'city is not defined']);
  desk.desk.answer(open?.callId ?? '', 'by hand');
  assert.deepEqual(desk.types(), ['fine', 'by hand', 'response.create']);
});

test('the answer of a script that outlived its session goes nowhere', async () => {
  const desk = new Desk('script');
  desk.desk.clear();
  desk.conversation.interruptAll();
  desk.scripts[0]?.('late');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(desk.types(), []);
  assert.deepEqual(desk.conversation.openCalls(), []);
});

// --------------------------------------------------------------------------------------- exports

function conversed(name: string) {
  const conversation = new Conversation();
  for (const { dir, event } of flow(name))
    if (dir === 'server') conversation.receive(event, 61_000);
  return {
    items: conversation.items(),
    turns: [],
    settings: defaultSettings,
    session: null,
    exportedAt: new Date(0),
  };
}

test('the conversation as JSON holds every item and its words', () => {
  const from = conversed('function-call-parallel');
  const value = JSON.parse(conversationJson(from)) as { items: JsonObject[]; session: JsonObject };
  assert.equal(value.items.length, from.items.length);
  assert.equal(value.session.type, 'realtime');
  const call = value.items.find((item) => item.type === 'function_call');
  assert.deepEqual([call?.name, call?.output], ['get_weather', '{"temp_c":21}']);
});

test('the conversation as Markdown reads like one, and code cannot break out of its fence', () => {
  const from = conversed('function-call-parallel');
  const text = conversationMarkdown(from);
  assert.match(text, /\*\*User\*\* · 1:01/);
  assert.match(text, /Calls `get_weather`:/);
  const [item] = from.items.filter((other) => other.kind === 'function_call');
  assert.ok(item);
  const tricky = conversationMarkdown({
    ...from,
    items: [{ ...item, argumentsText: '```\n# Not a title' }],
  });
  assert.match(tricky, /````json/);
});

test('the conversation as WAV has two channels, or is not there', () => {
  const store = new AudioStore(1 << 20);
  assert.equal(conversationWav(store), null);
  store.addUser(new Int16Array(2400).fill(5), 24000, 100);
  const wav = conversationWav(store);
  assert.ok(wav);
  const view = new DataView(wav);
  assert.deepEqual(
    [view.getUint16(22, true), view.getUint32(24, true), wav.byteLength],
    [2, 24000, 44 + 2400 * 4],
  );
});
