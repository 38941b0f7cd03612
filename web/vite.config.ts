// SPDX-License-Identifier: MIT
//
// Builds the page into dist/. A strict Content-Security-Policy serves it, so nothing is inlined:
// no data: or blob: scripts, every worklet and worker is a file of its own.

import { defineConfig } from 'vite';

export default defineConfig({
  base: '/',
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  worker: { format: 'es' },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
});
