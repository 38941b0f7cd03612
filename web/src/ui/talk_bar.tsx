// SPDX-License-Identifier: MIT
//
// Where one talks: the big button, both voices' spectrum, the text line, and a file that speaks.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { actions, playground } from './playground';
import { Scope } from './scope';

export function TalkBar() {
  const mic = playground.mic.value;
  const { responding, playing } = playground.activity.value;
  return (
    <div class="talk-bar">
      <div class="stage">
        <Scope />
        <BigButton />
        <p class="doing" role="status">
          {doing()}
        </p>
      </div>
      {mic.source === 'file' && (
        <div class="row file">
          <span class="ellipsis">{mic.fileName}</span>
          <progress aria-label="Spoken so far" max={1} value={mic.fileProgress} />
          <button class="quiet" onClick={actions.stopWavFile}>
            Stop
          </button>
        </div>
      )}
      <div class="row controls">
        <TextLine />
        {mic.phase === 'on' && mic.source === 'microphone' && (
          <button
            class="quiet"
            aria-pressed={mic.muted}
            onClick={() => actions.setMuted(!mic.muted)}
          >
            {mic.muted ? 'Unmute' : 'Mute'}
          </button>
        )}
        {(responding || playing) && (
          <button class="quiet stop" title="Escape" onClick={actions.interrupt}>
            Interrupt
          </button>
        )}
        <FileButton />
      </div>
      <DropTarget />
    </div>
  );
}

function doing(): string {
  const { phase } = playground.connection.value;
  const mic = playground.mic.value;
  const activity = playground.activity.value;
  if (phase === 'connecting') return 'Connecting…';
  if (phase === 'reconnecting') return 'The server is away. Trying again…';
  if (activity.playing) return 'Speaking. Talk over it to interrupt.';
  if (activity.userSpeaking) return 'Listening to you…';
  if (activity.responding) return 'Thinking…';
  if (activity.pendingToolCalls > 0) return 'Waiting for a tool’s answer';
  if (mic.phase === 'on' && mic.muted) return 'Muted';
  if (mic.phase === 'on') {
    if (!playground.settings.value.pushToTalk) return 'Listening. Just speak.';
    return mic.talking ? 'Listening to you…' : 'Hold the button or the space bar to talk.';
  }
  return phase === 'open' ? 'Connected. The microphone is off.' : 'Ready when you are.';
}

function BigButton() {
  const mic = playground.mic.value;
  const { pushToTalk } = playground.settings.value;
  const on = mic.phase === 'on' || mic.phase === 'starting';
  if (on && pushToTalk && mic.source === 'microphone') {
    return (
      <div class="big-pair">
        <button
          class="big"
          data-state={mic.talking ? 'live' : 'armed'}
          aria-pressed={mic.talking}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            void actions.pushToTalkDown();
          }}
          onPointerUp={actions.pushToTalkUp}
          onPointerCancel={actions.pushToTalkUp}
          onKeyDown={(event) => {
            if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) {
              event.preventDefault();
              void actions.pushToTalkDown();
            }
          }}
          onKeyUp={(event) => {
            if (event.key === ' ' || event.key === 'Enter') actions.pushToTalkUp();
          }}
          onBlur={() => mic.talking && actions.pushToTalkUp()}
        >
          <MicIcon />
          <span>{mic.talking ? 'Release to send' : 'Hold to talk'}</span>
        </button>
        <button class="quiet" onClick={actions.stopMic}>
          Microphone off
        </button>
      </div>
    );
  }
  return (
    <button
      class="big"
      data-state={mic.phase === 'starting' ? 'starting' : on ? 'live' : 'off'}
      onClick={() => (on ? actions.stopMic() : void actions.startMic())}
    >
      <MicIcon />
      <span>{mic.phase === 'starting' ? 'Starting…' : on ? 'Stop' : 'Talk'}</span>
    </button>
  );
}

function MicIcon() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <rect x="9" y="3" width="6" height="11" rx="3" />
      <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
    </svg>
  );
}

function TextLine() {
  const text = useSignal('');
  return (
    <form
      class="text-line"
      onSubmit={(event) => {
        event.preventDefault();
        const said = text.value.trim();
        if (!said) return;
        text.value = '';
        void actions.sendText(said);
      }}
    >
      <input
        aria-label="Message"
        placeholder="Type a message"
        value={text.value}
        autocomplete="off"
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <button aria-label="Send message" disabled={!text.value.trim()}>
        Send
      </button>
    </form>
  );
}

function FileButton() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        class="quiet"
        title="A WAV file speaks for you, at real pace"
        onClick={() => input.current?.click()}
      >
        Speak a WAV
      </button>
      <input
        ref={input}
        type="file"
        accept=".wav,audio/wav,audio/x-wav"
        hidden
        aria-label="WAV file that speaks for you"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) void actions.playWavFile(file);
          event.currentTarget.value = '';
        }}
      />
    </>
  );
}

/** Files may be dropped anywhere; a veil says so while one hovers. */
function DropTarget() {
  const hovering = useSignal(false);
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      hovering.value = true;
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) hovering.value = false;
    };
    const drop = (event: DragEvent) => {
      hovering.value = false;
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      void actions.playWavFile(file);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);
  return hovering.value ? <div class="veil">Drop a WAV: it speaks for you</div> : null;
}
