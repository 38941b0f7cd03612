// SPDX-License-Identifier: MIT
//
// Settings: merging, strangers' values, tools, the wire, what the server accepts, links, presets
// and snippets.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Json, JsonObject, Settings, SettingsPatch } from '../src/core/api';
import { checkRawEvent, kEventTemplates } from '../src/core/event_templates';
import { kPresets } from '../src/core/presets';
import {
  defaultSettings,
  isJsonObject,
  mergeSettings,
  parseTools,
  sanitizeSettings,
  wireSession,
  wireSessionChange,
  wireTurnDetection,
} from '../src/core/settings';
import { SettingsStore, type KeyValueStore } from '../src/core/settings_store';
import {
  SettingsSync,
  adoptSession,
  formatName,
  interruptsOnSpeech,
  leaves,
} from '../src/core/settings_sync';
import { encodeSettings, settingsOfLink, shareLink } from '../src/core/share_link';
import { codeSnippet } from '../src/core/snippets';
import { encodeBase64Url } from '../src/core/base64';
import { flow } from './flows';

const kTools = '[{"type":"function","name":"get_weather","parameters":{"type":"object"}}]';

function withPatch(patch: SettingsPatch): Settings {
  return mergeSettings(defaultSettings, patch);
}

test('nested groups may be changed one knob at a time', () => {
  const settings = withPatch({ turnDetection: { threshold: 0.7 } });
  assert.equal(settings.turnDetection.threshold, 0.7);
  assert.equal(
    settings.turnDetection.silenceDurationMs,
    defaultSettings.turnDetection.silenceDurationMs,
  );
});

test('numbers outside their range take the nearest bound, other types are refused', () => {
  const settings = sanitizeSettings({
    speed: 9,
    maxOutputTokens: 1e9,
    voice: 7,
    turnDetection: { threshold: -1, idleTimeoutMs: 10, eagerness: 'mad' },
    toolAnswers: { a: { mode: 'script', script: 1 } },
  });
  assert.deepEqual(
    [settings.speed, settings.maxOutputTokens, settings.voice, settings.turnDetection.threshold],
    [1.5, 4096, 'alloy', 0],
  );
  assert.deepEqual(
    [settings.turnDetection.idleTimeoutMs, settings.turnDetection.eagerness],
    [5000, 'auto'],
  );
  assert.deepEqual(settings.toolAnswers.a, { mode: 'script', template: '', script: '' });
  for (const stranger of [null, 7, 'x', [], { turnDetection: 5, transcription: [] }]) {
    assert.deepEqual(sanitizeSettings(stranger), defaultSettings);
  }
});

test('tools are read, both forms, and mistakes are told in words', () => {
  assert.equal(parseTools(kTools).tools?.length, 1);
  assert.deepEqual(parseTools('').tools, []);
  const nested = parseTools('[{"type":"function","function":{"name":"f","description":"d"}}]');
  assert.deepEqual(nested.tools, [{ type: 'function', name: 'f', description: 'd' }]);
  for (const [text, says] of [
    ['{', /not JSON/],
    ['{}', /array/],
    ['[1]', /not an object/],
    ['[{}]', /no "type"/],
    ['[{"type":"function"}]', /name/],
    ['[{"type":"function","name":"a b"}]', /name/],
    ['[{"type":"function","name":"f"},{"type":"function","name":"f"}]', /Two tools/],
    ['[{"type":"function","name":"f","parameters":[]}]', /JSON Schema/],
  ] as const) {
    const { tools, error } = parseTools(text);
    assert.equal(tools, null);
    assert.match(error, says);
  }
});

test('push-to-talk and no detection are both null on the wire', () => {
  assert.equal(wireTurnDetection(withPatch({ pushToTalk: true })), null);
  assert.equal(wireTurnDetection(withPatch({ turnDetection: { type: 'none' } })), null);
  const semantic = wireTurnDetection(
    withPatch({ turnDetection: { type: 'semantic_vad', eagerness: 'low' } }),
  );
  assert.deepEqual(semantic, {
    type: 'semantic_vad',
    eagerness: 'low',
    create_response: true,
    interrupt_response: true,
  });
});

test('the session has the GA shape and nothing of the beta', () => {
  const session = wireSession(
    withPatch({
      instructions: 'Be brief.',
      toolChoice: 'get_weather',
      noiseReduction: 'far_field',
    }),
    parseTools(kTools).tools,
  );
  assert.equal(session.type, 'realtime');
  assert.deepEqual(session.tool_choice, { type: 'function', name: 'get_weather' });
  for (const field of ['temperature', 'modalities', 'voice', 'model'])
    assert.ok(!(field in session), field);
});

test('only what changed is sent, turn detection as a whole', () => {
  const before = wireSession(defaultSettings, []);
  const after = wireSession(withPatch({ speed: 1.2, turnDetection: { threshold: 0.9 } }), []);
  const change = wireSessionChange(before, after);
  assert.deepEqual(Object.keys(change ?? {}).sort(), ['audio', 'type']);
  const audio = change?.audio as { input: JsonObject; output: JsonObject };
  assert.deepEqual(audio.output, { speed: 1.2 });
  assert.equal((audio.input.turn_detection as JsonObject).silence_duration_ms, 200);
  assert.equal(wireSessionChange(before, before), null);
});

test('instructions that were emptied are cleared', () => {
  const before = wireSession(withPatch({ instructions: 'x' }), null);
  assert.deepEqual(wireSessionChange(before, wireSession(defaultSettings, null)), {
    type: 'realtime',
    instructions: '',
  });
});

// --------------------------------------------------------------------------- the server's answer

function created(): JsonObject {
  return structuredClone(flow('vad-turn')[0]?.event.session) as JsonObject;
}

class Server {
  readonly sent: JsonObject[] = [];
  readonly sync = new SettingsSync((event) => this.sent.push(event) > 0);
  session = created();

  /** Answers the last update the way the API does. */
  accept(change: (session: JsonObject) => void = () => {}): void {
    merge(this.session, this.sent.at(-1)?.session as JsonObject);
    change(this.session);
    this.sync.receive({ type: 'session.updated', session: structuredClone(this.session) });
  }

  refuse(param: string, message: string): void {
    this.sync.receive({
      type: 'error',
      error: { event_id: this.sent.at(-1)?.event_id ?? null, param, message },
    });
  }

  state(path: string): string | undefined {
    return this.sync.status.value.get(path)?.state;
  }
}

function merge(into: JsonObject, change: JsonObject): void {
  for (const [key, value] of Object.entries(change)) {
    const old = into[key];
    if (isJsonObject(value) && isJsonObject(old)) merge(old, value);
    else into[key] = value as Json;
  }
}

test('a fresh session gets only what differs from what it shows', () => {
  const server = new Server();
  server.sync.begin(created(), withPatch({ speed: 1.5 }), []);
  assert.equal(server.sent.length, 1);
  const paths = leaves(server.sent[0]?.session as JsonObject).map(([path]) => path);
  assert.ok(paths.includes('audio.output.speed'));
  assert.ok(!paths.includes('output_modalities') && !paths.includes('instructions'));
});

test('accepted, changed and pending knobs are told apart', () => {
  const server = new Server();
  server.sync.begin(created(), withPatch({ speed: 1.5, voice: 'marin' }), []);
  assert.equal(server.state('audio.output.speed'), 'pending');
  server.accept((session) => merge(session, { audio: { output: { speed: 1.25 } } }));
  assert.equal(server.state('audio.output.speed'), 'changed');
  assert.equal(server.sync.status.value.get('audio.output.speed')?.accepted, 1.25);
  assert.equal(server.state('audio.output.voice'), 'accepted');
});

test('a refused knob does not refuse the others', () => {
  const server = new Server();
  server.sync.begin(created(), defaultSettings, []);
  server.accept();
  server.sync.update(withPatch({ voice: 'marin', speed: 1.1 }), []);
  server.refuse('session.audio.output.voice', 'Cannot update voice.');
  assert.equal(server.state('audio.output.voice'), 'rejected');
  assert.equal(server.sync.status.value.get('audio.output.voice')?.message, 'Cannot update voice.');
  assert.deepEqual(server.sent.at(-1)?.session, {
    type: 'realtime',
    audio: { output: { speed: 1.1 } },
  });
  server.accept();
  assert.equal(server.state('audio.output.speed'), 'accepted');
});

test('a voice that may not change any more is not asked for again in this session', () => {
  const server = new Server();
  server.sync.begin(created(), defaultSettings, []);
  server.accept();
  server.sync.update(withPatch({ voice: 'marin', speed: 1.1 }), []);
  const refusal = {
    event_id: server.sent.at(-1)?.event_id ?? null,
    code: 'cannot_update_voice',
    param: null,
  };
  server.sync.receive({ type: 'error', error: refusal });
  assert.equal(server.state('audio.output.voice'), 'rejected');
  server.accept();
  server.sync.update(withPatch({ voice: 'marin', speed: 1.2 }), []);
  assert.deepEqual(server.sent.at(-1)?.session, {
    type: 'realtime',
    audio: { output: { speed: 1.2 } },
  });
  server.sync.update(withPatch({ voice: 'cedar', speed: 1.2 }), []);
  assert.deepEqual(server.sent.at(-1)?.session, {
    type: 'realtime',
    audio: { output: { voice: 'cedar' } },
  });
});

test('a refusal without a name is not tried again', () => {
  const server = new Server();
  server.sync.begin(created(), withPatch({ speed: 1.5 }), []);
  const count = server.sent.length;
  server.refuse('', 'No.');
  assert.equal(server.sent.length, count);
  assert.equal(server.state('audio.output.speed'), 'rejected');
});

test('audio is encoded in the format last asked for, unless that was refused', () => {
  const server = new Server();
  server.sync.begin(created(), defaultSettings, []);
  server.accept();
  server.sync.update(withPatch({ inputFormat: 'pcmu' }), []);
  assert.equal(server.sync.inputFormat, 'pcmu');
  server.refuse('session.audio.input.format.type', 'No.');
  assert.equal(server.sync.inputFormat, 'pcm24');
});

test('errors about other events are not taken for answers', () => {
  const server = new Server();
  server.sync.begin(created(), defaultSettings, []);
  assert.equal(server.sync.receive({ type: 'error', error: { event_id: 'other' } }), false);
});

test("knobs nobody turned take the server's own defaults", () => {
  const session = created();
  merge(session, {
    audio: { output: { voice: 'cedar' }, input: { turn_detection: { threshold: 0.8 } } },
  });
  const adopted = adoptSession(defaultSettings, session, (key) => key !== 'voice');
  assert.equal(adopted.voice, defaultSettings.voice);
  assert.equal(adopted.turnDetection.threshold, 0.8);
  merge(session, { audio: { input: { turn_detection: null } } });
  assert.equal(adoptSession(defaultSettings, session, () => true).turnDetection.type, 'none');
});

test('whether speech interrupts is read from the session', () => {
  const session = created();
  assert.equal(interruptsOnSpeech(session), true);
  merge(session, { audio: { input: { turn_detection: { interrupt_response: false } } } });
  assert.equal(interruptsOnSpeech(session), false);
  assert.equal(interruptsOnSpeech(null), false);
  assert.deepEqual([formatName({ type: 'audio/pcma' }), formatName(undefined)], ['pcma', 'pcm24']);
});

// ----------------------------------------------------------------------------- links and storage

test('a link holds the settings that differ, and gives them back', () => {
  const settings = withPatch({
    instructions: 'Sprich Deutsch. 你好 🎉',
    turnDetection: { type: 'semantic_vad' },
    toolsJson: kTools,
    toolAnswers: { get_weather: { mode: 'template', template: '{}', script: '' } },
  });
  const link = shareLink('http://127.0.0.1:7866/?x=1#old', settings);
  assert.ok(link.startsWith('http://127.0.0.1:7866/#s='));
  assert.deepEqual(settingsOfLink(new URL(link).hash), settings);
  assert.equal(encodeSettings(defaultSettings), encodeBase64Url(new TextEncoder().encode('{}')));
});

test('a link never holds what belongs to this machine', () => {
  const settings = withPatch({ micDeviceId: 'secret-device', outputVolume: 0.1 });
  const hash = `#s=${encodeSettings(settings)}`;
  assert.deepEqual(settingsOfLink(hash), defaultSettings);
});

test('a script in a link arrives switched off', () => {
  const settings = withPatch({
    toolAnswers: { f: { mode: 'script', template: '', script: 'return 1' } },
  });
  const back = settingsOfLink(`#s=${encodeSettings(settings)}`);
  assert.deepEqual(back?.toolAnswers.f, { mode: 'manual', template: '', script: 'return 1' });
});

test('broken links are no settings', () => {
  for (const hash of [
    '',
    '#',
    '#s=',
    '#s=%%%',
    '#s=!!!',
    '#s=bm90IGpzb24',
    '#other=1',
    `#s=${'A'.repeat(500_000)}`,
  ]) {
    assert.equal(settingsOfLink(hash), null, hash.slice(0, 20));
  }
});

function memory(): KeyValueStore & { readonly values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

test('turned knobs are remembered, untouched ones and the token are not', () => {
  const [local, tab] = [memory(), memory()];
  const store = new SettingsStore('', local, tab);
  store.adopt(created());
  store.update({ speed: 1.3 });
  store.setToken(' secret-token ');
  assert.deepEqual([...local.values.values()], ['{"speed":1.3}']);
  assert.equal(new SettingsStore('', local, tab).settings.value.speed, 1.3);
  assert.equal(new SettingsStore('', local, tab).token, 'secret-token');
  assert.ok(!shareLink('http://h/', store.settings.value).includes('secret-token'));
  store.reset();
  assert.equal(local.values.size, 0);
});

test('the last tools that made sense stay in force while others are typed', () => {
  const store = new SettingsStore('', memory(), memory());
  store.update({ toolsJson: kTools });
  store.update({ toolsJson: `${kTools},` });
  assert.deepEqual(store.toolNames.value, ['get_weather']);
  assert.match(store.toolsError.value, /not JSON/);
});

test('a browser without storage forgets, and works', () => {
  const broken: KeyValueStore = {
    getItem: () => {
      throw new Error('denied');
    },
    setItem: () => {
      throw new Error('denied');
    },
    removeItem: () => {
      throw new Error('denied');
    },
  };
  const store = new SettingsStore('', broken, broken);
  store.update({ speed: 1.2 });
  store.setToken('t');
  assert.deepEqual([store.settings.value.speed, store.token], [1.2, 't']);
});

// ------------------------------------------------------------------------ presets, snippets, raw

test('every preset is made of values that stand, and of tools that parse', () => {
  for (const preset of kPresets) {
    const settings = withPatch(preset.settings);
    for (const [key, value] of Object.entries(preset.settings)) {
      if (key === 'turnDetection') continue;
      assert.deepEqual(settings[key as keyof Settings], value, `${preset.id} ${key}`);
    }
    assert.equal(parseTools(settings.toolsJson).error, '');
  }
});

const kAwkward: SettingsPatch = {
  instructions: 'He said: "don\'t"\n\\ `${x}` 你好 🎉 )json" $(rm) ??=\nJSON )json',
  toolsJson: kTools,
  voice: "o'brien",
};

for (const patch of [{}, kAwkward, { modality: 'text' }, { outputFormat: 'pcmu' }] as const) {
  for (const origin of ['http://127.0.0.1:7866', 'https://[::1]:8443']) {
    const target = { origin, settings: withPatch(patch) };
    const name = `${JSON.stringify(patch).slice(0, 24)} at ${origin}`;

    test(`the Python snippet compiles: ${name}`, () => {
      const code = codeSnippet('python', target);
      execFileSync('python3', ['-c', 'import ast,sys; ast.parse(sys.stdin.read())'], {
        input: code,
      });
    });

    test(`the shell snippet is sound: ${name}`, () => {
      execFileSync('bash', ['-n'], { input: codeSnippet('curl', target) });
    });

    test(`the JavaScript snippet parses: ${name}`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'snippet-'));
      const file = join(folder, 'talk.mjs');
      writeFileSync(file, codeSnippet('javascript', target));
      try {
        execFileSync(process.execPath, ['--check', file], { stdio: 'pipe' });
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
}

test('the snippets hold the settings exactly, awkward text and all', () => {
  const settings = withPatch(kAwkward);
  const target = { origin: 'http://127.0.0.1:7866', settings };
  const session = wireSession(settings, parseTools(settings.toolsJson).tools);
  const python = codeSnippet('python', target).match(/^session = (\{[\s\S]*?^\})/m)?.[1] ?? '';
  const read = execFileSync(
    'python3',
    ['-c', 'import ast,json,sys; print(json.dumps(ast.literal_eval(sys.stdin.read())))'],
    {
      input: python,
    },
  );
  assert.deepEqual(JSON.parse(read.toString()), session);
  const shell = codeSnippet('curl', target)
    .split('\n')
    .filter((line) => line.startsWith('{"type":"session.update"'));
  assert.deepEqual((JSON.parse(shell[0] ?? '') as JsonObject).session, session);
  const cpp = codeSnippet('cpp', target).match(/R"(\w+)\(([\s\S]*?)\)\1"/);
  assert.deepEqual((JSON.parse(cpp?.[2] ?? '') as JsonObject).session, session);
});

test('no snippet contains a token', () => {
  for (const language of ['javascript', 'python', 'curl', 'cpp'] as const) {
    assert.match(
      codeSnippet(language, { origin: 'http://h:1', settings: defaultSettings }),
      /PARLEY_TOKEN/,
    );
  }
});

test('every template of the raw sender passes its own check', () => {
  for (const template of kEventTemplates)
    assert.deepEqual(checkRawEvent(JSON.stringify(template.json)), [], template.type);
});

test('every client event of the golden flows passes the check', () => {
  for (const name of [
    'vad-turn',
    'text-turn',
    'function-call-parallel',
    'item-crud',
    'out-of-band',
    'manual-commit',
  ]) {
    for (const { dir, event } of flow(name)) {
      if (dir !== 'client') continue;
      const errors = checkRawEvent(JSON.stringify(event)).filter(
        (issue) => issue.severity === 'error',
      );
      assert.deepEqual(errors, [], `${name} ${String(event.type)}`);
    }
  }
});

test('the check names what is wrong', () => {
  for (const [text, path] of [
    ['{', ''],
    ['[]', ''],
    ['{}', 'type'],
    ['{"type":"nope"}', 'type'],
    ['{"type":"session.update","session":{}}', 'session.type'],
    [
      '{"type":"session.update","session":{"type":"realtime","temperature":1}}',
      'session.temperature',
    ],
    ['{"type":"conversation.item.delete"}', 'item_id'],
    [
      '{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":1.5}',
      'audio_end_ms',
    ],
    ['{"type":"response.create","respnse":{}}', 'respnse'],
  ] as const) {
    assert.equal(checkRawEvent(text)[0]?.path, path, text);
  }
});
