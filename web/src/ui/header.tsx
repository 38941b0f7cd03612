// SPDX-License-Identifier: MIT
//
// The header: what we are connected to, how fast it answers, and what can leave the page.

import { actions, announce, copyText, openPanel, playground, saveBlob, theme } from './playground';
import type { ConnectionState } from '../core/api';

const kPhases: Record<ConnectionState['phase'], string> = {
  idle: 'Not connected',
  connecting: 'Connecting…',
  open: 'Connected',
  reconnecting: 'Reconnecting…',
  closed: 'Closed',
};

function share(): void {
  void copyText(actions.shareLink(), 'Link with these settings');
}

export function Header() {
  const { phase, reason } = playground.connection.value;
  const median = playground.medians.value.totalMs ?? playground.medians.value.clientFirstDeltaMs;
  const open = phase === 'open' || phase === 'connecting' || phase === 'reconnecting';
  return (
    <header class="top">
      <h1>
        <span class="logo" aria-hidden="true" />
        Parley
      </h1>
      <span class="state" data-phase={phase} title={reason} role="status">
        {kPhases[phase]}
      </span>
      <span class="chip wide">{playground.settings.value.model}</span>
      <span class="chip wide" title="Running median from the end of speech to the first sound">
        {median === null ? 'no latency yet' : `${Math.round(median)} ms median`}
      </span>
      <span class="gap" />
      <button class="quiet" onClick={() => (open ? actions.disconnect() : void actions.connect())}>
        {open ? 'Disconnect' : 'Connect'}
      </button>
      <button class="quiet wide" onClick={() => void actions.newConversation()}>
        New
      </button>
      <button class="quiet wide" onClick={share}>
        Share
      </button>
      <button class="quiet wide" onClick={() => openPanel('code')}>
        Copy as code
      </button>
      <ExportMenu />
      <button
        class="quiet"
        aria-label={`Colours: ${theme.value}. Switch.`}
        onClick={() => {
          const order = { system: 'light', light: 'dark', dark: 'system' } as const;
          theme.value = order[theme.value];
          announce(`Colours: ${theme.value}`);
        }}
      >
        {theme.value === 'dark' ? '☾' : theme.value === 'light' ? '☀' : '◐'}
      </button>
    </header>
  );
}

function ExportMenu() {
  const close = (run: () => void) => (event: Event) => {
    (event.currentTarget as Element).closest('details')?.removeAttribute('open');
    run();
  };
  const save = (make: () => Blob | null, name: string) =>
    close(() => {
      const blob = make();
      if (blob) saveBlob(blob, name);
      else announce('Nothing recorded yet');
    });
  // A phone's header has no room for buttons that are seldom needed: they are in this menu.
  return (
    <details class="menu">
      <summary>
        <span class="wide">Export</span>
        <span class="narrow">More</span>
      </summary>
      <div class="menu-list">
        <button class="narrow" onClick={close(() => void actions.newConversation())}>
          New conversation
        </button>
        <button class="narrow" onClick={close(share)}>
          Copy a link with these settings
        </button>
        <button onClick={save(actions.exportJson, 'conversation.json')}>Conversation, JSON</button>
        <button onClick={save(actions.exportMarkdown, 'conversation.md')}>
          Conversation, Markdown
        </button>
        <button onClick={save(actions.exportWav, 'conversation.wav')}>
          Sound, WAV (you left, assistant right)
        </button>
        <button onClick={save(actions.exportEventsJsonl, 'events.jsonl')}>Events, JSONL</button>
      </div>
    </details>
  );
}
