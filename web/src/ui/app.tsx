// SPDX-License-Identifier: MIT
//
// The page's frame: header, conversation, talk bar, side panel, and the keys that work everywhere.

import { useEffect } from 'preact/hooks';
import { actions, announcement, openPanel, panel, phoneView, playground } from './playground';
import { CodePanel } from './code_panel';
import { EventsPanel } from './events_panel';
import { Header } from './header';
import { LatencyPanel } from './latency_panel';
import { Notices } from './notices';
import { SettingsPanel } from './settings_panel';
import { TalkBar } from './talk_bar';
import { TimelineStrip } from './timeline_strip';
import { Transcript } from './transcript';

const kTabs = [
  ['settings', 'Settings'],
  ['latency', 'Latency'],
  ['events', 'Events'],
  ['code', 'Code'],
] as const;

export function App() {
  useEffect(() => installKeys(), []);
  return (
    <div class="app" data-view={phoneView.value}>
      <Header />
      <main>
        <section class="talk" aria-label="Talk">
          <Transcript />
          <Notices />
          <TalkBar />
        </section>
        <section class="side" aria-label="Panels">
          <div class="tabs" role="tablist" aria-label="Panels">
            {kTabs.map(([name, label]) => (
              <button
                key={name}
                id={`tab-${name}`}
                role="tab"
                aria-selected={panel.value === name}
                aria-controls="panel"
                tabIndex={panel.value === name ? 0 : -1}
                onClick={() => openPanel(name)}
                onKeyDown={moveTab}
              >
                {label}
              </button>
            ))}
          </div>
          <div class="panel" id="panel" role="tabpanel" aria-labelledby={`tab-${panel.value}`}>
            {panel.value === 'settings' && <SettingsPanel />}
            {panel.value === 'latency' && <LatencyPanel />}
            {panel.value === 'events' && <EventsPanel />}
            {panel.value === 'code' && <CodePanel />}
          </div>
        </section>
        <TimelineStrip />
      </main>
      <nav class="phone-tabs" aria-label="Views">
        <button aria-pressed={phoneView.value === 'talk'} onClick={() => (phoneView.value = 'talk')}>
          Talk
        </button>
        {kTabs.map(([name, label]) => (
          <button key={name} aria-pressed={phoneView.value === name} onClick={() => openPanel(name)}>
            {label}
          </button>
        ))}
      </nav>
      <div class="toast" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </div>
  );
}

function moveTab(event: KeyboardEvent): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step === 0) return;
  const at = kTabs.findIndex(([name]) => name === panel.value);
  const next = kTabs[(at + step + kTabs.length) % kTabs.length]![0];
  openPanel(next);
  document.getElementById(`tab-${next}`)?.focus();
}

/** Space talks while push-to-talk is on and nobody is typing; Escape interrupts the answer. */
function installKeys(): () => void {
  const busy = (event: KeyboardEvent) =>
    event.target instanceof Element &&
    event.target.closest('input, textarea, select, button, summary, a, [role=menu], [tabindex="0"]');
  const down = (event: KeyboardEvent) => {
    const { responding, playing } = playground.activity.peek();
    if (event.key === 'Escape' && (responding || playing)) actions.interrupt();
    if (event.code !== 'Space' || busy(event) || !playground.settings.peek().pushToTalk) return;
    event.preventDefault();
    if (!event.repeat) void actions.pushToTalkDown();
  };
  const up = (event: KeyboardEvent) => {
    if (event.code === 'Space' && playground.mic.peek().talking) actions.pushToTalkUp();
  };
  addEventListener('keydown', down);
  addEventListener('keyup', up);
  return () => {
    removeEventListener('keydown', down);
    removeEventListener('keyup', up);
  };
}
