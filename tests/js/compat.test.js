// The client runs unbuilt in browsers down to Chrome 87, on plain http.

import assert from 'node:assert/strict';
import test from 'node:test';

import { importsOf, modulesUnder, parseModule, readModule } from './sources.js';

const root = new URL('../../static/', import.meta.url);
const files = modulesUnder(root).filter((name) => /^(client|react)\//.test(name));

// Younger than Chrome 87, or not there on plain http.
const ABSENT =
  /\.at\(|\bstructuredClone\b|\bhasOwn\(|AbortSignal\.(timeout|any)|\.findLast|\.toSorted|\.toReversed|\.toSpliced|\.replaceAll\(|Object\.groupBy|Promise\.withResolvers|\brandomUUID\b|crypto\.subtle|navigator\.(locks|wakeLock|clipboard)|showModal|\bcause:/;

const HOST = /https?:\/\//;

for (const file of files) {
  // Optional chaining, ?? and ??= are of 2021; class fields, static blocks and top-level await are not.
  const { tree, code } = readModule(root, file, 2021);

  test(`${file} uses nothing that is not there`, () => {
    assert.doesNotMatch(code, ABSENT);
  });

  test(`${file} asks no other host and imports by relative addresses`, () => {
    assert.doesNotMatch(code, HOST);
    const allowed = file.startsWith('react/') ? /^(\.\.?\/.*\.js|react)$/ : /^\.\.?\/.*\.js$/;
    for (const name of importsOf(tree)) assert.match(name, allowed);
  });
}

test('comments are not searched, and what only looks like one is', () => {
  const { code } = parseModule("f('https://x'); // http://y\n/* structuredClone */ g('/*', a.at(0), '*/');\n");
  assert.match(code, HOST);
  assert.match(code, ABSENT);
  assert.doesNotMatch(code, /http:|structuredClone/);
});
