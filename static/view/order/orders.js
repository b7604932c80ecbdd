// What can be said of an order: where it stands, whether it is late, how it is found and sorted.

import { SETORES } from '../../client/index.js';

/** @typedef {import('../../client/index.js').Pedido} Pedido */
/** @typedef {import('../../client/index.js').Setor} Setor */
/** @typedef {Setor | 'pronto'} Stage where an order stands: its first sector that is not ticked */

/** @type {Readonly<Record<Stage, string>>} */
export const STAGE_NAMES = Object.freeze({
  financeiro: 'Financeiro',
  conferencia: 'Conferência',
  sublimacao: 'Sublimação',
  costura: 'Costura',
  expedicao: 'Expedição',
  pronto: 'Pronto',
});

/** @type {readonly Stage[]} */
export const STAGES = Object.freeze(/** @type {Stage[]} */ ([...SETORES, 'pronto']));

/** @type {Readonly<Record<string, string>>} */
export const STATUS_NAMES = Object.freeze({
  pendente: 'Pendente',
  em_producao: 'Em produção',
  pronto: 'Pronto',
  entregue: 'Entregue',
  cancelado: 'Cancelado',
});

/** @type {Readonly<Record<string, string>>} */
export const FIELD_NAMES = Object.freeze({
  ...STAGE_NAMES,
  numero: 'Número',
  cliente: 'Cliente',
  telefone_cliente: 'Telefone',
  cidade_cliente: 'Cidade',
  data_entrada: 'Entrada',
  data_entrega: 'Entrega',
  prioridade: 'Prioridade',
  status: 'Situação',
  observacao: 'Observação',
  valor_total: 'Valor total',
  valor_frete: 'Frete',
  valor_itens: 'Valor dos itens',
  tipo_pagamento: 'Pagamento',
  obs_pagamento: 'Observação do pagamento',
  forma_envio: 'Envio',
  forma_envio_id: 'Código do envio',
  items: 'Itens',
  '*': 'Pedido',
});

/** @param {string} field */
export const fieldName = (field) => FIELD_NAMES[field] || field;

/** @param {Pedido} pedido @returns {Stage} */
export function stageOf(pedido) {
  return SETORES.find((setor) => !pedido[setor]) || 'pronto';
}

/** `Costura marcada`, `Financeiro desmarcado`. @param {string} setor @param {boolean} ticked */
export function describeTick(setor, ticked) {
  const ending = setor === 'financeiro' ? 'o' : 'a';
  return `${fieldName(setor)} ${ticked ? 'marcad' : 'desmarcad'}${ending}`;
}

/** Delivered or cancelled: nobody waits for it. @param {Pick<Pedido, 'status'>} pedido */
export function isClosed(pedido) {
  return pedido.status === 'entregue' || pedido.status === 'cancelado';
}

/**
 * The status that is shown, everywhere: with all five boxes ticked an order is ready, though nobody has changed its status.
 * @param {Pedido} pedido @returns {string}
 */
export function shownStatus(pedido) {
  return !isClosed(pedido) && stageOf(pedido) === 'pronto' ? 'pronto' : pedido.status;
}

/** Today is not late, nor is what is ready. @param {Pedido} pedido @param {string} today */
export function isLate(pedido, today) {
  if (!pedido.data_entrega || pedido.data_entrega >= today) return false;
  return !isClosed(pedido) && shownStatus(pedido) !== 'pronto';
}

/**
 * What moving an order under a column changes: all before it are done, it itself is not yet.
 * What lies behind it keeps its ticks. @param {Pedido} pedido @param {Stage} target
 * @returns {Partial<Record<Setor, boolean>>} only what changes
 */
export function changesToReach(pedido, target) {
  /** @type {Partial<Record<Setor, boolean>>} */
  const changes = {};
  const end = target === 'pronto' ? SETORES.length : SETORES.indexOf(target);
  SETORES.forEach((setor, index) => {
    if (index < end && !pedido[setor]) changes[setor] = true;
    if (index === end && pedido[setor]) changes[setor] = false;
  });
  return changes;
}

/** Without case and accents, so that "sao" finds "São". @param {string} text */
export function plain(text) {
  return text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase();
}

/**
 * What was typed into the search.
 * @typedef {object} Search
 * @property {readonly string[]} words plain ones
 * @property {readonly string[]} rest those of them that are no part of a telephone
 * @property {string} phone the digits of the others; '' where they are too few for a telephone
 */

const PHONE_WORD = /^[\d()+./-]+$/;
/** Fewer digits than these are looked for only as they were typed. */
const PHONE_LEAST = 4;
/** The country's code and the trunk prefix, before a number with its area: telephones are stored with and without them. */
const PHONE_PREFIX = /^(?:(?:00)?55|0)(?=\d{10,11}$)/;

/** @param {string} text */
const digitsOf = (text) => text.replace(/\D/g, '');

/** @param {string} q @returns {Search} */
export function readSearch(q) {
  const words = plain(q).split(/\s+/).filter(Boolean);
  const phone = digitsOf(words.filter((word) => PHONE_WORD.test(word)).join('')).replace(PHONE_PREFIX, '');
  const rest = words.filter((word) => !PHONE_WORD.test(word));
  return { words, rest, phone: phone.length >= PHONE_LEAST ? phone : '' };
}

/** What a search looks in; made once for each version of an order. @type {WeakMap<Pedido, {text: string, phone: string}>} */
const haystacks = new WeakMap();

/**
 * Whether all words are found as they were typed, or the digits among them in the telephone, however either is written.
 * @param {Pedido} pedido @param {Search} search
 */
export function matches(pedido, { words, rest, phone }) {
  const haystack = haystacks.get(pedido) || makeHaystack(pedido);
  const has = (/** @type {string} */ word) => haystack.text.includes(word);
  return words.every(has) || (phone !== '' && haystack.phone.includes(phone) && rest.every(has));
}

/** @param {Pedido} pedido */
function makeHaystack(pedido) {
  const { numero, cliente, cidade_cliente: cidade, telefone_cliente: telefone } = pedido;
  const made = { text: plain(`${numero}\n${cliente}\n${cidade}\n${telefone}`), phone: digitsOf(telefone || '') };
  haystacks.set(pedido, made);
  return made;
}

/** It takes some 25 ms to make: not before somebody sorts by words. @type {Intl.Collator | null} */
let collator = null;

/** @param {string} a @param {string} b */
function compareWords(a, b) {
  if (collator === null) collator = new Intl.Collator('pt-BR', { numeric: true, sensitivity: 'base' });
  return collator.compare(a, b);
}

/** @type {Record<string, (a: Pedido, b: Pedido) => number>} */
const COMPARE = {
  numero: (a, b) => compareWords(a.numero, b.numero),
  cliente: (a, b) => compareWords(a.cliente, b.cliente),
  entrega: (a, b) => compareDates(a.data_entrega, b.data_entrega),
  status: (a, b) => statusRank(a) - statusRank(b) || STAGES.indexOf(stageOf(a)) - STAGES.indexOf(stageOf(b)),
  valor: (a, b) => Number(a.valor_total) - Number(b.valor_total),
};

export const SORTS = Object.freeze(Object.keys(COMPARE));

/** @param {Pedido} pedido */
function statusRank(pedido) {
  return Object.keys(STATUS_NAMES).indexOf(shownStatus(pedido));
}

/** No date comes last. @param {string | null} a @param {string | null} b */
function compareDates(a, b) {
  if (a === b) return 0;
  if (!a) return 1;
  if (!b) return -1;
  return a < b ? -1 : 1;
}

/**
 * The order of the list: by the column that was chosen; what is equal there by urgency, then by delivery, then newest first.
 * @param {string} column @param {boolean} descending
 * @returns {(a: Pedido, b: Pedido) => number}
 */
export function comparator(column, descending) {
  const first = COMPARE[column] || COMPARE.entrega;
  const sign = descending ? -1 : 1;
  return (a, b) =>
    sign * first(a, b) ||
    Number(b.prioridade === 'ALTA') - Number(a.prioridade === 'ALTA') ||
    compareDates(a.data_entrega, b.data_entrega) ||
    b.id - a.id;
}
