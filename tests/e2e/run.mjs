#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Starts Parley for the end-to-end tests, runs a command against it, and stops it again.
//
//   node run.mjs --binary FILE [--transcripts DIR] -- COMMAND...
//
// Two servers run, one with --tls auto and one without TLS; the command finds them in the
// environment (support/environment.mjs) and trusts the local certificate authority. Fails when the
// command fails, and when a server crashed, leaked or did not end cleanly. In the command, a word
// that ends in `/*.test.mjs` stands for those files.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { packagesDir } from './support/packages.mjs';
import { Server } from './support/server.mjs';

function parse(args) {
  const options = { command: [] };
  while (args.length) {
    const arg = args.shift();
    if (arg === '--') {
      options.command = args.splice(0);
    } else if (['--binary', '--transcripts'].includes(arg) && args.length) {
      options[arg.slice(2)] = resolve(args.shift());
    } else {
      console.error(`unknown option ${arg}`);
      process.exit(2);
    }
  }
  if (!options.binary || !options.command.length) {
    console.error('usage: run.mjs --binary FILE [--transcripts DIR] -- COMMAND...');
    process.exit(2);
  }
  return options;
}

function expand(word) {
  if (!word.endsWith('/*.test.mjs')) return [word];
  return readdirSync(dirname(word)).filter((name) => name.endsWith('.test.mjs')).sort()
    .map((name) => join(dirname(word), name));
}

const options = parse(process.argv.slice(2));
const tls = await Server.start(options.binary, ['--tls', 'auto']);
const plain = await Server.start(options.binary);
console.log(`servers: wss://${tls.host} and ws://${plain.host}`);

if (options.transcripts) {
  rmSync(options.transcripts, { recursive: true, force: true });
  mkdirSync(options.transcripts, { recursive: true });
}
const [program, ...args] = options.command.flatMap(expand);
const child = spawn(program, args, {
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_EXTRA_CA_CERTS: tls.authorityFile,
    SSL_CERT_FILE: tls.authorityFile,
    PARLEY_E2E_BINARY: options.binary,
    PARLEY_E2E_TLS_HOST: tls.host,
    PARLEY_E2E_PLAIN_HOST: plain.host,
    PARLEY_E2E_PLAIN_PID: String(plain.pid),
    PARLEY_E2E_PACKAGES: packagesDir,
    PARLEY_E2E_TRANSCRIPTS: options.transcripts ?? '',
    PYTHONDONTWRITEBYTECODE: '1',
  },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
let [status] = await once(child, 'close');
status ??= 1;

for (const [name, server] of [['wss', tls], ['ws', plain]]) {
  const { code, signal } = await server.stop();
  if (code !== 0) {
    console.log(`the ${name} server did not end cleanly: code ${code}, signal ${signal}`);
    status ||= 1;
  }
  if (status) console.log(`---- log of the ${name} server ----\n${server.log.slice(-20_000)}`);
}
process.exit(status);
