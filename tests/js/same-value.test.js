import assert from 'node:assert/strict';
import test from 'node:test';

import { isDoneIn } from '../../static/client/store/same-value.js';

const done = (asked, stored) => isDoneIn({ campo: asked }, ['campo'], { campo: stored });

test('as the server writes it down', () => {
  for (const [asked, stored] of [
    [true, true],
    [' Ana ', 'Ana'],
    ['', null],
    [null, null],
    ['1.234,5', '1234.50'],
    [450, '450.00'],
    ['450', '450.00'],
    [[{ descricao: 'Faixa' }], [{ descricao: 'Faixa', id: 4, acabamento: { ilhos: false } }]],
  ]) {
    assert.equal(done(asked, stored), true, JSON.stringify([asked, stored]));
  }
});

test('what is another value is not done', () => {
  for (const [asked, stored] of [
    [true, false],
    [false, null],
    [true, 'true'],
    ['ANA', 'Ana'],
    ['', '0.00'],
    ['450', '451.00'],
    [[], [{ descricao: 'Faixa' }]],
    [[{ descricao: 'Faixa' }], [{ descricao: 'Lona' }]],
    [{}, []],
    ['x', undefined],
  ]) {
    assert.equal(done(asked, stored), false, JSON.stringify([asked, stored]));
  }
  assert.equal(isDoneIn({ a: 1, b: 2 }, ['a', 'b'], { a: 1, b: 3 }), false);
});
