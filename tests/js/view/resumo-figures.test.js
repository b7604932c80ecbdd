import assert from 'node:assert/strict';
import test from 'node:test';

import { addDays, delayText, figuresOf, isFinished, weekday } from '../../../static/view/order/figures.js';
import { pedido, ticked } from './orders.js';

const TODAY = '2026-11-24';

test('days are counted on the calendar', () => {
  assert.equal(addDays('2026-11-24', -24), '2026-10-31');
  assert.equal(addDays('2028-02-28', 1), '2028-02-29');
  assert.equal(addDays('2026-12-31', 1), '2027-01-01');
  assert.equal(weekday('2026-11-24'), 'terça');
  assert.equal(weekday('2025-12-31'), 'quarta');
});

test('an order counts under its first unticked sector, whatever is ticked behind it', () => {
  const { stages, open } = figuresOf(
    [
      pedido(),
      pedido({ ...ticked(3) }),
      pedido({ ...ticked(3), costura: true }),
      pedido({ costura: true }),
      pedido({ ...ticked(5), status: 'pronto' }),
      pedido({ ...ticked(5), status: 'entregue' }),
      pedido({ status: 'cancelado' }),
    ],
    TODAY,
  );
  assert.deepEqual(
    stages.map((entry) => [entry.name, entry.open]),
    [
      ['Financeiro', 2],
      ['Conferência', 0],
      ['Sublimação', 0],
      ['Costura', 1],
      ['Expedição', 1],
      ['Pronto', 1],
    ],
  );
  assert.equal(open, 5);
});

test('today is not late, nor is what is ready, delivered or cancelled', () => {
  const yesterday = '2026-11-23';
  const late = pedido({ data_entrega: yesterday, ...ticked(2) });
  const figures = figuresOf(
    [
      late,
      pedido({ data_entrega: TODAY }),
      pedido({ data_entrega: null }),
      pedido({ data_entrega: yesterday, status: 'pronto' }),
      pedido({ data_entrega: yesterday, ...ticked(5) }),
      pedido({ data_entrega: yesterday, status: 'entregue' }),
      pedido({ data_entrega: yesterday, status: 'cancelado' }),
    ],
    TODAY,
  );
  assert.deepEqual(figures.late, [late]);
  assert.deepEqual(figures.stages.map(({ late: count }) => count), [0, 0, 1, 0, 0, 0]);
  assert.equal(figures.dueToday.length, 1);
});

test('the longest late comes first, then the urgent one, then the older one', () => {
  const orders = [
    pedido({ data_entrega: '2026-11-23' }),
    pedido({ data_entrega: '2026-11-23' }),
    pedido({ data_entrega: '2026-11-23', prioridade: 'ALTA' }),
    pedido({ data_entrega: '2026-11-12' }),
  ];
  const { late } = figuresOf(orders, TODAY);
  assert.deepEqual(late, [orders[3], orders[2], orders[0], orders[1]]);
  assert.deepEqual(late.map((order) => delayText(order, TODAY)), ['há 12 dias', 'desde ontem', 'desde ontem', 'desde ontem']);
});

test('urgent ones are named once: where they are late or due today, only there', () => {
  const urgent = { prioridade: 'ALTA' };
  const orders = [
    pedido({ ...urgent, data_entrega: '2026-11-20' }),
    pedido({ ...urgent, data_entrega: TODAY }),
    pedido({ ...urgent, data_entrega: null }),
    pedido({ ...urgent, data_entrega: '2026-11-30' }),
    pedido({ ...urgent, status: 'pronto' }),
  ];
  const { late, dueToday, urgent: rest } = figuresOf(orders, TODAY);
  assert.deepEqual(late, [orders[0]]);
  assert.deepEqual(dueToday, [orders[1]]);
  assert.deepEqual(rest, [orders[3], orders[2]]);
});

test('finished: ready, delivered, or all five boxes; never what is cancelled', () => {
  assert.equal(isFinished(pedido()), false);
  assert.equal(isFinished(pedido({ status: 'pronto' })), true);
  assert.equal(isFinished(pedido({ status: 'entregue' })), true);
  assert.equal(isFinished(pedido({ ...ticked(5) })), true);
  assert.equal(isFinished(pedido({ ...ticked(5), status: 'cancelado' })), false);
});
