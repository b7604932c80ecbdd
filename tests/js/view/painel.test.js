import assert from 'node:assert/strict';
import test from 'node:test';

import { isLive, trustOf } from '../../../static/view/painel/painel-connection.js';
import { PER_PAGE, TURN, pageAt, pagesOf } from '../../../static/view/painel/painel-pages.js';
import { createReloader, nextNight } from '../../../static/view/painel/painel-reload.js';
import { STAY, shiftAt } from '../../../static/view/painel/painel-shift.js';
import { figuresOf } from '../../../static/view/order/figures.js';
import { settle } from '../fakes.js';
import { pedido } from './orders.js';

const TODAY = '2026-11-24';
const HOUR = 3_600_000;
const at = (text) => new Date(`${text}:00`).getTime();

// ---- trust ---------------------------------------------------------------------------------------

const snapshot = (fields = {}) => ({
  lastSync: at('2026-11-24T14:32'),
  error: null,
  connection: { status: 'disconnected', lastHeardAt: at('2026-11-24T14:32'), reconnectAttempt: 3, error: null },
  ...fields,
});
const trust = (seconds, fields) => {
  const since = at('2026-11-24T14:32');
  return trustOf({ snapshot: snapshot(fields), since: seconds === null ? null : since, now: since + (seconds || 0) * 1000 });
};

test('nothing alarming up to 5 s, amber, and from 35 s on the age of the data', () => {
  assert.deepEqual(trust(null), { level: 'ok', text: '' });
  assert.equal(trust(4.9).level, 'ok');
  assert.deepEqual(trust(5), { level: 'trying', text: 'Reconectando, Tentativa 3' });
  assert.equal(trust(34.9).level, 'trying');
  assert.deepEqual(trust(35), { level: 'offline', text: 'SEM CONEXÃO · dados de 14:32' });
  assert.equal(trust(30 * 3600).text, 'SEM CONEXÃO · dados de 14:32, há 1 dia');
  assert.equal(trust(80 * 3600).text, 'SEM CONEXÃO · dados de 14:32, há 3 dias');
});

test('a session that is over is no lost connection: only to sign in again helps', () => {
  const denied = (status) => ({ status: 'error', lastHeardAt: at('2026-11-24T14:32'), error: { kind: 'denied', status } });
  assert.deepEqual(trust(1, { connection: denied(401) }), { level: 'offline', text: 'ENTRE DE NOVO · dados de 14:32' });
  assert.deepEqual(trust(1, { connection: denied(null), lastSync: null }), { level: 'offline', text: 'ENTRE DE NOVO' });
  assert.equal(trust(90, { connection: denied(403) }).text, 'SEM CONEXÃO · dados de 14:32');
});

test('before the first list there is nothing that could be old', () => {
  assert.equal(trust(1, { lastSync: null }).level, 'loading');
  assert.deepEqual(trust(40, { lastSync: null }), { level: 'offline', text: 'SEM CONEXÃO com o servidor' });
});

test('a list that cannot be loaded over a living stream is not live', () => {
  const connection = { status: 'connected' };
  assert.equal(isLive({ connection, error: null }), true);
  assert.equal(isLive({ connection, error: new Error('503') }), false);
});

// ---- pages ---------------------------------------------------------------------------------------

const pages = (orders) => pagesOf(figuresOf(orders, TODAY), TODAY);

test('late ones first, then those due today, then urgent ones', () => {
  const late = Array.from({ length: PER_PAGE + 1 }, () => pedido({ data_entrega: '2026-11-22' }));
  const result = pages([
    ...late,
    pedido({ data_entrega: TODAY, prioridade: 'ALTA' }),
    pedido({ data_entrega: '2026-11-25', prioridade: 'ALTA' }),
  ]);
  assert.deepEqual(
    result.map(({ kind, heading, position, entries }) => [kind, heading, position, entries.length]),
    [
      ['atrasados', '5 atrasados', '1/4', 4],
      ['atrasados', '5 atrasados', '2/4', 1],
      ['hoje', '1 para hoje', '3/4', 1],
      ['urgentes', '1 urgente', '4/4', 1],
    ],
  );
  assert.equal(result[0].entries[0].detail, 'há 2 dias · Financeiro');
  assert.equal(result[2].entries[0].detail, 'Financeiro · urgente');
  assert.equal(result[3].entries[0].detail, 'Financeiro · amanhã');
});

test('however many there are, the pages are few', () => {
  const orders = Array.from({ length: 2_000 }, () => pedido({ data_entrega: '2026-11-22' }));
  const result = pages(orders);
  assert.equal(result.length, 6);
  assert.equal(result[0].heading, '2000 atrasados');
});

test('nothing to name', () => {
  assert.equal(pages([pedido()])[0].heading, 'Tudo em dia');
  assert.equal(pages([])[0].heading, 'Nenhum pedido aberto');
});

test('each page has its turn, by the time alone', () => {
  const turns = [0, TURN - 1, TURN, 2 * TURN, 3 * TURN].map((now) => pageAt(['a', 'b', 'c'], now));
  assert.deepEqual(turns, ['a', 'a', 'b', 'c', 'a']);
});

// ---- burn-in -------------------------------------------------------------------------------------

test('the picture visits every place of its grid, in steps that nobody sees, and stays within its margin', () => {
  const visited = new Set();
  let before = shiftAt(0);
  for (let step = 0; step < 24 * 60; step += 1) {
    const { x, y } = shiftAt(step * STAY);
    assert.ok(Math.abs(x) <= 1 && Math.abs(y) <= 1);
    assert.ok(Math.abs(x - before.x) <= 0.21 && Math.abs(y - before.y) <= 0.21);
    assert.ok(step === 0 || x !== before.x || y !== before.y);
    visited.add(`${x} ${y}`);
    before = { x, y };
  }
  assert.ok(visited.size > 40, `${visited.size} places`);
});

// ---- reload --------------------------------------------------------------------------------------

function reloader({ start = '2026-11-24T10:00', random = () => 0.5 } = {}) {
  const state = { now: at(start), answering: true, asked: 0, reloads: 0 };
  const created = createReloader({
    now: () => state.now,
    random,
    answers: async () => {
      state.asked += 1;
      if (state.answering === null) throw new Error('unreachable');
      return state.answering;
    },
    reload: () => (state.reloads += 1),
  });
  const check = async (live = true, serverVersion = '1.0') => {
    created.check({ live, serverVersion });
    await settle();
  };
  return { state, check, created };
}

test('at night, spread over an hour and a half, and no night twice', () => {
  const from = at('2026-11-24T22:00');
  assert.equal(nextNight(from, () => 0), at('2026-11-25T03:00'));
  assert.equal(nextNight(from, () => 0.9999) < at('2026-11-25T04:30'), true);
  assert.equal(nextNight(at('2026-11-25T03:10'), () => 0.9), at('2026-11-26T04:21'));
});

test('reloads once when the night has come', async () => {
  const { state, check } = reloader();
  state.now = at('2026-11-25T03:44');
  await check();
  assert.equal(state.reloads, 0);
  state.now = at('2026-11-25T03:46');
  await check();
  await check();
  assert.equal(state.reloads, 1);
});

test('never onto a server that does not answer', async () => {
  const { state, check } = reloader();
  state.now = at('2026-11-25T03:46');
  await check(false);
  assert.equal(state.asked, 0);
  for (const answering of [false, null]) {
    state.answering = answering;
    await check();
    assert.equal(state.reloads, 0);
    const { asked } = state;
    await check();
    assert.equal(state.asked, asked, 'not again at once');
    state.now += 2 * 60_000;
  }
  state.answering = true;
  await check();
  assert.equal(state.reloads, 1);
});

test('after an upgrade, each panel in its own time', async () => {
  for (const [share, seconds] of [
    [0, 5],
    [0.5, 62.5],
    [0.999, 120],
  ]) {
    const { state, check } = reloader({ random: () => share });
    await check(true, '1.0');
    await check(false, null);
    await check(true, '1.1');
    assert.equal(state.reloads, 0);
    state.now += (seconds - 1) * 1000;
    await check(true, '1.1');
    assert.equal(state.reloads, 0);
    state.now += 1000;
    await check(true, '1.1');
    assert.equal(state.reloads, 1);
  }
});

test('a fault of the page ends in a fresh one', async () => {
  const { state, check, created } = reloader();
  created.fault();
  assert.equal(created.due(), state.now + 180_000);
  state.now += 180_000;
  await check();
  assert.equal(state.reloads, 1);
});

test('a clock that was set back does not put the night off for years', async () => {
  const { state, check, created } = reloader({ start: '2036-01-01T10:00' });
  state.now = at('2026-11-24T10:00');
  await check();
  assert.ok(created.due() - state.now < 31 * HOUR);
});
