// What the list shows: its filters, as they stand in the address, and the rows that they let through.

import { SETORES } from '../../client/index.js';
import {
  SORTS,
  STAGES,
  STAGE_NAMES,
  STATUS_NAMES,
  comparator,
  isClosed,
  matches,
  readSearch,
  shownStatus,
  stageOf,
} from '../order/orders.js';

/** @typedef {import('../order/orders.js').Pedido} Pedido */
/**
 * @typedef {object} Filters
 * @property {string} q
 * @property {string} setor a stage, or ''
 * @property {string} status `abertos`, `todos`, or one status
 * @property {boolean} urgentes
 * @property {string} ordem
 * @property {boolean} desc
 */
/**
 * @typedef {{kind: 'order', key: string, pedido: Pedido} | {kind: 'heading', key: string, text: string, count: number}} Entry
 */

/** @type {Readonly<Filters>} */
export const NO_FILTERS = Object.freeze({ q: '', setor: '', status: 'abertos', urgentes: false, ordem: 'entrega', desc: false });

/** What is unknown is left out. @param {URLSearchParams} query @returns {Filters} */
export function readFilters(query) {
  const text = (/** @type {string} */ name) => query.get(name) || '';
  const status = text('status');
  return {
    q: text('q'),
    setor: STAGES.some((stage) => stage === text('setor')) ? text('setor') : '',
    status: status === 'todos' || status in STATUS_NAMES ? status : NO_FILTERS.status,
    urgentes: text('prioridade').toLowerCase() === 'alta',
    ordem: SORTS.includes(text('ordem')) ? text('ordem') : NO_FILTERS.ordem,
    desc: text('desc') === '1',
  };
}

/** @param {Filters} filters @returns {string} as in the address; '' where nothing is filtered */
export function writeFilters(filters) {
  const query = new URLSearchParams();
  if (filters.q) query.set('q', filters.q);
  if (filters.setor) query.set('setor', filters.setor);
  if (filters.status !== NO_FILTERS.status) query.set('status', filters.status);
  if (filters.urgentes) query.set('prioridade', 'alta');
  if (filters.ordem !== NO_FILTERS.ordem) query.set('ordem', filters.ordem);
  if (filters.desc) query.set('desc', '1');
  return query.toString();
}

/** Whether any filter but the order of the rows is set. @param {Filters} filters */
export function isFiltered({ q, setor, status, urgentes }) {
  return q.trim() !== '' || setor !== '' || status !== NO_FILTERS.status || urgentes;
}

/** @typedef {import('../order/orders.js').Search} Search */

/** Urgency and the text that is searched for. @param {Pedido} pedido @param {Filters} filters @param {Search} search */
function isAskedFor(pedido, filters, search) {
  if (filters.urgentes && pedido.prioridade !== 'ALTA') return false;
  return search.words.length === 0 || matches(pedido, search);
}

/** A closed order waits in no sector. @param {Pedido} pedido @param {string} setor a stage, or '' */
const isInSector = (pedido, setor) => setor === '' || (!isClosed(pedido) && stageOf(pedido) === setor);

/** @param {Pedido} pedido @param {string} status as in Filters */
function hasStatus(pedido, status) {
  if (status === 'todos') return true;
  return status === 'abertos' ? !isClosed(pedido) : shownStatus(pedido) === status;
}

/**
 * How many rows each stage's chip would show, with the other filters as they are.
 * @param {readonly Pedido[]} pedidos @param {Filters} filters
 * @returns {Record<string, number>} by stage; '' is all of them
 */
export function countRows(pedidos, filters) {
  const search = readSearch(filters.q);
  /** @type {Record<string, number>} */
  const counts = Object.fromEntries(['', ...STAGES].map((stage) => [stage, 0]));
  for (const pedido of pedidos) {
    if (!isAskedFor(pedido, filters, search) || !hasStatus(pedido, filters.status)) continue;
    counts[''] += 1;
    if (!isClosed(pedido)) counts[stageOf(pedido)] += 1;
  }
  return counts;
}

/**
 * The rows: what waits for one's own sector on top; below what a search found, what it found among closed and older ones.
 * @param {readonly Pedido[]} pedidos loaded ones
 * @param {readonly Pedido[]} older found by the server, not loaded
 * @param {Filters} filters
 * @param {string} meuSetor
 * @returns {Entry[]}
 */
export function selectEntries(pedidos, older, filters, meuSetor) {
  const search = readSearch(filters.q);
  /** @type {Pedido[]} */
  const found = [];
  /** The server has searched them by itself, but knows no other filter. @type {Pedido[]} */
  const closed = older.filter((pedido) => isInSector(pedido, filters.setor) && (!filters.urgentes || pedido.prioridade === 'ALTA'));
  for (const pedido of pedidos) {
    if (!isInSector(pedido, filters.setor) || !isAskedFor(pedido, filters, search)) continue;
    if (hasStatus(pedido, filters.status)) found.push(pedido);
    else if (filters.status === 'abertos' && search.words.length > 0) closed.push(pedido);
  }
  const compare = comparator(filters.ordem, filters.desc);
  found.sort(compare);
  /** @type {Entry[]} */
  const entries = [];
  const own = SETORES.find((setor) => setor === meuSetor);
  if (own && !filters.setor) {
    const mine = found.filter((pedido) => stageOf(pedido) === own && !isClosed(pedido));
    const rest = found.filter((pedido) => stageOf(pedido) !== own || isClosed(pedido));
    addGroup(entries, 'meu', `Esperando por ${STAGE_NAMES[own]}`, mine);
    addGroup(entries, 'demais', 'Demais pedidos', rest);
  } else {
    for (const pedido of found) entries.push(entryOf(pedido));
  }
  if (closed.length > 0) addGroup(entries, 'antigos', 'Encerrados e mais antigos', closed.sort(compare));
  return entries;
}

/** @param {Pedido} pedido @returns {Entry} */
const entryOf = (pedido) => ({ kind: 'order', key: String(pedido.id), pedido });

/** @param {Entry[]} entries @param {string} key @param {string} text @param {readonly Pedido[]} pedidos */
function addGroup(entries, key, text, pedidos) {
  entries.push({ kind: 'heading', key, text, count: pedidos.length });
  for (const pedido of pedidos) entries.push(entryOf(pedido));
}
