// The hooks, rendered by React Testing Library, against a live server whose address is in PEDIDOS_URL.

import assert from 'node:assert/strict';
import test, { afterEach } from 'node:test';

import { skip, url } from './page.js';

const complaints = [];
console.error = (...words) => complaints.push(words.join(' '));

const { createElement, StrictMode, useState, version } = await import('react');
const { act, cleanup, render, renderHook, waitFor, screen, fireEvent } =
  await import('@testing-library/react');
const { ClientRegistryContext, SyncStatusIndicator, createClientRegistry, usePedidosSync, useWebSocket } =
  await import('../../static/react/index.js');
const { createPedidosClient } = await import('../../static/client/index.js');

const WAIT = { timeout: 8_000, interval: 20 };
const major = version.split('.')[0];
const stats = async () => (await fetch(`${url}/ws/stats`)).json();

/** Every client that the hooks make. */
function setUp({ strict = true } = {}) {
  const made = [];
  const registry = createClientRegistry((options) => {
    const client = createPedidosClient(options);
    made.push(client);
    return client;
  });
  const wrapper = ({ children }) =>
    createElement(
      strict ? StrictMode : 'div',
      null,
      createElement(ClientRegistryContext.Provider, { value: registry }, children),
    );
  return { made, wrapper };
}

async function live(hook) {
  await waitFor(() => assert.equal(hook.result.current.wsState, 'connected'), WAIT);
  await waitFor(() => assert.equal(hook.result.current.isLoading, false), WAIT);
}

const colleagues = [];
/** A colleague with a client of its own. */
async function colleague() {
  const client = createPedidosClient({ baseUrl: url, autor: 'Bia', shareStream: false });
  colleagues.push(client);
  await client.store.load();
  return client.store;
}

afterEach(async () => {
  cleanup();
  colleagues.splice(0).forEach((client) => client.close());
  if (!url) return;
  await waitFor(async () => assert.equal((await stats()).total_connections, 0), WAIT);
  assert.deepEqual(complaints.splice(0), []);
});

test(`React ${major}: loads, then follows; one client under StrictMode`, { skip }, async () => {
  const bia = await colleague();
  const { id } = await bia.create({ cliente: 'Primeiro' });
  const { made, wrapper } = setUp();
  const hook = renderHook(() => usePedidosSync({ serverUrl: url }), { wrapper });
  assert.equal(hook.result.current.isLoading, true);
  assert.deepEqual(hook.result.current.pedidos, []);
  await live(hook);
  assert.equal(made.length, 1);
  assert.equal(hook.result.current.transport, 'websocket');
  assert.equal(hook.result.current.wsConnected, true);
  assert.equal(hook.result.current.error, null);
  assert.equal(hook.result.current.reconnectAttempt, 0);
  assert.ok(hook.result.current.lastSync instanceof Date);
  assert.ok(hook.result.current.syncLog.length > 0);
  await act(() => bia.update(id, { costura: true }));
  await waitFor(() => assert.equal(hook.result.current.pedidos.find((p) => p.id === id).costura, true), WAIT);
  assert.equal(hook.result.current.remoteChanges[id].costura.autor, 'Bia');
});

test(
  `React ${major}: create, update, fetch and delete; an edit is pending until confirmed`,
  { skip },
  async () => {
    const { wrapper } = setUp();
    const hook = renderHook(() => usePedidosSync({ serverUrl: url, autor: 'Zé' }), { wrapper });
    await live(hook);
    const { createPedido, updatePedido, fetchPedidoById, deletePedido } = hook.result.current;
    let pedido;
    await act(async () => {
      pedido = await createPedido({ cliente: 'Novo' });
    });
    assert.ok(hook.result.current.pedidos.some((p) => p.id === pedido.id));
    let promise;
    act(() => {
      promise = updatePedido(pedido.id, { sublimacao: true });
    });
    assert.equal(hook.result.current.pending[pedido.id].sublimacao.value, true);
    assert.equal(hook.result.current.pedidos.find((p) => p.id === pedido.id).sublimacao, false);
    await act(() => promise);
    assert.deepEqual(hook.result.current.pending, {});
    assert.equal((await fetchPedidoById(pedido.id)).sublimacao, true);
    assert.equal(hook.result.current.updatePedido, updatePedido, 'the functions stay the same');
    await act(() => deletePedido(pedido.id));
    assert.ok(!hook.result.current.pedidos.some((p) => p.id === pedido.id));
  },
);

test(`React ${major}: a refusal stays on the field and is told`, { skip }, async () => {
  const { wrapper } = setUp();
  const told = [];
  const hook = renderHook(() => usePedidosSync({ serverUrl: url, onSyncError: (e) => told.push(e) }), {
    wrapper,
  });
  await live(hook);
  let pedido;
  await act(async () => {
    pedido = await hook.result.current.createPedido({ cliente: 'Novo' });
  });
  await act(() =>
    hook.result.current.updatePedido(pedido.id, { status: 'inexistente' }).catch(() => undefined),
  );
  assert.match(hook.result.current.errors[pedido.id].status.message, /pendente/);
  assert.equal(told.length, 1);
  act(() => hook.result.current.dismissError(pedido.id, 'status'));
  assert.deepEqual(hook.result.current.errors, {});
});

test(`React ${major}: callbacks change with each render, without reconnecting`, { skip }, async () => {
  const bia = await colleague();
  const { made, wrapper } = setUp();
  const told = [];
  const hook = renderHook(
    ({ round }) =>
      usePedidosSync({
        serverUrl: url,
        onPedidoCreate: (pedido) => told.push([round, 'create', pedido.id]),
        onPedidoUpdate: (pedido) => told.push([round, 'update', pedido.id]),
        onPedidoDelete: (id) => told.push([round, 'delete', id]),
        onStatusUpdate: (id, field, value) => told.push([round, 'status', id, field, value]),
      }),
    { wrapper, initialProps: { round: 0 } },
  );
  await live(hook);
  const { id } = await bia.create({ cliente: 'Novo' });
  await waitFor(() => assert.equal(told.length, 1), WAIT);
  for (let round = 1; round <= 50; round += 1) hook.rerender({ round });
  await bia.update(id, { costura: true, cliente: 'Outro' });
  await waitFor(() => assert.equal(told.length, 3), WAIT);
  await bia.remove(id);
  await waitFor(() => assert.equal(told.length, 4), WAIT);
  assert.deepEqual(told, [
    [0, 'create', id],
    [50, 'update', id],
    [50, 'status', id, 'costura', true],
    [50, 'delete', id],
  ]);
  assert.equal(made.length, 1);
  assert.equal((await stats()).connections_by_type.websocket, 2, 'the colleague and one more');
});

test(`React ${major}: ten components are one connection, which ends with the last`, { skip }, async () => {
  const { made, wrapper } = setUp();
  let setCount;
  function Row() {
    const { pedidos } = usePedidosSync({ serverUrl: url });
    return createElement('li', null, pedidos.length);
  }
  function Page() {
    const [count, set] = useState(10);
    setCount = set;
    return createElement(
      'ul',
      null,
      ...Array.from({ length: count }, (_, i) => createElement(Row, { key: i })),
    );
  }
  render(createElement(Page), { wrapper });
  await waitFor(async () => assert.equal((await stats()).total_connections, 1), WAIT);
  act(() => setCount(1));
  act(() => setCount(5));
  assert.equal(made.length, 1);
  act(() => setCount(0));
  await waitFor(async () => assert.equal((await stats()).total_connections, 0), WAIT);
});

test(
  `React ${major}: useWebSocket shares that connection; messages, sending, disconnect, reconnect`,
  { skip },
  async () => {
    const bia = await colleague();
    const { made, wrapper } = setUp();
    const told = [];
    const ws = url.replace('http', 'ws');
    const hook = renderHook(
      () => {
        const sync = usePedidosSync({ serverUrl: url });
        const socket = useWebSocket(`${ws}/ws/pedidos`, {
          onConnect: () => told.push('connect'),
          onDisconnect: () => told.push('disconnect'),
          onMessage: (message) => told.push(message.type),
        });
        return { sync, socket, wsState: sync.wsState, isLoading: sync.isLoading };
      },
      { wrapper },
    );
    await live(hook);
    await waitFor(() => assert.equal(hook.result.current.socket.isConnected, true), WAIT);
    assert.equal(made.length, 1);
    assert.equal((await stats()).connections_by_type.websocket, 2);
    assert.equal(hook.result.current.socket.connectionState, 'connected');
    await bia.create({ cliente: 'Novo' });
    await waitFor(() => assert.equal(hook.result.current.socket.lastMessage.type, 'pedido_update'), WAIT);
    assert.equal(hook.result.current.socket.sendMessage({ type: 'ping' }), true);
    await waitFor(() => assert.equal(hook.result.current.socket.lastMessage.type, 'pong'), WAIT);
    act(() => hook.result.current.socket.disconnect());
    assert.equal(hook.result.current.socket.connectionState, 'disconnected');
    assert.equal(hook.result.current.socket.sendMessage({ type: 'ping' }), false);
    assert.equal(hook.result.current.sync.wsConnected, true, 'the other hook keeps it');
    assert.equal(told.filter((word) => word === 'disconnect').length, 1);
    act(() => hook.result.current.socket.reconnect());
    await waitFor(() => assert.equal(hook.result.current.socket.isConnected, true), WAIT);
    assert.equal(made.length, 1);
    act(() => hook.result.current.socket.reconnect());
    await waitFor(() => assert.ok(told.filter((word) => word === 'connect').length >= 3), WAIT);
  },
);

test(
  `React ${major}: useWebSocket gives up after maxReconnectAttempts, and without an address`,
  { skip },
  async () => {
    const { wrapper } = setUp();
    const told = [];
    const hook = renderHook(
      () =>
        useWebSocket('ws://127.0.0.1:9/ws/pedidos', {
          reconnectInterval: 10,
          maxReconnectAttempts: 2,
          onError: (error) => told.push(error.message),
        }),
      { wrapper },
    );
    await waitFor(() => assert.equal(hook.result.current.connectionState, 'error'), WAIT);
    assert.equal(hook.result.current.reconnectAttempt, 2);
    assert.equal(told.length, 1);
    hook.unmount();
    const none = renderHook(() => useWebSocket(null), { wrapper });
    assert.equal(none.result.current.connectionState, 'disconnected');
  },
);

test(`React ${major}: onDisconnect that reconnects, and callbacks that throw, stop nothing`, { skip }, async () => {
  const { wrapper, made } = setUp();
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  let disconnects = 0;
  const told = [];
  const fail = (name) => () => {
    throw new Error(name);
  };
  const socket = renderHook(
    () =>
      useWebSocket(`${url.replace('http', 'ws')}/ws/pedidos`, {
        onConnect: fail('onConnect'),
        onMessage: fail('onMessage'),
        onDisconnect: () => {
          disconnects += 1;
          if (disconnects < 100) socket.result.current.reconnect();
        },
      }),
    { wrapper },
  );
  const sync = renderHook(
    () => usePedidosSync({ serverUrl: url, onPedidoUpdate: fail('onPedidoUpdate'), onStatusUpdate: (id, field) => told.push(field) }),
    { wrapper },
  );
  await live(sync);
  await waitFor(() => assert.equal(socket.result.current.isConnected, true), WAIT);
  act(() => made[made.length - 1].connection.reconnect());
  await waitFor(() => assert.equal(socket.result.current.isConnected, true), WAIT);
  assert.equal(disconnects, 1);
  const store = await colleague();
  const { id } = await store.create({ cliente: 'Ana' });
  await store.update(id, { costura: true });
  await waitFor(() => assert.deepEqual(told, ['costura']), WAIT);
  await waitFor(() => assert.equal(socket.result.current.lastMessage.type, 'pedido_update'), WAIT);
  socket.unmount();
  sync.unmount();
  delete globalThis.reportError;
  for (const name of ['onConnect', 'onMessage', 'onPedidoUpdate']) assert.ok(reported.includes(name), name);
});

test(`React ${major}: autoFetch: false loads nothing until it is asked`, { skip }, async () => {
  const { made, wrapper } = setUp();
  const hook = renderHook(() => usePedidosSync({ serverUrl: url, autoFetch: false }), { wrapper });
  await waitFor(() => assert.equal(made.length, 1), WAIT);
  assert.equal(hook.result.current.isLoading, false);
  assert.equal((await stats()).total_connections, 0);
  await act(() => hook.result.current.fetchPedidos({ recentes: 7 }));
  await live(hook);
});

test(`React ${major}: SyncStatusIndicator says how it is and offers to reconnect`, { skip }, async () => {
  let asked = 0;
  const props = { transport: 'websocket', reconnectAttempt: 0, lastSync: new Date(), connectionError: null };
  const wsReconnect = () => {
    asked += 1;
  };
  const show = (change) =>
    createElement(SyncStatusIndicator, { ...props, wsReconnect, wsState: 'connected', ...change });
  const { rerender, container } = render(show({}));
  assert.match(container.textContent, /✅ Sincronizado · WebSocket · \d\d:\d\d/);
  assert.equal(container.querySelector('button'), null);
  rerender(show({ transport: 'sse' }));
  assert.match(container.textContent, /SSE/);
  rerender(show({ wsState: 'disconnected', reconnectAttempt: 3 }));
  assert.equal(screen.getByRole('status').textContent, 'Reconectando, tentativa 3');
  fireEvent.click(screen.getByText('Reconectar'));
  assert.equal(asked, 1);
  rerender(
    show({ wsState: 'error', connectionError: { kind: 'denied', message: 'Entre de novo.', status: 401 } }),
  );
  assert.equal(screen.getByRole('status').textContent, 'Entre de novo.');
  rerender(show({ wsState: 'connecting', lastSync: null }));
  assert.equal(screen.getByRole('status').textContent, 'Conectando');
});
