// SPDX-License-Identifier: MIT
// Error bodies of OpenAI and of the servers that look like it. Each is `error(what)`, with an HTTP
// status or 'quota', → { status, headers, body }.

const openaiErrors = {
  400: ['invalid_request_error', 'invalid_value', 'Invalid request.'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided: ****. You can ' +
    'find your API key at https://platform.openai.com/account/api-keys.'],
  403: ['invalid_request_error', 'unsupported_country_region_territory',
    'Country, region, or territory not supported'],
  404: ['invalid_request_error', 'model_not_found',
    'The model `nope` does not exist or you do not have access to it.'],
  429: ['requests', 'rate_limit_exceeded',
    'Rate limit reached for requests. Please try again in 1s.'],
  500: ['server_error', null, 'The server had an error while processing your request. Sorry!'],
  503: ['server_error', 'overloaded', 'The engine is currently overloaded, please try again later'],
  quota: ['insufficient_quota', 'insufficient_quota', 'You exceeded your current quota, please ' +
    'check your plan and billing details.'],
};

export function openaiError(what, { message, param = null, code } = {}) {
  const [type, usualCode, usual] = openaiErrors[what] ?? openaiErrors[what < 500 ? 400 : 500];
  return { status: what === 'quota' ? 429 : what,
    headers: { 'x-request-id': 'req_fake', 'openai-processing-ms': '1' },
    body: { error: { message: message ?? usual, type, param, code: code ?? usualCode } } };
}

const azureMessages = {
  401: ['401', 'Access denied due to invalid subscription key or wrong API endpoint. Make sure ' +
    'to provide a valid key for an active subscription and use a correct regional API endpoint ' +
    'for your resource.'],
  403: ['403', 'Public access is disabled. Please configure private endpoint.'],
  404: ['DeploymentNotFound', 'The API deployment for this resource does not exist.'],
  429: ['429', 'Requests to the ChatCompletions_Create Operation have exceeded call rate limit ' +
    'of your current pricing tier. Please retry after 1 seconds.'],
  500: ['InternalServerError', 'The server had an error while processing your request.'],
  503: ['ServiceUnavailable', 'The service is temporarily unable to process your request.'],
};

export function azureError(what) {
  const status = what === 'quota' ? 429 : what;
  const [code, message] = azureMessages[status] ?? [String(status), 'Bad request'];
  return { status, headers: { 'apim-request-id': 'fake-apim', 'x-ms-region': 'West US' },
    body: { error: { code, message } } };
}

// Numeric codes, as llama.cpp writes them.
export function llamacppError(what, { message } = {}) {
  const status = what === 'quota' ? 429 : what;
  const [type, usual] = { 400: ['invalid_request_error', 'Invalid request'],
    401: ['authentication_error', 'Invalid API Key'],
    404: ['not_found_error', 'File Not Found'],
    503: ['unavailable_error', 'Loading model'] }[status] ?? ['server_error', 'Internal error'];
  return { status, headers: {},
    body: { error: { code: status, message: message ?? usual, type } } };
}

export function ollamaError(what, { message } = {}) {
  const status = what === 'quota' ? 429 : what;
  const [type, usual] = { 400: ['invalid_request_error', 'invalid request'],
    401: ['authentication_error', 'unauthorized'],
    404: ['not_found_error', 'model "nope" not found, try pulling it first'],
    503: ['api_error', 'server busy, please try again.  maximum pending requests exceeded'],
  }[status] ?? ['api_error', 'an error was encountered while running the model'];
  return { status, headers: {},
    body: { error: { message: message ?? usual, type, param: null, code: null } } };
}

export function vllmError(what, { message } = {}) {
  const status = what === 'quota' ? 429 : what;
  if (status === 401) return { status, headers: {}, body: { error: 'Unauthorized' } };
  const type = { 400: 'BadRequestError', 404: 'NotFoundError' }[status] ?? 'InternalServerError';
  return { status, headers: {},
    body: { error: { message: message ?? 'The request failed', type, param: null,
      code: status } } };
}

// FastAPI's form, as Speaches answers; a bad key is 403 there.
export function speachesError(what, { message } = {}) {
  const status = what === 'quota' ? 429 : what === 401 ? 403 : what;
  const usual = { 403: 'Invalid authentication credentials.', 429: 'Too Many Requests',
    404: "Model 'nope' is not installed locally. You can download the model using " +
      '`POST /v1/models/nope`' }[status] ?? 'Internal Server Error';
  if (status === 422) {
    return { status, headers: {}, body: { detail: [{ loc: ['body', 'model'],
      msg: message ?? 'Field required', type: 'missing' }] } };
  }
  return { status, headers: {}, body: { detail: message ?? usual } };
}

export function plainError(what) {
  const status = what === 'quota' ? 429 : what;
  return { status, headers: { 'content-type': 'text/plain' }, body: `Error ${status}` };
}
