import assert from 'node:assert/strict';
import test from 'node:test';

import { pictureAddress } from '../../../static/view/ficha/ficha-images.js';
import { createPrints } from '../../../static/view/ficha/ficha-prints.js';

function memory() {
  const kept = new Map();
  return {
    read: (key) => (kept.has(key) ? JSON.parse(kept.get(key)) : null),
    write: (key, value) => kept.set(key, JSON.stringify(value)),
    remove: (key) => kept.delete(key),
    keys: () => [...kept.keys()],
  };
}

test('a picture comes from where pictures come from', () => {
  const base = 'http://192.168.0.10:8000/?x=1#/ficha/3';
  assert.equal(pictureAddress(' data:image/png;base64,AAAA ', base), 'data:image/png;base64,AAAA');
  assert.equal(pictureAddress('/arte/12.jpg', base), 'http://192.168.0.10:8000/arte/12.jpg');
  assert.equal(pictureAddress('https://exemplo.com/a.png', base), 'https://exemplo.com/a.png');
  for (const text of ['javascript:alert(1)', 'data:text/html,<b>', 'file:///C:/arte.png', 'http://', '', null]) {
    assert.equal(pictureAddress(text, base), null, String(text));
  }
});

test('says how often and when, and can take it back', () => {
  const prints = createPrints(memory());
  assert.equal(prints.of(12), null);
  const undoFirst = prints.note(12, 3, 1_000);
  assert.deepEqual(prints.of(12), { times: 1, at: 1_000, versao: 3 });
  const undoSecond = prints.note(12, 4, 2_000);
  assert.deepEqual(prints.of(12), { times: 2, at: 2_000, versao: 4 });
  undoSecond();
  assert.deepEqual(prints.of(12), { times: 1, at: 1_000, versao: 3 });
  undoFirst();
  assert.equal(prints.of(12), null);
});

test('remembers a thousand, the newest', () => {
  const storage = memory();
  const prints = createPrints(storage);
  for (let id = 1; id <= 1_010; id += 1) prints.note(id, 1, id);
  assert.equal(Object.keys(storage.read('fichas')).length, 1_000);
  assert.equal(prints.of(10), null);
  assert.notEqual(prints.of(11), null);
});

test('where nothing can be kept, nothing breaks', () => {
  const prints = createPrints({ read: () => null, write: () => false, remove: () => undefined, keys: () => [] });
  prints.note(1, 1, 1)();
  assert.equal(prints.of(1), null);
});
