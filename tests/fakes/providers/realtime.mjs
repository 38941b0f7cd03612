// SPDX-License-Identifier: MIT
// The Realtime API as an upstream: OpenAI's route (errors in band) and Azure's two (HTTP statuses;
// the dated route speaks beta).
import { any, bearer, header, query } from './auth.mjs';
import { azureError, openaiError } from './openai_errors.mjs';
import { fromBeta, toBeta } from './realtime_beta.mjs';
import { RealtimeSession } from './realtime_session.mjs';

const script = ['tool_calls', 'transcript', 'failed', 'incomplete', 'chunk_chars', 'piece_bytes',
  'ms_per_char', 'tone_hz', 'unknown_events'];

const fatal = {
  invalid_api_key: [3000, 'Incorrect API key provided: ****. You can find your API key at ' +
    'https://platform.openai.com/account/api-keys.'],
  missing_model: [4000, 'You must provide a model parameter.'],
  invalid_model: [4000, 'Model "nope" is not supported in realtime mode.'],
  beta_api_shape_disabled: [4000, 'The Realtime Beta API is no longer supported. Please use ' +
    '/v1/realtime for the GA API.'],
  session_expired: [1001, 'Your session hit the maximum duration of 60 minutes.'],
  insufficient_quota: [4000, 'You exceeded your current quota, please check your plan and ' +
    'billing details.'],
  server_error: [1011, 'The server had an error while processing your request. Sorry!'],
};

const fatalEvent = (code) => ({ type: 'error', event_id: 'event_fatal', error: {
  type: code === 'server_error' ? 'server_error' : 'invalid_request_error', code,
  message: fatal[code][1], param: null, event_id: null } });

function closing(code) {
  const [number, message] = fatal[code];
  return [number, number >= 3000 ? `invalid_request_error.${code}` : message];
}

async function refuseInBand(channel, code) {
  await channel.send(fatalEvent(code));
  return channel.close(...closing(code));
}

async function handleOpenai(channel, accept) {
  await accept();
  const model = channel.query.get('model');
  if (!channel.record.authorized) return refuseInBand(channel, 'invalid_api_key');
  if (channel.headers['openai-beta']) return refuseInBand(channel, 'beta_api_shape_disabled');
  if (!model) return refuseInBand(channel, 'missing_model');
  if (model === 'nope') return refuseInBand(channel, 'invalid_model');
  return converse(channel, model, { beta: false });
}

async function handleAzure(channel, accept, beta) {
  const model = channel.query.get(beta ? 'deployment' : 'model');
  if (beta && !channel.query.get('api-version')) return channel.refuse(azureError(404));
  if (!model || model === 'nope') return channel.refuse(azureError(404));
  await accept();
  return converse(channel, model, { beta });
}

async function converse(channel, model, { beta }) {
  // The pace is that of the deltas, kept by the session.
  const { between_ms: _, ...first } = channel.script;
  let entry = channel.script;
  channel.script = first;
  const session = new RealtimeSession({ model, wait: (ms) => channel.wait(ms),
    background: (promise) => channel.background(promise),
    nextScript: () => {
      const taken = entry ?? channel.board.takeScript(channel.id);
      entry = null;
      return taken;
    },
    send: async (event) => {
      const said = beta ? toBeta(event) : event;
      if (said) await channel.send(said);
    } });
  await session.begin();
  if (first.unknown_events) {
    await channel.send({ type: 'session.weather', event_id: 'event_new', sunny: true });
  }
  return channel.listen(async (text) => {
    if (channel.closing) return;
    let event;
    try {
      event = JSON.parse(text);
    } catch {
      await session.error('Invalid JSON.', 'invalid_json');
      return;
    }
    if (event.type === 'input_audio_buffer.append') {
      channel.addAudio(Buffer.from(event.audio ?? '', 'base64'));
    } else if (event.type === 'response.cancel') {
      channel.stopped();
    }
    await session.take(beta ? await translated(event, session) : event);
  });
}

async function translated(event, session) {
  for (const name of ['session', 'response']) {
    if (!event[name]) continue;
    const given = fromBeta(event[name]);
    if (given.problem) {
      await session.error(given.problem, 'invalid_value', { param: `${name}.modalities` });
      return { type: 'session.update', session: { type: 'realtime' } };
    }
    return { ...event, [name]: name === 'session' ? { type: 'realtime', ...given } : given };
  }
  if (event.item?.role === 'assistant') {
    return { ...event, item: { ...event.item, content: event.item.content.map((part) =>
      ({ ...part, type: part.type === 'text' ? 'output_text' : part.type })) } };
  }
  return event;
}

function streamError({ fault }) {
  const code = fault.reason in fatal ? fault.reason : 'server_error';
  const [number, reason] = closing(code);
  return { messages: [JSON.stringify(fatalEvent(code))], code: number, reason };
}

const azureAuth = any(header('api-key'), query('api-key'), bearer);

export const routes = [
  { id: 'openai.realtime', kind: 'websocket', path: /^\/openai\/v1\/realtime$/, auth: bearer,
    authInBand: true, error: (what) => openaiError(what), script, streamError,
    handle: handleOpenai },
  ...[[/^\/azure\/openai\/v1\/realtime$/, false], [/^\/azure\/openai\/realtime$/, true]].map(
    ([path, beta]) => ({ id: 'azure.realtime', kind: 'websocket', path, auth: azureAuth,
      error: (what) => azureError(what), script, streamError,
      handle: (channel, accept) => handleAzure(channel, accept, beta) })),
];
