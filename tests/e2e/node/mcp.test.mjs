// SPDX-License-Identifier: MIT
// Tools of the reference MCP server ("everything"), over Streamable HTTP.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { packagesDir } from '../support/packages.mjs';
import { full, open } from '../support/session.mjs';

let server;
let url;

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}

before(async () => {
  if (full.skip) return;
  const port = await freePort();
  url = `http://127.0.0.1:${port}/mcp`;
  const modules = `${packagesDir}/node_modules`;
  const program = `${modules}/@modelcontextprotocol/server-everything/dist/index.js`;
  server = spawn(process.execPath, [program, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) }, stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const line of createInterface({ input: server.stderr })) {
    if (line.includes('listening')) break;
  }
  server.stderr.resume();
});
after(() => server?.kill());

const everything = (options = {}) => [{
  type: 'mcp', server_label: 'everything', server_url: url, allowed_tools: ['echo'], ...options }];

async function listed(session, options) {
  await session.update({ output_modalities: ['text'], tools: everything(options) });
  return session.wait('conversation.item.done',
    { match: (event) => event.item.type === 'mcp_list_tools' });
}

// Has the model call `echo`, and gives the call as it stood when the response was done.
async function call(session) {
  session.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user',
    content: [{ type: 'input_text', text: 'Please echo the word hello.' }] } });
  session.send({ type: 'response.create', response: {
    tool_choice: { type: 'mcp', server_label: 'everything', name: 'echo' } } });
  await session.wait('response.mcp_call_arguments.done');
  const { response } = await session.wait('response.done');
  assert.equal(response.status, 'completed');
  assert.equal(response.output[0].type, 'mcp_call');
  return response.output[0];
}

const ended = (session) => session.wait('response.output_item.done',
  { match: (event) => event.item.type === 'mcp_call' });

describe('MCP', () => {
  test('a server is listed when the session names it', full, async (t) => {
    const session = await open(t);
    const { item } = await listed(session, { allowed_tools: null });
    await session.wait('mcp_list_tools.completed');
    const names = item.tools.map((tool) => tool.name);
    assert.ok(names.includes('echo'), names.join());
    assert.ok(item.tools.every((tool) => tool.input_schema.type === 'object'));
  });

  test('a call that needs no approval runs', full, async (t) => {
    const session = await open(t);
    await listed(session, { require_approval: 'never' });
    await call(session);
    await session.wait('response.mcp_call.completed');
    const { item } = await ended(session);
    assert.match(item.output, /echo/i);
    assert.equal(item.error, null);
  });

  test('a call waits for its approval', full, async (t) => {
    for (const approve of [true, false]) {
      const session = await open(t);
      await listed(session, { require_approval: 'always' });
      await call(session);
      const request = await session.wait('conversation.item.done',
        { match: (event) => event.item.type === 'mcp_approval_request' });
      assert.equal(request.item.name, 'echo');
      session.send({ type: 'conversation.item.create', item: {
        id: 'my_approval', type: 'mcp_approval_response', approval_request_id: request.item.id,
        approve } });
      await session.wait(approve ? 'response.mcp_call.completed' : 'response.mcp_call.failed');
      const { item } = await ended(session);
      assert.equal(item.approval_request_id, request.item.id);
      assert.equal(item.error === null, approve);
    }
  });

  test('a server that is not there fails its list and nothing else', full, async (t) => {
    const session = await open(t);
    await listed(session, { server_url: 'http://127.0.0.1:1/mcp' });
    await session.wait('mcp_list_tools.failed');
    session.send({ type: 'response.create' });
    const { response } = await session.wait('response.done');
    assert.equal(response.status, 'completed');
  });
});
