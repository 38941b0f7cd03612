// SPDX-License-Identifier: MIT
//
// Tools: their definitions as JSON, which one must be used, and how calls are answered.

import type { ToolAnswer } from '../core/api';
import { Field, Switch, TextField } from './fields';
import { actions, playground } from './playground';

const kExamples: Readonly<Record<string, object>> = {
  get_weather: {
    type: 'function',
    name: 'get_weather',
    description: 'Tells the weather in a city right now.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', description: 'Name of the city' } },
      required: ['city'],
    },
  },
  search_orders: {
    type: 'function',
    name: 'search_orders',
    description: 'Finds the orders of a customer.',
    parameters: {
      type: 'object',
      properties: {
        customer: { type: 'string' },
        status: { type: 'string', enum: ['open', 'shipped', 'returned'] },
      },
      required: ['customer'],
    },
  },
  end_call: {
    type: 'function',
    name: 'end_call',
    description: 'Ends the call once the user has said goodbye.',
    parameters: { type: 'object', properties: {} },
  },
  mcp_server: {
    type: 'mcp',
    server_label: 'everything',
    server_url: 'http://127.0.0.1:3001/mcp',
    require_approval: 'never',
  },
};

const kDefaultAnswer: ToolAnswer = {
  mode: 'manual',
  template: '{"ok": true, "given": {{args}}}',
  script: 'return { ok: true, given: args };',
};

export function ToolsEditor() {
  const settings = playground.settings.value;
  const error = playground.toolsError.value;
  const names = playground.toolNames.value;
  return (
    <>
      <TextField
        label="Definitions, a JSON array"
        path="tools"
        rows={8}
        value={settings.toolsJson}
        onValue={(toolsJson) => actions.updateSettings({ toolsJson })}
      />
      {error && (
        <p class="bad" role="alert">
          {error}
        </p>
      )}
      <Field label="Add an example">
        <div class="chips">
          {Object.keys(kExamples).map((name) => (
            <button key={name} class="chip-button" type="button" onClick={() => addExample(name)}>
              {name}
            </button>
          ))}
        </div>
      </Field>
      <Field label="Tool choice" path="tool_choice">
        <select
          aria-label="Tool choice"
          value={settings.toolChoice}
          onChange={(event) => actions.updateSettings({ toolChoice: event.currentTarget.value })}
        >
          {['auto', 'none', 'required', ...names].map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      </Field>
      <Switch
        label="Go on by itself once all calls are answered"
        value={settings.continueAfterTools}
        onValue={(continueAfterTools) => actions.updateSettings({ continueAfterTools })}
      />
      {names.map((name) => (
        <Answer key={name} name={name} answer={settings.toolAnswers[name] ?? kDefaultAnswer} />
      ))}
    </>
  );
}

function addExample(name: string): void {
  let tools: unknown;
  try {
    tools = JSON.parse(playground.settings.peek().toolsJson || '[]');
  } catch {
    return; // what is being written is not ours to overwrite; the error says why
  }
  if (!Array.isArray(tools)) return;
  const others = tools.filter((tool: { name?: unknown }) => tool?.name !== name);
  actions.updateSettings({ toolsJson: JSON.stringify([...others, kExamples[name]], null, 2) });
}

function Answer({ name, answer }: { name: string; answer: ToolAnswer }) {
  const set = (patch: Partial<ToolAnswer>) =>
    actions.updateSettings({
      toolAnswers: {
        ...playground.settings.peek().toolAnswers,
        [name]: { ...answer, ...patch },
      },
    });
  return (
    <div class="answer">
      <Field label={`Calls of ${name} are answered`}>
        <select
          aria-label={`Calls of ${name} are answered`}
          value={answer.mode}
          onChange={(event) => set({ mode: event.currentTarget.value as ToolAnswer['mode'] })}
        >
          <option value="manual">by hand, in the conversation</option>
          <option value="template">by a template</option>
          <option value="script">by a script</option>
        </select>
      </Field>
      {answer.mode === 'template' && (
        <TextField
          label={`Template for ${name}`}
          rows={3}
          hint="{{args.NAME}}, {{args}}, {{call_id}} and {{now}} are filled in."
          value={answer.template || kDefaultAnswer.template}
          onValue={(template) => set({ template })}
        />
      )}
      {answer.mode === 'script' && (
        <TextField
          label={`Script for ${name}`}
          rows={4}
          hint="The body of async function (args, call). Two seconds, no network."
          value={answer.script || kDefaultAnswer.script}
          onValue={(script) => set({ script })}
        />
      )}
    </div>
  );
}
