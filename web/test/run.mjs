// SPDX-License-Identifier: MIT
//
// Runs the unit tests: bundles each *.test.ts with esbuild, so that Node 18 can read it, and hands
// them to node --test. Arguments filter by file name: node test/run.mjs wav conversation

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const web = dirname(here);
const out = join(web, 'node_modules', '.cache', 'parley-tests');
const filters = process.argv.slice(2);

const names = readdirSync(here)
  .filter((name) => name.endsWith('.test.ts'))
  .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
  .sort();
if (names.length === 0) {
  console.error('no test file matches');
  process.exit(1);
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  entryPoints: names.map((name) => join(here, name)),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node18',
  sourcemap: 'inline',
  // Browsers and newer Nodes have it; Node 18 keeps it in a module.
  banner: {
    js: "import { webcrypto as nodeCrypto } from 'node:crypto'; globalThis.crypto ??= nodeCrypto;",
  },
  logLevel: 'warning',
  plugins: [
    {
      // Vite's `?worker&url` imports: no test loads a worker.
      name: 'worker-url',
      setup(bundler) {
        bundler.onResolve({ filter: /\?worker&url$/ }, ({ path }) => ({
          path,
          namespace: 'worker-url',
        }));
        bundler.onLoad({ filter: /.*/, namespace: 'worker-url' }, () => ({
          contents: 'export default "";',
        }));
      },
    },
  ],
});

const files = names.map((name) => join(out, name.replace(/\.ts$/, '.mjs')));
const { status } = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], {
  cwd: web,
  stdio: 'inherit',
});
process.exit(status ?? 1);
