import assert from 'node:assert/strict';
import test from 'node:test';

import { PedidosError } from '../../static/client/api.js';
import { EVENT_DEADLINE } from '../../static/client/store/expected-events.js';
import { createStore } from '../../static/client/store/store.js';
import { FakeClock, cursor, pedido, settle, update } from './fakes.js';
import { ModelServer, modelStream } from './model-server.js';

function setUp() {
  const clock = new FakeClock();
  const server = new ModelServer();
  const stream = modelStream(server);
  const store = createStore({ api: server.api('me'), stream, clock, random: () => 0.5, clientId: 'me' });
  const changes = [];
  const failures = [];
  store.onChange((change) => changes.push(change));
  store.onError((error) => failures.push(error));
  const s = () => store.getSnapshot();
  const brief = () =>
    changes.splice(0).map((c) => `${c.action} ${c.pedido_id} ${c.source}${c.own ? ' own' : ''}`);
  return { clock, server, stream, store, changes, failures, s, brief };
}

/** With two orders loaded and the stream live. */
async function loaded() {
  const t = setUp();
  t.server.create({ cliente: 'Um' });
  t.server.create({ cliente: 'Dois' });
  t.store.load({ recentes: 30 });
  await t.server.answerAll();
  t.changes.length = 0;
  return t;
}

// ---- loading ----------------------------------------------------------------------------------

test('loads, then subscribes behind the cursor that the list names', async () => {
  const t = setUp();
  t.server.create({});
  const done = t.store.load();
  assert.equal(t.s().isLoading, true);
  assert.equal(t.stream.started, false);
  await t.server.answerAll();
  await done;
  assert.equal(t.s().isLoading, false);
  assert.equal(t.stream.position(), t.server.head);
  assert.equal(t.s().cursor, t.server.head);
  assert.deepEqual(t.s().pedidos, t.server.list());
  assert.deepEqual([...t.s().byId.keys()], [1]);
  assert.equal(t.s().lastSync, t.clock.time);
});

test('the list has seen a commit that the stream has yet to send: not applied twice', async () => {
  const t = await loaded();
  t.server.patch(1, { costura: true });
  t.stream.say({ type: 'refresh_required', message: '' });
  await t.server.answerAll();
  assert.deepEqual(t.brief(), ['update 1 reload']);
  t.stream.deliverAll();
  assert.deepEqual(t.brief(), []);
  assert.equal(t.s().cursor, t.server.head);
});

test('events during a load wait, and come on top of the list', async () => {
  const t = await loaded();
  t.stream.say({ type: 'refresh_required', message: '' });
  t.server.requests[0].arrive();
  t.server.patch(1, { costura: true });
  t.stream.deliverAll();
  assert.equal(t.s().byId.get(1).costura, false);
  assert.equal(t.s().isReloading, true);
  await t.server.answerAll();
  assert.equal(t.s().byId.get(1).costura, true);
  assert.equal(t.s().isReloading, false);
  assert.deepEqual(t.brief(), ['update 1 event']);
});

test('a list older than the beginning of the stream is loaded again', async () => {
  const t = setUp();
  t.server.create({});
  t.store.load();
  t.server.requests[0].arrive();
  t.server.create({});
  t.stream.start(); // by another hook of the page: it begins at the live end
  await t.server.requests[0].answer();
  assert.equal(t.server.requests.length, 0, 'nothing shows it yet');
  t.server.create({});
  t.stream.deliverAll();
  await t.server.answerAll();
  assert.deepEqual(t.s().pedidos, t.server.list());
});

test('a stream that turns out to begin further on than the list: loaded again', async () => {
  const t = await loaded();
  t.server.patch(1, { costura: true });
  t.stream.say({ type: 'connection', cursor: t.server.head, versao_servidor: '1' });
  await t.server.answerAll();
  assert.equal(t.s().byId.get(1).costura, true);
});

test('a gap loads the list again, and loses nothing', async () => {
  const t = await loaded();
  t.server.patch(1, { costura: true });
  t.server.patch(2, { costura: true });
  t.stream.say(t.server.log[3]);
  assert.equal(t.server.requests.length, 1);
  await t.server.answerAll();
  assert.deepEqual(t.s().pedidos, t.server.list());
});

test('refresh_required during a load: one more list, behind it', async () => {
  const t = await loaded();
  t.stream.say({ type: 'refresh_required', message: '' });
  t.server.requests[0].arrive();
  t.server.patch(1, { costura: true });
  t.stream.say({ type: 'refresh_required', message: '' });
  t.stream.say({ type: 'refresh_required', message: '' });
  await t.server.requests[0].answer();
  assert.equal(t.server.requests.length, 1);
  await t.server.answerAll();
  assert.equal(t.server.requests.length, 0);
  assert.equal(t.s().byId.get(1).costura, true);
});

test('304: nothing changed, every order is the same object', async () => {
  const t = await loaded();
  const before = t.s().pedidos;
  t.stream.say({ type: 'refresh_required', message: '' });
  await t.server.answerAll();
  before.forEach((order, i) => assert.equal(t.s().pedidos[i], order));
  assert.deepEqual(t.brief(), []);
  assert.equal(t.s().syncLog[0].text, 'Nada mudou.');
});

test('a reload keeps the objects of the orders that did not change', async () => {
  const t = await loaded();
  const before = t.s().byId.get(2);
  t.server.patch(1, { costura: true });
  t.stream.say({ type: 'refresh_required', message: '' });
  await t.server.answerAll();
  assert.equal(t.s().byId.get(2), before);
  assert.equal(t.s().byId.get(1).costura, true);
});

test('a list that has changed since is asked for in full: it is not kept for a 304', async () => {
  const t = await loaded();
  const copy = t.server.backup();
  t.server.patch(1, { costura: true });
  t.stream.deliverAll();
  t.stream.cut();
  t.server.restore(copy);
  t.stream.resume();
  await t.server.answerAll();
  assert.equal(t.s().syncLog.find(({ kind }) => kind === 'reload').text, '2 pedidos carregados.');
  assert.deepEqual(t.s().pedidos, t.server.list());
});

test('a copy put back behind what the list knew, and ahead of where the stream stood: seen when it resumes', async () => {
  const t = setUp();
  t.server.create({});
  t.store.load();
  await t.server.requests[0].lose();
  const copy = t.server.backup();
  t.server.remove(1);
  await t.server.answerAll();
  assert.deepEqual(t.s().pedidos, []);
  t.stream.cut();
  t.server.restore(copy);
  t.stream.resume();
  await t.server.answerAll();
  assert.deepEqual(t.s().pedidos, t.server.list());
  assert.equal(t.s().pedidos.length, 1);
});

test('304 while the answer to a write of ours comes in: the written order stays', async () => {
  const t = await loaded();
  t.stream.say({ type: 'refresh_required', message: '' });
  const [list] = t.server.requests;
  list.arrive();
  t.store.update(1, { costura: true });
  await t.server.requests[1].answer();
  await list.answer();
  assert.equal(t.s().syncLog[0].text, 'Nada mudou.');
  assert.equal(t.s().byId.get(1).costura, true);
  t.stream.deliverAll();
  assert.deepEqual(t.s().pedidos, t.server.list());
});

test('an order that was deleted while the list was under way is not kept by its ETag', async () => {
  const t = await loaded();
  t.server.patch(1, { costura: true });
  t.stream.deliverAll();
  t.stream.say({ type: 'refresh_required', message: '' });
  const [list] = t.server.requests;
  list.arrive();
  t.store.remove(2);
  await t.server.requests[1].answer();
  await list.answer();
  assert.deepEqual(t.s().pedidos, t.server.list());
  t.stream.say({ type: 'refresh_required', message: '' });
  await t.server.answerAll();
  assert.equal(t.s().syncLog[0].text, '1 pedidos carregados.');
});

test('another history: lower versions count, deleted ids may live', async () => {
  const t = await loaded();
  const copy = t.server.backup();
  t.server.patch(1, { costura: true });
  t.server.remove(2);
  t.stream.deliverAll();
  assert.equal(t.s().pedidos.length, 1);
  t.stream.cut();
  t.server.restore(copy);
  t.stream.resume();
  await t.server.answerAll();
  assert.deepEqual(t.s().pedidos, t.server.list());
  t.server.patch(2, { costura: true });
  t.stream.deliverAll();
  assert.deepEqual(t.s().pedidos, t.server.list());
});

test('a failed load: the error shows, the stream starts anyway, and it is tried again', async () => {
  const t = setUp();
  t.server.create({});
  const done = t.store.load();
  await t.server.requests[0].lose();
  assert.equal(t.s().error.kind, 'unconfirmed');
  assert.equal(t.s().isLoading, true, 'connected already: once more');
  await t.server.answerAll();
  await done;
  assert.equal(t.s().error, null);
  assert.deepEqual(t.s().pedidos, t.server.list());
  assert.equal(t.failures.length, 1);
});

test('a failed load is tried again after 3 s while there is no connection, and at once with it', async () => {
  const t = setUp();
  t.stream.resume = () => undefined;
  t.store.load();
  await t.server.requests[0].lose();
  assert.equal(t.s().isLoading, false);
  await t.clock.advance(2_999);
  assert.equal(t.server.requests.length, 0);
  await t.clock.advance(1);
  await t.server.requests[0].lose();
  t.stream.become({ status: 'connected', transport: 'websocket' });
  assert.equal(t.server.requests.length, 1);
});

test('a denied load stops', async () => {
  const t = setUp();
  const api = {
    ...t.server.api('me'),
    list: async () => Promise.reject(new PedidosError('denied', 'Entre.', { status: 401 })),
  };
  const store = createStore({ api, stream: t.stream, clock: t.clock, random: () => 0.5, clientId: 'me' });
  await store.load();
  assert.equal(store.getSnapshot().error.kind, 'denied');
  await t.clock.advance(60_000);
  assert.equal(t.stream.started, false);
});

test('a reload that fails leaves the state and what waited to the next one', async () => {
  const t = await loaded();
  t.stream.say({ type: 'refresh_required', message: '' });
  t.server.patch(1, { costura: true });
  t.stream.deliverAll();
  await t.server.requests[0].lose();
  assert.equal(t.s().pedidos.length, 2);
  await t.clock.advance(3_000);
  await t.server.answerAll();
  assert.equal(t.s().byId.get(1).costura, true);
});

test('nothing waits without bound', async () => {
  const t = await loaded();
  t.stream.say({ type: 'refresh_required', message: '' });
  t.server.requests[0].arrive();
  for (let i = 0; i < 6_000; i += 1) t.server.patch(1, { costura: i % 2 === 0, observacao: String(i) });
  t.stream.deliverAll();
  await t.server.answerAll();
  assert.deepEqual(t.s().pedidos, t.server.list());
});

// ---- events -----------------------------------------------------------------------------------

test('create, update and delete of others, each announced once', async () => {
  const t = await loaded();
  t.server.create({ cliente: 'Três' });
  t.server.patch(3, { costura: true });
  t.server.remove(1);
  t.stream.deliverAll();
  t.stream.repeat(3);
  assert.deepEqual(t.brief(), ['create 3 event', 'update 3 event', 'delete 1 event']);
  assert.deepEqual(t.s().pedidos, t.server.list());
});

test("what others changed is remembered with author and time, one's own is not", async () => {
  const t = await loaded();
  t.server.patch(1, { costura: true }, 'other', 'Ana');
  t.server.patch(1, { financeiro: true }, 'me', 'Eu');
  t.server.create({}, 'other', 'Bia');
  t.stream.deliverAll();
  const { remoteChanges } = t.s();
  assert.deepEqual(Object.keys(remoteChanges[1]), ['costura']);
  assert.equal(remoteChanges[1].costura.autor, 'Ana');
  assert.equal(remoteChanges[1].costura.before, false);
  assert.equal(remoteChanges[1].costura.receivedAt, t.clock.time);
  assert.equal(remoteChanges[3]['*'].autor, 'Bia');
  t.server.remove(1);
  t.stream.deliverAll();
  assert.equal(t.s().remoteChanges[1], undefined);
});

test('remoteChanges is bounded, the oldest goes', async () => {
  const t = await loaded();
  for (let i = 0; i < 600; i += 1) {
    t.clock.time += 1;
    t.server.create({});
    t.stream.deliverAll();
  }
  const ids = Object.keys(t.s().remoteChanges).map(Number);
  assert.equal(ids.length, 500);
  assert.equal(Math.max(...ids), 602);
  assert.equal(Math.min(...ids), 103);
});

test('snapshots: immutable, the same until something changes, old ones stay as they were', async () => {
  const t = await loaded();
  const before = t.s();
  const map = before.byId;
  assert.equal(t.s(), before);
  assert.ok(Object.isFrozen(before) && Object.isFrozen(before.pedidos) && Object.isFrozen(before.pending));
  let told = 0;
  const unsubscribe = t.store.subscribe(() => {
    told += 1;
  });
  t.server.patch(1, { costura: true });
  t.stream.deliverAll();
  assert.equal(told, 1);
  assert.notEqual(t.s(), before);
  assert.equal(before.byId, map);
  assert.equal(before.byId.get(1).costura, false);
  assert.equal(before.pedidos[1].costura, false);
  assert.equal(t.s().pedidos[0], before.pedidos[0]);
  unsubscribe();
  t.server.patch(1, { costura: false });
  t.stream.deliverAll();
  assert.equal(told, 1);
});

test('syncLog: the last 50, newest first, with who and what', async () => {
  const t = await loaded();
  for (let i = 0; i < 60; i += 1) t.server.patch(1, { costura: i % 2 === 0 });
  t.stream.deliverAll();
  const { syncLog } = t.s();
  assert.equal(syncLog.length, 50);
  assert.equal(syncLog[0].text, 'Pedido 1 alterado · costura · Ana');
  assert.equal(syncLog[0].kind, 'event');
  assert.ok(syncLog[0].id > syncLog[1].id);
});

test('syncLog: one line for an outage, not one for each attempt', async () => {
  const t = await loaded();
  const count = t.s().syncLog.length;
  for (let i = 0; i < 5; i += 1) {
    t.stream.become({ status: 'disconnected', reconnectAttempt: i });
    t.stream.become({ status: 'connecting' });
  }
  assert.equal(t.s().syncLog.length, count + 1);
  t.stream.become({ status: 'disconnected', error: { kind: 'blocked', message: 'A rede bloqueia.' } });
  assert.equal(t.s().syncLog[0].text, 'A rede bloqueia.');
  t.stream.become({ status: 'connected', transport: 'sse', error: null });
  assert.equal(t.s().syncLog[0].text, 'Conectado por SSE.');
  t.stream.become({ status: 'error', error: { kind: 'denied', message: 'Entre.' } });
  assert.equal(t.s().syncLog[0].kind, 'error');
});

// ---- edits ------------------------------------------------------------------------------------

test('an edit is pending on its field and nowhere else, until its answer', async () => {
  const t = await loaded();
  const promise = t.store.update(1, { costura: true });
  assert.equal(t.s().byId.get(1).costura, false, 'never ahead of the server');
  assert.deepEqual({ ...t.s().pending[1].costura }, { value: true, since: t.clock.time, key: 'me-1' });
  await t.server.answerAll();
  assert.equal((await promise).costura, true);
  assert.deepEqual(t.s().pending, {});
  assert.equal(t.s().byId.get(1).costura, true);
  assert.deepEqual(t.brief(), ['update 1 answer own']);
  t.stream.deliverAll();
  assert.deepEqual(t.brief(), [], 'its event brings nothing new');
  assert.deepEqual(t.s().remoteChanges, {});
});

test('… or until its event, whichever is first', async () => {
  const t = await loaded();
  t.store.update(1, { costura: true });
  t.server.requests[0].arrive();
  t.stream.deliverAll();
  assert.deepEqual(t.s().pending, {});
  assert.equal(t.s().byId.get(1).costura, true);
  assert.deepEqual(t.brief(), ['update 1 event own']);
  await t.server.answerAll();
  assert.deepEqual(t.brief(), []);
});

test('an answer that runs ahead of the stream includes others; their events are not applied again', async () => {
  const t = await loaded();
  t.server.patch(1, { financeiro: true });
  t.store.update(1, { costura: true });
  await t.server.answerAll();
  assert.equal(t.s().byId.get(1).versao, 3);
  t.stream.deliverAll();
  assert.equal(t.s().byId.get(1).versao, 3);
  assert.deepEqual(t.brief(), ['update 1 answer own']);
  assert.equal(t.s().remoteChanges[1].financeiro.autor, 'Ana');
});

test("somebody else's change of the same field does not end the waiting", async () => {
  const t = await loaded();
  t.store.update(1, { costura: true });
  t.server.patch(1, { costura: true });
  t.stream.deliverAll();
  assert.ok(t.s().pending[1].costura);
  await t.server.answerAll();
  assert.deepEqual(t.s().pending, {});
});

test('two writes to one field go one after the other, to two fields at once', async () => {
  const t = await loaded();
  t.store.update(1, { costura: true });
  const second = t.store.update(1, { costura: false });
  t.store.update(1, { financeiro: true });
  assert.deepEqual(
    t.server.requests.map((r) => r.name),
    ['patch', 'patch'],
  );
  assert.equal(t.s().pending[1].costura.value, false);
  await t.server.requests[0].answer();
  assert.equal(t.s().pending[1].costura.value, false, 'the second one is still on its way');
  await t.server.answerAll();
  await second;
  assert.equal(t.s().byId.get(1).costura, false);
  assert.deepEqual(t.s().pending, {});
});

test("a refusal stays on the field, with the server's words for it", async () => {
  const t = await loaded();
  const api = t.server.api('me');
  const store = createStore({
    api: {
      ...api,
      patch: async () =>
        Promise.reject(
          new PedidosError('refused', 'Corrija.', { status: 422, fieldErrors: { status: 'não existe' } }),
        ),
    },
    stream: modelStream(t.server),
    clock: t.clock,
    random: () => 0.5,
    clientId: 'me',
  });
  store.load();
  await t.server.answerAll();
  const error = await store.update(1, { status: 'x', cliente: 'y' }).catch((e) => e);
  assert.equal(error.kind, 'refused');
  const { errors, pending } = store.getSnapshot();
  assert.deepEqual(pending, {});
  assert.equal(errors[1].status.message, 'não existe');
  assert.equal(errors[1].cliente.message, 'Corrija.');
  assert.equal(errors[1].status.value, 'x');
  assert.equal(errors[1].status.retryable, false);
  store.dismissError(1, 'status');
  assert.deepEqual(store.getSnapshot().errors, {});
});

test('a conflict brings the current order', async () => {
  const t = await loaded();
  t.server.patch(1, { costura: true });
  const promise = t.store.update(1, { cliente: 'Novo' }, { ifMatch: 1 });
  await t.server.answerAll();
  await assert.rejects(promise, { kind: 'conflict' });
  assert.equal(t.s().errors[1].cliente.current.versao, 2);
  assert.equal(t.s().byId.get(1).versao, 2, 'and is applied');
  assert.equal(t.s().byId.get(1).cliente, 'Um');
});

test('no confirmation: it stays on the field; retry sends the same key', async () => {
  const t = await loaded();
  t.store.update(1, { costura: true });
  t.server.requests[0].arrive();
  await t.server.requests[0].lose();
  assert.equal(t.s().errors[1].costura.kind, 'unconfirmed');
  assert.equal(t.s().errors[1].costura.retryable, true);
  const { key } = t.s().errors[1].costura;
  const retried = t.store.retry(1, 'costura');
  assert.deepEqual(t.s().errors, {});
  assert.equal(t.s().pending[1].costura.key, key);
  await t.server.answerAll();
  await retried;
  assert.deepEqual([t.s().errors, t.s().pending], [{}, {}]);
  assert.equal(t.server.log.length, 3, 'done once');
  await t.store.retry(1, 'costura');
  assert.equal(t.server.requests.length, 0, 'nothing left to retry');
});

test('no confirmation, but the event comes later: settled', async () => {
  const t = await loaded();
  t.store.update(1, { costura: true });
  t.server.requests[0].arrive();
  await t.server.requests[0].lose();
  t.stream.deliverAll();
  assert.deepEqual(t.s().errors, {});
  assert.equal(t.s().byId.get(1).costura, true);
});

test('no confirmation, but the event came before: nothing to complain of', async () => {
  const t = await loaded();
  t.store.update(1, { costura: true });
  t.server.requests[0].arrive();
  t.stream.deliverAll();
  await t.server.requests[0].lose();
  assert.deepEqual(t.s().errors, {});
});

test('a retry does not undo what was edited since', async () => {
  const t = await loaded();
  t.store.update(1, { cliente: 'A', observacao: 'velha' });
  await t.server.requests[0].lose();
  t.store.update(1, { observacao: 'nova' });
  await t.server.answerAll();
  assert.deepEqual(Object.keys(t.s().errors[1]), ['cliente']);
  t.store.retry(1, 'cliente');
  await t.server.answerAll();
  const { cliente, observacao } = t.s().byId.get(1);
  assert.deepEqual([cliente, observacao], ['A', 'nova']);
  assert.deepEqual(t.s().errors, {});
});

test('an edit of an order that is deleted meanwhile leaves nothing behind', async () => {
  const t = await loaded();
  const promise = t.store.update(1, { costura: true });
  t.server.remove(1);
  t.stream.deliverAll();
  await t.server.answerAll();
  await assert.rejects(promise, { status: 404 });
  assert.deepEqual([t.s().errors, t.s().pending], [{}, {}]);
  assert.equal(t.s().byId.has(1), false);
});

test('create: the answer adds it, its event does not add it again', async () => {
  const t = await loaded();
  const promise = t.store.create({ cliente: 'Novo' });
  await t.server.answerAll();
  assert.equal((await promise).id, 3);
  t.stream.deliverAll();
  assert.deepEqual(t.brief(), ['create 3 answer own']);
  assert.deepEqual(
    t.s().pedidos.map((p) => p.id),
    [3, 2, 1],
  );
});

test('create with a lost answer, tried again under its key, is one order', async () => {
  const t = await loaded();
  const first = assert.rejects(t.store.create({ cliente: 'Novo' }, { idempotencyKey: 'k' }), {
    kind: 'unconfirmed',
  });
  t.server.requests[0].arrive();
  await t.server.requests[0].lose();
  await first;
  const second = t.store.create({ cliente: 'Novo' }, { idempotencyKey: 'k' });
  await t.server.answerAll();
  await second;
  t.stream.deliverAll();
  assert.equal(t.server.orders.size, 3);
  assert.deepEqual(t.s().pedidos, t.server.list());
});

test('remove: pending on the whole order; gone already is gone', async () => {
  const t = await loaded();
  const promise = t.store.remove(1);
  assert.ok(t.s().pending[1]['*']);
  assert.ok(t.s().byId.has(1));
  await t.server.answerAll();
  await promise;
  assert.equal(t.s().byId.has(1), false);
  t.stream.deliverAll();
  assert.deepEqual(t.brief(), ['delete 1 answer own']);
  t.server.remove(2);
  const again = t.store.remove(2);
  await t.server.answerAll();
  await again;
  assert.deepEqual([t.s().pending, t.s().errors], [{}, {}]);
  assert.equal(t.s().pedidos.length, 0);
});

test('remove without a confirmation: retry', async () => {
  const t = await loaded();
  t.store.remove(1);
  await t.server.requests[0].lose();
  assert.equal(t.s().errors[1]['*'].kind, 'unconfirmed');
  t.store.retry(1, '*');
  await t.server.answerAll();
  assert.equal(t.s().byId.has(1), false);
  assert.deepEqual(t.s().errors, {});
});

test('a late answer does not bring a deleted order back, nor after a reload', async () => {
  for (const reload of [false, true]) {
    const t = await loaded();
    t.store.update(1, { costura: true });
    const [late] = t.server.requests;
    late.arrive();
    t.server.remove(1);
    if (reload) {
      t.stream.say({ type: 'refresh_required', message: '' });
      await t.server.requests[1].answer();
    }
    t.stream.deliverAll();
    await late.answer();
    assert.equal(t.s().byId.has(1), false, String(reload));
  }
});

// ---- beyond the list --------------------------------------------------------------------------

test('fetchById and search do not grow the state; what is in it is brought up to date', async () => {
  const t = await loaded();
  t.server.patch(1, { costura: true });
  const one = t.store.fetchById(1);
  await t.server.answerAll();
  assert.equal((await one).costura, true);
  assert.equal(t.s().byId.get(1).costura, true);
  const found = t.store.search('Um');
  await t.server.answerAll();
  assert.equal((await found).length, 2);
  assert.equal(t.s().pedidos.length, 2);
});

test('an order that was not loaded comes in with its first change', async () => {
  const t = await loaded();
  t.stream.say(update(cursor(3), pedido(900, { versao: 4 })));
  assert.equal(t.s().pedidos[0].id, 900);
});

test('after close() nothing is applied and nothing is tried', async () => {
  const t = await loaded();
  t.store.close();
  t.server.patch(1, { costura: true });
  t.stream.deliverAll();
  assert.equal(t.s().byId.get(1).costura, false);
  await t.clock.advance(60_000);
  await settle();
  assert.equal(t.clock.timers.size, 0);
});

// ---- an edit is settled by whatever confirms it -----------------------------------------------------

test('the answer is lost, the event comes: the edit is done, for its caller too', async () => {
  const t = await loaded();
  // As the server writes it down, and not as it was typed.
  const promise = t.store.update(1, { cliente: '  Ana ', valor_total: '1.234,5' });
  const [request] = t.server.requests;
  t.server.patch(1, { cliente: 'Ana', valor_total: '1234.50' }, 'me', 'Eu');
  t.stream.deliverAll();
  assert.deepEqual(t.s().pending, {});
  assert.equal((await promise).cliente, 'Ana');
  await request.lose();
  assert.deepEqual(t.s().errors, {});
  assert.equal(t.failures.length, 0);
});

test('the event comes after the edit was given up: nothing is wrong any more', async () => {
  const t = await loaded();
  const promise = t.store.update(1, { items: [{ descricao: 'Faixa' }] });
  promise.catch(() => undefined);
  await t.server.requests[0].lose();
  assert.equal(t.s().errors[1].items.kind, 'unconfirmed');
  t.server.patch(1, { items: [{ descricao: 'Faixa', id: 9, quantidade: 1 }] }, 'me', 'Eu');
  t.stream.deliverAll();
  assert.deepEqual(t.s().errors, {});
});

test('somebody else writes the same order meanwhile: that confirms nothing', async () => {
  const t = await loaded();
  t.store.update(1, { costura: true });
  t.server.patch(1, { observacao: 'x' });
  t.stream.deliverAll();
  assert.equal(t.s().pending[1].costura.value, true);
  await t.server.requests[0].lose();
  assert.equal(t.s().errors[1].costura.kind, 'unconfirmed');
});

test('an own event of another field confirms only its own edit', async () => {
  const t = await loaded();
  t.store.update(1, { costura: true });
  t.store.update(1, { financeiro: true });
  t.server.requests[1].arrive();
  t.stream.deliverAll();
  assert.deepEqual(Object.keys(t.s().pending[1]), ['costura']);
});

test('a list that shows it done settles an edit that was given up, and one whose answer is lost later', async () => {
  const t = await loaded();
  const given = t.store.update(1, { cliente: ' Ana ' });
  given.catch(() => undefined);
  await t.server.requests[0].lose();
  const later = t.store.update(2, { cliente: ' Bia ' });
  const [request] = t.server.requests;
  t.stream.cut();
  t.server.patch(1, { cliente: 'Ana' }, 'me', 'Eu');
  t.server.patch(2, { cliente: 'Bia' }, 'me', 'Eu');
  t.stream.say({ type: 'refresh_required', message: '' });
  await t.server.requests[1].answer();
  assert.deepEqual(t.s().errors, {});
  await request.lose();
  assert.equal((await later).cliente, 'Bia');
  assert.deepEqual([t.s().errors, t.s().pending], [{}, {}]);
});

test('a removal and a creation whose answers are lost are confirmed by their events', async () => {
  const t = await loaded();
  const removal = t.store.remove(1);
  const creation = t.store.create({ cliente: ' Nova ' });
  const [first, second] = t.server.requests;
  t.server.remove(1, 'me', 'Eu');
  t.server.create({ cliente: 'Nova' }, 'me', 'Eu');
  t.stream.deliverAll();
  await removal;
  assert.equal((await creation).cliente, 'Nova');
  await first.lose();
  await second.lose();
  assert.deepEqual([t.s().errors, t.s().pending, t.failures], [{}, {}, []]);
});

test('the next edit of the field goes as soon as the event has confirmed the one before', async () => {
  const t = await loaded();
  t.store.update(1, { costura: true });
  t.store.update(1, { costura: false });
  assert.equal(t.server.requests.length, 1);
  t.server.requests[0].arrive();
  t.stream.deliverAll();
  await settle();
  assert.equal(t.server.requests.length, 2);
  assert.equal(t.s().pending[1].costura.value, false);
  await t.server.answerAll();
  t.stream.deliverAll();
  assert.deepEqual(t.s().pending, {});
  assert.equal(t.s().byId.get(1).costura, false);
});

test("a 404 that is not the server's word on this order does not make it deleted", async () => {
  const t = await loaded();
  const api = { ...t.server.api('me') };
  api.remove = async () => {
    throw new PedidosError('refused', 'Não há nada neste endereço.', { status: 404, type: 'urn:pedidos:problema:endereco-nao-encontrado' });
  };
  const store = createStore({ api, stream: t.stream, clock: t.clock, random: () => 0.5, clientId: 'me' });
  store.load();
  await t.server.answerAll();
  await assert.rejects(store.remove(1));
  assert.equal(store.getSnapshot().byId.has(1), true);
});

// ---- is delivery late --------------------------------------------------------------------------------

test('the event of an own change does not come behind its answer: the stream is told, once', async () => {
  const t = await loaded();
  t.store.update(1, { costura: true });
  await t.server.answerAll();
  await t.clock.advance(EVENT_DEADLINE);
  assert.equal(t.stream.late, 1);
  await t.clock.advance(60_000);
  assert.equal(t.stream.late, 1);
  t.stream.deliverAll();
});

test('an event that comes in time, before its answer too, or a change that changed nothing: no doubt', async () => {
  const t = await loaded();
  t.store.update(1, { costura: true });
  await t.server.answerAll();
  t.stream.deliverAll();
  t.store.update(1, { financeiro: true });
  t.server.requests[0].arrive();
  t.stream.deliverAll();
  await t.server.answerAll();
  t.store.update(1, { financeiro: true });
  t.store.create({ cliente: 'Nova' });
  t.store.remove(2);
  await t.server.answerAll();
  t.stream.deliverAll();
  await t.clock.advance(60_000);
  assert.equal(t.stream.late, 0);
  t.store.close();
  assert.equal(t.clock.timers.size, 0);
});

// ---- listeners ---------------------------------------------------------------------------------------

test('listeners that throw stop neither events, nor answers, nor reloads', async () => {
  const t = await loaded();
  globalThis.reportError = () => undefined;
  const fail = () => {
    throw new Error('mine');
  };
  t.store.subscribe(fail);
  t.store.onChange(fail);
  t.store.onError(fail);
  t.store.update(1, { costura: true });
  await t.server.answerAll();
  t.stream.deliverAll();
  t.server.patch(2, { costura: true });
  t.stream.say({ type: 'refresh_required', message: '' });
  await t.server.answerAll();
  t.stream.deliverAll();
  t.server.patch(2, { costura: false });
  t.stream.say({ type: 'refresh_required', message: '' });
  await t.server.answerAll();
  t.stream.deliverAll();
  delete globalThis.reportError;
  assert.deepEqual(t.s().pedidos, t.server.list());
  assert.equal(t.s().cursor, t.server.head);
  assert.equal(t.s().isReloading, false);
});

test('a listener that calls back in sees and makes whole states', async () => {
  const t = await loaded();
  const seen = [];
  t.store.onChange(({ pedido_id: id, action }) => {
    seen.push([id, action, t.s().isReloading]);
    if (id === 1 && action === 'update') t.store.load({ recentes: 30 });
    if (id === 2) t.store.update(1, { financeiro: true });
  });
  t.server.patch(1, { costura: true });
  t.server.patch(2, { costura: true });
  t.stream.deliverAll();
  for (let i = 0; i < 5; i += 1) {
    await t.server.answerAll();
    t.stream.deliverAll();
  }
  assert.deepEqual(t.s().pedidos, t.server.list());
  assert.equal(t.server.orders.get(1).financeiro, true);
  assert.equal(t.s().isReloading, false);
});

test('refused at first, then brought along by a tab that signed in again: it loads', async () => {
  const t = setUp();
  t.store.load();
  const [request] = t.server.requests;
  t.server.requests.splice(0);
  request.arrive = () => undefined;
  const denied = new PedidosError('denied', 'Entre de novo.', { status: 401 });
  t.server.request = () => Promise.reject(denied);
  const store = createStore({
    api: t.server.api('me'), stream: t.stream, clock: t.clock, random: () => 0.5, clientId: 'me',
  });
  await store.load();
  assert.equal(store.getSnapshot().error.kind, 'denied');
  delete t.server.request;
  t.stream.become({ status: 'connected', transport: 'websocket' });
  await settle();
  await t.server.answerAll();
  assert.equal(store.getSnapshot().error, null);
});
