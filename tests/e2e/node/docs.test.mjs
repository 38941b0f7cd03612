// SPDX-License-Identifier: MIT
// The programs that the documentation shows do what it says, as they are printed there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { patience_ms, plainHost, tlsHost } from '../support/environment.mjs';
import { packagesDir } from '../support/packages.mjs';
import { full } from '../support/session.mjs';

const project = fileURLToPath(new URL('../../..', import.meta.url));

function programs(page, language) {
  const blocks = readFileSync(join(project, page), 'utf8')
    .matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'));
  return [...blocks].map(([, code]) => code).filter((code) => /\bimport\b/.test(code));
}

// Runs it from a folder that finds the SDKs, against the server under test.
async function execute(t, program, file, code, host) {
  const folder = mkdtempSync(join(packagesDir, 'docs-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, file), code.replaceAll('127.0.0.1:7866', host));
  const { stdout } = await promisify(execFile)(program, [file],
    { cwd: folder, timeout: patience_ms });
  return stdout;
}

describe('documentation', { concurrency: 2 }, () => {
  for (const page of ['README.md', 'docs/start.md']) {
    test(`the Python in ${page} runs`, full, async (t) => {
      const found = programs(page, 'python');
      assert.ok(found.length > 0);
      for (const code of found) {
        const python = join(packagesDir, 'venv/bin/python');
        assert.match(await execute(t, python, 'talk.py', code, plainHost()), /\w+ \w+/);
      }
    });
  }

  test('the JavaScript in docs/start.md runs', full, async (t) => {
    const [code] = programs('docs/start.md', 'js');
    assert.match(await execute(t, process.execPath, 'talk.mjs', code, tlsHost()), /\w+ \w+/);
  });
});
