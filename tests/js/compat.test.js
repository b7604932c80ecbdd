// The client runs unbuilt in browsers down to Chrome 87, on plain http.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

import { parse } from 'acorn';

const root = new URL('../../static/', import.meta.url);
const files = ['client/', 'react/'].flatMap((folder) =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.js'))
    .map((name) => folder + name),
);

// Younger than Chrome 87, or not there on plain http.
const ABSENT =
  /\.at\(|\bstructuredClone\b|\bhasOwn\(|AbortSignal\.(timeout|any)|\.findLast|\.toSorted|\.toReversed|\.toSpliced|\.replaceAll\(|Object\.groupBy|Promise\.withResolvers|\brandomUUID\b|crypto\.subtle|navigator\.(locks|wakeLock|clipboard)|showModal|\bcause:/;

/** Without what is said about the code. */
const bare = (source) => source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');

for (const file of files) {
  const source = readFileSync(new URL(file, root), 'utf8');

  test(`${file} is syntax of 2021`, () => {
    // Optional chaining, ?? and ??= are; class fields, static blocks and top-level await are not.
    parse(source, { ecmaVersion: 2021, sourceType: 'module' });
  });

  test(`${file} uses nothing that is not there`, () => {
    assert.doesNotMatch(bare(source), ABSENT);
  });

  test(`${file} asks no other host and imports by relative addresses`, () => {
    assert.doesNotMatch(bare(source), /https?:\/\//);
    const allowed = file.startsWith('react/') ? /^(\.\.?\/.*\.js|react)$/ : /^\.\.?\/.*\.js$/;
    for (const [, name] of source.matchAll(/^import [^;]*?from '([^']+)'/gm)) assert.match(name, allowed);
  });
}

test('imports go one way', () => {
  const order = [
    'protocol',
    'listeners',
    'backoff',
    'environment',
    'timeout',
    'lifecycle',
    'answers',
    'transport',
    'sse-parser',
    'ws-transport',
    'sse-transport',
    'probe',
    'fallback',
    'delivery',
    'connection',
    'tabs',
    'api',
    'same-value',
    'sync-log',
    'store',
    'index',
  ];
  const names = files.filter((file) => file.startsWith('client/')).map((file) => file.slice(7, -3));
  assert.deepEqual([...names].sort(), [...order].sort());
  for (const name of order) {
    const source = readFileSync(new URL(`client/${name}.js`, root), 'utf8');
    for (const [, imported] of source.matchAll(/^(?:import|export) [^;]*?from '\.\/([^']+)\.js'/gm)) {
      assert.ok(order.indexOf(imported) < order.indexOf(name), `${name} imports ${imported}`);
    }
  }
});
