// SPDX-License-Identifier: MIT
// Text cut as models stream it: word by word, or `size` characters at a time.
export function textPieces(text, size) {
  if (!size) return text.match(/\s*\S+|\s+$/gu) ?? [];
  const characters = [...text];
  const pieces = [];
  for (let at = 0; at < characters.length; at += size) {
    pieces.push(characters.slice(at, at + size).join(''));
  }
  return pieces;
}

// ["hello", "there"] with times, when the words share `ms` by their length.
export function timedWords(text, ms) {
  const words = text.split(/\s+/u).filter(Boolean);
  const total = words.reduce((sum, word) => sum + word.length, 0) || 1;
  let at = 0;
  return words.map((word) => {
    const start = at;
    at += (ms * word.length) / total;
    return { word, start_ms: Math.round(start), end_ms: Math.round(at) };
  });
}
