// An order while it is being edited: what was touched, what others changed meanwhile, and what both changed.
// No DOM and no I/O here.
//
// Rule: only what was touched is sent. What somebody else changes in an untouched field is simply there; in a
// touched one it is a conflict, which the person at the form decides. Items are put together as `items-merge.js` says:
// only what both changed of the same item is a conflict. Sums of items follow the items, and are no conflict of their own.
// Typed text is never thrown away: what gives way to somebody else's is kept in `discarded`.

import { mergeItems, sameItems } from './items-merge.js';
import { sumOfItems, toAmount, toCents } from '../order/money.js';
import { FIELD_NAMES } from '../order/orders.js';

/** @typedef {import('../order/orders.js').Pedido} Pedido */
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
  const state = new EditState(pedido);
  return {
    /** @param {string} field */
    value: (field) => state.valueOf(field),
    base: () => state.base,
    touched: () => state.touched,
    conflicts: () => state.conflicts,
    discarded: () => state.discarded,
    isDirty: () => Object.keys(state.touched).length > 0,
    /** Whether the total is the sum of items and freight. */
    followsSum: () => state.followsSum(),
    /** Items and freight. @returns {bigint} cents */
    sum: () => sumOf((field) => state.valueOf(field)),
    /** @param {string} field @param {any} value */
    touch: (field, value) => state.type(field, value),
    /** @type {EditState['rebase']} */
    rebase: (next, originOf) => state.rebase(next, originOf),
    questions: () => state.questions(),
    /** One choice for all of a field. @param {string} field @param {Choice} choice */
    resolve: (field, choice) => state.decide(field, () => choice),
    /** @type {EditState['resolveAll']} */
    resolveAll: (choices) => state.resolveAll(choices),
    /** What goes to the server: only what was touched, as it is kept there. @returns {Record<string, any>} */
    changes: () => Object.fromEntries(Object.entries(state.touched).map(([field, value]) => [field, canonical(field, value)])),
    /** @type {EditState['since']} */
    since: (sent) => state.since(sent),
    reset: () => state.reset(),
    /** @param {number} at ms @param {Sent | null} sent @returns {Draft} */
    draft: (at, sent) => ({ touched: state.touched, before: state.before, at, sent }),
    /** @type {EditState['restore']} */
    restore: (draft, originOf) => state.restore(draft, originOf),
  };
}

class EditState {
  /** @param {Pedido | null} pedido null for a new order */
  constructor(pedido) {
    this.pedido = pedido;
    /** @type {Record<string, any>} */
    this.base = this.pedido || { ...BLANK };
    /** @type {Record<string, any>} */
    this.touched = {};
    /** What a touched field was when it was first touched. @type {Record<string, any>} */
    this.before = {};
    /** @type {Record<string, Conflict>} */
    this.conflicts = {};
    /** @type {Record<string, any>} */
    this.discarded = {};
    /** Until the items are decided, the total waits. */
    this.totalWaits = false;
  }

  /** @param {string} field */
  forget(field) {
    delete this.touched[field];
    delete this.before[field];
    delete this.conflicts[field];
  }

  /** @param {string} field */
  valueOf(field) {
    return field in this.touched ? this.touched[field] : this.base[field];
  }

  /** @param {string} field @param {any} value */
  touch(field, value) {
    if (!(field in this.before)) this.before[field] = this.base[field];
    if (isSame(field, value, this.base[field])) this.forget(field);
    else this.touched[field] = value;
  }

  merge() {
    return mergeItems(this.before.items || [], this.touched.items, this.base.items);
  }

  /** Touched items on top of those of `base`. @param {(part: import('./items-merge.js').Part) => Choice} choose */
  settleItems(choose) {
    const items = this.merge().items(choose);
    this.before.items = this.base.items;
    this.touched.items = items;
    delete this.conflicts.items;
    if (isSame('items', items, this.base.items)) this.forget('items');
  }

  /**
   * A touched field that somebody else changed.
   * @param {string} field @param {Origin} origin @returns {boolean} whether the form shows something else now
   */
  meet(field, origin) {
    if (isSame(field, this.touched[field], this.base[field])) {
      this.forget(field);
      return false;
    }
    if (field === 'items' && this.merge().parts.length === 0) {
      this.settleItems(() => 'meu');
      return true;
    }
    this.conflicts[field] = { theirs: this.base[field], before: this.before[field], ...origin };
    return false;
  }

  /** Sums are those of the items as they are now. @param {boolean} totalFollows */
  settleSums(totalFollows) {
    delete this.conflicts.valor_itens;
    if ('items' in this.conflicts) return;
    if ('items' in this.touched) this.touch('valor_itens', toAmount(sumOfItems(this.touched.items)));
    else this.forget('valor_itens');
    if (!totalFollows || !('valor_total' in this.touched || 'items' in this.touched)) return;
    delete this.conflicts.valor_total;
    this.before.valor_total = this.base.valor_total;
    this.touch('valor_total', toAmount(sumOf((field) => this.valueOf(field))));
  }

  /** Whether the total is left to the sum by both. @param {boolean} mine @param {Record<string, any>} old of the base */
  isTotalOfBoth(mine, old) {
    return mine && (followsSum((field) => this.base[field]) || isSame('valor_total', this.base.valor_total, old.valor_total));
  }

  /** @param {string} field @param {(part: import('./items-merge.js').Part | null) => Choice} choose */
  decide(field, choose) {
    if (field === 'items') {
      const mine = this.merge().items(() => 'meu');
      this.settleItems(choose);
      if (!isSame('items', mine, this.valueOf('items'))) this.discarded.items = mine;
      this.settleSums(this.totalWaits);
      this.totalWaits = false;
    } else if (choose(null) === 'dele') {
      this.discarded[field] = this.touched[field];
      this.forget(field);
    } else {
      delete this.conflicts[field];
      this.before[field] = this.base[field];
    }
  }

  // ---- what is told to it --------------------------------------------------------------------

  /** What is typed back to what it was is untouched again. @param {string} field @param {any} value */
  type(field, value) {
    this.touch(field, value);
    if (field === 'items') this.settleSums(false);
  }

  /**
   * The order as it is now.
   * @param {Record<string, any>} next
   * @param {(field: string) => Origin} originOf who changed a field
   * @returns {string[]} the fields that show something else than before
   */
  rebase(next, originOf) {
    if (this.pedido !== null && next.versao <= this.base.versao) return [];
    const changed = EDITED.filter((field) => !isSame(field, this.base[field], next[field]));
    const followed = 'items' in this.touched && (this.totalWaits || this.followsSum());
    const old = this.base;
    const shown = EDITED.map((field) => this.valueOf(field));
    this.base = next;
    for (const field of changed) if (field in this.touched) this.meet(field, originOf(field));
    const totalFollows = this.isTotalOfBoth(followed, old);
    this.settleSums(totalFollows);
    this.totalWaits = 'items' in this.conflicts && totalFollows;
    if (this.totalWaits) delete this.conflicts.valor_total;
    return EDITED.filter((field, index) => !isSame(field, shown[index], this.valueOf(field)));
  }

  /** @param {Readonly<Record<string, Choice>>} choices by the keys of `questions` */
  resolveAll(choices) {
    for (const field of Object.keys(this.conflicts)) this.decide(field, (part) => choices[part === null ? field : part.key] || 'meu');
  }

  reset() {
    this.touched = {};
    this.before = {};
    this.conflicts = {};
  }

  /** @param {Draft} draft @param {(field: string) => Origin} originOf */
  restore(draft, originOf) {
    for (const [field, value] of Object.entries(draft.touched)) {
      if (!EDITED.includes(field) || isSame(field, value, this.base[field])) continue;
      this.touched[field] = value;
      this.before[field] = draft.before[field];
      if (this.pedido !== null && !isSame(field, this.before[field], this.base[field])) this.meet(field, originOf(field));
    }
    const followed = 'items' in draft.touched && followsSum((field) => (field in draft.touched ? draft.touched[field] : this.base[field]));
    const totalFollows = this.isTotalOfBoth(followed, this.base);
    this.settleSums(totalFollows);
    this.totalWaits = 'items' in this.conflicts && totalFollows;
  }

  // ---- what it tells -------------------------------------------------------------------------

  followsSum() {
    return followsSum((field) => this.valueOf(field));
  }

  /** @returns {Question[]} each thing that somebody has to choose */
  questions() {
    return Object.entries(this.conflicts).flatMap(([field, conflict]) => this.questionsOf(field, conflict));
  }

  /** @param {string} field @param {Conflict} conflict @returns {Question[]} */
  questionsOf(field, { theirs, before, autor, timestamp }) {
    if (field !== 'items') return [{ key: field, field, part: null, mine: this.touched[field], theirs, before, autor, timestamp }];
    return this.merge().parts.map((part) => ({ ...part, field, part, autor, timestamp }));
  }

  /** What is other now than it was sent, by field. @param {Record<string, any>} sent what `changes` gave then */
  since(sent) {
    /** @type {Record<string, any>} */
    const later = {};
    for (const field of Object.keys({ ...sent, ...this.touched })) {
      const value = this.valueOf(field);
      if (!isSame(field, value, field in sent ? sent[field] : this.base[field])) later[field] = value;
    }
    return later;
  }
}

/** @typedef {ReturnType<typeof createEdit>} Edit */
