import assert from 'node:assert/strict';
import test from 'node:test';

import { createOutbox } from '../../static/client/listeners.js';

test('told at once, or at the end of the transition under way, in order', () => {
  const { transition, listeners } = createOutbox();
  const [numbers, letters] = [listeners(), listeners()];
  const seen = [];
  numbers.add((n) => seen.push(n));
  letters.add((l) => seen.push(l));
  numbers.tell(1);
  assert.deepEqual(seen, [1]);
  transition(() => {
    letters.tell('a');
    transition(() => numbers.tell(2));
    assert.deepEqual(seen, [1]);
  });
  assert.deepEqual(seen, [1, 'a', 2]);
});

test('a transition that fails tells what it has changed before', () => {
  const { transition, listeners } = createOutbox();
  const seen = [];
  const numbers = listeners();
  numbers.add((n) => seen.push(n));
  const fail = () =>
    transition(() => {
      numbers.tell(1);
      throw new Error('x');
    });
  assert.throws(fail, /x/);
  assert.deepEqual(seen, [1]);
});

test('one that throws is reported; the others are told, and the next change too', () => {
  const { listeners } = createOutbox();
  const numbers = listeners();
  const seen = [];
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  numbers.add(() => {
    throw new Error('oops');
  });
  numbers.add((n) => seen.push(n));
  numbers.tell(1);
  numbers.tell(2);
  delete globalThis.reportError;
  assert.deepEqual(seen, [1, 2]);
  assert.deepEqual(reported, ['oops', 'oops']);
});

test('what one changes by calling back is told behind what is being told, to all in the same order', () => {
  const { listeners } = createOutbox();
  const numbers = listeners();
  const seen = [];
  numbers.add((n) => n < 3 && numbers.tell(n + 1));
  numbers.add((n) => seen.push(n));
  numbers.tell(1);
  assert.deepEqual(seen, [1, 2, 3]);
});

test('"something changed" is told once for a transition', () => {
  const { transition, listeners } = createOutbox();
  const changes = listeners();
  let count = 0;
  changes.add(() => {
    count += 1;
  });
  transition(() => [1, 2, 3].forEach(() => changes.tell()));
  assert.equal(count, 1);
});

test('whoever is taken away is told nothing more; the same function twice is two', () => {
  const { listeners } = createOutbox();
  const numbers = listeners();
  const seen = [];
  const listener = (n) => seen.push(n);
  let removeLast = () => undefined;
  numbers.add(() => removeLast());
  numbers.add(listener);
  removeLast = numbers.add(listener);
  numbers.tell(1);
  assert.deepEqual(seen, [1]);
  assert.equal(numbers.size(), 2);
});
