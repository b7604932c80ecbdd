// The list, the main surface: one row an order, its five sectors as boxes.

import { SETORES, WHOLE_ORDER } from '../client/index.js';
import { dayOf } from './dates.js';
import { h, icon, setAttribute, setText } from './dom.js';
import { NO_FILTERS, countRows, isFiltered, readFilters, selectEntries, writeFilters } from './list-filter.js';
import { createOrderRow, problemFields } from './order-row.js';
import { STAGES, STAGE_NAMES, STATUS_NAMES, isClosed, isLate, readSearch } from './orders.js';
import { createSchedule } from './schedule.js';
import { createWindowList } from './window-list.js';

/** @typedef {import('./context.js').Context} Context */
/** @typedef {import('./list-filter.js').Entry} Entry */
/** @typedef {import('./list-filter.js').Filters} Filters */
/** @typedef {import('./orders.js').Pedido} Pedido */

const SEARCH_PAUSE = 300;
/** Rows do not slip away under a hand that is about to click. */
const HOLD = 700;
const HEADING = 44;
const LENS = 'M10.5 17a6.5 6.5 0 100-13 6.5 6.5 0 000 13zM20 20l-4.8-4.8';
const STAR = 'M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7 9.6 9z';

/** Where the list stood when it was left. */
/** @type {WeakMap<object, number>} */
const positions = new WeakMap();

/** @type {readonly [string, string][]} */
const COLUMNS = [
  ['numero', 'Nº'],
  ['cliente', 'Cliente'],
  ['entrega', 'Entrega'],
  ['status', 'Situação'],
  ['valor', 'Valor'],
];

/** Safari throws after a hundred times in half a minute: typing must go on. @param {string} hash */
function replaceAddress(hash) {
  try {
    history.replaceState(null, '', hash);
  } catch (error) {
    // The next change writes it.
  }
}

/** @param {HTMLElement} element @param {Context} context @returns {() => void} */
export function mount(element, context) {
  const { store, session, settings, ticks, now } = context;
  /** @type {Filters} */
  let filters = readFilters(new URLSearchParams(context.route.query.toString() || settings.get('lista')));
  /** Found by the server, beyond what is loaded. @type {readonly Pedido[]} */
  let older = [];
  /** @type {'idle' | 'asking' | 'done' | 'failed'} */
  let search = 'idle';
  /** @type {Entry[]} */
  let entries = [];
  /** The list has changed by the user's own hand: its rows are simply there. */
  let ownChange = true;
  let heldUntil = 0;
  let today = dayOf(now());

  // ---- what is above the rows ----------------------------------------------------------------

  const q = h('input', {
    class: 'input',
    type: 'search',
    id: 'busca',
    placeholder: 'Buscar número, cliente, cidade…',
    'aria-label': 'Buscar número, cliente, cidade ou telefone',
    autocomplete: 'off',
  });
  const status = h(
    'select',
    { class: 'input', 'aria-label': 'Situação' },
    h('option', { value: 'abertos' }, 'Em aberto'),
    h('option', { value: 'todos' }, 'Todas as situações'),
    ...Object.entries(STATUS_NAMES).map(([value, text]) => h('option', { value }, text)),
  );
  const order = h(
    'select',
    { class: 'input filters__order', 'aria-label': 'Ordenar por' },
    ...COLUMNS.map(([value, text]) => h('option', { value }, `Ordem: ${text}`)),
  );
  const urgent = h('button', { type: 'button', class: 'button toggle', 'aria-pressed': 'false' }, 'Só urgentes');
  const clear = h('button', { type: 'button', class: 'button button--plain', id: 'limpar' }, 'Limpar filtros');
  const mine = h(
    'select',
    { class: 'input', id: 'lista-meu-setor', 'aria-label': 'Meu setor' },
    h('option', { value: '' }, 'Meu setor: nenhum'),
    ...SETORES.map((setor) => h('option', { value: setor }, `Meu setor: ${STAGE_NAMES[setor]}`)),
  );
  const stages = new Map(
    ['', ...STAGES].map((stage) => {
      const count = h('span', { class: 'stage__count' });
      const star = icon(STAR);
      const button = h(
        'button',
        { type: 'button', class: 'stage', dataset: { stage }, onclick: () => change({ setor: stage }) },
        star,
        stage === '' ? 'Todos' : STAGE_NAMES[/** @type {import('./orders.js').Stage} */ (stage)],
        count,
      );
      return [stage, { button, count, star }];
    }),
  );
  const summary = h('p', { class: 'summary', id: 'resumo-da-lista' });
  const heads = new Map(
    COLUMNS.map(([column, text]) => {
      const button = h('button', { type: 'button', class: 'head__button', onclick: () => sortBy(column) }, text);
      return [column, { button, cell: h('div', { role: 'columnheader', class: `head__${column}` }, button) }];
    }),
  );
  /** @param {string} column */
  const head = (column) => /** @type {{cell: HTMLElement}} */ (heads.get(column)).cell;
  const header = h(
    'div',
    { class: 'head', role: 'row' },
    h('div', { class: 'head__who', role: 'columnheader' },
      /** @type {any} */ (heads.get('numero')).button, /** @type {any} */ (heads.get('cliente')).button),
    head('entrega'),
    ...SETORES.map((setor) => h('div', { role: 'columnheader', class: 'head__sector' }, STAGE_NAMES[setor])),
    head('status'),
    head('valor'),
  );
  const rows = h('div', { class: 'rows', role: 'rowgroup' });
  const table = h(
    'div',
    { class: 'table', role: 'table', 'aria-label': 'Pedidos' },
    h('div', { class: 'heads', role: 'rowgroup' }, header),
    rows,
  );
  const message = h('div', { class: 'message' });
  const searching = h('p', { class: 'searching muted' });
  element.append(
    h('h1', { class: 'only-heard' }, 'Lista de pedidos'),
    h(
      'div',
      { class: 'filters' },
      h('div', { class: 'filters__row' },
        h('div', { class: 'search' }, icon(LENS), q), status, order, urgent, clear,
        h('span', { class: 'filters__rest' }), summary, mine),
      h('div', { class: 'stages', role: 'group', 'aria-label': 'Filtrar por setor' },
        ...Array.from(stages.values(), ({ button }) => button)),
    ),
    table,
    message,
    searching,
  );

  // ---- filters -------------------------------------------------------------------------------

  /** @param {Partial<Filters>} some */
  function change(some) {
    filters = { ...filters, ...some };
    const written = writeFilters(filters);
    replaceAddress(`#/lista${written ? `?${written}` : ''}`);
    // A search is of the moment: the next morning it would only hide orders.
    settings.set('lista', writeFilters({ ...filters, q: '' }));
    ownChange = true;
    drawFilters();
    schedule.ask();
  }

  /** @param {string} column */
  function sortBy(column) {
    change({ ordem: column, desc: filters.ordem === column ? !filters.desc : false });
  }

  function drawFilters() {
    if (q.value !== filters.q) q.value = filters.q;
    status.value = filters.status;
    order.value = filters.ordem;
    mine.value = settings.get('meuSetor');
    setAttribute(urgent, 'aria-pressed', String(filters.urgentes));
    clear.hidden = !isFiltered(filters);
    stages.forEach(({ button, star }, stage) => {
      setAttribute(button, 'aria-pressed', String(filters.setor === stage));
      const own = stage !== '' && stage === settings.get('meuSetor');
      star.toggleAttribute('hidden', !own);
      setAttribute(button, 'title', own ? 'Meu setor' : null);
    });
    heads.forEach(({ button, cell }, column) => {
      const direction = filters.ordem === column ? (filters.desc ? 'descending' : 'ascending') : null;
      setAttribute(button, 'data-sorted', direction);
      if (cell.isConnected) setAttribute(cell, 'aria-sort', direction);
      const words = direction === 'ascending' ? ', em ordem crescente' : ', em ordem decrescente';
      const name = COLUMNS.find(([known]) => known === column);
      setAttribute(button, 'aria-label', direction && name ? `${name[1]}${words}` : null);
    });
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let searchTimer;
  let searchNumber = 0;

  function askServer() {
    clearTimeout(searchTimer);
    searchNumber += 1;
    const mineNumber = searchNumber;
    older = [];
    if (readSearch(filters.q).words.join('').length < 2) {
      search = 'idle';
      return;
    }
    search = 'asking';
    searchTimer = setTimeout(async () => {
      try {
        const found = await store.search(filters.q.trim());
        if (mineNumber !== searchNumber) return;
        older = found;
        search = 'done';
      } catch (failure) {
        if (mineNumber !== searchNumber) return;
        search = 'failed';
      }
      ownChange = true;
      schedule.ask();
    }, SEARCH_PAUSE);
  }

  q.addEventListener('input', () => {
    change({ q: q.value });
    askServer();
  });
  status.addEventListener('change', () => {
    // A closed order waits in no sector.
    const closed = isClosed({ status: /** @type {any} */ (status.value) });
    change(closed ? { status: status.value, setor: '' } : { status: status.value });
  });
  order.addEventListener('change', () => change({ ordem: order.value, desc: false }));
  urgent.addEventListener('click', () => change({ urgentes: !filters.urgentes }));
  mine.addEventListener('change', () => settings.set('meuSetor', mine.value));
  clear.addEventListener('click', () => {
    change({ ...NO_FILTERS, ordem: filters.ordem, desc: filters.desc });
    askServer();
    q.focus();
  });

  // ---- rows ----------------------------------------------------------------------------------

  /** @type {Map<string, ReturnType<typeof createOrderRow>>} */
  const built = new Map();
  let rowHeight = 56;
  let problemHeight = 34;
  let snapshot = store.getSnapshot();
  let time = now();

  const list = createWindowList({
    element: rows,
    keyOf: (/** @type {Entry} */ entry) => entry.key,
    heightOf(entry) {
      if (entry.kind === 'heading') return HEADING;
      const { id } = entry.pedido;
      return rowHeight + (snapshot.errors[id] ? problemFields(snapshot, id).length * problemHeight : 0);
    },
    draw(entry, known, index) {
      const node = entry.kind === 'heading' ? drawHeading(entry, known) : drawRow(entry);
      setAttribute(node, 'aria-rowindex', String(index + 2));
      return node;
    },
    forget: (key) => built.delete(key),
  });

  /** @param {Entry & {kind: 'order'}} entry */
  function drawRow(entry) {
    let row = built.get(entry.key);
    if (row === undefined) {
      row = createOrderRow(ticks);
      row.element.dataset.id = entry.key;
      built.set(entry.key, row);
    }
    row.update(entry.pedido, snapshot, today, time);
    return row.element;
  }

  /** @param {Entry & {kind: 'heading'}} entry @param {HTMLElement | null} known */
  function drawHeading(entry, known) {
    const count = String(entry.count);
    if (known) {
      setText(known.firstElementChild || known, `${entry.text} · ${count}`);
      return known;
    }
    return h('div', { class: 'group', role: 'row', dataset: { group: entry.key } },
      h('span', { role: 'cell' }, `${entry.text} · ${count}`));
  }

  function measure() {
    const style = getComputedStyle(rows);
    rowHeight = Number.parseFloat(style.getPropertyValue('--row')) || rowHeight;
    problemHeight = Number.parseFloat(style.getPropertyValue('--problem')) || problemHeight;
  }

  /** Arrow keys walk over the boxes. @param {KeyboardEvent} event */
  function onKey(event) {
    const box = event.target instanceof Element ? event.target.closest('.box') : null;
    if (!(box instanceof HTMLElement) || event.altKey || event.ctrlKey || event.metaKey) return;
    const row = /** @type {HTMLElement} */ (box.closest('.row'));
    const all = Array.from(row.querySelectorAll('.box'));
    /** @type {Element | null | undefined} */
    let target = null;
    if (event.key === 'ArrowLeft') target = all[all.indexOf(box) - 1];
    else if (event.key === 'ArrowRight') target = all[all.indexOf(box) + 1];
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const step = event.key === 'ArrowDown' ? 'nextElementSibling' : 'previousElementSibling';
      let other = row[step];
      while (other && !other.classList.contains('row')) other = other[step];
      target = other && other.querySelector(`.box[data-setor="${box.dataset.setor}"]`);
    } else return;
    event.preventDefault();
    if (target instanceof HTMLElement) target.focus();
  }
  rows.addEventListener('keydown', onKey);
  rows.addEventListener('pointermove', () => {
    heldUntil = now() + HOLD;
  });
  rows.addEventListener('pointerleave', () => {
    heldUntil = 0;
  });

  // ---- drawing -------------------------------------------------------------------------------

  /** The rows keep their places, and their orders are brought up to date. @param {Entry[]} fresh @returns {Entry[]} */
  function inPlace(fresh) {
    const byKey = new Map(fresh.map((entry) => [entry.key, entry]));
    /** @type {Entry[]} */
    const kept = [];
    for (const entry of entries) {
      const known = byKey.get(entry.key);
      const pedido = entry.kind === 'order' ? snapshot.byId.get(entry.pedido.id) : undefined;
      if (known) kept.push(known);
      else if (pedido) kept.push({ kind: 'order', key: entry.key, pedido });
    }
    return kept;
  }

  function draw() {
    const before = snapshot;
    snapshot = store.getSnapshot();
    time = now();
    today = dayOf(time);
    const beyond = older.filter(({ id }) => !snapshot.byId.has(id) && !gone.has(id));
    const fresh = selectEntries(snapshot.pedidos, beyond, filters, settings.get('meuSetor'));
    const held = !ownChange && entries.length > 0 && time < heldUntil;
    entries = held ? inPlace(fresh) : fresh;
    if (held) setTimeout(schedule.ask, heldUntil - time + 10);
    const moving = !ownChange && before.pedidos.length > 0;
    ownChange = false;
    const orders = entries.filter(({ kind }) => kind === 'order').length;
    table.hidden = orders === 0 && entries.length === 0;
    setAttribute(table, 'aria-rowcount', String(entries.length + 1));
    list.show(entries, moving);
    drawCounts();
    drawMessage(orders);
  }

  function drawCounts() {
    const counts = countRows(snapshot.pedidos, filters);
    let open = 0;
    let late = 0;
    let pressing = 0;
    for (const pedido of snapshot.pedidos) {
      if (isClosed(pedido)) continue;
      open += 1;
      if (isLate(pedido, today)) late += 1;
      if (pedido.prioridade === 'ALTA') pressing += 1;
    }
    stages.forEach(({ count }, stage) => setText(count, String(counts[stage])));
    const parts = [
      `${open} em aberto`,
      late > 0 && `${late} ${late === 1 ? 'atrasado' : 'atrasados'}`,
      pressing > 0 && `${pressing} ${pressing === 1 ? 'urgente' : 'urgentes'}`,
    ];
    setText(summary, parts.filter(Boolean).join(' · '));
  }

  /** @type {string} */
  let messageShown = '';

  /** @param {number} orders how many rows there are */
  function drawMessage(orders) {
    let kind = '';
    if (snapshot.lastSync === null) kind = snapshot.error ? `error ${snapshot.error.message}` : 'loading';
    else if (snapshot.pedidos.length === 0 && orders === 0 && !isFiltered(filters)) kind = 'empty';
    else if (orders === 0) kind = 'nothing';
    const words = {
      idle: '',
      asking: 'Buscando também nos pedidos mais antigos…',
      done: '',
      failed: 'Não foi possível buscar nos pedidos mais antigos.',
    };
    setText(searching, words[search]);
    if (kind === messageShown) return;
    messageShown = kind;
    message.replaceChildren(...messageFor(kind));
  }

  /** @param {string} kind @returns {Node[]} */
  function messageFor(kind) {
    if (kind === '') return [];
    if (kind === 'loading') {
      const bones = Array.from({ length: 8 }, () => h('div', { class: 'bone' }));
      return [h('p', { class: 'only-heard' }, 'Carregando os pedidos…'), h('div', { class: 'bones', 'aria-hidden': 'true' }, bones)];
    }
    if (kind.startsWith('error ')) {
      return [
        h('div', { class: 'empty' },
          h('h2', null, 'Não foi possível carregar os pedidos'),
          h('p', null, `${kind.slice(6)} O sistema continua tentando sozinho.`),
          h('button', { type: 'button', class: 'button', onclick: () => store.load() }, 'Tentar agora')),
      ];
    }
    if (kind === 'empty') {
      return [
        h('div', { class: 'empty' },
          h('h2', null, 'Nenhum pedido por aqui'),
          h('p', null, 'Quando alguém criar um pedido, ele aparece nesta lista na mesma hora.'),
          session.whyNot(WHOLE_ORDER) === null &&
            h('a', { class: 'button button--primary', href: '#/novo' }, 'Criar o primeiro pedido')),
      ];
    }
    return [
      h('div', { class: 'empty' },
        h('h2', null, 'Nenhum pedido com estes filtros'),
        h('button', { type: 'button', class: 'button', onclick: () => clear.click() }, 'Limpar filtros')),
    ];
  }

  // ---- wiring --------------------------------------------------------------------------------

  /** Deleted while they were among the search's results. @type {Set<number>} */
  const gone = new Set();
  const schedule = createSchedule(draw);
  const onResize = () => {
    measure();
    schedule.ask();
  };
  const onScroll = () => list.redraw();
  const off = [
    store.subscribe(schedule.ask),
    store.onChange(({ action, pedido_id }) => {
      if (action === 'delete') gone.add(pedido_id);
    }),
    ticks.subscribe(schedule.ask),
    settings.subscribe(() => {
      ownChange = true;
      drawFilters();
      schedule.ask();
    }),
    // Chips go out, and at midnight what was due becomes late.
    context.everySecond(() => {
      const aging = Object.keys(snapshot.remoteChanges).length > 0;
      if (aging || today !== dayOf(now())) schedule.ask();
    }),
  ];
  window.addEventListener('resize', onResize);
  window.addEventListener('scroll', onScroll, { passive: true });

  drawFilters();
  measure();
  if (filters.q) askServer();
  schedule.now();
  const position = positions.get(store);
  if (position !== undefined) {
    window.scrollTo(0, position);
    list.redraw();
  }
  const written = writeFilters(filters);
  if (context.route.name === 'lista' && written && context.route.query.toString() !== written) {
    replaceAddress(`#/lista?${written}`);
  }

  return () => {
    positions.set(store, window.scrollY);
    schedule.stop();
    list.stop();
    clearTimeout(searchTimer);
    off.forEach((undo) => undo());
    window.removeEventListener('resize', onResize);
    window.removeEventListener('scroll', onScroll);
  };
}
