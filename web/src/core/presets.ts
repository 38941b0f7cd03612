// SPDX-License-Identifier: MIT
//
// Presets: a few ways to talk that are worth a click. Each says only what it changes.

import type { Preset } from './api';
import { defaultSettings } from './settings';

const kWeatherTools = JSON.stringify(
  [
    {
      type: 'function',
      name: 'get_weather',
      description: 'Tells the weather in a city right now.',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string', description: 'Name of the city' } },
        required: ['city'],
      },
    },
    {
      type: 'function',
      name: 'set_light',
      description: 'Turns the light of a room on or off.',
      parameters: {
        type: 'object',
        properties: { room: { type: 'string' }, on: { type: 'boolean' } },
        required: ['room', 'on'],
      },
    },
  ],
  null,
  2,
);

export const kPresets: readonly Preset[] = [
  {
    id: 'default',
    name: 'Plain conversation',
    description: 'Hands-free; you may interrupt at any time.',
    settings: {
      instructions: '',
      modality: 'audio',
      pushToTalk: false,
      speed: 1,
      toolsJson: '[]',
      toolChoice: 'auto',
      turnDetection: defaultSettings.turnDetection,
      noiseReduction: 'none',
      maxOutputTokens: 'inf',
      inputFormat: 'pcm24',
      outputFormat: 'pcm24',
    },
  },
  {
    id: 'patient',
    name: 'Patient listener',
    description: 'Waits through long pauses: for thinking aloud.',
    settings: {
      instructions: 'Let the user think aloud. Answer briefly and only when they have finished.',
      turnDetection: {
        type: 'semantic_vad',
        eagerness: 'low',
        createResponse: true,
        interruptResponse: true,
      },
      pushToTalk: false,
    },
  },
  {
    id: 'quick',
    name: 'Quick answers',
    description: 'Short silence, short answers: the lowest latency.',
    settings: {
      instructions: 'Answer in one short sentence.',
      turnDetection: {
        type: 'server_vad',
        silenceDurationMs: 200,
        prefixPaddingMs: 200,
        threshold: 0.5,
      },
      maxOutputTokens: 300,
      pushToTalk: false,
    },
  },
  {
    id: 'push',
    name: 'Push to talk',
    description: 'Hold the button or the space bar while you speak: for noisy rooms.',
    settings: { pushToTalk: true, noiseReduction: 'near_field' },
  },
  {
    id: 'tools',
    name: 'Tools',
    description: 'Weather and lights, answered by templates: watch calls come and go.',
    settings: {
      instructions:
        'Use the tools whenever they can help, then say in one sentence what you found or did.',
      toolsJson: kWeatherTools,
      toolChoice: 'auto',
      toolAnswers: {
        get_weather: {
          mode: 'template',
          template: '{"city": {{args.city}}, "temperature_c": 21, "sky": "clear"}',
          script: 'return { city: args.city, temperature_c: Math.round(10 + Math.random() * 15) };',
        },
        set_light: {
          mode: 'template',
          template: '{"room": {{args.room}}, "on": {{args.on}}, "done": true}',
          script: 'return { ...args, done: true };',
        },
      },
    },
  },
  {
    id: 'telephone',
    name: 'Telephone',
    description: 'G.711 both ways: how it sounds through a phone line.',
    settings: { inputFormat: 'pcmu', outputFormat: 'pcmu', noiseReduction: 'near_field' },
  },
  {
    id: 'text',
    name: 'Text answers',
    description: 'Speak or type; the answers come as text.',
    settings: { modality: 'text' },
  },
];
