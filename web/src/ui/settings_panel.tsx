// SPDX-License-Identifier: MIT
//
// The knobs of a session. A change is sent at once; the mark beside a knob says what the server
// made of it.

import { useSignal } from '@preact/signals';
import { Choice, Field, NumberField, Slider, Switch, TextField } from './fields';
import { actions, announce, playground } from './playground';
import { ToolsEditor } from './tools_editor';
import { VadMeter } from './vad_meter';

export function SettingsPanel() {
  return (
    <div class="settings">
      <Presets />
      <Voice />
      <TurnTaking />
      <Hearing />
      <section aria-label="Tools">
        <h2>Tools</h2>
        <ToolsEditor />
      </section>
      <ThisBrowser />
    </div>
  );
}

function Presets() {
  return (
    <section aria-label="Presets">
      <h2>
        Presets
        <button
          class="quiet"
          onClick={() => {
            actions.resetSettings();
            announce('All settings are back to their defaults');
          }}
        >
          Reset all
        </button>
      </h2>
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
    </section>
  );
}

function Voice() {
  const settings = playground.settings.value;
  const limited = settings.maxOutputTokens !== 'inf';
  return (
    <section aria-label="Answers">
      <h2>Answers</h2>
      <div class="pair" title="Another model starts with the next session">
        <TextField
          label="Model"
          value={settings.model}
          suggestions={playground.models.value}
          onValue={(model) => actions.updateSettings({ model })}
        />
        <TextField
          label="Voice"
          path="audio.output.voice"
          value={settings.voice}
          suggestions={playground.voices}
          onValue={(voice) => actions.updateSettings({ voice })}
        />
      </div>
      <TextField
        label="Instructions"
        path="instructions"
        rows={4}
        value={settings.instructions}
        placeholder="How the assistant should be. Empty: the server’s own."
        onValue={(instructions) => actions.updateSettings({ instructions })}
      />
      <Choice
        label="Answers come as"
        path="output_modalities"
        value={settings.modality}
        options={{ audio: 'Audio', text: 'Text' }}
        onValue={(modality) => actions.updateSettings({ modality })}
      />
      <Slider
        label="Speed"
        path="audio.output.speed"
        min={0.25}
        max={1.5}
        step={0.05}
        unit="×"
        value={settings.speed}
        onValue={(speed) => actions.updateSettings({ speed })}
      />
      <div class="pair">
        <Switch
          label="Limit the answer’s tokens"
          value={limited}
          onValue={(on) => actions.updateSettings({ maxOutputTokens: on ? 1024 : 'inf' })}
        />
        <NumberField
          label="Max output tokens"
          path="max_output_tokens"
          min={1}
          max={4096}
          disabled={!limited}
          value={limited ? Number(settings.maxOutputTokens) : 4096}
          onValue={(maxOutputTokens) => actions.updateSettings({ maxOutputTokens })}
        />
      </div>
      <Slider
        label="Temperature"
        min={0.6}
        max={1.2}
        step={0.05}
        unit=""
        disabled
        hint="Only sessions in the beta dialect have it; this page speaks GA."
        value={settings.temperature}
        onValue={(temperature) => actions.updateSettings({ temperature })}
      />
      <Choice
        label="Output format"
        path="audio.output.format"
        value={settings.outputFormat}
        options={{ pcm24: 'PCM 24 kHz', pcmu: 'µ-law', pcma: 'A-law' }}
        onValue={(outputFormat) => actions.updateSettings({ outputFormat })}
      />
    </section>
  );
}

function TurnTaking() {
  const { turnDetection, pushToTalk } = playground.settings.value;
  const set = (patch: Partial<typeof turnDetection>) =>
    actions.updateSettings({ turnDetection: patch });
  const path = (name: string) => `audio.input.turn_detection.${name}`;
  return (
    <section aria-label="Turn-taking">
      <h2>Turn-taking</h2>
      <Switch
        label="Push to talk"
        hint="Hold the button or the space bar while you speak."
        value={pushToTalk}
        onValue={(on) => actions.updateSettings({ pushToTalk: on })}
      />
      <Choice
        label="Turn detection"
        path={path('type')}
        disabled={pushToTalk}
        value={turnDetection.type}
        options={{ server_vad: 'Server VAD', semantic_vad: 'Semantic', none: 'None' }}
        onValue={(type) => set({ type })}
      />
      {turnDetection.type === 'server_vad' && (
        <>
          <VadMeter threshold={turnDetection.threshold} />
          <Slider
            label="Threshold"
            path={path('threshold')}
            min={0}
            max={1}
            step={0.01}
            unit=""
            value={turnDetection.threshold}
            onValue={(threshold) => set({ threshold })}
          />
          <Slider
            label="Silence that ends a turn"
            path={path('silence_duration_ms')}
            min={0}
            max={3000}
            step={20}
            unit=" ms"
            value={turnDetection.silenceDurationMs}
            onValue={(silenceDurationMs) => set({ silenceDurationMs })}
          />
          <Slider
            label="Kept before speech"
            path={path('prefix_padding_ms')}
            min={0}
            max={2000}
            step={20}
            unit=" ms"
            value={turnDetection.prefixPaddingMs}
            onValue={(prefixPaddingMs) => set({ prefixPaddingMs })}
          />
          <div class="pair">
            <Switch
              label="Speak up when nobody does"
              value={turnDetection.idleTimeoutMs !== null}
              onValue={(on) => set({ idleTimeoutMs: on ? 6000 : null })}
            />
            <NumberField
              label="Idle timeout (ms)"
              path={path('idle_timeout_ms')}
              min={5000}
              max={30000}
              disabled={turnDetection.idleTimeoutMs === null}
              value={turnDetection.idleTimeoutMs ?? 6000}
              onValue={(idleTimeoutMs) => set({ idleTimeoutMs })}
            />
          </div>
        </>
      )}
      {turnDetection.type === 'semantic_vad' && (
        <>
          <VadMeter threshold={null} />
          <Choice
            label="Eagerness"
            path={path('eagerness')}
            value={turnDetection.eagerness}
            options={{ auto: 'Auto', low: 'Low', medium: 'Medium', high: 'High' }}
            onValue={(eagerness) => set({ eagerness })}
          />
        </>
      )}
      {turnDetection.type !== 'none' && (
        <div class="pair">
          <Switch
            label="Answer each turn"
            path={path('create_response')}
            value={turnDetection.createResponse}
            onValue={(createResponse) => set({ createResponse })}
          />
          <Switch
            label="Let speech interrupt"
            path={path('interrupt_response')}
            value={turnDetection.interruptResponse}
            onValue={(interruptResponse) => set({ interruptResponse })}
          />
        </div>
      )}
      {(turnDetection.type === 'none' || !turnDetection.createResponse || pushToTalk) && (
        <button class="quiet" onClick={actions.createResponse}>
          Ask for an answer now
        </button>
      )}
    </section>
  );
}

function Hearing() {
  const { transcription, noiseReduction, inputFormat } = playground.settings.value;
  const set = (patch: Partial<typeof transcription>) =>
    actions.updateSettings({ transcription: patch });
  return (
    <section aria-label="Hearing">
      <h2>Hearing</h2>
      <Choice
        label="Noise reduction"
        path="audio.input.noise_reduction"
        value={noiseReduction}
        options={{ none: 'Off', near_field: 'Near field', far_field: 'Far field' }}
        onValue={(value) => actions.updateSettings({ noiseReduction: value })}
      />
      <Choice
        label="Input format"
        path="audio.input.format"
        value={inputFormat}
        options={{ pcm24: 'PCM 24 kHz', pcmu: 'µ-law', pcma: 'A-law' }}
        onValue={(value) => actions.updateSettings({ inputFormat: value })}
      />
      <Switch
        label="Transcribe what I say"
        path="audio.input.transcription"
        value={transcription.enabled}
        onValue={(enabled) => set({ enabled })}
      />
      {transcription.enabled && (
        <>
          <div class="pair">
            <TextField
              label="Transcription model"
              path="audio.input.transcription.model"
              value={transcription.model}
              onValue={(model) => set({ model })}
            />
            <TextField
              label="Language"
              path="audio.input.transcription.language"
              placeholder="any"
              value={transcription.language}
              onValue={(language) => set({ language })}
            />
          </div>
          <TextField
            label="Words to expect"
            path="audio.input.transcription.prompt"
            value={transcription.prompt}
            placeholder="Names and terms, as a prompt"
            onValue={(prompt) => set({ prompt })}
          />
        </>
      )}
    </section>
  );
}

function ThisBrowser() {
  const settings = playground.settings.value;
  const token = useSignal('');
  const devices = playground.devices.value;
  return (
    <section aria-label="This browser">
      <h2>This browser</h2>
      <Field label="Microphone">
        <select
          aria-label="Microphone"
          value={settings.micDeviceId}
          onFocus={() => void actions.refreshDevices()}
          onChange={(event) => actions.updateSettings({ micDeviceId: event.currentTarget.value })}
        >
          <option value="">The system’s default</option>
          {devices.map((device) => (
            <option key={device.id} value={device.id}>
              {device.label || 'Microphone'}
            </option>
          ))}
        </select>
      </Field>
      <div class="pair">
        <Switch
          label="Echo cancellation"
          value={settings.echoCancellation}
          onValue={(echoCancellation) => actions.updateSettings({ echoCancellation })}
        />
        <Switch
          label="Noise suppression"
          value={settings.noiseSuppression}
          onValue={(noiseSuppression) => actions.updateSettings({ noiseSuppression })}
        />
        <Switch
          label="Gain control"
          value={settings.autoGainControl}
          onValue={(autoGainControl) => actions.updateSettings({ autoGainControl })}
        />
        <Switch
          label="Restore after a reconnect"
          value={settings.restoreConversation}
          onValue={(restoreConversation) => actions.updateSettings({ restoreConversation })}
        />
      </div>
      <Slider
        label="Volume"
        min={0}
        max={1}
        step={0.05}
        unit=""
        value={settings.outputVolume}
        onValue={(outputVolume) => actions.updateSettings({ outputVolume })}
      />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          actions.setToken(token.value);
          token.value = '';
          announce('The key is kept for this tab only');
        }}
      >
        <Field
          label="API key"
          hint={
            playground.hasToken.value
              ? 'A key is set. It never goes into links or exports.'
              : 'Only if the server asks for one. It never goes into links or exports.'
          }
        >
          <span class="row">
            <input
              type="password"
              autocomplete="off"
              aria-label="API key"
              value={token.value}
              onInput={(event) => (token.value = event.currentTarget.value)}
            />
            <button class="quiet">{token.value || !playground.hasToken.value ? 'Set' : 'Forget'}</button>
          </span>
        </Field>
      </form>
    </section>
  );
}
