import assert from 'node:assert/strict';
import test from 'node:test';

import { createFinishedDays, finishedAt } from '../../../static/view/resumo/resumo-finished.js';
import { scaleTop } from '../../../static/view/resumo/resumo-chart.js';
import { FakeClock, settle } from '../fakes.js';
import { pedido, ticked } from './orders.js';

const created = (fields = {}) => ({
  acao: 'create',
  timestamp: '2026-11-16T12:00:00.000Z',
  mudancas: { cliente: [null, 'Ana'], status: [null, 'pendente'], ...changes(fields) },
});
const updated = (timestamp, fields) => ({ acao: 'update', timestamp, mudancas: changes(fields) });
const changes = (fields) => Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, [null, value]]));
const READY = { ...ticked(5), status: 'pronto' };

test('the day on which it became ready counts, not that of the delivery', () => {
  const historico = [
    created(),
    updated('2026-11-18T12:00:00.000Z', ticked(4)),
    updated('2026-11-19T12:00:00.000Z', { expedicao: true }),
    updated('2026-11-23T12:00:00.000Z', { status: 'entregue' }),
  ];
  assert.equal(finishedAt(historico), Date.parse('2026-11-19T12:00:00.000Z'));
});

test('what was taken back counts when it is finished again', () => {
  const historico = [created(READY), updated('2026-11-18T12:00:00.000Z', { costura: false, status: 'em_producao' })];
  assert.equal(finishedAt(historico), null);
  historico.push(updated('2026-11-20T12:00:00.000Z', { costura: true }));
  assert.equal(finishedAt(historico), Date.parse('2026-11-20T12:00:00.000Z'));
  historico.push({ acao: 'delete', timestamp: '2026-11-21T12:00:00.000Z', mudancas: {} });
  assert.equal(finishedAt(historico), null);
});

function setUp(pedidos, histories = {}) {
  const clock = new FakeClock();
  const listeners = new Set();
  const asked = [];
  let failing = 0;
  const store = {
    getSnapshot: () => ({ pedidos, lastSync: 1 }),
    subscribe: () => () => undefined,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async historico(id) {
      asked.push(id);
      if (failing > 0) {
        failing -= 1;
        throw Object.assign(new Error('no answer'), { status: 0 });
      }
      return histories[id];
    },
  };
  const days = createFinishedDays({ store, clock, since: '2026-11-11', onUpdate: () => undefined });
  const tell = (change) => listeners.forEach((listener) => listener({ timestamp: '2026-11-24T12:00:00.000Z', ...change }));
  const counted = () => Object.fromEntries(days.count('2026-11-11').byDay);
  return { clock, days, asked, tell, counted, listeners, fail: (times) => (failing = times) };
}

test('the history is asked for only where the order leaves the day open', async () => {
  const sameDay = pedido({ ...READY, data_criacao: '2026-11-19T12:00:00.000Z', ultima_atualizacao: '2026-11-19T14:00:00.000Z' });
  const open = pedido({ ...READY, status: 'entregue', ultima_atualizacao: '2026-11-23T12:00:00.000Z' });
  const longAgo = pedido({ ...READY, ultima_atualizacao: '2026-11-10T12:00:00.000Z' });
  const unfinished = pedido({ ultima_atualizacao: '2026-11-23T12:00:00.000Z' });
  const history = [created(), updated('2026-11-20T12:00:00.000Z', READY), updated('2026-11-23T12:00:00.000Z', { status: 'entregue' })];
  const { asked, counted, days } = setUp([sameDay, open, longAgo, unfinished], { [open.id]: history });
  assert.equal(days.count('2026-11-11').unknown, 1);
  await settle();
  assert.deepEqual(asked, [open.id]);
  assert.deepEqual(counted(), { '2026-11-19': 1, '2026-11-20': 1 });
  assert.equal(days.count('2026-11-11').unknown, 0);
});

test('it follows live: finished, delivered, taken back, deleted', () => {
  const before = pedido({ ...ticked(4) });
  const ready = { ...before, ...READY };
  const { tell, counted, asked } = setUp([before]);
  tell({ pedido_id: before.id, previous: before, pedido: ready });
  assert.deepEqual(counted(), { '2026-11-24': 1 });
  const delivered = { ...ready, status: 'entregue' };
  tell({ pedido_id: before.id, previous: ready, pedido: delivered, timestamp: '2026-11-25T12:00:00.000Z' });
  assert.deepEqual(counted(), { '2026-11-24': 1 });
  tell({ pedido_id: before.id, previous: delivered, pedido: before });
  assert.deepEqual(counted(), {});
  tell({ pedido_id: before.id, previous: before, pedido: ready });
  tell({ pedido_id: before.id, previous: ready, pedido: null });
  assert.deepEqual(counted(), {});
  assert.deepEqual(asked, []);
});

test('a server that does not answer is asked again, and no more after close()', async () => {
  const order = pedido({ ...READY, ultima_atualizacao: '2026-11-23T12:00:00.000Z' });
  const history = [created(), updated('2026-11-20T12:00:00.000Z', READY)];
  const { fail, tell, counted, clock, days, listeners } = setUp([], { [order.id]: history });
  const found = () => tell({ pedido_id: order.id, previous: null, pedido: order, timestamp: null });
  fail(1);
  found();
  await settle();
  assert.deepEqual(counted(), {});
  await clock.advance(5_000);
  assert.deepEqual(counted(), { '2026-11-20': 1 });
  fail(1);
  found();
  await settle();
  assert.equal(clock.timers.size, 1);
  days.close();
  assert.equal(clock.timers.size, 0);
  assert.equal(listeners.size, 0);
});

test('many orders are asked for a few at a time', async () => {
  const orders = Array.from({ length: 20 }, () => pedido({ ...READY, ultima_atualizacao: '2026-11-23T12:00:00.000Z' }));
  const history = [created(), updated('2026-11-20T12:00:00.000Z', READY)];
  const { asked, counted } = setUp(orders, Object.fromEntries(orders.map(({ id }) => [id, history])));
  assert.equal(asked.length, 3);
  await settle();
  await settle();
  assert.equal(asked.length, 20);
  assert.deepEqual(counted(), { '2026-11-20': 20 });
});

test('the scale ends on a number whose half is whole', () => {
  const tops = [0, 1, 4, 5, 7, 9, 11, 30, 55, 99, 101, 750].map(scaleTop);
  assert.deepEqual(tops, [4, 4, 4, 6, 8, 10, 20, 40, 60, 100, 200, 800]);
  assert.ok(tops.every((top) => Number.isInteger(top / 2)));
});
