// Each example in docs/client.md, run as it stands there against a live server.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { skip, url } from './page.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(join(root, 'docs/client.md'), 'utf8');
const examples = [...text.matchAll(/^```(jsx?)\n([\s\S]*?)^```$/gm)].map(([, language, source]) => ({
  language,
  source,
}));
const log = [];
console.log = (...words) => log.push(words.join(' '));

/** Beside the page's own files, so that its imports are found. */
async function load(source, t) {
  const folder = mkdtempSync(join(root, 'example-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'example.js');
  writeFileSync(
    file,
    source
      .replaceAll("'/static/", `'${root}static/`)
      .replaceAll('pedidos-client/react', `${root}static/react/index.js`),
  );
  return import(file);
}

test('there are examples', () => assert.equal(examples.length, 4));

for (const [i, { source }] of examples.filter((example) => example.language === 'js').entries()) {
  test(`docs/client.md, JavaScript example ${i + 1}`, { skip, timeout: 20_000 }, async (t) => {
    log.length = 0;
    await load(source, t);
    if (i === 0)
      assert.ok(
        log.some((line) => /^[a-z]+ [1-9]\d* /.test(line)),
        log.join('\n'),
      );
    if (i === 1) assert.deepEqual(log, ['true', 'conflict 2']);
  });
}

for (const { source } of examples.filter((example) => example.language === 'jsx')) {
  const [, name] = /export function (\w+)/.exec(source);
  test(`docs/client.md, React example ${name}`, { skip, timeout: 20_000 }, async (t) => {
    const { transformWithEsbuild } = await import('vite');
    const { createElement } = await import('react');
    const { cleanup, fireEvent, render, screen, waitFor } = await import('@testing-library/react');
    const { createPedidosClient } = await import('../../static/client/index.js');
    const { code } = await transformWithEsbuild(source, 'example.jsx', { jsx: 'automatic' });
    const example = await load(code, t);
    const client = createPedidosClient();
    t.after(() => client.close());
    const { api } = client;
    const cliente = `Exemplo ${name}`;
    render(createElement(example[name], { serverUrl: url }));
    if (name === 'Quadro') {
      const { id } = await api.create({ cliente });
      const item = await waitFor(() => screen.getByText(cliente), { timeout: 8_000 });
      fireEvent.click(item.querySelector('input'));
      await waitFor(() => assert.ok(log.includes(`pedido ${id}: costura = true`)), { timeout: 8_000 });
    } else {
      await waitFor(() => screen.getByText('Nada novo'), { timeout: 8_000 });
      const { id } = await api.create({ cliente });
      await waitFor(() => screen.getByText(`Pedido ${id}`), { timeout: 8_000 });
    }
    cleanup();
  });
}
