// What two people did to the items of one order, put together. No DOM here.
//
// Items have nothing that names them, so they are compared by their place: what is as it was stands for itself, then what
// kept its description, and between those the first goes with the first. Where one side added or removed items in between
// and it cannot be told which, the pair is uncertain: then an item that both changed is asked about as a whole.
//
// Rules:
// 1. What one of the two changed holds. What both changed to the same holds.
// 2. What both changed to something else is a part: somebody has to choose. Nothing is chosen here.
// 3. What one added stays, the other's first. What one removed is gone, unless the other changed it: that is a part.

import { isItemAmount } from './item-fields.js';
import { toCents } from '../order/money.js';

/** @typedef {import('../../client/index.js').ItemPedido} ItemPedido */
/**
 * What both changed.
 * @typedef {object} Part
 * @property {string} key `items.0.tecido`, or `items.0` for a whole item
 * @property {number} index the item's place
 * @property {string | null} field null: the whole item
 * @property {any} before
 * @property {any} mine null for a removed item
 * @property {any} theirs null for a removed item
 */
/**
 * @typedef {object} Merge
 * @property {readonly Part[]} parts
 * @property {(choose: (part: Part) => 'meu' | 'dele') => ItemPedido[]} items
 */
/** @typedef {{index: number, certain: boolean} | null} Counterpart */

/** An item as it is compared: empty is as good as absent. @param {Record<string, any>} item @returns {Record<string, any>} */
function fieldsOf(item) {
  /** @type {Record<string, any>} */
  const fields = {};
  for (const [name, value] of Object.entries(item)) {
    if (name === 'acabamento' && value) {
      for (const [finish, has] of Object.entries(value)) if (has) fields[`acabamento.${finish}`] = has;
    } else if (isItemAmount(name)) {
      const cents = toCents(value);
      if (cents !== 0n) fields[name] = cents === null ? value : String(cents);
    } else if (value !== '' && value !== null && value !== undefined && !(name === 'emenda' && value === 'sem-emenda')) {
      fields[name] = value;
    }
  }
  return fields;
}

/** @param {Record<string, any>} item */
const asText = (item) => JSON.stringify(Object.entries(fieldsOf(item)).sort(([a], [b]) => (a < b ? -1 : 1)));

/** @param {any} a @param {any} b */
const equal = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Whether two lists are the same order's, whoever wrote them down. @param {readonly ItemPedido[]} a @param {readonly ItemPedido[]} b */
export function sameItems(a, b) {
  return a.length === b.length && a.every((item, index) => asText(item) === asText(b[index]));
}

/** @param {any} item @param {string} field */
const read = (item, field) => (field.startsWith('acabamento.') ? item.acabamento && item.acabamento[field.slice(11)] : item[field]);

/** @param {any} item @param {string} field @param {any} value @returns {any} */
function written(item, field, value) {
  if (!field.startsWith('acabamento.')) return { ...item, [field]: value };
  return { ...item, acabamento: { ...item.acabamento, [field.slice(11)]: Boolean(value) } };
}

/**
 * The longest row of pairs that stand in the same order in both.
 * @param {readonly string[]} a @param {readonly string[]} b @returns {[number, number][]}
 */
function commonRow(a, b) {
  const length = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      length[i][j] = a[i] === b[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
    }
  }
  /** @type {[number, number][]} */
  const pairs = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (length[i + 1][j] >= length[i][j + 1]) i += 1;
    else j += 1;
  }
  return pairs;
}

/**
 * Which item of `before` each of `after` was.
 * @param {readonly ItemPedido[]} before @param {readonly ItemPedido[]} after
 * @returns {Counterpart[]} for each of `after`; null for a new one
 */
export function alignItems(before, after) {
  /** @type {Counterpart[]} */
  const origin = after.map(() => null);
  /** @param {number} i0 @param {number} i1 @param {number} j0 @param {number} j1 @param {((item: ItemPedido) => string)[]} ways */
  function pair(i0, i1, j0, j1, ways) {
    const [way, ...rest] = ways;
    if (way === undefined) {
      const certain = i1 - i0 === j1 - j0;
      for (let k = 0; k < Math.min(i1 - i0, j1 - j0); k += 1) origin[j0 + k] = { index: i0 + k, certain };
      return;
    }
    let [i, j] = [i0, j0];
    for (const [x, y] of commonRow(before.slice(i0, i1).map(way), after.slice(j0, j1).map(way))) {
      pair(i, i0 + x, j, j0 + y, rest);
      origin[j0 + y] = { index: i0 + x, certain: true };
      [i, j] = [i0 + x + 1, j0 + y + 1];
    }
    pair(i, i1, j, j1, rest);
  }
  pair(0, before.length, 0, after.length, [asText, (item) => item.descricao]);
  return origin;
}

/**
 * @typedef {object} Entry an item of the result
 * @property {[number, number, number]} at where it stands: behind which old item, whose, in which order
 * @property {ItemPedido | null} item null: removed, unless the part says otherwise
 * @property {Omit<Part, 'key' | 'index'>[]} parts
 */

/** @param {ItemPedido} before @param {ItemPedido} mine @param {ItemPedido} theirs @returns {Pick<Entry, 'item' | 'parts'>} */
function mergeFields(before, mine, theirs) {
  const [b, m, t] = [fieldsOf(before), fieldsOf(mine), fieldsOf(theirs)];
  /** @type {any} */
  let item = theirs;
  const parts = [];
  for (const field of Object.keys({ ...b, ...m, ...t })) {
    if (equal(m[field], t[field]) || equal(m[field], b[field])) continue;
    const own = read(mine, field);
    if (equal(t[field], b[field])) item = written(item, field, own);
    else parts.push({ field, before: read(before, field), mine: own, theirs: read(theirs, field) });
  }
  return { item, parts };
}

/** @param {ItemPedido} before @param {ItemPedido | null} mine @param {ItemPedido | null} theirs @param {boolean} certain */
function mergeItem(before, mine, theirs, certain) {
  const [b, m, t] = [before, mine, theirs].map((item) => item && asText(item));
  if (m === t || m === b) return { item: theirs, parts: [] };
  if (t === b) return { item: mine, parts: [] };
  if (mine && theirs && certain) return mergeFields(before, mine, theirs);
  return { item: theirs, parts: [{ field: null, before, mine, theirs }] };
}

/** @param {readonly ItemPedido[]} list @param {readonly Counterpart[]} origin @param {number} side @returns {Entry[]} the new ones */
function additions(list, origin, side) {
  let behind = -1;
  /** @type {Entry[]} */
  const entries = [];
  list.forEach((item, index) => {
    const known = origin[index];
    if (known) behind = known.index;
    else entries.push({ at: [behind, side, index], item, parts: [] });
  });
  return entries;
}

/**
 * @param {readonly ItemPedido[]} before what both began with
 * @param {readonly ItemPedido[]} mine
 * @param {readonly ItemPedido[]} theirs
 * @returns {Merge}
 */
export function mergeItems(before, mine, theirs) {
  const [own, other] = [alignItems(before, mine), alignItems(before, theirs)];
  const entries = before.map((item, index) => {
    const [m, t] = [own, other].map((origin) => origin.findIndex((one) => one !== null && one.index === index));
    const certain = [own[m], other[t]].every((one) => !one || one.certain);
    return /** @type {Entry} */ ({ at: [index, 0, 0], ...mergeItem(item, mine[m] || null, theirs[t] || null, certain) });
  });
  const theirNew = additions(theirs, other, 1);
  // The same in both is most likely one's own, that came back in theirs.
  const twice = theirNew.map(({ item }) => asText(/** @type {ItemPedido} */ (item)));
  const ownNew = additions(mine, own, 2).filter(({ item }) => {
    const at = twice.indexOf(asText(/** @type {ItemPedido} */ (item)));
    if (at >= 0) twice.splice(at, 1);
    return at < 0;
  });
  const all = [...entries, ...theirNew, ...ownNew]
    .filter(({ item, parts }) => item !== null || parts.length > 0)
    .sort(({ at: a }, { at: b }) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  const rows = all.map((entry, index) => ({
    item: entry.item,
    parts: entry.parts.map((part) => ({ ...part, index, key: part.field === null ? `items.${index}` : `items.${index}.${part.field}` })),
  }));
  return {
    parts: rows.flatMap(({ parts }) => parts),
    items: (choose) =>
      rows.flatMap(({ item, parts }) => {
        let result = item;
        for (const part of parts) {
          const value = choose(part) === 'meu' ? part.mine : part.theirs;
          result = part.field === null ? value : written(result, part.field, value);
        }
        return result === null ? [] : [result];
      }),
  };
}
