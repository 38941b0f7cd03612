// SPDX-License-Identifier: MIT
// The faults a test may order, and the low-level tricks some of them need.

// kind → when it strikes. A number as kind is an HTTP status with the provider's own body.
export const faultKinds = {
  refuse: 'start', stall_headers: 'start', html_200: 'start', quota: 'start',
  garbage_headers: 'start', redirect: 'start', error_200: 'start',
  empty: 'head',
  stall_body: 'body', truncate: 'body', reset: 'body', garbage: 'body', early_close: 'body',
  error: 'body', hold: 'body', slow_drip: 'all',
};
export const faultFields = ['provider', 'kind', 'at', 'times', 'skip', 'only_reused', 'retry_after',
  'retry_after_ms', 'headers', 'for_ms', 'bytes', 'every_ms', 'code', 'reason', 'location', 'http'];

export function strikesAt(fault, stage) {
  return fault !== null && faultKinds[fault.kind] === stage;
}

export function statusOf(fault) {
  const status = Number(fault?.kind);
  return Number.isInteger(status) ? status : null;
}

// Thrown to unwind a handler: the client left, or a fault has ended the exchange.
export class Gone extends Error {}
export class Struck extends Error {}

// From now on everything written to `socket` leaves a few bytes at a time.
export function drip(socket, bytes = 7, everyMs = 1) {
  const write = socket.write.bind(socket);
  let tail = Promise.resolve();
  const trickle = async (data, done) => {
    for (let at = 0; at < data.length && !socket.destroyed; at += bytes) {
      write(data.subarray(at, at + bytes));
      await new Promise((resolve) => { setTimeout(resolve, everyMs); });
    }
    done?.();
  };
  socket.write = (data, encoding, done) => {
    const callback = typeof encoding === 'function' ? encoding : done;
    const buffer = typeof data === 'string'
      ? Buffer.from(data, typeof encoding === 'string' ? encoding : 'utf8') : Buffer.from(data);
    tail = tail.then(() => trickle(buffer, callback));
    return true;
  };
  return async () => {
    await tail;
    delete socket.write;
  };
}

// Closes with RST instead of FIN, so that the peer sees "connection reset". Not resetAndDestroy():
// it ends the stream first, and that may send the FIN before.
export function reset(socket) {
  const tcp = socket.parleyTcp ?? socket;
  tcp.resetAndClosing = true;
  tcp.destroy();
  socket.destroy();
}

export const proxyPage = '<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n' +
  '<body><center><h1>502 Bad Gateway</h1></center><hr><center>proxy</center></body></html>\n';
