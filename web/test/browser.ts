// SPDX-License-Identifier: MIT
//
// A browser in a box for tests of the whole engine: the real worklets under a virtual clock, a
// socket the test plays the server of, a microphone that says what it is told. Time moves only in
// `pass`; nothing here waits for real time.

import type { JsonObject, Playground } from '../src/core/api';

const kRate = 48000;
const kQuantum = 128;

interface Processor {
  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}

/** One end of a channel; what is posted arrives at the other end at once. */
class Port {
  onmessage: ((message: { data: unknown }) => void) | null = null;
  other: Port | null = null;

  postMessage(data: unknown, transfer: ArrayBuffer[] = []): void {
    this.other?.onmessage?.({
      data: transfer.length > 0 ? structuredClone(data, { transfer }) : data,
    });
  }
}

class FakeNode {
  connect<T>(to: T): T {
    return to;
  }

  disconnect(): void {}
}

class FakeSocket {
  readyState = 0;
  bufferedAmount = 0;
  onopen: ((event: unknown) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    box?.sockets.push(this);
  }

  send(text: string): void {
    box?.sent.push(JSON.parse(text) as JsonObject);
  }

  close(): void {
    this.readyState = 3;
  }
}

let box: Browser | null = null;
let processors: Map<string, new () => Processor> | null = null;
let nextPort: Port | null = null;

export class Browser {
  readonly sockets: FakeSocket[] = [];
  readonly sent: JsonObject[] = [];
  /** What left the loudspeaker, since the audio context began. */
  readonly heard: number[] = [];
  /** The microphone's next samples; silence when empty. */
  speech: Float32Array[] = [];
  nowMs = 1000;
  microphoneError: string | null = null;
  playground!: Playground;

  private contextTime_ = 0;
  private capture_: Processor | null = null;
  private playback_: Processor | null = null;
  private readonly frames_: (() => void)[] = [];
  private readonly storage_ = new Map<string, string>();

  static async open(link = ''): Promise<Browser> {
    const browser = new Browser();
    box = browser;
    browser.install_(link);
    await loadWorklets();
    const { createPlayground } = await import('../src/core/api');
    browser.playground = createPlayground();
    return browser;
  }

  get socket(): FakeSocket {
    return this.sockets[this.sockets.length - 1] as FakeSocket;
  }

  /** Lets everything that only waits for a promise come about. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    this.draw();
  }

  /** For what the engine does after a delay of real time: comes back as soon as it is so. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.settle();
  }

  draw(): void {
    for (const frame of this.frames_.splice(0)) frame();
  }

  /** Time goes by: sound is captured and played. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    const quantumMs = (kQuantum / kRate) * 1000;
    for (let block = 0; this.nowMs < endMs - quantumMs / 2; block += 1) {
      this.nowMs += quantumMs;
      if (this.playback_ || this.capture_) this.block_();
      if (block % 64 === 63) await this.settle();
    }
    await this.settle();
  }

  open(): void {
    this.socket.readyState = 1;
    this.socket.onopen?.(undefined);
  }

  server(event: JsonObject): void {
    this.socket.onmessage?.({ data: JSON.stringify(event) });
  }

  break(code = 1006): void {
    this.socket.readyState = 3;
    this.socket.onclose?.({ code, reason: '' });
  }

  sentTypes(): string[] {
    return this.sent.map((event) => String(event.type));
  }

  last(type: string): JsonObject | undefined {
    return [...this.sent].reverse().find((event) => event.type === type);
  }

  private block_(): void {
    const input = this.speech.shift() ?? new Float32Array(kQuantum);
    this.capture_?.process([[input]], [[new Float32Array(kQuantum)]]);
    const out = new Float32Array(kQuantum);
    this.playback_?.process([], [[out]]);
    this.heard.push(...out);
    this.contextTime_ += kQuantum / kRate;
    Object.assign(globalThis, { currentTime: this.contextTime_ });
  }

  private install_(link: string): void {
    const browser = this;
    const storage = {
      getItem: (key: string) => browser.storage_.get(key) ?? null,
      setItem: (key: string, value: string) => void browser.storage_.set(key, value),
      removeItem: (key: string) => void browser.storage_.delete(key),
    };
    class FakeContext {
      readonly sampleRate = kRate;
      readonly state = 'running';
      readonly destination = new FakeNode();
      readonly audioWorklet = { addModule: async (): Promise<void> => {} };

      get currentTime(): number {
        return browser.contextTime_;
      }

      createGain(): object {
        return Object.assign(new FakeNode(), { gain: { setTargetAtTime: (): void => {} } });
      }

      createAnalyser(): object {
        return new FakeNode();
      }

      createMediaStreamSource(): object {
        return new FakeNode();
      }
    }
    class FakeWorkletNode extends FakeNode {
      readonly port = new Port();

      constructor(_context: unknown, name: string) {
        super();
        const inner = new Port();
        inner.other = this.port;
        this.port.other = inner;
        nextPort = inner;
        const processor = new (processors?.get(name) as new () => Processor)();
        if (name === 'parley-playback') browser.playback_ = processor;
        else browser.capture_ = processor;
      }
    }
    const getUserMedia = async (): Promise<object> => {
      if (browser.microphoneError) throw new DOMException('', browser.microphoneError);
      const track = { enabled: true, onended: null, stop: (): void => {} };
      return { getTracks: () => [track], getAudioTracks: () => [track] };
    };
    const globals = {
      location: { hash: link, origin: 'http://127.0.0.1:7866', href: 'http://127.0.0.1:7866/' },
      localStorage: storage,
      sessionStorage: storage,
      navigator: { mediaDevices: { getUserMedia, enumerateDevices: async () => [] } },
      document: { hidden: false },
      requestAnimationFrame: (run: () => void) => browser.frames_.push(run),
      fetch: async () => ({ ok: false }),
      WebSocket: FakeSocket,
      AudioContext: FakeContext,
      AudioWorkletNode: FakeWorkletNode,
      sampleRate: kRate,
      currentTime: 0,
    };
    for (const [name, value] of Object.entries(globals)) {
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
    Object.defineProperty(performance, 'now', { value: () => browser.nowMs, configurable: true });
  }
}

/** The real processors, registered with this box instead of an AudioWorkletGlobalScope. */
async function loadWorklets(): Promise<void> {
  if (processors) return;
  const found = new Map<string, new () => Processor>();
  Object.assign(globalThis, {
    AudioWorkletProcessor: class {
      readonly port = nextPort;
    },
    registerProcessor: (name: string, processor: new () => Processor) => found.set(name, processor),
  });
  await import('../src/worklets/capture');
  await import('../src/worklets/playback');
  processors = found;
}
