// How the sources are cut: small files, small functions, imports one way.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { filesUnder, importsOf, modulesUnder, nodesOf, readModule } from './sources.js';

const root = new URL('../../static/', import.meta.url);
const modules = modulesUnder(root);

/** So many lines at most. What is longer is named here, with the reason. */
const FILE = 400;
const FUNCTION = 80;
const LONGER = {};

test(`no file is longer than ${FILE} lines`, () => {
  const all = ['.js', '.css', '.html'].flatMap((ending) => filesUnder(root, ending));
  const linesOf = (name) => readFileSync(new URL(name, root), 'utf8').split('\n').length - 1;
  assert.deepEqual(all.filter((name) => linesOf(name) > FILE && !(name in LONGER)), []);
});

test(`no function is longer than ${FUNCTION} lines`, () => {
  const long = modules.flatMap((file) =>
    Array.from(nodesOf(readModule(root, file).tree))
      .filter(({ node }) => /Function/.test(node.type) && node.loc.end.line - node.loc.start.line >= FUNCTION)
      .map(({ name }) => `${file} ${name}`),
  );
  assert.deepEqual(long.filter((name) => !(name in LONGER)), []);
});

/** By name, the modules that it imports at once. */
const graph = new Map(
  modules.map((file) => {
    const { tree } = readModule(root, file);
    const names = tree.body.filter(({ source }) => source).map(({ source }) => source.value);
    return [file, names.filter((name) => name.startsWith('.')).map((name) => resolve(file, name))];
  }),
);

function resolve(file, name) {
  return decodeURI(new URL(name, new URL(file, root)).href.slice(root.href.length));
}

test('no module imports itself, by whatever way', () => {
  const done = new Set();
  function visit(file, way) {
    assert.ok(!way.includes(file), [...way, file].join(' → '));
    if (done.has(file)) return;
    for (const next of graph.get(file)) visit(next, [...way, file]);
    done.add(file);
  }
  for (const file of modules) visit(file, []);
});

// What each part of the client may import. `client/` itself: what stands on nothing, and what puts all together.
const MAY = {
  'client/wire/': /^client\/wire\//,
  'client/stream/': /^client\/(stream|wire)\/|^client\/(backoff|lifecycle|listeners|timeout)\.js$/,
  'client/store/': /^client\/(store|wire)\/|^client\/(api|backoff|listeners)\.js$/,
  'client/': /^client\//,
  'react/': /^react\/|^client\/(index|environment)\.js$/,
  'view/dom/': /^view\/dom\/|^client\/index\.js$/,
  'view/order/': /^view\/(order|dom)\/|^client\/index\.js$/,
  'view/connection/': /^view\/(connection|order|dom)\/|^view\/[a-z]+\.js$|^client\/index\.js$/,
  // A view knows no other one.
  ...Object.fromEntries(
    ['lista', 'quadro', 'pedido', 'ficha', 'resumo', 'painel'].map((name) => [
      `view/${name}/`,
      new RegExp(`^view/(${name}|connection|order|dom)/|^view/[a-z]+\\.js$|^client/index\\.js$`),
    ]),
  ),
  'view/': /^view\/|^client\/index\.js$/,
};

for (const [folder, allowed] of Object.entries(MAY)) {
  test(`${folder} imports what it may`, () => {
    for (const [file, imported] of graph) {
      const [deepest] = Object.keys(MAY).filter((name) => file.startsWith(name)).sort((a, b) => b.length - a.length);
      if (deepest !== folder) continue;
      for (const name of imported) assert.match(name, allowed, `${file} imports ${name}`);
    }
  });
}

test('whatever is imported is there', () => {
  for (const file of modules) {
    for (const name of importsOf(readModule(root, file).tree).filter((one) => one.startsWith('.'))) {
      assert.ok(modules.includes(resolve(file, name)), `${file} imports ${name}`);
    }
  }
});

test('a folder that is served as one module is reached by its entry alone', () => {
  const text = readFileSync(new URL('../pedidos_server/web/bundles.py', root), 'utf8');
  const entries = Array.from(text.matchAll(/^ {4}"([^"]+\.js)",$/gm), ([, name]) => name);
  assert.ok(entries.includes('client/index.js'));
  for (const entry of entries) {
    const folder = entry.slice(0, entry.lastIndexOf('/') + 1);
    for (const file of modules.filter((name) => !name.startsWith(folder) && name !== 'client/index.js')) {
      const { tree } = readModule(root, file);
      const inner = importsOf(tree).map((name) => resolve(file, name)).filter((name) => name.startsWith(folder));
      if (!file.startsWith('react/')) assert.deepEqual(inner.filter((name) => name !== entry), [], file);
    }
  }
});

test('three widths change the page, and each is named where the tokens are', () => {
  const sheets = filesUnder(root, '.css').map((name) => readFileSync(new URL(name, root), 'utf8'));
  const widths = sheets.flatMap((text) => Array.from(text.matchAll(/@media[^{]*\((?:min|max)-width: ([^)]+)\)/g), ([, width]) => width));
  assert.deepEqual([...new Set(widths)].sort(), ['1180px', '1900px', '860px']);
});

test("a view's sheet says nothing of other views", () => {
  const own = { lista: /\[data-sheet='lista'\]/, quadro: /quadro'\]|\.view--quadro/, pedido: /'(pedido|novo)'\]/ };
  for (const [folder, scope] of Object.entries(own)) {
    for (const name of filesUnder(root, '.css', `view/${folder}/`)) {
      const rules = readFileSync(new URL(name, root), 'utf8')
        .replace(/\/\*[\s\S]*?\*\//g, '')
        .replace(/@keyframes[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}/g, '')
        .replace(/@media[^{]*\{/g, '');
      for (const [selectors] of rules.matchAll(/[^{}]+(?=\{)/g)) {
        for (const selector of selectors.split(',')) assert.match(selector, scope, name);
      }
    }
  }
});

test('no module is left over', () => {
  // Where a page or an app begins; and what has types alone, which comments import.
  const first = ['client/index.js', 'react/index.js', 'view/app.js', 'view/boot.js', 'docs.js', 'entrar.js'];
  const types = ['client/store/snapshot.js', 'client/stream/transport.js', 'view/context.js'];
  const named = new Set([...first, ...types]);
  for (const file of modules) for (const name of importsOf(readModule(root, file).tree)) named.add(resolve(file, name));
  assert.deepEqual(modules.filter((file) => !named.has(file)), []);
});
