// What holds of the views' own rules whatever comes: money, filters, edits, how the connection is shown, and what is drawn.

import assert from 'node:assert/strict';
import test from 'node:test';

import fc from 'fast-check';
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><body></body>', { pretendToBeVisual: true });
Object.assign(globalThis, { document: window.document, HTMLElement: window.HTMLElement });
/** Frames are run by hand. */
let frames = [];
globalThis.window = Object.assign(Object.create(null), {
  innerHeight: 500,
  addEventListener: () => undefined,
  matchMedia: () => ({ matches: true, addEventListener: () => undefined }),
});
globalThis.requestAnimationFrame = (callback) => frames.push(callback);
globalThis.cancelAnimationFrame = () => {
  frames = [];
};

const { arrange } = await import('../../static/view/dom/dom.js');
const { readable, sumOfItems, toAmount, toCents } = await import('../../static/view/order/money.js');
const { NO_FILTERS, countRows, readFilters, selectEntries, writeFilters } = await import(
  '../../static/view/lista/list-filter.js'
);
const { WindowList } = await import('../../static/view/lista/window-list.js');
const { EDITED, createEdit, isSame } = await import('../../static/view/pedido/order-edit.js');
const { OFFLINE, QUIET, connectionView } = await import('../../static/view/connection/connection-view.js');

const SETORES = ['financeiro', 'conferencia', 'sublimacao', 'costura', 'expedicao'];
const cents = fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n });

// ---- money -------------------------------------------------------------------------------------

test('an amount is the same after any way of writing it', () => {
  fc.assert(
    fc.property(cents, (sum) => {
      assert.equal(toCents(toAmount(sum)), sum);
      assert.equal(toCents(readable(toAmount(sum))), sum);
      assert.equal(toCents(`R$ ${readable(toAmount(sum))}`), sum);
    }),
  );
});

test('a sum of items is exact', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n })), (prices) => {
      const items = prices.map((price) => ({ descricao: '', valor_unitario: toAmount(price) }));
      assert.equal(sumOfItems(items), prices.reduce((sum, price) => sum + price, 0n));
    }),
  );
});

test('whatever is typed is an amount or none, and never throws', () => {
  fc.assert(fc.property(fc.string(), (text) => assert.ok(toCents(text) === null || typeof toCents(text) === 'bigint')));
});

// ---- the list's filters --------------------------------------------------------------------------

const filters = fc.record({
  q: fc.string(),
  setor: fc.constantFrom('', ...SETORES, 'pronto'),
  status: fc.constantFrom('abertos', 'todos', 'pendente', 'em_producao', 'pronto', 'entregue', 'cancelado'),
  urgentes: fc.boolean(),
  ordem: fc.constantFrom('numero', 'cliente', 'entrega', 'status', 'valor'),
  desc: fc.boolean(),
});

const order = fc.record({
  numero: fc.nat(9_999).map(String),
  cliente: fc.constantFrom('Ana Lima', 'José Souza', 'Colégio São Bento'),
  cidade_cliente: fc.constantFrom('', 'Cascavel', 'Foz do Iguaçu'),
  telefone_cliente: fc.constantFrom('', '45 99999-0000'),
  data_entrega: fc.constantFrom(null, '2026-03-09', '2026-04-01'),
  prioridade: fc.constantFrom('NORMAL', 'ALTA'),
  status: fc.constantFrom('pendente', 'em_producao', 'pronto', 'entregue', 'cancelado'),
  valor_total: fc.constantFrom('0.00', '10.50', '1234.56'),
  ...Object.fromEntries(SETORES.map((setor) => [setor, fc.boolean()])),
});
const orders = fc.array(order, { maxLength: 30 }).map((list) => list.map((fields, index) => ({ id: index + 1, items: [], versao: 1, ...fields })));

test('filters are the same after they stood in the address', () => {
  fc.assert(
    fc.property(filters, (one) => assert.deepEqual(readFilters(new URLSearchParams(writeFilters(one))), { ...NO_FILTERS, ...one })),
  );
});

test('each row once, headings that count right, and chips that say how many rows a click shows', () => {
  fc.assert(
    fc.property(orders, filters, fc.constantFrom('', ...SETORES), (list, one, mine) => {
      const entries = selectEntries(list, [], one, mine);
      const keys = entries.map(({ key }) => key);
      assert.equal(new Set(keys).size, keys.length);
      entries.forEach((entry, index) => {
        if (entry.kind !== 'heading') return;
        const following = entries.slice(index + 1);
        const end = following.findIndex(({ kind }) => kind === 'heading');
        assert.equal(entry.count, end < 0 ? following.length : end);
      });
      const counts = countRows(list, one);
      const shown = (setor) => {
        const rows = selectEntries(list, [], { ...one, setor }, '');
        const older = rows.findIndex(({ key }) => key === 'antigos');
        return (older < 0 ? rows : rows.slice(0, older)).length;
      };
      for (const setor of ['', ...SETORES]) assert.equal(counts[setor], shown(setor), setor);
    }),
  );
});

// ---- an edit -------------------------------------------------------------------------------------

const text = fc.constantFrom('a', 'b', 'c');
/** Few, so that two people meet in them. */
const TEXTS = ['cliente', 'observacao'];
const step = fc.oneof(
  fc.record({ do: fc.constant('type'), field: fc.constantFrom(...TEXTS), value: text }),
  fc.record({ do: fc.constant('other'), field: fc.constantFrom(...TEXTS), value: text }),
  fc.record({ do: fc.constant('resolve'), field: fc.constantFrom(...TEXTS), choice: fc.constantFrom('meu', 'dele') }),
);

test('what is typed is never lost, only what was touched is sent, and a conflict is a difference', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let base = { id: 1, versao: 1, items: [], valor_total: '0.00', valor_frete: '0.00', valor_itens: '0.00' };
      for (const field of EDITED) if (!(field in base)) base[field] = TEXTS.includes(field) ? 'a' : null;
      const edit = createEdit(base);
      const typed = {};
      for (const { do: what, field, value, choice } of steps) {
        if (what === 'type') {
          edit.touch(field, value);
          typed[field] = value;
        } else if (what === 'other') {
          base = { ...base, [field]: value, versao: base.versao + 1 };
          edit.rebase(base, () => ({ autor: null, timestamp: null }));
        } else if (field in edit.conflicts()) {
          edit.resolve(field, choice);
          if (choice === 'dele') {
            assert.equal(edit.discarded()[field], typed[field]);
            delete typed[field];
          }
        }
        for (const [name, mine] of Object.entries(typed)) {
          const isKept = name in edit.touched() ? edit.value(name) === mine : true;
          assert.ok(isKept, `${name} is ${edit.value(name)}, and ${mine} was typed`);
        }
        for (const name of Object.keys(edit.changes())) assert.ok(!isSame(name, edit.value(name), base[name]), name);
        for (const [name, { theirs }] of Object.entries(edit.conflicts())) {
          assert.equal(theirs, base[name]);
          assert.notEqual(edit.value(name), theirs);
        }
        for (const name of TEXTS) if (!(name in edit.touched())) assert.equal(edit.value(name), base[name]);
      }
    }),
    { numRuns: 500 },
  );
});

// ---- the connection ------------------------------------------------------------------------------

test('however it stands: up to 5 s nothing is said, from 35 s on it cannot be overlooked', () => {
  const NOW = 10_000_000;
  fc.assert(
    fc.property(fc.nat(120_000), fc.nat(9), fc.boolean(), (away, reconnectAttempt, delayed) => {
      const connection = {
        status: away === 0 ? 'connected' : 'disconnected',
        transport: 'sse',
        delayed,
        reconnectAttempt,
        lastHeardAt: NOW - away,
        disconnectedAt: away === 0 ? null : NOW - away,
        error: null,
      };
      const { kind, text } = connectionView({ connection, lastSync: NOW - away, isLoading: false, error: null }, NOW, false);
      assert.equal(kind, away >= OFFLINE ? 'offline' : away >= QUIET ? 'reconnecting' : 'ok');
      assert.ok(text);
    }),
  );
});

// ---- what is drawn -------------------------------------------------------------------------------

test('arrange: in the order that is wanted, nothing else, and the focus stays', () => {
  const names = fc.uniqueArray(fc.constantFrom(...'abcdefghij'), { maxLength: 10 });
  fc.assert(
    fc.property(fc.array(names, { minLength: 1, maxLength: 6 }), fc.nat(9), (orders_, focus) => {
      const parent = document.createElement('div');
      document.body.replaceChildren(parent);
      const nodes = new Map([...'abcdefghij'].map((name) => [name, Object.assign(document.createElement('button'), { id: name })]));
      for (const wanted of orders_) {
        const before = document.activeElement;
        arrange(parent, wanted.map((name) => nodes.get(name)));
        assert.deepEqual(Array.from(parent.children, ({ id }) => id), wanted);
        if (before !== document.body && wanted.includes(before.id)) assert.equal(document.activeElement, before);
        if (wanted.length > 0) nodes.get(wanted[focus % wanted.length]).focus();
      }
    }),
  );
});

test('the rows in sight are there, each once and in its place, and those far off are not', () => {
  const heights = fc.array(fc.integer({ min: 30, max: 200 }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.array(heights, { minLength: 1, maxLength: 4 }), (lists) => {
      const element = document.createElement('div');
      const built = new Map();
      const list = new WindowList({
        element,
        keyOf: ({ key }) => key,
        heightOf: ({ height }) => height,
        draw(item) {
          if (!built.has(item.key)) built.set(item.key, Object.assign(document.createElement('p'), { id: item.key }));
          return built.get(item.key);
        },
        forget: (key) => built.delete(key),
      });
      for (const sizes of lists) {
        const items = sizes.map((height, index) => ({ key: String(index), height }));
        list.show(items, false);
        while (frames.length > 0) frames.splice(0).forEach((run) => run());
        const shown = new Map(Array.from(element.children, (node) => [node.id, node.style.transform]));
        assert.equal(shown.size, element.children.length);
        let top = 0;
        for (const { key, height } of items) {
          if (top < 500) assert.ok(shown.has(key), `${key} at ${top} px is not there`);
          if (shown.has(key)) assert.equal(shown.get(key), `translateY(${top}px)`);
          top += height;
        }
        assert.equal(element.style.height, `${top}px`);
        assert.deepEqual([...built.keys()].sort(), [...shown.keys()].sort(), 'what is not shown is forgotten');
      }
    }),
    { numRuns: 50 },
  );
});
