// SPDX-License-Identifier: MIT
// Starts `parley serve` on a free port and stops it again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patience_ms } from './environment.mjs';

const ADDRESS = /\b(?:wss?|https?):\/\/((?:[\w.-]+|\[[\da-f:]+\]):\d+)/i;

// Environment that could change a server under test is kept from it.
function cleanEnvironment(home, extra) {
  const env = Object.fromEntries(Object.entries(process.env)
    .filter(([name]) => !/^(PARLEY_|HOST$|PORT$|SERVER_|OPENAI_)/.test(name)));
  return { ...env, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home, ...extra };
}

export class Server {
  constructor(binary, args = [], env = {}) {
    this.home = mkdtempSync(join(tmpdir(), 'parley-e2e-'));
    this.log = '';
    const started = process.hrtime.bigint();
    this.child = spawn(binary, ['serve', '--listen', '127.0.0.1:0', ...args],
      { cwd: this.home, env: cleanEnvironment(this.home, env), stdio: ['ignore', 'pipe', 'pipe'] });
    this.exited = once(this.child, 'close').then(([code, signal]) => {
      rmSync(this.home, { recursive: true, force: true });
      return { code, signal };
    });
    this.listening = new Promise((resolve, reject) => {
      const give = (reason) => reject(new Error(`${reason}\n${this.log}`));
      const timer = setTimeout(give, patience_ms, 'the server printed no address in time');
      const read = (chunk) => {
        this.log += chunk;
        const match = ADDRESS.exec(this.log);
        // Only whole lines: the port may still be on its way.
        if (match && this.log.indexOf('\n', match.index) >= 0 && !this.host) {
          this.host = match[1];
          this.startMs = Number(process.hrtime.bigint() - started) / 1e6;
          clearTimeout(timer);
          resolve(this);
        }
      };
      this.child.stdout.setEncoding('utf8').on('data', read);
      this.child.stderr.setEncoding('utf8').on('data', read);
      this.child.once('error', (error) => { clearTimeout(timer); give(error.message); });
      this.exited.then(({ code, signal }) => {
        clearTimeout(timer);
        give(`the server ended at once (code ${code}, signal ${signal})`);
      });
    });
  }

  static start(binary, args, env) {
    return new Server(binary, args, env).listening;
  }

  get pid() { return this.child.pid; }

  // With --tls auto: the authority that clients need to trust, as the server's screen names it.
  get authorityFile() {
    const named = /(?:NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)=["']?([^\s"']+)/.exec(this.log);
    if (!named) throw new Error(`the server does not say what to trust:\n${this.log}`);
    return named[1];
  }

  // Sends the signal and waits for the end. `ms` is how long it took.
  async stop(signal = 'SIGTERM') {
    const asked = process.hrtime.bigint();
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), patience_ms);
    const end = await this.exited;
    clearTimeout(timer);
    return { ...end, ms: Number(process.hrtime.bigint() - asked) / 1e6 };
  }

  filesInHome() { return readdirSync(this.home, { recursive: true }); }
}
