// An order while it is being edited: what was touched, what others changed meanwhile, and what both changed.
// No DOM and no I/O here.
//
// Rule: only what was touched is sent. What somebody else changes in an untouched field is simply there; in a
// touched one it is a conflict, which the person at the form decides. Typed text is never thrown away: what
// gives way to somebody else's is kept in `discarded`.

import { FIELD_NAMES } from './orders.js';
import { toAmount, toCents } from './money.js';

/** @typedef {import('./orders.js').Pedido} Pedido */
/**
 * @typedef {object} Conflict
 * @property {any} theirs
 * @property {any} before what it was when the editing began
 * @property {string | null} autor
 * @property {string | null} timestamp
 */
/** @typedef {{autor: string | null, timestamp: string | null}} Origin */
/**
 * What survives a crash: what was touched, and from what; of a new order that was sent and not answered, that as well.
 * @typedef {{touched: Record<string, any>, before: Record<string, any>, at: number, sent?: Sent | null}} Draft
 */
/** @typedef {{key: string, dados: Record<string, any>, at: number}} Sent */

export const AMOUNTS = new Set(['valor_total', 'valor_frete', 'valor_itens']);
export const DATES = new Set(['data_entrada', 'data_entrega']);
const NULLABLE = new Set(['observacao', 'tipo_pagamento', 'obs_pagamento', 'forma_envio', ...DATES]);
const SECTORS = new Set(['financeiro', 'conferencia', 'sublimacao', 'costura', 'expedicao']);

/** The fields of the form. @type {readonly string[]} */
export const EDITED = Object.freeze(
  Object.keys(FIELD_NAMES).filter((field) => !SECTORS.has(field) && !['pronto', '*', 'forma_envio_id'].includes(field)),
);

/** @type {Readonly<Record<string, any>>} */
export const BLANK = Object.freeze({
  numero: '',
  cliente: '',
  telefone_cliente: '',
  cidade_cliente: '',
  data_entrada: null,
  data_entrega: null,
  prioridade: 'NORMAL',
  status: 'pendente',
  observacao: null,
  valor_total: '0.00',
  valor_frete: '0.00',
  valor_itens: '0.00',
  tipo_pagamento: null,
  obs_pagamento: null,
  forma_envio: null,
  items: [],
});

/** As the server would keep it, where that can be told. @param {string} field @param {any} value */
export function canonical(field, value) {
  if (AMOUNTS.has(field)) {
    const cents = toCents(value);
    return cents === null ? value : toAmount(cents);
  }
  if (NULLABLE.has(field) && (value === '' || value === undefined)) return null;
  return value;
}

/** @param {string} field @param {any} a @param {any} b */
export function isSame(field, a, b) {
  const [one, other] = [canonical(field, a), canonical(field, b)];
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** @param {Pedido | null} pedido null for a new order */
export function createEdit(pedido) {
  /** @type {Record<string, any>} */
  let base = pedido || { ...BLANK };
  /** @type {Record<string, any>} */
  let touched = {};
  /** What a touched field was when it was first touched. @type {Record<string, any>} */
  let before = {};
  /** @type {Record<string, Conflict>} */
  let conflicts = {};
  /** @type {Record<string, any>} */
  const discarded = {};

  /** @param {string} field */
  function forget(field) {
    delete touched[field];
    delete before[field];
    delete conflicts[field];
  }

  return {
    /** @param {string} field */
    value: (field) => (field in touched ? touched[field] : base[field]),
    base: () => base,
    touched: () => touched,
    conflicts: () => conflicts,
    discarded: () => discarded,
    isDirty: () => Object.keys(touched).length > 0,

    /** What is typed back to what it was is untouched again. @param {string} field @param {any} value */
    touch(field, value) {
      if (!(field in before)) before[field] = base[field];
      if (isSame(field, value, base[field])) forget(field);
      else touched[field] = value;
    },

    /**
     * The order as it is now.
     * @param {Record<string, any>} next
     * @param {(field: string) => Origin} originOf who changed a field
     * @returns {string[]} the untouched fields that are other than before
     */
    rebase(next, originOf) {
      if (pedido !== null && next.versao <= base.versao) return [];
      const changed = EDITED.filter((field) => !isSame(field, base[field], next[field]));
      base = next;
      return changed.filter((field) => {
        if (!(field in touched)) return true;
        if (isSame(field, touched[field], next[field])) {
          forget(field);
          return false;
        }
        conflicts[field] = { theirs: next[field], before: before[field], ...originOf(field) };
        return false;
      });
    },

    /** @param {string} field @param {'meu' | 'dele'} choice */
    resolve(field, choice) {
      if (choice === 'dele') {
        discarded[field] = touched[field];
        forget(field);
      } else {
        delete conflicts[field];
        before[field] = base[field];
      }
    },

    /** What goes to the server: only what was touched, as it is kept there. @returns {Record<string, any>} */
    changes: () => Object.fromEntries(Object.entries(touched).map(([field, value]) => [field, canonical(field, value)])),

    /** What is other now than it was sent, by field. @param {Record<string, any>} sent what `changes` gave then */
    since(sent) {
      /** @type {Record<string, any>} */
      const later = {};
      for (const field of Object.keys({ ...sent, ...touched })) {
        const value = field in touched ? touched[field] : base[field];
        if (!isSame(field, value, field in sent ? sent[field] : base[field])) later[field] = value;
      }
      return later;
    },

    reset() {
      touched = {};
      before = {};
      conflicts = {};
    },

    /** @param {number} at ms @param {Sent | null} sent @returns {Draft} */
    draft: (at, sent) => ({ touched, before, at, sent }),

    /** @param {Draft} draft @param {(field: string) => Origin} originOf */
    restore(draft, originOf) {
      for (const [field, value] of Object.entries(draft.touched)) {
        if (!EDITED.includes(field) || isSame(field, value, base[field])) continue;
        touched[field] = value;
        before[field] = draft.before[field];
        if (pedido !== null && !isSame(field, before[field], base[field])) {
          conflicts[field] = { theirs: base[field], before: before[field], ...originOf(field) };
        }
      }
    },
  };
}

/** @typedef {ReturnType<typeof createEdit>} Edit */
