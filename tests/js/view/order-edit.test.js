import assert from 'node:assert/strict';
import test from 'node:test';

import { withCentury } from '../../../static/view/order/dates.js';
import { pictureKind, whyNotAddress } from '../../../static/view/pedido/image-file.js';
import { createEdit } from '../../../static/view/pedido/order-edit.js';
import { isFarAhead } from '../../../static/view/pedido/order-number.js';

const item = (descricao, valor_unitario) => ({ descricao, valor_unitario, acabamento: {} });
const order = (fields) => ({
  id: 1, versao: 1, cliente: 'Ana', valor_frete: '0.00', valor_itens: '15.00', valor_total: '15.00',
  items: [item('Lona', '10.00'), item('Faixa', '5.00')],
  ...fields,
});
const caio = () => ({ autor: 'Caio', timestamp: '2026-11-24T12:00:00Z' });

/** As the form does it: the total follows as long as it was the sum. */
function change(edit, items) {
  const followed = edit.followsSum();
  edit.touch('items', items);
  if (followed) edit.touch('valor_total', `${Number(edit.sum()) / 100}`);
}

test('different items: both hold, and the sums with them', () => {
  const edit = createEdit(order());
  change(edit, [item('Lona', '12.00'), item('Faixa', '5.00')]);
  const theirs = { items: [item('Lona', '10.00'), item('Faixa', '7.00')], valor_itens: '17.00', valor_total: '17.00' };
  const changed = edit.rebase(order({ versao: 2, ...theirs }), caio);
  assert.deepEqual(edit.conflicts(), {});
  assert.deepEqual(changed.sort(), ['items', 'valor_itens', 'valor_total']);
  assert.deepEqual(edit.changes().items.map((one) => one.valor_unitario), ['12.00', '7.00']);
  assert.deepEqual([edit.value('valor_itens'), edit.value('valor_total')], ['19.00', '19.00']);
  // What was merged is the base of the next.
  edit.rebase(order({ versao: 3, ...theirs, items: [item('Lona', '10.00'), item('Faixa', '8.00')] }), caio);
  assert.deepEqual(edit.value('items').map((one) => one.valor_unitario), ['12.00', '8.00']);
});

test('the same field of an item: asked once, and the sums wait for it', () => {
  for (const [choice, total] of [['meu', '17.00'], ['dele', '16.00']]) {
    const edit = createEdit(order());
    change(edit, [item('Lona', '12.00'), item('Faixa', '5.00')]);
    edit.rebase(order({ versao: 2, items: [item('Lona', '11.00'), item('Faixa', '5.00')], valor_itens: '16.00', valor_total: '16.00' }), caio);
    assert.deepEqual(edit.questions().map(({ key, mine, theirs, before, autor }) => [key, mine, theirs, before, autor]), [
      ['items.0.valor_unitario', '12.00', '11.00', '10.00', 'Caio'],
    ]);
    edit.resolveAll({ 'items.0.valor_unitario': choice });
    assert.deepEqual(edit.questions(), []);
    assert.deepEqual([edit.value('valor_itens'), edit.value('valor_total')], [total, total]);
    assert.equal(edit.isDirty(), choice === 'meu');
  }
});

test('a total that somebody wrote by hand is asked about', () => {
  const edit = createEdit(order());
  edit.touch('valor_total', '14.00');
  edit.rebase(order({ versao: 2, valor_total: '13.00' }), caio);
  assert.deepEqual(edit.questions().map(({ key }) => key), ['valor_total']);
});

test('one’s own items, as the server gives them back, are no conflict', () => {
  const edit = createEdit(order());
  change(edit, [...order().items, item('Mastro', '1.00')]);
  const stored = edit.value('items').map((one) => ({ ...one, id: null, tecido: '', acabamento: { ilhos: false } }));
  edit.rebase(order({ versao: 2, items: stored, valor_itens: '16.00', valor_total: '16.00' }), caio);
  assert.equal(edit.isDirty(), false);
});

test('a draft meets what was changed meanwhile the same way', () => {
  const before = createEdit(order());
  change(before, [item('Lona', '12.00'), item('Faixa', '5.00')]);
  const draft = JSON.parse(JSON.stringify(before.draft(1, null)));
  const after = createEdit(order({ versao: 2, items: [item('Lona', '10.00'), item('Faixa', '7.00')], valor_itens: '17.00', valor_total: '17.00' }));
  after.restore(draft, caio);
  assert.deepEqual(after.questions(), []);
  assert.deepEqual([after.value('valor_itens'), after.value('valor_total')], ['19.00', '19.00']);
});

test('numbers far ahead, years, pictures', () => {
  assert.deepEqual(['7891000315507', '10101', '10100', 'A-7', '', '٣٣٣٣٣٣'].map((numero) => isFarAhead(numero, 101)), [true, true, false, false, false, false]);
  assert.deepEqual(['0026-11-24', '2026-11-24', '0226-11-24'].map(withCentury), ['2026-11-24', '2026-11-24', '0226-11-24']);
  const beginnings = { png: '\x89PNG\r\n\x1a\n', jpeg: '\xff\xd8\xff\xe0', webp: 'RIFF....WEBPVP8 ', gif: 'GIF89a', avif: '\0\0\0 ftypavif', heic: '\0\0\0 ftypheic', bmp: 'BM..', svg: '<svg xmlns' };
  for (const [kind, beginning] of Object.entries(beginnings)) assert.equal(pictureKind(beginning), kind);
  for (const other of ['%PDF-1.7', '', '<html><svg>']) assert.equal(pictureKind(other), null);
  assert.equal(whyNotAddress('data:image/png;base64,AA'), null);
  assert.equal(whyNotAddress('https://exemplo.com/a.svg'), null);
  assert.match(whyNotAddress(' data:image/svg+xml,<svg/>') || '', /JPEG/);
});
