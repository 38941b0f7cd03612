#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// run.mjs [--tls] -- COMMAND…: runs COMMAND beside the fakes, with PARLEY_FAKES_URL (and, with
// --tls, PARLEY_FAKES_TLS_URL) in its environment. Exits as COMMAND does.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { startFakes } from './support/start.mjs';

const split = process.argv.indexOf('--');
const command = split < 0 ? [] : process.argv.slice(split + 1);
if (command.length === 0) {
  process.stderr.write('usage: run.mjs [--tls] -- COMMAND…\n');
  process.exit(2);
}

const fakes = await startFakes({ tls: process.argv.slice(2, split).includes('--tls') });
const environment = { ...process.env, PARLEY_FAKES_URL: fakes.url };
if (fakes.tlsUrl) environment.PARLEY_FAKES_TLS_URL = fakes.tlsUrl;
const child = spawn(command[0], command.slice(1), { stdio: 'inherit', env: environment });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('error', async (error) => {
  process.stderr.write(`${command[0]}: ${error.message}\n`);
  await fakes.stop();
  process.exit(127);
});
child.on('exit', async (code, signal) => {
  await fakes.stop();
  process.exit(code ?? 128 + constants.signals[signal]);
});
