// Checks style sheets against what Chrome 87 knows, by MDN's compatibility data: properties, keywords, functions,
// units, at-rules, pseudo-classes, nesting and media ranges. Usage: node css.js a.css b.css

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import postcss from 'postcss';
import selectorParser from 'postcss-selector-parser';
import valueParser from 'postcss-value-parser';

const { css } = createRequire(import.meta.url)('@mdn/browser-compat-data');
const CHROME = 87;

/** Younger, but nothing is missed where it is unknown: a checkbox in the browser's own colour. */
const HARMLESS = new Set(['accent-color']);

/** Units by the name under which the data knows them; those that are not here are as old as CSS. */
const UNITS = /^(?:[sld]v(?:w|h|i|b|min|max)|cq(?:w|h|i|b|min|max)|lh|rlh|cap|rcap|ic|ric|rch|rex)$/;

const problems = [];

/** Whether the data says that it came after Chrome 87; what it does not know is no matter of age. */
function tooYoung(entry) {
  const support = entry && entry.__compat && entry.__compat.support.chrome;
  if (!support) return false;
  return ![support].flat().some(({ version_added: added, version_removed: removed, flags, prefix, alternative_name: other }) => {
    if (flags || prefix || other || !added || added === 'preview') return false;
    return parseInt(String(added).replace('≤', ''), 10) <= CHROME && !(removed && parseInt(removed, 10) <= CHROME);
  });
}

function report(file, node, text) {
  problems.push(`${file}:${node.source.start.line}: ${text} is younger than Chrome ${CHROME}`);
}

function checkSelector(file, rule) {
  if (rule.parent.type === 'rule') report(file, rule, 'nesting');
  selectorParser((root) => {
    root.walkPseudos((pseudo) => {
      if (tooYoung(css.selectors[pseudo.value.replace(/^:+/, '')])) report(file, rule, pseudo.value);
      if (pseudo.value === ':not' && pseudo.nodes.length > 1) report(file, rule, ':not() with a list');
    });
  }).processSync(rule.selector);
}

function checkDeclaration(file, declaration) {
  const { prop, value } = declaration;
  // Custom properties, other browsers' own (-webkit-touch-callout), and descriptors (`size` of a page).
  if (!prop.startsWith('-') && !HARMLESS.has(prop) && declaration.parent.type === 'rule') {
    const property = css.properties[prop];
    if (tooYoung(property)) report(file, declaration, prop);
    valueParser(value).walk((node) => {
      if (node.type === 'word' && property && tooYoung(property[node.value])) report(file, declaration, `${prop}: ${node.value}`);
    });
  }
  valueParser(value).walk((node) => {
    if (node.type === 'function' && tooYoung(functionEntry(node.value))) report(file, declaration, `${node.value}()`);
    const unit = node.type === 'word' && valueParser.unit(node.value);
    if (unit && UNITS.test(unit.unit)) report(file, declaration, unit.unit);
  });
}

/** The data keeps functions under several types. */
function functionEntry(name) {
  const places = [css.types, ...Object.values(css.types)];
  const found = places.find((place) => place && place[name] && place[name].__compat);
  return found && found[name];
}

function checkAtRule(file, rule) {
  if (tooYoung(css['at-rules'][rule.name])) report(file, rule, `@${rule.name}`);
  if (rule.name !== 'media') return;
  if (/[<>]|\w\s*=/.test(rule.params)) report(file, rule, 'a media range');
  for (const [, feature] of rule.params.matchAll(/\(\s*([a-z-]+)/g)) {
    if (tooYoung(css['at-rules'].media[feature])) report(file, rule, `(${feature})`);
  }
}

for (const file of process.argv.slice(2)) {
  const root = postcss.parse(readFileSync(file, 'utf8'), { from: file });
  root.walk((node) => {
    if (node.type === 'rule' && !(node.parent.name || '').endsWith('keyframes')) checkSelector(file, node);
    if (node.type === 'decl') checkDeclaration(file, node);
    if (node.type === 'atrule') checkAtRule(file, node);
  });
}
for (const problem of problems) console.log(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
