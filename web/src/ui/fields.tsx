// SPDX-License-Identifier: MIT
//
// The controls of the settings panel. Each may name the field of the session that it sets (`path`);
// then a mark says whether the server has taken it.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { playground } from './playground';

interface Common {
  readonly label: string;
  readonly path?: string;
  readonly hint?: string;
  readonly disabled?: boolean;
}

export function Field(props: Common & { readonly children: ComponentChildren }) {
  return (
    <div class="field">
      <span class="label">
        {props.label}
        <Taken path={props.path} />
      </span>
      {props.children}
      {props.hint && <small class="hint">{props.hint}</small>}
      <Refusal path={props.path} />
    </div>
  );
}

function Taken({ path }: { path: string | undefined }) {
  const status = path === undefined ? undefined : playground.settingStatus.value.get(path);
  if (!status || status.state === 'local') return null;
  const said = {
    pending: ['…', 'Sent, not answered yet'],
    accepted: ['✓', 'The server accepted it'],
    changed: ['≈', `The server made it ${JSON.stringify(status.accepted ?? null)}`],
    rejected: ['!', 'The server refused it'],
  } as const;
  const [mark, title] = said[status.state];
  return (
    <span class="taken" data-state={status.state} role="img" aria-label={title} title={title}>
      {mark}
    </span>
  );
}

function Refusal({ path }: { path: string | undefined }) {
  const status = path === undefined ? undefined : playground.settingStatus.value.get(path);
  if (status?.state === 'rejected') return <small class="bad">{status.message}</small>;
  if (status?.state === 'changed') {
    return <small class="hint">The server uses {JSON.stringify(status.accepted ?? null)}.</small>;
  }
  return null;
}

export function TextField(
  props: Common & {
    readonly value: string;
    readonly onValue: (value: string) => void;
    readonly rows?: number;
    readonly placeholder?: string;
    readonly suggestions?: readonly string[];
  },
) {
  const id = useId();
  const common = {
    'aria-label': props.label,
    value: props.value,
    placeholder: props.placeholder,
    disabled: props.disabled,
    spellcheck: false,
  };
  return (
    <Field {...props}>
      {props.rows ? (
        <textarea
          {...common}
          rows={props.rows}
          onChange={(event) => props.onValue(event.currentTarget.value)}
        />
      ) : (
        <input
          {...common}
          list={props.suggestions ? id : undefined}
          onChange={(event) => props.onValue(event.currentTarget.value)}
        />
      )}
      {props.suggestions && (
        <datalist id={id}>
          {props.suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
    </Field>
  );
}

export function NumberField(
  props: Common & {
    readonly value: number;
    readonly min: number;
    readonly max: number;
    readonly onValue: (value: number) => void;
  },
) {
  return (
    <Field {...props}>
      <input
        type="number"
        aria-label={props.label}
        value={props.value}
        min={props.min}
        max={props.max}
        disabled={props.disabled}
        onChange={(event) => {
          const value = event.currentTarget.valueAsNumber;
          if (Number.isFinite(value)) props.onValue(value);
        }}
      />
    </Field>
  );
}

export function Slider(
  props: Common & {
    readonly value: number;
    readonly min: number;
    readonly max: number;
    readonly step: number;
    readonly unit: string;
    readonly onValue: (value: number) => void;
  },
) {
  const shown = props.step < 1 ? props.value.toFixed(2) : String(props.value);
  return (
    <Field {...props}>
      <span class="row slider">
        <input
          type="range"
          aria-label={props.label}
          aria-valuetext={shown + props.unit}
          value={props.value}
          min={props.min}
          max={props.max}
          step={props.step}
          disabled={props.disabled}
          onInput={(event) => props.onValue(event.currentTarget.valueAsNumber)}
        />
        <output>{shown + props.unit}</output>
      </span>
    </Field>
  );
}

export function Switch(
  props: Common & { readonly value: boolean; readonly onValue: (value: boolean) => void },
) {
  return (
    <div class="field">
      <label class="switch">
        <input
          type="checkbox"
          checked={props.value}
          disabled={props.disabled}
          onChange={(event) => props.onValue(event.currentTarget.checked)}
        />
        <span>{props.label}</span>
        <Taken path={props.path} />
      </label>
      {props.hint && <small class="hint">{props.hint}</small>}
      <Refusal path={props.path} />
    </div>
  );
}

export function Choice<Value extends string>(
  props: Common & {
    readonly value: Value;
    readonly options: { readonly [V in Value]: string };
    readonly onValue: (value: Value) => void;
  },
) {
  return (
    <Field {...props}>
      <div class="segments" role="group" aria-label={props.label}>
        {(Object.entries(props.options) as [Value, string][]).map(([value, label]) => (
          <button
            key={value}
            type="button"
            aria-pressed={props.value === value}
            disabled={props.disabled}
            onClick={() => props.onValue(value)}
          >
            {label}
          </button>
        ))}
      </div>
    </Field>
  );
}
