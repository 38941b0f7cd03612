// SPDX-License-Identifier: MIT
// Tests are written in the GA dialect; this says the same in beta.
import { betaName } from '../invariants.mjs';

const FORMATS = { 'audio/pcm': 'pcm16', 'audio/pcmu': 'g711_ulaw', 'audio/pcma': 'g711_alaw' };

function modalities(list) {
  return list.includes('audio') ? ['text', 'audio'] : ['text'];
}

function defined(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function betaSession({ type: _type, output_modalities, max_output_tokens, audio, ...rest }) {
  const { input = {}, output = {} } = audio ?? {};
  return defined({
    ...rest,
    modalities: output_modalities && modalities(output_modalities),
    max_response_output_tokens: max_output_tokens,
    input_audio_format: input.format && FORMATS[input.format.type],
    input_audio_transcription: input.transcription,
    input_audio_noise_reduction: input.noise_reduction,
    turn_detection: input.turn_detection,
    output_audio_format: output.format && FORMATS[output.format.type],
    voice: output.voice,
    speed: output.speed,
  });
}

function betaResponse({ output_modalities, audio, ...rest }) {
  return defined({
    ...rest,
    modalities: output_modalities && modalities(output_modalities),
    voice: audio?.output?.voice,
    output_audio_format: audio?.output?.format && FORMATS[audio.output.format.type],
  });
}

function betaItem(item) {
  if (!item.content) return item;
  const content = item.content.map((part) => (
    part.type === 'output_text' ? { ...part, type: 'text' } : part));
  return { ...item, content };
}

// A GA client event, in the dialect.
export function clientEvent(dialect, event) {
  if (dialect === 'ga') return event;
  const translated = { ...event };
  if (event.type === 'session.update') translated.session = betaSession(event.session);
  if (event.response) translated.response = betaResponse(event.response);
  if (event.item) translated.item = betaItem(event.item);
  return translated;
}

// A GA event name, in the dialect; null when it has no such event.
export function eventName(dialect, type) {
  return dialect === 'ga' ? type : betaName(type);
}
