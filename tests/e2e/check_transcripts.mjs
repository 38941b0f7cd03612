#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Checks what the other tests recorded: every event against the published schema, strictly and with
// the fields that strict clients need, and every conversation against the invariants.
//
//   node check_transcripts.mjs DIR        DIR holds any number of .../{ga,beta}/*.jsonl
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkEvents, readTranscript } from './invariants.mjs';
import { packagesDir } from './support/packages.mjs';

const [directory] = process.argv.slice(2);
if (!directory) {
  console.error('usage: check_transcripts.mjs DIR');
  process.exit(2);
}
const validator = fileURLToPath(new URL('../spec/validate.mjs', import.meta.url));

function find(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? find(path) : path.endsWith('.jsonl') ? [path] : [];
  }).sort();
}

let failed = 0;
let total = 0;
for (const dialect of ['ga', 'beta']) {
  const files = find(directory).filter((path) => path.includes(`/${dialect}/`));
  if (!files.length) {
    console.log(`FAIL no ${dialect} transcripts in ${directory}: did the recording tests run?`);
    failed++;
    continue;
  }
  const checked = spawnSync(process.execPath, [validator, '--dialect', dialect, '--strict',
    '--presence', '--quiet', ...files],
  { stdio: 'inherit', env: { ...process.env, AJV_FROM: packagesDir } });
  if (checked.status !== 0) failed++;
  for (const file of files) {
    const problems = checkEvents(readTranscript(file), dialect);
    for (const problem of problems) console.log(`FAIL ${file} ${problem}`);
    failed += problems.length > 0;
    total++;
  }
}
console.log(`${total} transcripts, ${failed} checks failed`);
process.exit(failed ? 1 : 0);
