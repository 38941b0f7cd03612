// SPDX-License-Identifier: MIT
// Azure Speech text to speech: SSML over REST, and the WebSocket of the Speech SDK with word
// boundaries and text-in streaming. Also the token service and the list of voices.
import { bearer, goodKey } from './auth.mjs';
import { cut, speech } from '../support/audio.mjs';
import { problemOf, readText, writeBinary, writeText } from './azure_frames.mjs';
import { parseSsml } from './ssml.mjs';
import { timedWords } from './text.mjs';

const script = ['piece_bytes', 'ms_per_char', 'tone_hz', 'content_type', 'stream_id',
  'foreign_request_id', 'no_boundaries'];

export const goodToken = 'test-token';

export function auth(exchange) {
  const { headers, query } = exchange;
  return headers['ocp-apim-subscription-key'] === goodKey || bearer(exchange) ||
    headers.authorization === `Bearer ${goodToken}` ||
    query.get('Ocp-Apim-Subscription-Key') === goodKey;
}

// Bodies are short or empty; clients must not need them.
export function error(what) {
  const status = what === 'quota' ? 429 : what;
  return { status, headers: { 'x-requestid': 'fake-azure' }, body: '' };
}

// raw-24khz-16bit-mono-pcm and its kin → what to make, or null.
function outputFormat(name) {
  const rateOf = (match) => (match[1].endsWith('khz')
    ? Number.parseInt(match[1], 10) * 1000 : Number.parseInt(match[1], 10));
  const pcm = /^(?:raw|riff)-(8khz|16khz|22050hz|24khz|44100hz|48khz)-16bit-mono-pcm$/.exec(name);
  if (pcm) return { format: 'pcm', rate: rateOf(pcm), riff: name.startsWith('riff') };
  const law = /^raw-8khz-8bit-mono-(mulaw|alaw)$/.exec(name);
  if (law) return { format: law[1], rate: 8000 };
  const opus = /^(ogg|webm)-(?:16|24|48)khz-16bit(?:-24kbps)?-mono-opus$/.exec(name);
  if (opus) return { format: opus[1] === 'ogg' ? 'opus' : 'webm', rate: 48000 };
  const mp3 = /^audio-(16khz|24khz|48khz)-\d+kbitrate-mono-mp3$/.exec(name);
  return mp3 ? { format: 'mp3', rate: rateOf(mp3) } : null;
}

const typeOf = { pcm: 'audio/basic', mulaw: 'audio/basic', alaw: 'audio/basic', mp3: 'audio/mpeg',
  opus: 'audio/ogg', webm: 'audio/webm' };

function soundOf(output, text, rate, entry) {
  const format = output.riff ? 'wav' : output.format;
  return speech(format, text, { rate: output.rate, hz: entry.tone_hz,
    perCharacter: (entry.ms_per_char ?? 60) / rate });
}

async function handleRest(exchange, body) {
  const { headers, record, script: entry } = exchange;
  record.body = body.toString();
  const agent = headers['user-agent'] ?? '';
  if (!agent || agent.length > 254) return exchange.whole(error(400));
  if (!headers['content-type']?.startsWith('application/ssml+xml')) {
    return exchange.whole(error(415));
  }
  const output = outputFormat(headers['x-microsoft-outputformat']);
  const ssml = parseSsml(body.toString());
  record.ssml = ssml;
  if (!output || ssml.problem || ssml.voice === 'nope') return exchange.whole(error(400));
  const sound = await soundOf(output, ssml.text, ssml.rate, entry);
  const type = { 'content-type': entry.content_type ??
    (output.riff ? 'audio/x-wav' : typeOf[output.format]) };
  if (output.riff) return exchange.whole({ headers: type, body: sound });
  await exchange.head(200, type);
  for (const piece of cut(sound, entry.piece_bytes ?? 4801)) await exchange.piece(piece);
  return exchange.end();
}

// ---- WebSocket ----------------------------------------------------------------------------------

const ticksPerMs = 10000;

class Turn {
  constructor(channel, requestId, context) {
    Object.assign(this, { channel, requestId });
    const { audio = {}, input } = context.synthesis ?? {};
    this.output = outputFormat(audio.outputFormat);
    this.boundaries = audio.metadataOptions?.wordBoundaryEnabled === true;
    this.input = input?.bidirectionalStreamingMode ? input : null;
    this.text = '';
    this.stopped = false;
    this.streamId = channel.script.stream_id ?? '0123456789ABCDEF0123456789ABCDEF';
    this.begun = false;
    this.saidMs = 0;
  }

  send(path, body) {
    return this.channel.send(writeText(path, this.requestId, body));
  }

  async begin() {
    if (this.begun) return;
    this.begun = true;
    const context = { serviceTag: 'fake-service-tag' };
    await this.send('turn.start', { context });
    await this.send('response', { context, audio: { type: 'inline', streamId: this.streamId } });
  }

  async say(text, rate = 1) {
    const { channel } = this;
    const entry = channel.script;
    await this.begin();
    const each = (entry.ms_per_char ?? 60) / rate;
    if (this.boundaries && !entry.no_boundaries) await this.#metadata(text, each);
    const sound = await soundOf({ ...this.output, riff: false }, text, rate, entry);
    if (entry.foreign_request_id) {
      await channel.sendBinary(writeBinary('audio', 'f'.repeat(32), sound.subarray(0, 960),
        { 'X-StreamId': this.streamId }));
    }
    for (const piece of cut(sound, entry.piece_bytes ?? 9600)) {
      if (this.stopped) return;
      await channel.sendBinary(writeBinary('audio', this.requestId, piece,
        { 'X-StreamId': this.streamId }));
    }
    this.saidMs += [...text].length * each;
  }

  #metadata(text, each) {
    return this.send('audio.metadata', { Metadata: timedWords(text, [...text].length * each)
      .map(({ word, start_ms, end_ms }) => ({ Type: 'WordBoundary', Data: {
        Offset: Math.round((this.saidMs + start_ms) * ticksPerMs),
        Duration: Math.round((end_ms - start_ms) * ticksPerMs),
        text: { Text: word, Length: word.length, BoundaryType: 'WordBoundary' } } })) });
  }

  async end() {
    await this.begin();
    await this.channel.sendBinary(writeBinary('audio', this.requestId, Buffer.alloc(0),
      { 'X-StreamId': this.streamId }));
    await this.send('audio.metadata', { Metadata: [{ Type: 'SessionEnd',
      Data: { Offset: Math.round(this.saidMs * ticksPerMs) } }] });
    await this.send('turn.end', {});
  }
}

async function converse(channel, accept) {
  await accept();
  let configured = false;
  let turn = null;
  let work = Promise.resolve();
  const bad = (reason) => channel.close(1007, reason);
  // Sound leaves beside the reading, so that a stop is heard while it does.
  const queue = (step) => {
    work = work.then(step);
    channel.background(work);
  };
  return channel.listen(async (text) => {
    const message = readText(text);
    const problem = problemOf(message);
    if (problem) {
      await bad(problem);
      return;
    }
    if (message.path === 'speech.config') {
      configured = JSON.parse(message.body).context?.system !== undefined;
    } else if (!configured) {
      await bad('speech.config must come first');
    } else if (message.path === 'synthesis.context') {
      turn = new Turn(channel, message.requestId, JSON.parse(message.body));
      if (!turn.output) await bad('Unsupported output format');
    } else if (turn === null || message.requestId !== turn.requestId) {
      await bad('synthesis.context must come first');
    } else {
      await take(channel, turn, message, queue, bad);
    }
  });
}

function take(channel, turn, message, queue, bad) {
  switch (message.path) {
    case 'ssml': {
      const ssml = parseSsml(message.body);
      channel.record.ssml = ssml;
      if (ssml.problem || turn.input || ssml.voice === 'nope') {
        return bad(ssml.problem ?? 'Unsupported voice');
      }
      return queue(() => turn.say(ssml.text, ssml.rate).then(() => turn.end()));
    }
    case 'text.piece':
      if (!turn.input) return bad('text.piece without bidirectionalStreamingMode');
      return queue(() => turn.say(message.body));
    case 'text.end':
      return queue(() => turn.end());
    case 'synthesis.control':
      turn.stopped = true;
      channel.stopped();
      return undefined;
    default:
      return bad(`unknown path ${message.path}`);
  }
}

const voices = [{ Name: 'Microsoft Server Speech Text to Speech Voice (en-US, JennyNeural)',
  DisplayName: 'Jenny', LocalName: 'Jenny', ShortName: 'en-US-JennyNeural', Gender: 'Female',
  Locale: 'en-US', LocaleName: 'English (United States)', StyleList: ['cheerful', 'sad'],
  SampleRateHertz: '24000', VoiceType: 'Neural', Status: 'GA', WordsPerMinute: '152' }];

export const streamError = () => ({ messages: [], code: 1011, reason: 'Internal server error' });
const socketPath =
  /^\/azure-speech\/(?:tts\/cognitiveservices\/websocket\/v1|cognitiveservices\/websocket\/v2)$/;

export const routes = [
  { id: 'azure-speech.tts', path: /^\/azure-speech\/cognitiveservices\/v1$/, auth, error, script,
    streamError: () => Buffer.alloc(0), handle: handleRest },
  { id: 'azure-speech.tts-ws', kind: 'websocket', path: socketPath, auth, error, script,
    streamError, handle: converse },
  { id: 'azure-speech.voices', method: 'GET', auth, error,
    path: /^\/azure-speech\/cognitiveservices\/voices\/list$/,
    handle: (exchange) => exchange.whole({ body: voices }) },
  { id: 'azure-speech.token', path: /^\/azure-speech\/sts\/v1\.0\/issueToken$/, auth, error,
    handle: (exchange) => exchange.whole({ headers: { 'content-type': 'application/jwt' },
      body: goodToken }) },
];
