// Ticks: what a box says of a write that did not get through, and what can be undone.

import assert from 'node:assert/strict';
import test from 'node:test';

import { UNDO_TIME, createTicks, describe } from '../../../static/view/order/ticks.js';
import { pedido } from './orders.js';

function setUp(orders = [pedido({ id: 1 })]) {
  const t = { now: 0, said: [], sent: [], byId: new Map(orders.map((order) => [order.id, order])), fail: null };
  const store = {
    async update(id, changes) {
      t.sent.push([id, changes]);
      if (t.fail) throw t.fail;
      t.byId.set(id, { ...t.byId.get(id), ...changes });
    },
    getSnapshot: () => ({ byId: t.byId }),
    retry: async () => undefined,
    dismissError: () => undefined,
  };
  t.ticks = createTicks({ store, whyNot: () => null, announce: (text) => t.said.push(text), now: () => t.now });
  return t;
}

const error = (fields) => ({
  pending: {},
  errors: { 1: { costura: { value: true, at: new Date(2026, 2, 9, 14, 32).getTime(), kind: 'unconfirmed', message: 'x', retryable: true, byNetwork: false, ...fields } } },
});

test('a write without an answer: since when, and that it may be repeated', () => {
  const { ticks } = setUp();
  assert.deepEqual(ticks.stateOf(error({}), 1, 'costura'), {
    state: 'error',
    message: 'Sem confirmação desde 14:32.',
    retryable: true,
  });
});

test("answered in the server's place: it says so", () => {
  const { ticks } = setUp();
  assert.equal(
    ticks.stateOf(error({ byNetwork: true }), 1, 'costura').message,
    'Sem confirmação desde 14:32: a rede respondeu no lugar do servidor (portal, proxy ou antivírus).',
  );
});

test('refused: the words of the server', () => {
  const { ticks } = setUp();
  const state = ticks.stateOf(error({ kind: 'refused', message: 'Não pode.', retryable: false }), 1, 'costura');
  assert.deepEqual(state, { state: 'error', message: 'Não pode.', retryable: false });
});

test('pending, and nothing to say', () => {
  const { ticks } = setUp();
  assert.equal(ticks.stateOf({ pending: { 1: { costura: {} } }, errors: {} }, 1, 'costura').state, 'pending');
  assert.equal(ticks.stateOf({ pending: {}, errors: {} }, 1, 'costura').state, 'idle');
});

test('undone within its time: only what nobody else has changed since', async () => {
  const t = setUp();
  const before = t.byId.get(1);
  assert.equal(await t.ticks.apply(before, { financeiro: true, costura: true }), true);
  const [undo] = t.ticks.undos();
  assert.equal(undo.until, UNDO_TIME);
  t.byId.set(1, { ...t.byId.get(1), costura: false });
  t.ticks.undo(undo);
  assert.deepEqual(t.sent.pop(), [1, { financeiro: false }]);
  assert.deepEqual(t.ticks.undos(), []);
});

test('one undo an order, three at most, each for its time', async () => {
  const orders = [1, 2, 3, 4].map((id) => pedido({ id }));
  const t = setUp(orders);
  for (const order of [...orders, orders[3]]) {
    t.now += 1_000;
    await t.ticks.apply(order, { costura: true });
  }
  assert.deepEqual(t.ticks.undos().map(({ id }) => id), [2, 3, 4]);
  t.now += UNDO_TIME - 1_500;
  t.ticks.sweep();
  assert.deepEqual(t.ticks.undos().map(({ id }) => id), [4], 'what was ticked again has its time anew');
});

test('not saved: said, and nothing to undo', async () => {
  const t = setUp();
  t.fail = new Error('A rede caiu.');
  assert.equal(await t.ticks.apply(t.byId.get(1), { costura: true }), false);
  assert.match(t.said.pop(), /não foi salvo\. A rede caiu\./);
  assert.deepEqual(t.ticks.undos(), []);
});

test('nothing left to undo: said', async () => {
  const t = setUp();
  await t.ticks.apply(t.byId.get(1), { costura: true });
  t.byId.set(1, { ...t.byId.get(1), costura: false });
  t.ticks.undo(t.ticks.undos()[0]);
  assert.match(t.said.pop(), /Nada a desfazer/);
  assert.match(describe({ costura: true }), /Costura/i);
});
