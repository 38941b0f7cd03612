// SPDX-License-Identifier: MIT
// The preview (beta) shape of the Realtime API, as Azure's dated route still speaks it: GA events
// said in beta, and beta updates said in GA.

const names = { 'response.output_text': 'response.text', 'response.output_audio': 'response.audio',
  'response.output_audio_transcript': 'response.audio_transcript' };
const partNames = { output_text: 'text', output_audio: 'audio' };
const formats = { 'audio/pcm': 'pcm16', 'audio/pcmu': 'g711_ulaw', 'audio/pcma': 'g711_alaw' };
const gaFormats = { pcm16: { type: 'audio/pcm', rate: 24000 }, g711_ulaw: { type: 'audio/pcmu' },
  g711_alaw: { type: 'audio/pcma' } };

function betaItem(item) {
  return { object: 'realtime.item', ...item, ...(item.content ? { content: item.content.map(
    (part) => ({ ...part, type: partNames[part.type] ?? part.type })) } : {}) };
}

function betaSession(session) {
  const { input, output } = session.audio;
  return { id: session.id, object: session.object, model: session.model,
    expires_at: session.expires_at, modalities: session.output_modalities[0] === 'text'
      ? ['text'] : ['audio', 'text'], instructions: session.instructions, voice: output.voice,
    turn_detection: input.turn_detection, input_audio_format: formats[input.format.type],
    output_audio_format: formats[output.format.type],
    input_audio_transcription: input.transcription, tool_choice: session.tool_choice,
    temperature: 0.8, max_response_output_tokens: session.max_output_tokens, client_secret: null,
    tools: session.tools, speed: output.speed };
}

function betaResponse(response) {
  const { audio, output_modalities: modalities, ...rest } = response;
  return { ...rest, output: response.output.map(betaItem), temperature: 0.8,
    modalities: modalities[0] === 'text' ? ['text'] : ['audio', 'text'], voice: audio.output.voice,
    output_audio_format: formats[audio.output.format.type] };
}

// A GA server event in beta, or null where beta has none.
export function toBeta(event) {
  if (event.type === 'conversation.item.done') return null;
  const [, stem, last] = /^(.*)\.(delta|done)$/.exec(event.type) ?? [];
  const renamed = names[stem] ? `${names[stem]}.${last}` : event.type;
  const said = { ...event, type: renamed };
  delete said.obfuscation;
  if (event.type === 'conversation.item.added') said.type = 'conversation.item.created';
  if (event.item) said.item = betaItem(event.item);
  if (event.session) said.session = betaSession(event.session);
  if (event.response) said.response = betaResponse(event.response);
  return said;
}

// A beta `session` (or `response`) in GA; `problem` when the preview would refuse it.
export function fromBeta(given) {
  const { modalities, voice, turn_detection: turns, input_audio_format: inputFormat,
    output_audio_format: outputFormat, input_audio_transcription: transcription, temperature: _,
    max_response_output_tokens: most, speed, input_audio_noise_reduction: noise, ...rest } = given;
  if (modalities?.length === 1 && modalities[0] === 'audio') {
    return { problem: "Invalid modalities: ['audio']. Supported combinations are: ['text'] and " +
      "['audio', 'text']." };
  }
  const input = {};
  if (inputFormat) input.format = gaFormats[inputFormat];
  if (turns !== undefined) input.turn_detection = turns;
  if (transcription !== undefined) input.transcription = transcription;
  if (noise !== undefined) input.noise_reduction = noise;
  const output = {};
  if (outputFormat) output.format = gaFormats[outputFormat];
  if (voice) output.voice = voice;
  if (speed !== undefined) output.speed = speed;
  return { ...rest, audio: { input, output }, ...(most ? { max_output_tokens: most } : {}),
    ...(modalities ? { output_modalities: modalities.includes('audio') ? ['audio'] : ['text'] }
      : {}) };
}
