// SPDX-License-Identifier: MIT
//
// The words: every item as it streams in, tool calls with their answers, and a menu per item.

import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { ItemView } from '../core/api';
import { JsonText } from './json_text';
import { actions, announce, copyText, playground, showEventsOf } from './playground';
import { ToolCallCard } from './tool_call_card';

// Older items are drawn on request, so that an hour of talk costs what a minute does.
const kItemsShown = 80;

export function Transcript() {
  const items = playground.items.value.filter((item) => item.kind !== 'function_call_output');
  const shown = useSignal(kItemsShown);
  const list = useRef<HTMLDivElement>(null);
  const following = useRef(true);

  useLayoutEffect(() => {
    const element = list.current;
    if (element && following.current) element.scrollTop = element.scrollHeight;
  });
  const first = Math.max(0, items.length - shown.value);
  return (
    <div
      class="transcript"
      ref={list}
      role="log"
      aria-label="Conversation"
      tabIndex={0}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        following.current = scrollHeight - scrollTop - clientHeight < 60;
      }}
    >
      {items.length === 0 && <Welcome />}
      {first > 0 && (
        <button class="quiet earlier" onClick={() => (shown.value += kItemsShown)}>
          Show {Math.min(kItemsShown, first)} earlier of {first}
        </button>
      )}
      {items.slice(first).map((item) => (
        <Item key={item.id} item={item} />
      ))}
    </div>
  );
}

function Welcome() {
  return (
    <div class="welcome">
      <h2>Talk to this server</h2>
      <p>
        Press the button and speak, type below, or drop a WAV file anywhere on this page to let it
        speak for you. Everything that happens shows up here while it happens.
      </p>
      <div class="chips">
        {playground.presets.map((preset) => (
          <button
            key={preset.id}
            class="chip-button"
            title={preset.description}
            onClick={() => {
              actions.applyPreset(preset.id);
              announce(`Preset: ${preset.name}`);
            }}
          >
            {preset.name}
          </button>
        ))}
      </div>
    </div>
  );
}

const kSpeakers = { user: 'You', assistant: 'Assistant', system: 'System', tool: 'Tool' } as const;

function Item({ item }: { item: ItemView }) {
  const raw = useSignal(false);
  const replaying = playground.replaying.value === item.id;
  return (
    <article class="item" data-role={item.role} data-kind={item.kind} data-status={item.status}>
      <header>
        <strong>{item.kind === 'function_call' ? 'Tool call' : kSpeakers[item.role]}</strong>
        {item.hasAudio && <AudioNote item={item} />}
        {item.status === 'incomplete' && <span class="tag">interrupted</span>}
        {item.status === 'failed' && <span class="tag bad">failed</span>}
        <span class="gap" />
        {item.hasAudio && (
          <button
            class="icon"
            aria-label={replaying ? 'Stop replaying' : 'Replay audio'}
            onClick={() => (replaying ? actions.stopReplay() : actions.replayItem(item.id))}
          >
            {replaying ? '■' : '▶'}
          </button>
        )}
        <ItemMenu item={item} showRaw={() => (raw.value = !raw.value)} />
      </header>
      {item.kind === 'function_call' ? <ToolCallCard item={item} /> : <Words item={item} />}
      {raw.value && (
        <div class="raw">
          {item.raw ? <JsonText value={item.raw} /> : <p class="hint">Asking the server…</p>}
        </div>
      )}
    </article>
  );
}

/** Its own component: what was heard changes many times a second. */
function AudioNote({ item }: { item: ItemView }) {
  const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1);
  if (item.role !== 'assistant') return <small>{seconds(item.audioMs)} s</small>;
  if (item.truncatedAtMs !== null) {
    return (
      <small>
        heard {seconds(item.truncatedAtMs)} of {seconds(item.audioMs)} s
      </small>
    );
  }
  const heard = Math.min(item.heardMs.value, item.audioMs);
  return (
    <small>
      {heard + 50 < item.audioMs ? `${seconds(heard)} / ` : ''}
      {seconds(item.audioMs)} s
    </small>
  );
}

function Words({ item }: { item: ItemView }) {
  if (item.kind === 'other') return <p class="hint">{item.text || 'See its events.'}</p>;
  return (
    <>
      {item.parts.map((part, index) => {
        if (part.kind === 'image') {
          return <img key={index} src={part.imageUrl} alt="Sent with the message" />;
        }
        if (part.transcriptState === 'failed') {
          return (
            <p key={index} class="hint bad">
              No transcript: {part.transcriptError}
            </p>
          );
        }
        const waits = part.transcriptState === 'pending' || (part.streaming && !part.text);
        return (
          <p key={index} class={part.streaming ? 'streaming' : undefined}>
            {part.text || (waits ? <Dots /> : <span class="hint">{silent(item)}</span>)}
          </p>
        );
      })}
      {item.parts.length === 0 && item.status === 'in_progress' && (
        <p>
          <Dots />
        </p>
      )}
    </>
  );
}

function silent(item: ItemView): string {
  if (item.role !== 'user') return 'No words';
  return playground.settings.value.transcription.enabled
    ? 'No words were understood'
    : 'Audio, transcription is off';
}

function Dots() {
  return (
    <span class="dots" role="img" aria-label="Waiting">
      <i />
      <i />
      <i />
    </span>
  );
}

function ItemMenu({ item, showRaw }: { item: ItemView; showRaw: () => void }) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const inside = event.target instanceof Node && menu.current?.contains(event.target);
      if (!inside) menu.current?.removeAttribute('open');
    };
    addEventListener('pointerdown', close);
    return () => removeEventListener('pointerdown', close);
  }, []);
  const then = (run: () => void) => () => {
    menu.current?.removeAttribute('open');
    run();
  };
  return (
    <details
      class="menu"
      ref={menu}
      onKeyDown={(event) => event.key === 'Escape' && menu.current?.removeAttribute('open')}
    >
      <summary class="icon" aria-label={`Actions for this ${item.kind.replaceAll('_', ' ')}`}>
        ⋯
      </summary>
      <div class="menu-list">
        <button onClick={then(() => void copyText(item.text || item.argumentsText, 'Text'))}>
          Copy text
        </button>
        {item.hasAudio && (
          <button onClick={then(() => actions.replayItem(item.id))}>Replay audio</button>
        )}
        <button
          onClick={then(() => {
            actions.retrieveItem(item.id);
            showRaw();
          })}
        >
          Retrieve raw item
        </button>
        <button onClick={then(() => showEventsOf(item.id, null))}>Show its events</button>
        <button class="bad" onClick={then(() => actions.deleteItem(item.id))}>
          Delete
        </button>
      </div>
    </details>
  );
}
