// SPDX-License-Identifier: MIT
// One session of the fake Realtime service, in GA: items, the audio buffer with a VAD that tells
// silence from sound, responses that speak a tone. Events come in the order of the published flows.
import { isSilence, speech, cut } from '../support/audio.mjs';
import { textPieces } from './text.mjs';

const vadDefault = { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300,
  silence_duration_ms: 200, idle_timeout_ms: null, create_response: true,
  interrupt_response: true };
const encodings = { 'audio/pcm': { name: 'pcm', rate: 24000, bytesPerMs: 48 },
  'audio/pcmu': { name: 'mulaw', rate: 8000, bytesPerMs: 8 },
  'audio/pcma': { name: 'alaw', rate: 8000, bytesPerMs: 8 } };
const commitMsMin = 100;

function isQuiet(audio, name) {
  if (name === 'pcm') return isSilence(audio);
  const flip = name === 'mulaw' ? 0xff : 0x55;
  return audio.every((byte) => ((byte ^ flip) & 0x7f) >> 4 < 2);
}

// What a session.update replaces as a whole.
const wholes = new Set(['format', 'turn_detection', 'transcription', 'noise_reduction',
  'tool_choice']);

function merge(into, changes) {
  for (const [name, value] of Object.entries(changes)) {
    const both = !wholes.has(name) && into[name] && value && typeof value === 'object' &&
      !Array.isArray(value);
    into[name] = both ? merge({ ...into[name] }, value) : value;
  }
  return into;
}

let counter = 0;
const newId = (kind) => `${kind}_${(counter += 1).toString(36).padStart(12, 'Fake0')}`;

export class RealtimeSession {
  #send;
  #nextScript;
  #wait;
  #background;

  // `send(event)`: to the client. `nextScript()`: the entry of the next response. `wait(ms)`: real
  // time. `background(promise)`: keeps an eye on work that nobody awaits.
  constructor({ model, send, nextScript, wait, background }) {
    this.#send = (event) => send({ event_id: newId('event'), ...event });
    this.#nextScript = nextScript;
    this.#wait = wait;
    this.#background = background;
    this.items = [];
    this.response = null;
    this.spoke = false;
    this.audio = { bytes: 0, totalMs: 0, speech: null, quietMs: 0 };
    this.session = { type: 'realtime', object: 'realtime.session', id: newId('sess'), model,
      output_modalities: ['audio'], instructions: 'You are a helpful assistant.', tools: [],
      tool_choice: 'auto', max_output_tokens: 'inf', tracing: null, truncation: 'auto',
      prompt: null, expires_at: 1790000000, audio: { input: { format: { type: 'audio/pcm',
        rate: 24000 }, transcription: null, noise_reduction: null, turn_detection: vadDefault },
      output: { format: { type: 'audio/pcm', rate: 24000 }, voice: 'alloy', speed: 1.0 } },
      include: null };
    this.conversationId = newId('conv');
  }

  begin() {
    return this.#send({ type: 'session.created', session: this.session });
  }

  error(message, code, fields = {}) {
    return this.#send({ type: 'error', error: { type: 'invalid_request_error', code, message,
      param: fields.param ?? null, event_id: fields.event_id ?? null } });
  }

  async take(event) {
    const { event_id: id } = event;
    switch (event.type) {
      case 'session.update': return this.#update(event.session ?? {}, id);
      case 'input_audio_buffer.append': return this.#append(Buffer.from(event.audio, 'base64'));
      case 'input_audio_buffer.commit': return this.#commit(id);
      case 'input_audio_buffer.clear':
        this.audio = { ...this.audio, bytes: 0, speech: null };
        return this.#send({ type: 'input_audio_buffer.cleared' });
      case 'conversation.item.create': return this.#create(event, id);
      case 'conversation.item.delete': return this.#delete(event, id);
      case 'conversation.item.truncate': return this.#truncate(event, id);
      case 'response.create': return this.#respond(event.response ?? {}, id);
      case 'response.cancel': return this.#cancel('client_cancelled', id);
      default:
        return this.error(`Invalid value: '${event.type}'.`, 'invalid_value',
          { param: 'type', event_id: id });
    }
  }

  async #update(changes, id) {
    if (changes.type !== 'realtime') {
      return this.error("Missing required parameter: 'session.type'.",
        'missing_required_parameter', { param: 'session.type', event_id: id });
    }
    const voice = changes.audio?.output?.voice;
    if (this.spoke && voice && voice !== this.session.audio.output.voice) {
      return this.error('Cannot update a conversation\'s voice if assistant audio is present.',
        'cannot_update_voice', { event_id: id });
    }
    const turns = changes.audio?.input?.turn_detection;
    this.session = merge({ ...this.session }, changes);
    if (turns) this.session.audio.input.turn_detection = { ...vadDefault, ...turns };
    return this.#send({ type: 'session.updated', session: this.session });
  }

  // ---- audio in ---------------------------------------------------------------------------------

  async #append(bytes) {
    const { audio } = this;
    const format = encodings[this.session.audio.input.format.type];
    const ms = bytes.length / format.bytesPerMs;
    const vad = this.session.audio.input.turn_detection;
    audio.bytes += bytes.length;
    audio.totalMs += ms;
    if (!vad) return;
    const quiet = isQuiet(bytes, format.name);
    audio.quietMs = quiet ? audio.quietMs + ms : 0;
    if (!quiet && audio.speech === null) {
      audio.speech = newId('item');
      await this.#send({ type: 'input_audio_buffer.speech_started', item_id: audio.speech,
        audio_start_ms: Math.max(0, Math.round(audio.totalMs - ms - vad.prefix_padding_ms)) });
      if (vad.interrupt_response && this.response) await this.#cancel('turn_detected');
    } else if (audio.speech !== null && audio.quietMs >= vad.silence_duration_ms) {
      const item = audio.speech;
      await this.#send({ type: 'input_audio_buffer.speech_stopped', item_id: item,
        audio_end_ms: Math.round(audio.totalMs) });
      await this.#addUserAudio(item);
      if (vad.create_response) await this.#respond({});
    }
  }

  async #commit(id) {
    const format = encodings[this.session.audio.input.format.type];
    const ms = this.audio.bytes / format.bytesPerMs;
    if (ms < commitMsMin) {
      return this.error('Error committing input audio buffer: buffer too small. Expected at ' +
        `least 100ms of audio, but buffer only has ${ms.toFixed(2)}ms of audio.`,
      'input_audio_buffer_commit_empty', { event_id: id });
    }
    return this.#addUserAudio(this.audio.speech ?? newId('item'));
  }

  async #addUserAudio(id) {
    this.audio = { ...this.audio, bytes: 0, speech: null, quietMs: 0 };
    await this.#send({ type: 'input_audio_buffer.committed', item_id: id,
      previous_item_id: this.items.at(-1)?.id ?? null });
    await this.#add({ id, type: 'message', status: 'completed', role: 'user',
      content: [{ type: 'input_audio', transcript: null }] });
    this.script = this.#nextScript();
    if (!this.session.audio.input.transcription) return;
    const transcript = this.script.transcript ?? 'hello there';
    const at = { item_id: id, content_index: 0 };
    const kind = 'conversation.item.input_audio_transcription';
    for (const delta of textPieces(transcript)) {
      await this.#send({ type: `${kind}.delta`, ...at, delta, obfuscation: 'x7' });
    }
    await this.#send({ type: `${kind}.completed`, ...at, transcript, usage: { type: 'tokens',
      total_tokens: 22, input_tokens: 13, output_tokens: 9,
      input_token_details: { text_tokens: 0, audio_tokens: 13 } } });
  }

  // ---- items ------------------------------------------------------------------------------------

  async #add(item) {
    const previous = this.items.at(-1)?.id ?? null;
    this.items.push(item);
    await this.#send({ type: 'conversation.item.added', previous_item_id: previous, item });
    await this.#send({ type: 'conversation.item.done', previous_item_id: previous, item });
  }

  #create({ item = {} }, id) {
    const wrong = (item.content ?? []).find((part) => ({ user: ['input_text', 'input_audio',
      'input_image'], system: ['input_text'], assistant: ['output_text'] }[item.role] ?? [])
      .every((type) => type !== part.type));
    if (wrong) {
      return this.error("Missing required parameter: 'item.content[0].text'.",
        'missing_required_parameter', { param: 'item.content[0].text', event_id: id });
    }
    if (item.type === 'function_call_output' && !this.items.some((other) =>
      other.type === 'function_call' && other.call_id === item.call_id)) {
      return this.error(`Tool call ID '${item.call_id}' not found in conversation.`,
        'invalid_tool_call_id', { param: 'item.call_id', event_id: id });
    }
    const status = item.type === 'message' ? { status: 'completed' } : {};
    return this.#add({ id: newId('item'), ...status, ...item });
  }

  #find(id) {
    return this.items.findIndex((item) => item.id === id);
  }

  #delete({ item_id: item }, id) {
    const at = this.#find(item);
    if (at < 0) {
      return this.error(`Error deleting item: the item with id '${item}' does not exist.`,
        'item_delete_invalid_item_id', { event_id: id });
    }
    this.items.splice(at, 1);
    return this.#send({ type: 'conversation.item.deleted', item_id: item });
  }

  #truncate({ item_id: item, content_index: index, audio_end_ms: end }, id) {
    const at = this.#find(item);
    if (at < 0 || this.items[at].role !== 'assistant') {
      return this.error(`Error truncating item: the item with id '${item}' does not exist.`,
        'item_truncate_invalid_item_id', { event_id: id });
    }
    const has = this.items[at].spokenMs ?? 0;
    if (end > has) {
      return this.error(`Audio content of ${has}ms is already shorter than ${end}ms`,
        'invalid_value', { event_id: id });
    }
    this.items[at].spokenMs = end;
    return this.#send({ type: 'conversation.item.truncated', item_id: item, content_index: index,
      audio_end_ms: end });
  }

  // ---- responses --------------------------------------------------------------------------------

  #cancel(reason, id) {
    if (!this.response) {
      return this.error('Cancellation failed: no active response found',
        'response_cancel_not_active', { event_id: id });
    }
    this.response.cancelled = reason;
    this.response.stop();
    return undefined;
  }

  #respond(options, id) {
    if (this.response) {
      return this.error(`Conversation already has an active response in progress: ${
        this.response.id}. Wait until the response is finished before creating a new one.`,
      'conversation_already_has_active_response', { event_id: id });
    }
    const script = this.script ?? this.#nextScript();
    this.script = undefined;
    const modalities = options.output_modalities ?? this.session.output_modalities;
    const response = { id: newId('resp'), modalities, script, output: [], cancelled: null,
      metadata: options.metadata ?? null };
    response.stopped = new Promise((resolve) => { response.stop = resolve; });
    this.response = response;
    // Beside the reading, so that a cancel is heard while it speaks.
    this.#background(this.#run(response));
    return undefined;
  }

  #describe(response, status, details = null) {
    const usage = { total_tokens: 136, input_tokens: 110, output_tokens: 26,
      input_token_details: { text_tokens: 70, audio_tokens: 40, image_tokens: 0, cached_tokens: 64,
        cached_tokens_details: { text_tokens: 64, audio_tokens: 0, image_tokens: 0 } },
      output_token_details: { text_tokens: 6, audio_tokens: 20 } };
    const { format, voice } = this.session.audio.output;
    return { object: 'realtime.response', id: response.id, status, status_details: details,
      output: response.output.map(shown), conversation_id: this.conversationId,
      output_modalities: response.modalities, max_output_tokens: this.session.max_output_tokens,
      audio: { output: { format, voice } }, usage: status === 'in_progress' ? null : usage,
      metadata: response.metadata };
  }

  async #run(response) {
    const { script } = response;
    await this.#send({ type: 'response.created',
      response: this.#describe(response, 'in_progress') });
    const text = script.text ?? (script.tool_calls ? '' : 'You said: hello there');
    if (text && !script.failed) await this.#speak(response, text);
    for (const call of script.failed ? [] : script.tool_calls ?? []) {
      if (!response.cancelled) await this.#call(response, call);
    }
    this.response = null;
    await this.#send({ type: 'response.done', response: this.#outcome(response) });
    await this.#send({ type: 'rate_limits.updated', rate_limits: [{ name: 'tokens', limit: 40000,
      remaining: 38490, reset_seconds: 2.265 }] });
  }

  #outcome(response) {
    const { script, cancelled } = response;
    if (cancelled) {
      return this.#describe(response, 'cancelled', { type: 'cancelled', reason: cancelled });
    }
    if (script.failed) {
      return this.#describe(response, 'failed', { type: 'failed', error: { type: 'server_error',
        code: script.failed, message: 'The server had an error while processing your request.' } });
    }
    if (script.incomplete) {
      return this.#describe(response, 'incomplete', { type: 'incomplete',
        reason: script.incomplete });
    }
    return this.#describe(response, 'completed');
  }

  // Opens an output item: adds it to the response and to the conversation.
  async #open(response, item) {
    const previous = this.items.at(-1)?.id ?? null;
    const index = response.output.length;
    this.items.push(item);
    response.output.push(item);
    const begun = { ...shown(item), status: 'in_progress',
      ...(item.content ? { content: [] } : { arguments: '' }) };
    await this.#send({ type: 'response.output_item.added', response_id: response.id,
      output_index: index, item: begun });
    await this.#send({ type: 'conversation.item.added', previous_item_id: previous, item: begun });
    return { previous, index };
  }

  async #close(response, item, { previous, index }) {
    item.status = response.cancelled ? 'incomplete' : 'completed';
    await this.#send({ type: 'conversation.item.done', previous_item_id: previous,
      item: shown(item) });
    await this.#send({ type: 'response.output_item.done', response_id: response.id,
      output_index: index, item: shown(item) });
  }

  async #speak(response, text) {
    const spoken = response.modalities[0] !== 'text';
    const part = spoken ? { type: 'output_audio', transcript: '' }
      : { type: 'output_text', text: '' };
    const field = spoken ? 'transcript' : 'text';
    const item = { id: newId('item'), type: 'message', status: 'in_progress', role: 'assistant',
      content: [part], spokenMs: 0 };
    const opened = await this.#open(response, item);
    const at = { response_id: response.id, item_id: item.id, output_index: opened.index,
      content_index: 0 };
    const shortPart = () => ({ type: spoken ? 'audio' : 'text', [field]: part[field] });
    await this.#send({ type: 'response.content_part.added', ...at, part: shortPart() });
    const kind = spoken ? 'response.output_audio_transcript' : 'response.output_text';
    for await (const { delta, audio, ms } of this.#pieces(text, spoken, response.script)) {
      if (response.script.between_ms) {
        await Promise.race([this.#wait(response.script.between_ms), response.stopped]);
      }
      if (response.cancelled) break;
      if (delta) {
        part[field] += delta;
        await this.#send({ type: `${kind}.delta`, ...at, delta, obfuscation: 'x7' });
      }
      if (audio) {
        this.spoke = true;
        item.spokenMs += ms;
        await this.#send({ type: 'response.output_audio.delta', ...at,
          delta: audio.toString('base64') });
      }
    }
    if (spoken) await this.#send({ type: 'response.output_audio.done', ...at });
    await this.#send({ type: `${kind}.done`, ...at, [field]: part[field] });
    await this.#send({ type: 'response.content_part.done', ...at, part: shortPart() });
    await this.#close(response, item, opened);
  }

  async* #pieces(text, spoken, script) {
    const words = textPieces(text, script.chunk_chars);
    const format = encodings[this.session.audio.output.format.type];
    const sound = spoken ? await speech(format.name, text, { rate: format.rate,
      perCharacter: script.ms_per_char, hz: script.tone_hz }) : Buffer.alloc(0);
    const pieces = cut(sound, script.piece_bytes ?? format.bytesPerMs * 200);
    for (let at = 0; at < Math.max(words.length, pieces.length); at += 1) {
      yield { delta: words[at], audio: pieces[at],
        ms: Math.floor((pieces[at]?.length ?? 0) / format.bytesPerMs) };
    }
  }

  async #call(response, call) {
    const args = typeof call.arguments === 'string'
      ? call.arguments : JSON.stringify(call.arguments ?? {});
    const item = { id: newId('item'), type: 'function_call', status: 'in_progress', name: call.name,
      call_id: call.id ?? newId('call'), arguments: args };
    const opened = await this.#open(response, item);
    const at = { response_id: response.id, item_id: item.id, output_index: opened.index,
      call_id: item.call_id };
    for (const delta of textPieces(args, response.script.chunk_chars ?? 6)) {
      await this.#send({ type: 'response.function_call_arguments.delta', ...at, delta,
        obfuscation: 'x7' });
    }
    await this.#send({ type: 'response.function_call_arguments.done', ...at, name: call.name,
      arguments: args });
    await this.#close(response, item, opened);
  }
}

// An item without what only the fake needs to know.
function shown({ spokenMs: _, ...item }) {
  const content = item.content?.map((part) => ({ ...part }));
  return { ...item, ...(content ? { content } : {}) };
}
