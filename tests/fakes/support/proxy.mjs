// SPDX-License-Identifier: MIT
// A forward proxy on loopback: CONNECT for TLS, absolute URLs for the rest. Recorded as `proxy`; a
// status fault makes it refuse. Leads to 127.0.0.1 and nowhere else.
import http from 'node:http';
import net from 'node:net';
import { statusOf } from './faults.mjs';

function open(board, request, target) {
  const fault = board.takeFault('proxy', false);
  const record = board.open({ provider: 'proxy', kind: 'proxy', method: request.method,
    path: target, fault: fault?.kind ?? null,
    authorized: request.headers['proxy-authorization'] !== undefined });
  return { record, status: statusOf(fault) };
}

export async function startProxy(board) {
  const server = http.createServer();
  server.on('connect', (request, client, head) => {
    const { record, status } = open(board, request, request.url);
    const close = (how) => board.close(record, how);
    client.on('error', () => {});
    client.on('close', () => close('complete'));
    if (status !== null) {
      client.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\n\r\n`);
      close('faulted');
      return;
    }
    const upstream = net.connect(Number(request.url.split(':').pop()), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  server.on('request', (request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1');
    const { record, status } = open(board, request, url.href);
    response.on('close', () => board.close(record, status === null ? 'complete' : 'faulted'));
    if (status !== null) {
      response.writeHead(status, { 'content-length': 0 }).end();
      return;
    }
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = request.headers;
    const upstream = http.request({ host: '127.0.0.1', port: url.port, method: request.method,
      path: url.pathname + url.search, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return server;
}
