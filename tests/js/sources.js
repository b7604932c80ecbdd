// What the tests of the sources themselves need: the modules under a folder, parsed.

import { readFileSync, readdirSync } from 'node:fs';

import { parse } from 'acorn';

/** The names of all files under `root` that end so, with `/`; without `types/`, which is generated. */
export function filesUnder(root, ending, folder = '') {
  return readdirSync(new URL(folder || '.', root), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}${entry.name}`;
    if (entry.isDirectory()) return name === 'types' ? [] : filesUnder(root, ending, `${name}/`);
    return name.endsWith(ending) ? [name] : [];
  });
}

export const modulesUnder = (root) => filesUnder(root, '.js');


/** Each node of a tree, with the name that stands before it. */
export function* nodesOf(node, name = '') {
  if (node === null || typeof node !== 'object') return;
  if (Array.isArray(node)) {
    for (const part of node) yield* nodesOf(part, name);
    return;
  }
  const own = (node.id && node.id.name) || (node.key && node.key.name) || name;
  if (typeof node.type === 'string') yield { node, name: own };
  for (const [key, part] of Object.entries(node)) if (key !== 'loc') yield* nodesOf(part, own);
}

/** The names of the modules that a module imports, static ones and those it loads later, as they are written. */
export function importsOf(tree) {
  return Array.from(nodesOf(tree), ({ node }) => node.source)
    .filter((source) => source && source.type === 'Literal')
    .map(({ value }) => value);
}

/** A module's tree, and its text with blanks where its comments are. */
export const readModule = (root, name, ecmaVersion) => parseModule(readFileSync(new URL(name, root), 'utf8'), ecmaVersion);

export function parseModule(source, ecmaVersion = 2021) {
  const comments = [];
  const tree = parse(source, { ecmaVersion, sourceType: 'module', locations: true, onComment: comments });
  let code = '';
  let at = 0;
  for (const { start, end } of comments) {
    code += source.slice(at, start) + source.slice(start, end).replace(/[^\n]/g, ' ');
    at = end;
  }
  return { tree, code: code + source.slice(at) };
}
