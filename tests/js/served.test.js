// The modules as they are served: without comments, and yet the same code on the same lines. Run by test_js.py, which puts them
// into `served/`.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { tokenizer } from 'acorn';

import { modulesUnder } from './sources.js';

const root = new URL('../../static/', import.meta.url);
const served = new URL('../../served/', import.meta.url);

const tokensOf = (base, name) =>
  Array.from(
    tokenizer(readFileSync(new URL(name, base), 'utf8'), { ecmaVersion: 2022, sourceType: 'module', locations: true }),
    ({ type, value, loc }) => `${loc.start.line} ${type.label} ${value}`,
  );

for (const name of modulesUnder(root)) {
  test(`${name} is served as it is written`, () => {
    assert.deepEqual(tokensOf(served, name), tokensOf(root, name));
  });
}
