// SPDX-License-Identifier: MIT
//
// The playground as the interface sees it: the engine's signals, and its actions. See api.ts for
// what each means.

import type { Actions, JsonObject, Playground, Settings, SettingsPatch } from './api';
import { Engine } from './engine';
import { checkRawEvent, kEventTemplates } from './event_templates';
import { conversationJson, conversationMarkdown, conversationWav, type Conversed } from './export';
import { kPresets } from './presets';
import { isObject, kVoices } from './settings';
import { SettingsStore } from './settings_store';
import { shareLink } from './share_link';
import { codeSnippet } from './snippets';
import { parseWav } from './wav';
import { modelNames } from './models';
import { signal } from '@preact/signals-core';

const kUpdateDelayMs = 250; // typing and dragging settle before they are sent

/** Settings the microphone has to be opened again for. */
const kOfMicrophone: readonly (keyof Settings)[] = [
  'echoCancellation',
  'noiseSuppression',
  'autoGainControl',
  'micDeviceId',
];

export function createPlayground(): Playground {
  const store = new SettingsStore(location.hash, localStorage, sessionStorage);
  const engine = new Engine(store);
  const models = signal<readonly string[]>([]);
  const actions = new PlaygroundActions(engine, store, () => void refreshModels());

  async function refreshModels(): Promise<void> {
    models.value = await modelNames(location.origin, store.token);
  }
  void refreshModels();
  void engine.mic.refreshDevices();
  navigator.mediaDevices?.addEventListener?.(
    'devicechange',
    () => void engine.mic.refreshDevices(),
  );

  const playground: Playground = {
    connection: engine.connection.state,
    settings: store.settings,
    settingStatus: engine.sync.status,
    session: engine.sync.session,
    toolsError: store.toolsError,
    toolNames: store.toolNames,
    hasToken: store.hasToken,
    models,
    voices: kVoices,
    presets: kPresets,
    items: engine.items,
    activity: engine.activity,
    replaying: engine.voice.replaying,
    mic: engine.mic.state,
    devices: engine.mic.devices,
    notices: engine.notices,
    userLevel: engine.voice.userLevel,
    assistantLevel: engine.voice.assistantLevel,
    userAnalyser: engine.graph.userAnalyser,
    assistantAnalyser: engine.graph.assistantAnalyser,
    vad: engine.vad,
    timeline: engine.timeline,
    log: engine.log,
    turns: engine.turns,
    medians: engine.medians,
    underruns: engine.voice.underruns,
    eventTemplates: kEventTemplates,
    actions: bound(actions),
  };
  // For tests in a browser: what left the output graph, sample by sample, and how soon.
  Object.assign(globalThis, {
    __parley: {
      playground,
      record: () => engine.graph.record(),
      recorded: () => engine.graph.recorded(),
      outputStream: () => engine.graph.outputStream(),
      playbackStarts: engine.voice.playbackStarts,
    },
  });
  return playground;
}

/** Actions are handed to event handlers without their object. */
function bound(actions: PlaygroundActions): Actions {
  const table = {} as { [name: string]: unknown };
  for (const name of Object.getOwnPropertyNames(PlaygroundActions.prototype) as (keyof Actions)[]) {
    const action = actions[name];
    if (typeof action === 'function')
      table[name] = (action as (...all: never[]) => unknown).bind(actions);
  }
  return table as unknown as Actions;
}

class PlaygroundActions implements Actions {
  private updateTimer_: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly engine_: Engine,
    private readonly store_: SettingsStore,
    private readonly tokenChanged_: () => void,
  ) {}

  // ------------------------------------------------------------------------------------- session

  async connect(): Promise<void> {
    await this.startSound_();
    await this.engine_.connection.connect(this.url_(), this.store_.token);
  }

  disconnect(): void {
    this.stopMic();
    void this.engine_.voice.silence();
    this.engine_.connection.disconnect();
  }

  async newConversation(): Promise<void> {
    const { connection, voice } = this.engine_;
    const wasOpen =
      connection.state.peek().phase !== 'idle' && connection.state.peek().phase !== 'closed';
    connection.disconnect();
    await voice.silence();
    this.engine_.forgetEverything();
    if (wasOpen) await this.connect();
  }

  // --------------------------------------------------------------------------------------- voice

  async startMic(): Promise<void> {
    // Both at once: the permission prompt and the handshake need not wait for each other.
    await Promise.all([this.engine_.mic.start(this.store_.settings.peek()), this.connect()]);
  }

  stopMic(): void {
    this.engine_.mic.stop();
    this.engine_.voice.captureStopped();
  }

  setMuted(muted: boolean): void {
    this.engine_.mic.setMuted(muted);
  }

  async refreshDevices(): Promise<void> {
    await this.engine_.mic.refreshDevices();
  }

  async pushToTalkDown(): Promise<void> {
    const { mic, connection } = this.engine_;
    if (mic.state.peek().talking) return;
    mic.setTalking(true);
    if (!mic.capturing || !connection.open) await this.startMic();
    if (!mic.capturing || !connection.open) {
      mic.setTalking(false);
      return;
    }
    if (!mic.state.peek().talking) return; // let go while the microphone was starting
    void this.engine_.interrupt();
    this.engine_.beginManualTurn();
    mic.setTalking(true);
  }

  pushToTalkUp(): void {
    const { mic, connection } = this.engine_;
    if (!mic.state.peek().talking) return;
    mic.setTalking(false);
    if (mic.capturing && connection.open) this.engine_.endManualTurn();
  }

  async playWavFile(file: Blob & { readonly name?: string }): Promise<void> {
    const { mic, connection } = this.engine_;
    try {
      const audio = parseWav(await file.arrayBuffer());
      if (audio.samples.length === 0) throw new Error('This WAV file has no sound in it.');
      await this.connect();
      if (!connection.open) return;
      const manual = this.engine_.manualTurns;
      if (manual) this.engine_.beginManualTurn();
      await mic.playFile(audio, file.name ?? 'recording.wav');
      if (!mic.fileActive) return; // stopped
      if (manual) this.engine_.endManualTurn();
      else await this.engine_.turnOver();
      mic.stopFile();
      if (!mic.capturing) this.engine_.voice.captureStopped();
    } catch (error) {
      this.engine_.notify('error', (error as Error).message);
    }
  }

  stopWavFile(): void {
    this.engine_.mic.stopFile();
    if (!this.engine_.mic.capturing) this.engine_.voice.captureStopped();
  }

  interrupt(): void {
    void this.engine_.interrupt();
  }

  createResponse(): void {
    void this.engine_.interrupt().then(() => {
      if (!this.engine_.connection.send({ type: 'response.create' })) this.notConnected_();
    });
  }

  async sendText(text: string): Promise<void> {
    const words = text.trim();
    if (words === '') return;
    await this.connect();
    const { connection } = this.engine_;
    await connection.begun();
    if (!connection.open) return;
    await this.engine_.interrupt();
    connection.send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: words }] },
    });
    connection.send({ type: 'response.create' });
  }

  // ------------------------------------------------------------------------------------ settings

  updateSettings(patch: SettingsPatch): void {
    const before = this.store_.settings.peek();
    this.store_.update(patch);
    this.settingsChanged_(before);
  }

  resetSettings(): void {
    const before = this.store_.settings.peek();
    this.store_.reset();
    const session = this.engine_.sync.session.peek();
    if (session && this.engine_.connection.open) this.store_.adopt(session);
    this.settingsChanged_(before);
  }

  applyPreset(id: string): void {
    const preset = kPresets.find((other) => other.id === id);
    if (preset) this.updateSettings(preset.settings);
  }

  setToken(token: string): void {
    this.store_.setToken(token);
    this.engine_.connection.retarget(this.url_(), this.store_.token);
    this.tokenChanged_();
  }

  private settingsChanged_(before: Settings): void {
    const now = this.store_.settings.peek();
    const { connection, graph, mic } = this.engine_;
    if (now.outputVolume !== before.outputVolume) graph.setVolume(now.outputVolume);
    const microphone = mic.state.peek();
    const reopened = kOfMicrophone.some((key) => now[key] !== before[key]);
    if (reopened && microphone.phase === 'on' && microphone.source === 'microphone')
      void mic.start(now);
    connection.retarget(this.url_(), this.store_.token);
    if (now.model !== before.model && connection.open) {
      // A session's model is chosen at the door.
      connection.disconnect();
      void this.connect();
      return;
    }
    if (this.updateTimer_ !== null) clearTimeout(this.updateTimer_);
    this.updateTimer_ = setTimeout(() => {
      this.updateTimer_ = null;
      this.engine_.sync.update(this.store_.settings.peek(), this.store_.tools());
    }, kUpdateDelayMs);
  }

  // --------------------------------------------------------------------------------------- items

  answerToolCall(callId: string, output: string): void {
    this.engine_.tools.answer(callId, output);
  }

  deleteItem(itemId: string): void {
    const sent = this.engine_.connection.send({
      type: 'conversation.item.delete',
      item_id: itemId,
    });
    if (!sent) {
      this.engine_.conversation.remove(itemId);
      this.engine_.draw();
    }
  }

  retrieveItem(itemId: string): void {
    if (!this.engine_.connection.send({ type: 'conversation.item.retrieve', item_id: itemId }))
      this.notConnected_();
  }

  replayItem(itemId: string): void {
    const { conversation, graph, store, timeline, voice } = this.engine_;
    const item = conversation.get(itemId);
    const turn = timeline.marks.find((mark) => mark.kind === 'turn' && mark.itemId === itemId);
    const audio =
      item?.role === 'user' && turn?.endMs
        ? store.userAudio(turn.startMs, turn.endMs)
        : store.itemAudio(itemId);
    if (!audio) {
      this.engine_.notify('info', 'The sound of this one is not kept any more.');
      return;
    }
    void graph.start().then(() => voice.replay(itemId, audio));
  }

  stopReplay(): void {
    void this.engine_.voice.stopReplay();
  }

  dismissNotice(id: number): void {
    this.engine_.notices.value = this.engine_.notices.peek().filter((notice) => notice.id !== id);
  }

  // ---------------------------------------------------------------------------------- inspecting

  sendRaw(text: string): string | null {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return `This is not JSON: ${(error as Error).message}`;
    }
    if (!isObject(value)) return 'An event is a JSON object.';
    return this.engine_.connection.send(value as JsonObject) ? null : 'There is no connection.';
  }

  checkRawEvent(text: string): ReturnType<Actions['checkRawEvent']> {
    return checkRawEvent(text);
  }

  exportJson(): Blob {
    return new Blob([conversationJson(this.conversed_())], { type: 'application/json' });
  }

  exportMarkdown(): Blob {
    return new Blob([conversationMarkdown(this.conversed_())], { type: 'text/markdown' });
  }

  exportWav(): Blob | null {
    const wav = conversationWav(this.engine_.store);
    return wav ? new Blob([wav], { type: 'audio/wav' }) : null;
  }

  exportEventsJsonl(): Blob {
    return new Blob([this.engine_.log.jsonl()], { type: 'application/jsonl' });
  }

  shareLink(): string {
    return shareLink(location.href, this.store_.settings.peek());
  }

  codeSnippet(language: Parameters<Actions['codeSnippet']>[0]): string {
    return codeSnippet(language, {
      origin: location.origin,
      settings: this.store_.settings.peek(),
    });
  }

  // --------------------------------------------------------------------------------- small parts

  private conversed_(): Conversed {
    return {
      items: this.engine_.conversation.items(),
      turns: this.engine_.turns.peek(),
      settings: this.store_.settings.peek(),
      session: this.engine_.sync.session.peek(),
      exportedAt: new Date(),
    };
  }

  private url_(): string {
    const url = new URL('/v1/realtime', location.origin.replace(/^http/, 'ws'));
    url.searchParams.set('model', this.store_.settings.peek().model);
    url.searchParams.set('parley.events', 'metrics');
    return url.toString();
  }

  private async startSound_(): Promise<void> {
    try {
      await this.engine_.graph.start();
      this.engine_.graph.setVolume(this.store_.settings.peek().outputVolume);
    } catch (error) {
      this.engine_.notify(
        'warning',
        'Sound cannot be played in this browser; words still come.',
        String(error),
      );
    }
  }

  private notConnected_(): void {
    this.engine_.notify('info', 'There is no connection yet. Connect first.');
  }
}
