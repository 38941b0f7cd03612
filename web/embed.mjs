// SPDX-License-Identifier: MIT
//
// Turns the built page into C++: node web/embed.mjs DIST OUT.cpp
// Each file goes in as it is and, where that is smaller, compressed beside it.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

const [dist, out] = process.argv.slice(2);
if (!dist || !out) {
  console.error('usage: node web/embed.mjs DIST OUT.cpp');
  process.exit(2);
}

const kTypes = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

function filesIn(folder) {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? filesIn(path) : [path];
    });
}

const compressed = `${out}.files`;
mkdirSync(compressed, { recursive: true });
const assembly = ['.section .rodata'];
const declarations = [];
const rows = [];
for (const [index, path] of filesIn(dist).entries()) {
  const type = kTypes[extname(path)];
  if (!type) throw new Error(`${path}: which content type?`);
  const bytes = readFileSync(path);
  const small = gzipSync(bytes, { level: 9 });
  const gzip = join(compressed, `${index}.gz`);
  writeFileSync(gzip, small.length < bytes.length ? small : '');
  for (const [kind, file] of [['raw', path], ['gzip', gzip]]) {
    const name = `parley_page_${index}_${kind}`;
    assembly.push(`${name}:`, `.incbin "${file}"`, `${name}_end:`, '.byte 0');
    declarations.push(`extern const char ${name}[];`, `extern const char ${name}_end[];`);
  }
  const view = (kind) => {
    const name = `parley_page_${index}_${kind}`;
    return `between(${name}, ${name}_end)`;
  };
  const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const url = '/' + relative(dist, path).split(sep).join('/');
  rows.push(`      {"${url}", "${type}", "${etag}", ${view('raw')}, ${view('gzip')}},`);
}

mkdirSync(dirname(out), { recursive: true });
writeFileSync(
  out,
  `// Made by web/embed.mjs from the built page.
#include "server/playground_files.h"

asm(R"(
${assembly.join('\n')}
.text
)");
extern "C" {
${declarations.join('\n')}
}

namespace parley::server {

namespace {
std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}
}  // namespace

std::span<const PlaygroundFile> playground_files() {
  static const PlaygroundFile files[] = {
${rows.join('\n')}
  };
  return files;
}

}  // namespace parley::server
`,
);
