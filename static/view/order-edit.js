// An order while it is being edited: what was touched, what others changed meanwhile, and what both changed.
// No DOM and no I/O here.
//
// Rule: only what was touched is sent. What somebody else changes in an untouched field is simply there; in a
// touched one it is a conflict, which the person at the form decides. Items are put together as `items-merge.js` says:
// only what both changed of the same item is a conflict. Sums of items follow the items, and are no conflict of their own.
// Typed text is never thrown away: what gives way to somebody else's is kept in `discarded`.

import { mergeItems, sameItems } from './items-merge.js';
import { sumOfItems, toAmount, toCents } from './money.js';
import { FIELD_NAMES } from './orders.js';

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
 * What somebody has to choose: a field, or a part of the items.
 * @typedef {object} Question
 * @property {string} key `observacao`, `items.0.tecido`, or `items.0` for a whole item
 * @property {string} field
 * @property {import('./items-merge.js').Part | null} part of the items
 * @property {any} mine
 * @property {any} theirs
 * @property {any} before
 * @property {string | null} autor
 * @property {string | null} timestamp
 */
/** @typedef {'meu' | 'dele'} Choice */
/**
 * What survives a crash: what was touched, and from what; of a new order that was sent and not answered, that as well.
 * @typedef {{touched: Record<string, any>, before: Record<string, any>, at: number, sent?: Sent | null}} Draft
 */
/** A save as it was sent. `versao`: what it was based on, null for a new order; `at`: ms; `owner`: see `drafts.js`.
 * @typedef {{key: string, dados: Record<string, any>, versao: number | null, at: number, owner?: string}} Sent */

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
  if (field === 'items' && Array.isArray(a) && Array.isArray(b)) return sameItems(a, b);
  const [one, other] = [canonical(field, a), canonical(field, b)];
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** @param {(field: string) => any} value @returns {bigint} cents */
const sumOf = (value) => sumOfItems(value('items')) + (toCents(value('valor_frete')) || 0n);

/** Whether the total is the sum of the items and the freight. @param {(field: string) => any} value */
const followsSum = (value) => toCents(value('valor_total')) === sumOf(value);

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

  /** @param {string} field */
  const valueOf = (field) => (field in touched ? touched[field] : base[field]);

  /** @param {string} field @param {any} value */
  function touch(field, value) {
    if (!(field in before)) before[field] = base[field];
    if (isSame(field, value, base[field])) forget(field);
    else touched[field] = value;
  }

  const merge = () => mergeItems(before.items || [], touched.items, base.items);

  /** Touched items on top of those of `base`. @param {(part: import('./items-merge.js').Part) => Choice} choose */
  function settleItems(choose) {
    const items = merge().items(choose);
    before.items = base.items;
    touched.items = items;
    delete conflicts.items;
    if (isSame('items', items, base.items)) forget('items');
  }

  /**
   * A touched field that somebody else changed.
   * @param {string} field @param {Origin} origin @returns {boolean} whether the form shows something else now
   */
  function meet(field, origin) {
    if (isSame(field, touched[field], base[field])) {
      forget(field);
      return false;
    }
    if (field === 'items' && merge().parts.length === 0) {
      settleItems(() => 'meu');
      return true;
    }
    conflicts[field] = { theirs: base[field], before: before[field], ...origin };
    return false;
  }

  /** Sums are those of the items as they are now. @param {boolean} totalFollows */
  function settleSums(totalFollows) {
    delete conflicts.valor_itens;
    if ('items' in conflicts) return;
    if ('items' in touched) touch('valor_itens', toAmount(sumOfItems(touched.items)));
    else forget('valor_itens');
    if (!totalFollows || !('valor_total' in touched || 'items' in touched)) return;
    delete conflicts.valor_total;
    before.valor_total = base.valor_total;
    touch('valor_total', toAmount(sumOf(valueOf)));
  }

  /** Whether the total is left to the sum by both. @param {boolean} mine @param {Record<string, any>} old of the base */
  const isTotalOfBoth = (mine, old) => mine && (followsSum((field) => base[field]) || isSame('valor_total', base.valor_total, old.valor_total));

  /** Until the items are decided, the total waits. */
  let totalWaits = false;

  /** @param {string} field @param {(part: import('./items-merge.js').Part | null) => Choice} choose */
  function decide(field, choose) {
    if (field === 'items') {
      const mine = merge().items(() => 'meu');
      settleItems(choose);
      if (!isSame('items', mine, valueOf('items'))) discarded.items = mine;
      settleSums(totalWaits);
      totalWaits = false;
    } else if (choose(null) === 'dele') {
      discarded[field] = touched[field];
      forget(field);
    } else {
      delete conflicts[field];
      before[field] = base[field];
    }
  }

  return {
    value: valueOf,
    base: () => base,
    touched: () => touched,
    conflicts: () => conflicts,
    discarded: () => discarded,
    isDirty: () => Object.keys(touched).length > 0,
    followsSum: () => followsSum(valueOf),
    /** Items and freight. @returns {bigint} cents */
    sum: () => sumOf(valueOf),

    /** What is typed back to what it was is untouched again. @param {string} field @param {any} value */
    touch(field, value) {
      touch(field, value);
      if (field === 'items') settleSums(false);
    },

    /**
     * The order as it is now.
     * @param {Record<string, any>} next
     * @param {(field: string) => Origin} originOf who changed a field
     * @returns {string[]} the fields that show something else than before
     */
    rebase(next, originOf) {
      if (pedido !== null && next.versao <= base.versao) return [];
      const changed = EDITED.filter((field) => !isSame(field, base[field], next[field]));
      const followed = 'items' in touched && (totalWaits || followsSum(valueOf));
      const old = base;
      const shown = EDITED.map(valueOf);
      base = next;
      for (const field of changed) if (field in touched) meet(field, originOf(field));
      const totalFollows = isTotalOfBoth(followed, old);
      settleSums(totalFollows);
      totalWaits = 'items' in conflicts && totalFollows;
      if (totalWaits) delete conflicts.valor_total;
      return EDITED.filter((field, index) => !isSame(field, shown[index], valueOf(field)));
    },

    /** @returns {Question[]} each thing that somebody has to choose */
    questions() {
      /** @param {[string, Conflict]} conflict @returns {Question[]} */
      function questionsOf([field, { theirs, before: old, autor, timestamp }]) {
        if (field !== 'items') return [{ key: field, field, part: null, mine: touched[field], theirs, before: old, autor, timestamp }];
        return merge().parts.map((part) => ({ ...part, field, part, autor, timestamp }));
      }
      return Object.entries(conflicts).flatMap(questionsOf);
    },

    /** One choice for all of a field. @param {string} field @param {Choice} choice */
    resolve: (field, choice) => decide(field, () => choice),

    /** @param {Readonly<Record<string, Choice>>} choices by the keys of `questions` */
    resolveAll(choices) {
      for (const field of Object.keys(conflicts)) decide(field, (part) => choices[part === null ? field : part.key] || 'meu');
    },

    /** What goes to the server: only what was touched, as it is kept there. @returns {Record<string, any>} */
    changes: () => Object.fromEntries(Object.entries(touched).map(([field, value]) => [field, canonical(field, value)])),

    /** What is other now than it was sent, by field. @param {Record<string, any>} sent what `changes` gave then */
    since(sent) {
      /** @type {Record<string, any>} */
      const later = {};
      for (const field of Object.keys({ ...sent, ...touched })) {
        const value = valueOf(field);
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
        if (pedido !== null && !isSame(field, before[field], base[field])) meet(field, originOf(field));
      }
      const followed = 'items' in draft.touched && followsSum((field) => (field in draft.touched ? draft.touched[field] : base[field]));
      const totalFollows = isTotalOfBoth(followed, base);
      settleSums(totalFollows);
      totalWaits = 'items' in conflicts && totalFollows;
    },
  };
}

/** @typedef {ReturnType<typeof createEdit>} Edit */
