// SPDX-License-Identifier: MIT
// Piper's HTTP server: the whole WAV at once, under the Content-Type that Flask gives to bytes.
import { none } from './auth.mjs';
import { speech } from '../support/audio.mjs';

const page = '<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n' +
  '<h1>Internal Server Error</h1>\n';
const error = (what) => ({ status: what === 'quota' ? 429 : what,
  headers: { 'content-type': 'text/html; charset=utf-8' }, body: page });

async function handle(exchange, body) {
  const { script: entry, record } = exchange;
  let request;
  try {
    request = JSON.parse(body);
  } catch {
    return exchange.whole(error(500));
  }
  record.body = request;
  if (!request.text) return exchange.whole(error(500));
  const sound = await speech('wav', request.text, { rate: entry.rate ?? 22050, hz: entry.tone_hz,
    perCharacter: (entry.ms_per_char ?? 60) * (request.length_scale ?? 1) });
  return exchange.whole({ headers: { 'content-type': 'text/html; charset=utf-8' }, body: sound });
}

export const routes = [
  { id: 'piper.synthesize', path: /^\/piper\/(?:synthesize)?$/, auth: none, error, handle,
    script: ['rate', 'ms_per_char', 'tone_hz'] },
  { id: 'piper.voices', method: 'GET', path: /^\/piper\/voices$/, auth: none, error,
    handle: (exchange) => exchange.whole({ body:
      { 'en_US-lessac-medium': { audio: { sample_rate: 22050 } } } }) },
];
