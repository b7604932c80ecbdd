import assert from 'node:assert/strict';
import test from 'node:test';

import { NO_FILTERS, countRows, selectEntries } from '../../../static/view/lista/list-filter.js';
import { comparator, isLate, matches, readSearch, shownStatus } from '../../../static/view/order/orders.js';
import { pedido } from './orders.js';

const ALL = { financeiro: true, conferencia: true, sublimacao: true, costura: true, expedicao: true };

/** @param {any[]} pedidos @param {object} filters */
function shown(pedidos, filters, older = []) {
  return selectEntries(pedidos, older, { ...NO_FILTERS, ...filters }, '')
    .filter(({ kind }) => kind === 'order')
    .map(({ pedido: { id } }) => id);
}

test('a telephone is found in any spelling', () => {
  const stored = ['(11) 98765-4321', '11987654321', '11 9 8765.4321', '+55 (11) 98765-4321'];
  const typed = ['11987654321', '(11) 98765-4321', '11 98765-4321', '987654321', '98765 4321', '+55 11 98765-4321', '4321'];
  for (const telefone of stored) {
    const order = pedido({ telefone_cliente: telefone, cidade_cliente: 'Itu' });
    for (const q of typed) assert.ok(matches(order, readSearch(q)), `${q} in ${telefone}`);
    assert.ok(matches(order, readSearch('itu 11987654321')), 'with another word');
    assert.ok(!matches(order, readSearch('11987654322')), 'another number');
    assert.ok(!matches(order, readSearch('(21) 98765-4321')), 'another town');
  }
});

test('digits of two fields are not read as one telephone', () => {
  assert.ok(!matches(pedido({ numero: '1042', telefone_cliente: '(11) 98765-4321' }), readSearch('10421198')));
});

test('a short number is looked for as it is written', () => {
  assert.ok(!matches(pedido({ numero: '9', telefone_cliente: '11 9123-4567' }), readSearch('345')));
  assert.ok(matches(pedido({ numero: '17' }), readSearch('17')));
});

test('what has all its boxes ticked is shown as ready, unless it was delivered or cancelled', () => {
  for (const status of ['pendente', 'em_producao', 'pronto']) {
    assert.equal(shownStatus(pedido({ status, ...ALL })), 'pronto');
  }
  for (const status of ['entregue', 'cancelado']) assert.equal(shownStatus(pedido({ status, ...ALL })), status);
  for (const status of ['pendente', 'em_producao', 'pronto', 'entregue', 'cancelado']) {
    assert.equal(shownStatus(pedido({ status, ...ALL, costura: false })), status);
  }
});

test('the filter, the order of the rows and lateness go by the status that is shown', () => {
  const ready = pedido({ ...ALL, data_entrega: '2026-01-01' });
  const waiting = pedido({ data_entrega: '2026-01-01' });
  assert.deepEqual(shown([ready, waiting], { status: 'pronto' }), [ready.id]);
  assert.deepEqual(shown([ready, waiting], { status: 'pendente' }), [waiting.id]);
  assert.ok(!isLate(ready, '2026-02-01') && isLate(waiting, '2026-02-01'));
  const made = pedido({ status: 'em_producao', financeiro: true });
  const delivered = pedido({ status: 'entregue' });
  const sorted = [delivered, ready, made, waiting].sort(comparator('status', false));
  assert.deepEqual(sorted, [waiting, made, ready, delivered]);
});

test('each chip says how many rows it would show', () => {
  const orders = [
    pedido(),
    pedido({ prioridade: 'ALTA' }),
    pedido({ financeiro: true, cliente: 'Zeca' }),
    pedido(ALL),
    pedido({ ...ALL, status: 'entregue' }),
    pedido({ status: 'cancelado' }),
  ];
  const stages = ['', 'financeiro', 'conferencia', 'sublimacao', 'costura', 'expedicao', 'pronto'];
  const choices = [
    ...['abertos', 'todos', 'pendente', 'pronto', 'entregue', 'cancelado'].map((status) => ({ status })),
    { urgentes: true },
    { q: 'zeca' },
    { status: 'entregue', urgentes: true },
  ];
  for (const choice of choices) {
    const counts = countRows(orders, { ...NO_FILTERS, ...choice });
    for (const setor of stages) {
      const rows = selectEntries(orders, [], { ...NO_FILTERS, ...choice, setor }, '');
      const found = rows.filter(({ kind, pedido: order }) => kind === 'order' && !(choice.q && order.status === 'entregue'));
      assert.equal(counts[setor], found.length, JSON.stringify({ ...choice, setor }));
    }
  }
});

test('what the server found beyond the loaded ones passes the same filters', () => {
  const older = [pedido({ status: 'entregue' }), pedido({ status: 'entregue', prioridade: 'ALTA' })];
  assert.deepEqual(shown([], { q: 'ana', urgentes: true }, older), [older[1].id]);
  assert.deepEqual(shown([], { q: 'ana', setor: 'costura' }, older), []);
});
