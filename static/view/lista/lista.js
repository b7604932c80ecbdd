// The list, the main surface: one row an order, its five sectors as boxes.

import { dayOf } from '../order/dates.js';
import { h, listen, setAttribute } from '../dom/dom.js';
import { countRows, isFiltered, readFilters, selectEntries, writeFilters } from './list-filter.js';
import { ListHead } from './list-head.js';
import { createListMessage } from './list-message.js';
import { ListRows } from './list-rows.js';
import { ListSearch } from './list-search.js';
import { isClosed, isLate } from '../order/orders.js';
import { createSchedule } from '../dom/schedule.js';

/** @typedef {import('../context.js').Context} Context */
/** @typedef {import('./list-filter.js').Entry} Entry */
/** @typedef {import('./list-filter.js').Filters} Filters */

/** Rows do not slip away under a hand that is about to click; ms since it moved. */
const HOLD = 700;

/** Where the list stood when it was left, px, by its store. @type {WeakMap<object, number>} */
const positions = new WeakMap();

/** @param {HTMLElement} element @param {Context} context @returns {() => void} */
export function mount(element, context) {
  const list = new List(element, context);
  list.begin();
  return () => list.close();
}

class List {
  /** @param {HTMLElement} element @param {Context} context */
  constructor(element, context) {
    const { store, settings, now } = context;
    this.context = context;
    this.store = store;
    this.settings = settings;
    this.now = now;
    /** @type {Filters} */
    this.filters = readFilters(new URLSearchParams(context.route.query.toString() || settings.get('lista')));
    /** @type {readonly Entry[]} */
    this.entries = [];
    /** The list has changed by the user's own hand: its rows are simply there. */
    this.isOwnChange = true;
    /** ms; until then the rows keep their places. */
    this.heldUntil = 0;
    this.snapshot = store.getSnapshot();
    this.today = dayOf(now());
    /** Deleted while they were among the search's results. @type {Set<number>} */
    this.gone = new Set();

    this.schedule = createSchedule(() => this.draw());
    this.search = new ListSearch({ store, onFound: () => this.changedByHand() });
    this.head = new ListHead({
      settings,
      onChange: (some) => this.change(some),
      onSearch: () => this.search.ask(this.filters.q),
    });
    this.rows = new ListRows(context);
    this.message = createListMessage(context, () => this.head.clearAll());
    this.table = h(
      'div',
      { class: 'table', role: 'table', 'aria-label': 'Pedidos' },
      h('div', { class: 'heads', role: 'rowgroup' }, this.head.columns),
      this.rows.element,
    );
    const heading = h('h1', { class: 'only-heard' }, 'Lista de pedidos');
    element.append(heading, this.head.filterBar, this.table, ...this.message.elements);
    this.off = this.listen();
  }

  listen() {
    const { store, settings, schedule, rows, context } = this;
    return [
      store.subscribe(schedule.ask),
      store.onChange(({ action, pedido_id }) => {
        if (action === 'delete') this.gone.add(pedido_id);
      }),
      context.ticks.subscribe(schedule.ask),
      settings.subscribe(() => this.changedByHand()),
      // Chips go out, and at midnight what was due becomes late.
      context.everySecond(() => {
        const aging = Object.keys(this.snapshot.remoteChanges).length > 0;
        if (aging || this.today !== dayOf(this.now())) schedule.ask();
      }),
      listen(rows.element, 'pointermove', () => {
        this.heldUntil = this.now() + HOLD;
      }),
      listen(rows.element, 'pointerleave', () => {
        this.heldUntil = 0;
      }),
      listen(window, 'resize', () => {
        rows.measure();
        schedule.ask();
      }),
      listen(window, 'scroll', () => rows.list.redraw(), { passive: true }),
    ];
  }

  begin() {
    this.head.draw(this.filters);
    this.rows.measure();
    if (this.filters.q) this.search.ask(this.filters.q);
    this.schedule.now();
    const position = positions.get(this.store);
    if (position !== undefined) {
      window.scrollTo(0, position);
      this.rows.list.redraw();
    }
    const { route } = this.context;
    const written = writeFilters(this.filters);
    if (route.name === 'lista' && written && route.query.toString() !== written) replaceAddress(`#/lista?${written}`);
  }

  close() {
    positions.set(this.store, window.scrollY);
    this.schedule.stop();
    this.rows.list.stop();
    this.search.stop();
    this.off.forEach((undo) => undo());
  }

  /** @param {Partial<Filters>} some */
  change(some) {
    this.filters = { ...this.filters, ...some };
    const written = writeFilters(this.filters);
    replaceAddress(`#/lista${written ? `?${written}` : ''}`);
    // A search is of the moment: the next morning it would only hide orders.
    this.settings.set('lista', writeFilters({ ...this.filters, q: '' }));
    this.changedByHand();
  }

  changedByHand() {
    this.isOwnChange = true;
    this.head.draw(this.filters);
    this.schedule.ask();
  }

  // ---- drawing -------------------------------------------------------------------------------

  draw() {
    const { filters, settings, rows, table } = this;
    const before = this.snapshot;
    const snapshot = this.store.getSnapshot();
    const time = this.now();
    this.snapshot = snapshot;
    this.today = dayOf(time);
    const beyond = this.search.found.filter(({ id }) => !snapshot.byId.has(id) && !this.gone.has(id));
    const fresh = selectEntries(snapshot.pedidos, beyond, filters, settings.get('meuSetor'));
    const isHeld = !this.isOwnChange && this.entries.length > 0 && time < this.heldUntil;
    this.entries = isHeld ? this.inPlace(fresh) : fresh;
    if (isHeld) setTimeout(this.schedule.ask, this.heldUntil - time + 10);
    const moving = !this.isOwnChange && before.pedidos.length > 0;
    this.isOwnChange = false;
    table.hidden = this.entries.length === 0;
    setAttribute(table, 'aria-rowcount', String(this.entries.length + 1));
    rows.show(this.entries, snapshot, time, moving);
    this.head.drawCounts(countRows(snapshot.pedidos, filters), this.sums());
    this.drawMessage();
  }

  /** The rows keep their places, and their orders are brought up to date. @param {readonly Entry[]} fresh @returns {Entry[]} */
  inPlace(fresh) {
    const byKey = new Map(fresh.map((entry) => [entry.key, entry]));
    /** @type {Entry[]} */
    const kept = [];
    for (const entry of this.entries) {
      const known = byKey.get(entry.key);
      const pedido = entry.kind === 'order' ? this.snapshot.byId.get(entry.pedido.id) : undefined;
      if (known) kept.push(known);
      else if (pedido) kept.push({ kind: 'order', key: entry.key, pedido });
    }
    return kept;
  }

  sums() {
    const open = this.snapshot.pedidos.filter((pedido) => !isClosed(pedido));
    const late = open.filter((pedido) => isLate(pedido, this.today)).length;
    return { open: open.length, late, urgent: open.filter(({ prioridade }) => prioridade === 'ALTA').length };
  }

  drawMessage() {
    const { lastSync, error, pedidos } = this.snapshot;
    const hasRows = this.entries.some(({ kind }) => kind === 'order');
    const text = lastSync === null && error ? error.message : '';
    /** @type {import('./list-message.js').Kind} */
    let kind = '';
    if (lastSync === null) kind = error ? 'error' : 'loading';
    else if (!hasRows) kind = pedidos.length === 0 && !isFiltered(this.filters) ? 'empty' : 'nothing';
    this.message.draw(kind, text, this.search.state);
  }
}

/** Safari throws after a hundred times in half a minute: typing must go on. @param {string} hash */
function replaceAddress(hash) {
  try {
    history.replaceState(null, '', hash);
  } catch (error) {
    // The next change writes it.
  }
}
