// SPDX-License-Identifier: MIT
// The message format of Azure Speech on WebSockets: headers and body in a text frame; a big-endian
// header length, headers and payload in a binary one.

function headersOf(text) {
  return Object.fromEntries(text.split('\r\n').filter(Boolean).map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  }));
}

export function readText(text) {
  const blank = text.indexOf('\r\n\r\n');
  if (blank < 0) return { problem: 'no blank line after the headers' };
  const headers = headersOf(text.slice(0, blank));
  return { path: headers.path?.toLowerCase(), requestId: headers['x-requestid'], headers,
    body: text.slice(blank + 4) };
}

export function readBinary(frame) {
  if (frame.length < 2) return { problem: 'shorter than its header length' };
  const length = frame.readUInt16BE(0);
  if (frame.length < 2 + length) return { problem: 'header length beyond the frame' };
  const text = frame.toString('latin1', 2, 2 + length);
  if (!text.endsWith('\r\n')) return { problem: 'the last header has no line end' };
  const headers = headersOf(text);
  return { path: headers.path?.toLowerCase(), requestId: headers['x-requestid'], headers,
    payload: frame.subarray(2 + length) };
}

const headerText = (headers) => Object.entries(headers)
  .map(([name, value]) => `${name}:${value}\r\n`).join('');

export function writeText(path, requestId, body) {
  const headers = headerText({ 'X-RequestId': requestId,
    'Content-Type': 'application/json; charset=utf-8', Path: path });
  return `${headers}\r\n${typeof body === 'string' ? body : JSON.stringify(body)}`;
}

export function writeBinary(path, requestId, payload, extra = {}) {
  const headers = Buffer.from(headerText({ 'X-RequestId': requestId, ...extra, Path: path }),
    'latin1');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(headers.length);
  return Buffer.concat([length, headers, payload]);
}

// What is wrong with the request id or time stamp of a client's message, or null.
export function problemOf(message) {
  if (message.problem) return message.problem;
  if (!message.path) return 'no Path header';
  if (!/^[0-9a-f]{32}$/i.test(message.requestId ?? '')) return 'X-RequestId is not 32 hex digits';
  if (!message.headers['x-timestamp']) return 'no X-Timestamp header';
  return null;
}
