// SPDX-License-Identifier: MIT
// Fakes of every provider in one process. Prints `listening http://127.0.0.1:PORT`, with --tls also
// the https address on the same line; ends when stdin closes or on SIGTERM. See README.md.
import { Board } from './support/board.mjs';
import { Control } from './support/control.mjs';
import { startProxy } from './support/proxy.mjs';
import { brokenListeners, FakeServer } from './support/server.mjs';
import { certificates } from './support/tls.mjs';
import { routes } from './providers/index.mjs';
import { startWyoming } from './providers/wyoming.mjs';

const withTls = process.argv.includes('--tls');
const board = new Board();
const addresses = {};
const control = new Control({ board, routes, addresses });
const server = new FakeServer({ board, routes, control });

const plain = await server.listen();
const at = (scheme, listener) => `${scheme}://127.0.0.1:${listener.address().port}`;
addresses.http = at('http', plain);

const broken = await brokenListeners();
for (const [name, port] of Object.entries(broken.ports)) addresses[name] = `127.0.0.1:${port}`;
addresses.proxy = at('http', await startProxy(board));
addresses.wyoming = `127.0.0.1:${(await startWyoming(board)).address().port}`;

if (withTls) {
  const { good, wrongHost } = certificates();
  addresses.https = at('https', await server.listen(good));
  addresses.https_h2 = at('https', await server.listen(good, { h2: true }));
  addresses.https_wrong_host = at('https', await server.listen(wrongHost));
  addresses.ca_pem = good.cert;
  addresses.wrong_host_ca_pem = wrongHost.cert;
}

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => process.exit(0));
process.stdout.write(`listening ${addresses.http}${withTls ? ` ${addresses.https}` : ''}\n`);
