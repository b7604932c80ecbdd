import assert from 'node:assert/strict';
import test from 'node:test';

import { sseTransport } from '../../static/client/stream/sse-transport.js';
import { webSocketTransport } from '../../static/client/stream/ws-transport.js';
import { settle } from './fakes.js';

class FakeWebSocket {
  static made = [];
  constructor(url, protocols) {
    Object.assign(this, { url, protocols, readyState: 0, sent: [], closed: false });
    FakeWebSocket.made.push(this);
  }
  send(data) {
    this.sent.push(data);
  }
  close() {
    this.closed = true;
    this.readyState = 3;
  }
}

function recorder() {
  const seen = { messages: [], activity: 0, ends: [] };
  return {
    seen,
    handlers: {
      onMessage: (message) => seen.messages.push(message),
      onActivity: () => {
        seen.activity += 1;
      },
      onEnd: (end) => seen.ends.push(end),
    },
  };
}

const PONG = { type: 'pong', timestamp: 't' };

function openSocket(options = {}, cursor = null) {
  const { seen, handlers } = recorder();
  const open = webSocketTransport({
    baseUrl: 'http://host:8000',
    token: null,
    WebSocket: FakeWebSocket,
    ...options,
  });
  const transport = open(cursor, handlers);
  return { seen, transport, socket: FakeWebSocket.made[FakeWebSocket.made.length - 1] };
}

test('WebSocket: address, cursor and token', () => {
  assert.equal(openSocket().socket.url, 'ws://host:8000/ws/pedidos');
  assert.equal(openSocket().socket.protocols, undefined);
  const { socket } = openSocket({ baseUrl: 'https://host', token: 'ção?>~' }, '12-ab');
  assert.equal(socket.url, 'wss://host/ws/pedidos?cursor=12-ab');
  assert.equal(socket.protocols[0], 'pedidos.v1');
  const [kind, encoded] = socket.protocols[1].split('.');
  assert.equal(kind, 'bearer');
  assert.match(encoded, /^[\w-]+$/);
  assert.equal(Buffer.from(encoded, 'base64url').toString(), 'ção?>~');
});

test('WebSocket: messages, signs of life, end', () => {
  const { seen, socket } = openSocket();
  socket.onmessage({ data: JSON.stringify(PONG) });
  socket.onmessage({ data: 'nothing of ours' });
  socket.onmessage({ data: new ArrayBuffer(2) });
  assert.deepEqual(seen.messages, [PONG]);
  assert.equal(seen.activity, 3);
  socket.onclose({ code: 1012, reason: 'reinício' });
  socket.onclose({ code: 1006, reason: '' });
  assert.deepEqual(seen.ends, [{ code: 1012, status: null, retryAfter: null, reason: 'reinício', refusedBy: null }]);
});

test('WebSocket: sends only while open; silent after close()', () => {
  const { seen, socket, transport } = openSocket();
  assert.equal(transport.send({ type: 'ping' }), false);
  socket.readyState = 1;
  assert.equal(transport.send({ type: 'ping' }), true);
  assert.deepEqual(socket.sent, ['{"type":"ping"}']);
  transport.close();
  assert.equal(socket.closed, true);
  assert.equal(transport.send({ type: 'ping' }), false);
  socket.onmessage({ data: JSON.stringify(PONG) });
  socket.onclose({ code: 1000, reason: '' });
  assert.deepEqual([seen.messages, seen.ends], [[], []]);
});

test('WebSocket: one that the browser refuses to make ends as if the network had', async () => {
  class Refused {
    constructor() {
      throw new Error('SecurityError');
    }
  }
  for (const WebSocket of [Refused, null]) {
    const { seen, handlers } = recorder();
    webSocketTransport({ baseUrl: 'http://host', token: null, WebSocket })(null, handlers);
    await settle();
    assert.equal(seen.ends[0].code, 1006);
  }
});

/** A fetch that answers with one response, whose body the test feeds. */
function fakeFetch({ status = 200, headers = { 'Content-Type': 'text/event-stream; charset=utf-8' } } = {}) {
  const calls = [];
  let controller;
  const fetch = async (url, init) => {
    calls.push({ url, ...init });
    const body = new ReadableStream({
      start(c) {
        controller = c;
      },
    });
    init.signal.addEventListener('abort', () => {
      try {
        controller.error(new Error('aborted'));
      } catch {
        // ended already
      }
    });
    return new Response(status === 204 ? null : body, { status, headers });
  };
  const encoder = new TextEncoder();
  return {
    calls,
    fetch,
    say: async (bytes) => {
      controller.enqueue(typeof bytes === 'string' ? encoder.encode(bytes) : bytes);
      await settle();
    },
    finish: async () => {
      controller.close();
      await settle();
    },
  };
}

async function openSse(options = {}, cursor = null, answer = {}) {
  const { seen, handlers } = recorder();
  const server = fakeFetch(answer);
  const open = sseTransport({ baseUrl: 'http://host:8000', token: null, fetch: server.fetch, ...options });
  const transport = open(cursor, handlers);
  await settle();
  return { seen, transport, server };
}

test('SSE: address, cursor and token', async () => {
  assert.equal((await openSse()).server.calls[0].url, 'http://host:8000/sse/pedidos');
  const { server } = await openSse({ token: 'abc' }, '12-ab');
  assert.equal(server.calls[0].url, 'http://host:8000/sse/pedidos?cursor=12-ab');
  assert.equal(server.calls[0].headers.Authorization, 'Bearer abc');
  assert.equal(server.calls[0].cache, 'no-store');
});

test('SSE: messages, cut inside a character; heartbeats are signs of life', async () => {
  const { seen, server } = await openSse();
  const message = { type: 'refresh_required', message: 'ação 🎂' };
  const bytes = new TextEncoder().encode(`id: 3-ab\ndata: ${JSON.stringify(message)}\n\n`);
  for (const byte of bytes) await server.say(new Uint8Array([byte]));
  assert.deepEqual(seen.messages, [message]);
  const before = seen.activity;
  await server.say(': vivo\n\n');
  assert.equal(seen.activity, before + 1);
  await server.finish();
  assert.deepEqual(seen.ends, [{ code: null, status: 200, retryAfter: null, reason: 'the stream ended', refusedBy: null }]);
});

async function refusal(body, { status, headers }) {
  const { seen, server } = await openSse({}, null, { status, headers });
  await server.say(body);
  await server.finish();
  assert.equal(seen.ends.length, 1);
  assert.equal(seen.ends[0].status, status);
  return seen.ends[0];
}

test('SSE: a refusal of the server, with its words and Retry-After', async () => {
  for (const [status, retryAfter] of [
    [401, null],
    [503, '7'],
    [404, null],
  ]) {
    const headers = {
      'Content-Type': 'application/problem+json',
      ...(retryAfter && { 'Retry-After': retryAfter }),
    };
    const body = JSON.stringify({ type: 'urn:pedidos:problema:x', title: 'x', detail: 'Não pode.' });
    const end = await refusal(body, { status, headers });
    assert.deepEqual([end.refusedBy, end.reason], ['server', 'Não pode.']);
    assert.equal(end.retryAfter, retryAfter ? 7_000 : null);
  }
});

test('SSE: a page of somebody else is no stream, and no refusal of ours', async () => {
  for (const status of [200, 401, 403, 407, 503]) {
    const end = await refusal('<h1>Entre na rede</h1>', {
      status,
      headers: { 'Content-Type': 'text/html', 'Retry-After': '3600' },
    });
    assert.deepEqual([end.refusedBy, end.retryAfter], ['network', null]);
  }
});

test('SSE: heartbeats closer together are asked for in the address', async () => {
  const { seen, handlers } = recorder();
  const server = fakeFetch();
  sseTransport({ baseUrl: 'http://h', token: null, fetch: server.fetch })('12-ab', handlers, 1);
  await settle();
  assert.equal(server.calls[0].url, 'http://h/sse/pedidos?cursor=12-ab&batimento=1');
  assert.deepEqual(seen.ends, []);
});

test('SSE: a network error ends it', async () => {
  const { seen, handlers } = recorder();
  const fetch = async () => {
    throw new TypeError('Failed to fetch');
  };
  sseTransport({ baseUrl: 'http://host', token: null, fetch })(null, handlers);
  await settle();
  assert.deepEqual(seen.ends[0].status, null);
});

test('SSE: silent after close(), and nothing can be sent', async () => {
  const { seen, transport, server } = await openSse();
  assert.equal(transport.send({ type: 'ping' }), false);
  transport.close();
  assert.equal(server.calls[0].signal.aborted, true);
  await settle();
  assert.deepEqual(seen.ends, []);
});

test('SSE: closed by its own message, the rest of the block is not handed on', async () => {
  const seen = [];
  const server = fakeFetch();
  const transport = sseTransport({ baseUrl: 'http://host', token: null, fetch: server.fetch })(null, {
    onActivity: () => undefined,
    onEnd: () => assert.fail('silent'),
    onMessage: (message) => {
      seen.push(message);
      transport.close();
    },
  });
  await settle();
  await server.say(`data: ${JSON.stringify(PONG)}\n\ndata: ${JSON.stringify(PONG)}\n\n`);
  assert.equal(seen.length, 1);
});
