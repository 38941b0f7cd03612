// SPDX-License-Identifier: MIT
// multipart/form-data (RFC 7578), strictly: whatever a lenient server would forgive is an error.

const crlf = Buffer.from('\r\n');

// → { fields: {name: value | [values]}, files: {name: {filename, type, bytes}} } or { error }.
export function parseMultipart(contentType, body) {
  const boundary = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i
    .exec(contentType ?? '');
  if (!boundary) return { error: `Content-Type is ${contentType}, not multipart/form-data` };
  const mark = Buffer.from(`--${boundary[1] ?? boundary[2]}`);
  const form = { fields: {}, files: {} };
  if (body.indexOf(mark) !== 0) return { error: 'body does not begin with the boundary' };
  let at = mark.length;
  for (;;) {
    if (body.subarray(at, at + 2).toString() === '--') return form;
    if (!body.subarray(at, at + 2).equals(crlf)) return { error: 'boundary without line end' };
    const next = body.indexOf(Buffer.concat([crlf, mark]), at);
    if (next < 0) return { error: 'the last boundary is missing' };
    const problem = addPart(form, body.subarray(at + 2, next));
    if (problem) return { error: problem };
    at = next + 2 + mark.length;
  }
}

function addPart(form, part) {
  const blank = part.indexOf('\r\n\r\n');
  if (blank < 0) return 'a part has no blank line';
  const lines = part.subarray(0, blank).toString().split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const disposition = headers['content-disposition'] ?? '';
  const name = /[;\s]name="([^"]*)"/.exec(disposition)?.[1];
  if (!disposition.startsWith('form-data') || name === undefined) return 'a part has no name';
  const bytes = part.subarray(blank + 4);
  const filename = /filename="([^"]*)"/.exec(disposition)?.[1];
  if (filename !== undefined) {
    form.files[name] = { filename, type: headers['content-type'] ?? null, bytes };
  } else {
    const value = bytes.toString();
    form.fields[name] = name in form.fields ? [form.fields[name], value].flat() : value;
  }
  return null;
}
