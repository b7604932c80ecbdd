import assert from 'node:assert/strict';
import test from 'node:test';

import { alignItems, mergeItems, sameItems } from '../../../static/view/pedido/items-merge.js';

const item = (descricao, rest = {}) => ({
  id: null,
  descricao,
  tecido: '',
  valor_unitario: '0.00',
  acabamento: { overloque: false, elastico: false, ilhos: false },
  ...rest,
});
const never = (part) => assert.fail(`nothing to choose: ${part.key}`);
const names = (items) => items.map(({ descricao }) => descricao);
const [X, Y, Z] = ['Banner', 'Faixa', 'Mastro'].map((name) => item(name));

test('what only one of the two changed holds, field by field', () => {
  const before = [X, Y];
  const mine = [item('Banner', { tecido: 'Oxford' }), Y];
  const theirs = [item('Banner', { valor_unitario: '12.00', acabamento: { ilhos: true } }), item('Faixa', { tecido: 'Lona' })];
  const { parts, items } = mergeItems(before, mine, theirs);
  assert.deepEqual(parts, []);
  const merged = items(never);
  assert.equal(merged[0].tecido, 'Oxford');
  assert.equal(merged[0].valor_unitario, '12.00');
  assert.equal(merged[0].acabamento.ilhos, true);
  assert.equal(merged[1].tecido, 'Lona');
});

test('both finishes of one item hold', () => {
  const mine = [item('Banner', { acabamento: { overloque: true, elastico: false, ilhos: false } })];
  const theirs = [item('Banner', { acabamento: { overloque: false, elastico: true, ilhos: false } })];
  const { parts, items } = mergeItems([X], mine, theirs);
  assert.deepEqual(parts, []);
  assert.deepEqual(items(never)[0].acabamento, { overloque: true, elastico: true, ilhos: false });
});

test('what both changed is a part, with the item and the field', () => {
  const mine = [X, item('Faixa', { tecido: 'Oxford', cor: 'azul' })];
  const theirs = [X, item('Faixa', { tecido: 'Lona', valor_unitario: '3.00' })];
  const { parts, items } = mergeItems([X, Y], mine, theirs);
  assert.deepEqual(parts, [{ key: 'items.1.tecido', index: 1, field: 'tecido', before: '', mine: 'Oxford', theirs: 'Lona' }]);
  for (const [choice, tecido] of [['meu', 'Oxford'], ['dele', 'Lona']]) {
    const merged = items(() => choice);
    assert.deepEqual([merged[1].tecido, merged[1].cor, merged[1].valor_unitario], [tecido, 'azul', '3.00']);
  }
});

test('items that were added stay, the others first, and the same ones once', () => {
  assert.deepEqual(names(mergeItems([X], [X, Y], [X, Z]).items(never)), ['Banner', 'Mastro', 'Faixa']);
  assert.deepEqual(names(mergeItems([X], [X, Y], [item('Banner', { tecido: 'a' }), Y]).items(never)), ['Banner', 'Faixa']);
  assert.deepEqual(names(mergeItems([], [Y, Y], [Y]).items(never)), ['Faixa', 'Faixa']);
  assert.deepEqual(names(mergeItems([X, Z], [X, Y, Z], [X, Z]).items(never)), ['Banner', 'Faixa', 'Mastro']);
});

test('an item that moved up is still itself', () => {
  const mine = [X, item('Faixa', { tecido: 'Oxford' }), Z];
  const { parts, items } = mergeItems([X, Y, Z], mine, [Y, Z]);
  assert.deepEqual(parts, []);
  const merged = items(never);
  assert.deepEqual(names(merged), ['Faixa', 'Mastro']);
  assert.equal(merged[0].tecido, 'Oxford');
});

test('removed by one and changed by the other is asked about as a whole', () => {
  const mine = [item('Banner', { tecido: 'Oxford' }), Y];
  const { parts, items } = mergeItems([X, Y], mine, [Y]);
  assert.deepEqual(parts.map(({ key, field, theirs }) => [key, field, theirs]), [['items.0', null, null]]);
  assert.deepEqual(names(items(() => 'meu')), ['Banner', 'Faixa']);
  assert.deepEqual(names(items(() => 'dele')), ['Faixa']);
  assert.deepEqual(names(mergeItems([X, Y], [X], [X]).items(never)), ['Banner']);
});

test('where it cannot be told which item it was, nothing is mixed', () => {
  // Theirs: removed the first and rewrote the second, or rewrote the first and removed the second.
  const { parts } = mergeItems([X, Y], [item('Banner', { tecido: 'Oxford' }), Y], [item('Lona')]);
  assert.deepEqual(parts.map(({ field }) => field), [null]);
});

test('what the server fills in is no change', () => {
  const typed = { descricao: 'Lona', acabamento: { overloque: false, elastico: false, ilhos: false }, valor_unitario: '' };
  const stored = { ...typed, id: null, ilhos_qtd: '', valor_unitario: '0.00', emenda: 'sem-emenda', observacao: null };
  assert.equal(sameItems([typed], [stored]), true);
  assert.equal(sameItems([typed], [{ ...stored, tecido: 'x' }]), false);
  assert.deepEqual(alignItems([stored], [typed]), [{ index: 0, certain: true }]);
});

test('any two edits of few items: one who did nothing loses nothing, and the sides may change', () => {
  const words = ['a', 'b'];
  const lists = [[]];
  for (const one of words) for (const tecido of words) lists.push([item(one, { tecido })]);
  for (const one of words) for (const two of words) for (const tecido of words) lists.push([item(one), item(two, { tecido })]);
  lists.push([item('a'), item('b'), item('a', { tecido: 'a' })]);
  for (const before of lists) {
    for (const mine of lists) {
      assert.ok(sameItems(mergeItems(before, mine, before).items(never), mine));
      assert.ok(sameItems(mergeItems(before, before, mine).items(never), mine));
      for (const theirs of lists) {
        const [there, back] = [mergeItems(before, mine, theirs), mergeItems(before, theirs, mine)];
        assert.equal(there.parts.length, back.parts.length);
      }
    }
  }
});
