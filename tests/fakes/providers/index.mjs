// SPDX-License-Identifier: MIT
// Every route of every provider.
import { routes as anthropic } from './anthropic.mjs';
import { routes as azureStt } from './azure_stt.mjs';
import { routes as azureTts } from './azure_tts.mjs';
import { routes as cartesia } from './cartesia.mjs';
import { routes as chat } from './chat.mjs';
import { routes as deepgram } from './deepgram.mjs';
import { routes as elevenlabsTts } from './elevenlabs_tts.mjs';
import { routes as minimax } from './minimax.mjs';
import { routes as models } from './models.mjs';
import { routes as piper } from './piper.mjs';
import { routes as realtime } from './realtime.mjs';
import { routes as responses } from './responses.mjs';
import { routes as scribe } from './scribe.mjs';
import { routes as speech } from './speech.mjs';
import { routes as transcriptions } from './transcriptions.mjs';
import { routes as vllmRealtime } from './vllm_realtime.mjs';

export const routes = [...anthropic, ...azureStt, ...azureTts, ...cartesia, ...chat, ...deepgram,
  ...elevenlabsTts, ...minimax, ...models, ...piper, ...realtime, ...responses, ...scribe,
  ...speech, ...transcriptions, ...vllmRealtime];
