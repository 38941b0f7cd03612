// SPDX-License-Identifier: MIT
//
// The socket: opens, sends, receives, and comes back by itself when it breaks. Waits grow from half
// a second to fifteen, each shortened at random by up to a third so that many pages do not return
// at once; the first attempt after a break is immediate enough not to be noticed. Reasons are put
// into kind words; what a client cannot mend (a wrong token, an unknown model) is not retried.

import { signal, type ReadonlySignal } from '@preact/signals-core';
import type { ConnectionState, JsonObject } from './api';
import { isObject } from './settings';
import { objectOf, stringOf } from './wire_event';

export interface ConnectionHooks {
  /** The socket is open; session.created has not arrived yet. `again`: after a break. */
  opened(again: boolean): void;
  received(event: JsonObject, bytes: number): void;
  sent(event: JsonObject, bytes: number): void;
  /** The session is gone: broken, closed, or ended by us. */
  lost(): void;
  /** It will not come back by itself. */
  gaveUp(reason: string): void;
}

export interface SocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

/** What the connection needs of the world; tests give their own. */
export interface ConnectionWorld {
  open(url: string, protocols: string[]): SocketLike;
  now(): number;
  random(): number;
  later(ms: number, run: () => void): unknown;
  cancel(timer: unknown): void;
}

const kIdle: ConnectionState = {
  phase: 'idle',
  reason: '',
  code: null,
  attempt: 0,
  retryAt: null,
  sessionId: null,
};
const kOpen = 1; // WebSocket.OPEN
const kRetryFirstMs = 500;
const kRetryMaxMs = 15_000;
const kUnsentBytesMax = 1_000_000; // of audio waiting in the socket before more is dropped

export class RealtimeConnection {
  readonly state: ReadonlySignal<ConnectionState>;

  private readonly state_ = signal<ConnectionState>(kIdle);
  private socket_: SocketLike | null = null;
  private timer_: unknown = null;
  private everOpen_ = false; // since connect() was called
  private fatal_ = ''; // the error event that announced the close
  private waiters_: (() => void)[] = [];
  private target_: { url: string; protocols: string[] } = { url: '', protocols: [] };

  constructor(
    private readonly hooks_: ConnectionHooks,
    private readonly world_: ConnectionWorld,
  ) {
    this.state = this.state_;
  }

  get open(): boolean {
    return this.state_.peek().phase === 'open' && this.socket_?.readyState === kOpen;
  }

  /** Resolves once open, or once it has failed: look at `state`. */
  connect(url: string, token: string): Promise<void> {
    const { phase } = this.state_.peek();
    this.target_ = {
      url,
      protocols: ['realtime', ...(token ? [`openai-insecure-api-key.${token}`] : [])],
    };
    if (phase === 'open') return Promise.resolve();
    const opened = new Promise<void>((resolve) => this.waiters_.push(resolve));
    if (phase === 'connecting') return opened;
    this.stopTimer_();
    this.everOpen_ = phase === 'reconnecting' && this.everOpen_;
    this.attempt_(0);
    return opened;
  }

  /**
   * Resolves once the session has begun and been told the settings, so that what is sent then comes
   * after them; or once the connection has failed.
   */
  begun(): Promise<void> {
    const { phase, sessionId } = this.state_.peek();
    if (phase !== 'open' || sessionId !== null) return Promise.resolve();
    return new Promise<void>((resolve) => this.waiters_.push(resolve));
  }

  disconnect(): void {
    this.stopTimer_();
    this.release_(1000);
    const was = this.state_.peek().phase;
    this.set_({
      ...kIdle,
      phase: was === 'idle' ? 'idle' : 'closed',
      reason: was === 'idle' ? '' : 'You ended it.',
    });
    this.wake_();
  }

  /** Where the next attempts go, e.g. after the model changed. */
  retarget(url: string, token: string): void {
    this.target_ = {
      url,
      protocols: ['realtime', ...(token ? [`openai-insecure-api-key.${token}`] : [])],
    };
  }

  /** False when there is no connection. */
  send(event: JsonObject): boolean {
    if (!this.open || !this.socket_) return false;
    const text = JSON.stringify(event);
    this.socket_.send(text);
    this.hooks_.sent(event, byteLength(text));
    return true;
  }

  /** As `send`, but gives audio up when the link cannot carry it: late speech is worth nothing. */
  sendAudio(event: JsonObject): boolean {
    if ((this.socket_?.bufferedAmount ?? 0) > kUnsentBytesMax) return false;
    return this.send(event);
  }

  private attempt_(attempt: number): void {
    this.fatal_ = '';
    this.set_({
      ...kIdle,
      phase: this.everOpen_ ? 'reconnecting' : 'connecting',
      attempt,
      reason: this.reason_(),
    });
    let socket: SocketLike;
    try {
      socket = this.world_.open(this.target_.url, this.target_.protocols);
    } catch (error) {
      // The constructor refuses protocols with characters that no header may hold.
      this.giveUp_(
        `The token or address has characters that cannot be sent. (${(error as Error).message})`,
        null,
      );
      return;
    }
    this.socket_ = socket;
    socket.onopen = () => this.opened_(socket);
    socket.onmessage = (message) => this.message_(socket, message.data);
    socket.onclose = (close) => this.closed_(socket, close.code, close.reason, attempt);
  }

  private opened_(socket: SocketLike): void {
    if (socket !== this.socket_) return;
    const again = this.everOpen_;
    this.everOpen_ = true;
    this.set_({ ...kIdle, phase: 'open' });
    this.hooks_.opened(again);
    this.wake_();
  }

  private message_(socket: SocketLike, data: unknown): void {
    if (socket !== this.socket_ || typeof data !== 'string') return;
    let event: unknown;
    try {
      event = JSON.parse(data);
    } catch {
      return;
    }
    if (!isObject(event)) return;
    const wire = event as JsonObject;
    const type = stringOf(wire, 'type');
    if (type === 'session.created') {
      this.set_({
        ...this.state_.peek(),
        sessionId: stringOf(objectOf(wire, 'session'), 'id'),
      });
    }
    if (type === 'error') this.fatal_ = stringOf(objectOf(wire, 'error'), 'message');
    else this.fatal_ = '';
    this.hooks_.received(wire, byteLength(data));
    if (type === 'session.created') this.wake_();
  }

  private closed_(socket: SocketLike, code: number, wireReason: string, attempt: number): void {
    if (socket !== this.socket_) return;
    const wasOpen = this.state_.peek().phase === 'open';
    this.socket_ = null;
    if (wasOpen) this.hooks_.lost();
    if (isFinal(code)) {
      this.giveUp_(this.fatal_ || wireReason || 'The server closed the session.', code);
      return;
    }
    const reason = kindReason(code, this.everOpen_, this.fatal_);
    const next = wasOpen ? 1 : attempt + 1;
    const waitMs = retryWaitMs(next, this.world_.random());
    const phase = this.everOpen_ ? 'reconnecting' : 'connecting';
    this.set_({
      ...kIdle,
      phase,
      reason,
      code,
      attempt: next,
      retryAt: this.world_.now() + waitMs,
    });
    // Whoever waited for the connection hears of the failure now; it goes on trying behind their
    // back.
    this.wake_();
    this.timer_ = this.world_.later(waitMs, () => {
      this.timer_ = null;
      this.attempt_(next);
    });
  }

  private giveUp_(reason: string, code: number | null): void {
    this.set_({ ...kIdle, phase: 'closed', reason, code });
    this.hooks_.gaveUp(reason);
    this.wake_();
  }

  private release_(code: number): void {
    const socket = this.socket_;
    this.socket_ = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
    if (this.state_.peek().phase === 'open') this.hooks_.lost();
  }

  private reason_(): string {
    return this.state_.peek().reason;
  }

  private set_(state: ConnectionState): void {
    this.state_.value = state;
  }

  private wake_(): void {
    const waiting = this.waiters_;
    this.waiters_ = [];
    for (const resolve of waiting) resolve();
  }

  private stopTimer_(): void {
    if (this.timer_ !== null) this.world_.cancel(this.timer_);
    this.timer_ = null;
  }
}

/** The wait before an attempt; `random` lies in 0..1. */
export function retryWaitMs(attempt: number, random: number): number {
  const whole = Math.min(kRetryMaxMs, kRetryFirstMs * 2 ** Math.max(0, attempt - 1));
  return whole * (1 - random / 3);
}

/** Closes that trying again cannot mend: 3000 (token) and 4000 (model, dialect) of the API. */
function isFinal(code: number): boolean {
  return code === 3000 || (code >= 4000 && code < 5000);
}

function kindReason(code: number, everOpen: boolean, fatal: string): string {
  if (fatal) return fatal;
  if (code === 1001) return 'The server has gone away for a moment. I keep trying.';
  if (code === 1012 || code === 1013) return 'The server is restarting. I keep trying.';
  if (code === 1009) return 'A message was too large for the server. Opening a new session.';
  if (everOpen) return 'The connection to the server was lost. I keep trying.';
  return 'The server cannot be reached, has no room, or does not know the token. I keep trying.';
}

function byteLength(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
