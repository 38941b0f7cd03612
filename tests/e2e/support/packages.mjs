// SPDX-License-Identifier: MIT
// The npm packages under test, from build/e2e (see tests/e2e/install) or PARLEY_E2E_PACKAGES.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export const packagesDir = process.env.PARLEY_E2E_PACKAGES
  ?? fileURLToPath(new URL('../../../build/e2e', import.meta.url));
const require = createRequire(`${packagesDir}/package.json`);

export const OpenAI = require('openai').OpenAI;
export const { OpenAIRealtimeWS } = require('openai/realtime/ws');
export const OpenAIRealtimeBetaWS = require('openai/beta/realtime/ws').OpenAIRealtimeWS;
export const { WebSocket } = require('ws');
