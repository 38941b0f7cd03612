// SPDX-License-Identifier: MIT
// What the running server makes of one field of one client event: a session of its own is sent the
// event with that field set, and the answers are looked through for the field.
import { plainHost } from '../e2e/support/environment.mjs';
import { WebSocket } from '../e2e/support/packages.mjs';

// Values that the schema leaves open and the server does not, and values that are not the default:
// a default that is shown proves nothing.
const VALUES = {
  audio: 'AAAAAAAA', 'format.rate': 24000, image_url: 'data:image/png;base64,AAAAAAAA',
  server_url: 'http://127.0.0.1:1/mcp', call_id: 'call_none', previous_item_id: 'root',
  'session.model': 'parley', conversation: 'none', version: '7', arguments: '{"a":1}',
  speed: 1.25, temperature: 0.7, retention_ratio: 0.25, threshold: 0.625, idle_timeout_ms: 7000,
  prefix_padding_ms: 250, silence_duration_ms: 350, max_output_tokens: 77,
  max_response_output_tokens: 77, post_instructions: 900, seconds: 99,
};

function keyOf(path) {
  return Object.keys(VALUES).find((name) => path === name || path.endsWith(`.${name}`));
}

// Every kind of value that the schema gives a field.
export function samples(schema, field) {
  const key = keyOf(field.path);
  const found = [];
  for (const shape of schema.shapes(field.schema)) {
    const value = schema.sample(shape);
    if ('const' in shape) found.push(shape.const);
    else if (shape.enum) found.push(...shape.enum);
    else if (key && typeof value === typeof VALUES[key]) found.push(VALUES[key]);
    else if (typeof value === 'boolean') found.push(false, true);
    else if (shape.items) found.push(value, [schema.sample(shape.items)]);
    else if (shape.additionalProperties && !shape.properties) found.push({ key: 'value' });
    else found.push(value);
  }
  return found;
}

// What is required beside a field is given the values that the server wants, too.
export function settled(value, path = '') {
  if (Array.isArray(value)) return value.map((one) => settled(one, `${path}[]`));
  if (value === null || typeof value !== 'object') {
    const key = keyOf(path);
    const open = value === 'x' || typeof value === 'number';
    return key && open && typeof value === typeof VALUES[key] ? VALUES[key] : value;
  }
  return Object.fromEntries(Object.entries(value)
    .map(([key, one]) => [key, settled(one, path ? `${path}.${key}` : key)]));
}

// The values at a path of the schema: "item.content[].text" may be there many times.
export function valuesAt(value, path) {
  let found = [value];
  for (const key of path.replaceAll('[]', '.[]').split('.')) {
    found = found.flatMap((at) => {
      if (at === null || typeof at !== 'object') return [];
      if (key === '[]') return Array.isArray(at) ? at : [];
      return Object.hasOwn(at, key) ? [at[key]] : [];
    });
  }
  return found;
}

// Whether all that was sent is in what is shown, which may hold more.
function within(sent, shown) {
  if (sent === shown) return true;
  if (!sent || !shown || typeof sent !== 'object' || typeof shown !== 'object') return false;
  if (Array.isArray(sent) && (!Array.isArray(shown) || sent.length !== shown.length)) return false;
  return Object.keys(sent).every((key) => within(sent[key], shown[key]));
}

class Session {
  static async open(dialect, query) {
    const session = new Session();
    const headers = dialect === 'beta' ? { 'OpenAI-Beta': 'realtime=v1' } : {};
    session.events = [];
    session.socket = new WebSocket(`ws://${plainHost()}/v1/realtime?${query}`, { headers });
    session.socket.on('message', (data) => {
      session.events.push(JSON.parse(data));
      session.look?.();
    });
    await session.until((event) => event.type.endsWith('session.created'));
    return session;
  }

  until(match) {
    return new Promise((resolve) => {
      this.look = () => {
        const found = this.events.find(match);
        if (found) resolve(found);
      };
      this.look();
    });
  }

  // What answers this event. A wrong event sent behind it is the mark.
  async ask(event) {
    this.events = [];
    this.socket.send(JSON.stringify({ ...event, event_id: 'probe' }));
    this.socket.send(JSON.stringify({ type: 'no.such.event', event_id: 'mark' }));
    await this.until((said) => said.error?.event_id === 'mark');
    return {
      error: this.events.find((said) => said.error?.event_id === 'probe')?.error,
      answers: this.events.filter((said) => said.type !== 'error'),
    };
  }
}

// Errors about the state of a fresh session, not about the field.
const STATE = new Set(['input_audio_buffer_commit_empty', 'response_cancel_not_active',
  'item_delete_invalid_item_id', 'item_retrieve_invalid_item_id', 'item_truncate_invalid_item_id',
  'conversation_already_has_active_response']);
const NOTHING_THERE = /does not exist|no call waits|no function call/;
const SHOWING = new Set(['session.updated', 'transcription_session.updated', 'response.created',
  'conversation.item.added', 'conversation.item.created']);

function judged(event, path, { error, answers }) {
  if (error) {
    if (STATE.has(error.code) || NOTHING_THERE.test(error.message)) return { kind: 'state' };
    const said = (error.param ?? '').replace(/\[\d*\]/g, '[]');
    const same = said === path || said.startsWith(`${path}.`) || said.startsWith(`${path}[`);
    return same ? { kind: 'refused', said: `refused: \`${error.code}\`` }
      : { kind: 'elsewhere', said: `with it, \`${error.code}\` for \`${said}\`` };
  }
  if (path === '') {
    return answers.length ? { kind: 'shown', by: answers[0].type } : { kind: 'taken' };
  }
  const sent = valuesAt(event, path);
  const by = answers.find((answer) => SHOWING.has(answer.type)
    && sent.every((one) => valuesAt(answer, path).some((shown) => within(one, shown))));
  if (by) return { kind: 'shown', by: by.type };
  // Its fields are judged one by one.
  const whole = sent.some((one) => one !== null && typeof one === 'object');
  return { kind: whole ? 'whole' : 'taken' };
}

// { kind: shown | whole | taken | state | refused | elsewhere, by?, said?, heard: [event] }
export async function probe(dialect, event, path) {
  const transcribes = event.type.startsWith('transcription_session')
    || event.session?.type === 'transcription';
  const session = await Session.open(dialect,
    transcribes ? 'intent=transcription' : 'model=parley');
  const created = session.events[0];
  const heard = await session.ask(event);
  session.socket.terminate();
  return { ...judged(event, path, heard), heard: [created, ...heard.answers] };
}
