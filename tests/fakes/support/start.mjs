// SPDX-License-Identifier: MIT
// Starts the fakes as a child process, and speaks to their control plane.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../main.mjs', import.meta.url));

export async function startFakes({ tls = false } = {}) {
  const child = spawn(process.execPath, [main, ...(tls ? ['--tls'] : [])],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => { child.on('exit', resolve); });
  const line = await Promise.race([
    new Promise((resolve) => { createInterface({ input: child.stdout }).once('line', resolve); }),
    exited.then((status) => { throw new Error(`the fakes ended with ${status}`); })]);
  const [, url, tlsUrl] = /^listening (\S+)(?: (\S+))?$/.exec(line);
  return { url, tlsUrl, control: controlOf(url), stop() { child.stdin.end(); return exited; } };
}

// control.script({…}), .fault({…}), .requests(provider), .wait({…}) and so on.
export function controlOf(url) {
  const ask = async (method, action, body) => {
    const answer = await fetch(`${url}/control/${action}`,
      { method, body: body === undefined ? undefined : JSON.stringify(body) });
    const json = await answer.json();
    if (!answer.ok) {
      throw new Error(`${action}: ${answer.status} ${JSON.stringify(json).slice(0, 2000)}`);
    }
    return json;
  };
  const query = (fields) => new URLSearchParams(fields).toString();
  return {
    reset: () => ask('POST', 'reset', {}),
    script: (entry) => ask('POST', 'script', entry),
    fault: (entry) => ask('POST', 'fault', entry),
    release: (provider) => ask('POST', 'release', { provider }),
    dropIdle: () => ask('POST', 'drop_idle', {}),
    requests: (provider = '*') => ask('GET', `requests?${query({ provider })}`),
    open: () => ask('GET', 'open'),
    wait: (fields) => ask('GET', `wait?${query(fields)}`),
    addresses: () => ask('GET', 'addresses'),
    providers: () => ask('GET', 'providers'),
  };
}
