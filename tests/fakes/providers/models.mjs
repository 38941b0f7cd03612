// SPDX-License-Identifier: MIT
// GET …/models and health: what `parley doctor` may ask the OpenAI-compatible servers.
import { any, bearer, header, none } from './auth.mjs';
import { azureError, llamacppError, ollamaError, openaiError, vllmError }
  from './openai_errors.mjs';

const list = (...ids) => (exchange) => exchange.whole({ body: { object: 'list',
  data: ids.map((id) => ({ id, object: 'model', created: 1767225600, owned_by: 'fake' })) } });

export const routes = [
  ['openai', /^\/openai\/v1\/models$/, bearer, openaiError],
  ['azure', /^\/azure\/openai\/v1\/models$/, any(header('api-key'), bearer), azureError],
  ['llamacpp', /^\/llamacpp\/v1\/models$/, none, llamacppError],
  ['ollama', /^\/ollama\/v1\/models$/, none, ollamaError],
  ['vllm', /^\/vllm\/v1\/models$/, none, vllmError],
].map(([name, path, auth, error]) => ({ id: `${name}.models`, method: 'GET', path, auth,
  error: (what) => error(what), handle: list('fake-model') })).concat([
  { id: 'llamacpp.health', method: 'GET', path: /^\/llamacpp\/health$/, auth: none,
    error: (what) => llamacppError(what),
    handle: (exchange) => exchange.whole({ body: { status: 'ok' } }) }]);
