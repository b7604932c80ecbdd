// Resumo: how the shop stands today. Counts per sector, late orders, orders finished per day; live.

import { arrange, h, setAttribute, setText } from '../dom/dom.js';
import { dayOf, shortDate } from '../order/dates.js';
import { STAGE_NAMES, stageOf } from '../order/orders.js';
import { createChart } from './resumo-chart.js';
import { addDays, delayText, figuresOf } from '../order/figures.js';
import { createFinishedDays } from './resumo-finished.js';

/** @typedef {import('../context.js').Context} Context */
/** @typedef {import('../../client/index.js').Pedido} Pedido */

const DAYS = 14;
/** So many late orders have a line of their own: who has more needs the list. */
const LINES = 15;
/** Changes that come faster than that are drawn together. */
const REDRAW = 200;

const CHART = {
  title: `Concluídos por dia, nas últimas duas semanas`,
  meaning:
    'Cada pedido conta no dia em que ficou pronto: as cinco caixas marcadas, ou a situação “pronto” ou ' +
    '“entregue”. A entrega depois não muda o dia. Cancelados e excluídos não contam.',
};

/**
 * @param {HTMLElement} element
 * @param {Context} context
 * @returns {() => void}
 */
export function mount(element, { store, now, everySecond, setTitle }) {
  const clock = {
    setTimeout: (/** @type {() => void} */ callback, /** @type {number} */ ms) => window.setTimeout(callback, ms),
    clearTimeout: (/** @type {any} */ timer) => window.clearTimeout(timer),
  };
  /** @type {unknown} */
  let redraw = null;
  /** The figures turn over at midnight, though nothing has changed. */
  let drawnDay = '';

  const tiles = createTiles();
  const late = createLate();
  const chart = createChart(CHART.title, DAYS);
  const total = h('span', { class: 'resumo-total' });
  const reading = h('p', { class: 'resumo-lendo', hidden: true });
  const loading = h('p', { class: 'resumo-carregando' }, 'Carregando os pedidos…');
  const body = layOut({ tiles: tiles.element, late: late.elements, total, chart: chart.element, reading });
  element.append(h('div', { class: 'resumo' }, h('h1', null, 'Resumo'), loading, body));
  if (setTitle) setTitle('Resumo');

  const finished = createFinishedDays({
    store,
    clock,
    since: addDays(dayOf(now()), 1 - DAYS),
    onUpdate: schedule,
  });

  function schedule() {
    if (redraw === null) redraw = clock.setTimeout(draw, REDRAW);
  }

  function draw() {
    clock.clearTimeout(redraw);
    redraw = null;
    const { pedidos, lastSync, error } = store.getSnapshot();
    const ready = lastSync !== null;
    body.hidden = !ready;
    loading.hidden = ready;
    setText(loading, error && !ready ? `Não foi possível carregar: ${error.message}` : 'Carregando os pedidos…');
    if (!ready) return;
    drawnDay = dayOf(now());
    const figures = figuresOf(pedidos, drawnDay);
    tiles.draw(figures);
    late.draw(figures.late, drawnDay);
    drawChart(drawnDay);
  }

  /** @param {string} today */
  function drawChart(today) {
    const first = addDays(today, 1 - DAYS);
    const { byDay, unknown } = finished.count(first);
    const data = Array.from({ length: DAYS }, (_, index) => {
      const day = addDays(first, index);
      return { day, count: byDay.get(day) || 0 };
    });
    chart.draw(data);
    const sum = data.reduce((count, entry) => count + entry.count, 0);
    setText(total, sum === 1 ? '1 pedido em 14 dias' : `${sum} pedidos em 14 dias`);
    reading.hidden = unknown === 0;
    setText(reading, `Lendo o histórico de ${unknown === 1 ? 'mais 1 pedido' : `mais ${unknown} pedidos`}…`);
  }

  window.addEventListener('resize', schedule);
  const off = store.subscribe(schedule);
  const offSecond = everySecond(() => drawnDay !== '' && dayOf(now()) !== drawnDay && draw());
  draw();

  return () => {
    off();
    window.removeEventListener('resize', schedule);
    finished.close();
    clock.clearTimeout(redraw);
    offSecond();
    element.textContent = '';
  };
}

/** @param {{tiles: HTMLElement, late: HTMLElement[], total: HTMLElement, chart: Element, reading: HTMLElement}} parts */
function layOut({ tiles, late, total, chart, reading }) {
  return h(
    'div',
    { class: 'resumo-corpo', hidden: true },
    h('section', { class: 'resumo-bloco', 'aria-labelledby': 'resumo-setores' }, h('h2', { id: 'resumo-setores' }, 'Por setor'), tiles),
    h('section', { class: 'resumo-bloco', 'aria-labelledby': 'resumo-atrasados' }, late),
    h(
      'section',
      { class: 'resumo-bloco', 'aria-labelledby': 'resumo-concluidos' },
      h('div', { class: 'resumo-cabeca' }, h('h2', { id: 'resumo-concluidos' }, 'Concluídos por dia'), total),
      chart,
      reading,
      h('p', { class: 'resumo-nota' }, CHART.meaning),
    ),
  );
}

function createTiles() {
  /** @type {Map<string, {name: HTMLElement, count: HTMLElement, note: HTMLElement}>} */
  const tiles = new Map();
  const element = h('ul', { class: 'resumo-setores' });

  /** @param {string} key @param {string} href @param {string} name @param {number} count @param {string} note @param {boolean} alarm */
  function tile(key, href, name, count, note, alarm) {
    let entry = tiles.get(key);
    if (!entry) {
      entry = { name: h('span', { class: 'resumo-nome' }), count: h('strong', null), note: h('span', null) };
      tiles.set(key, entry);
      element.append(h('li', { 'data-setor': key }, h('a', { href }, entry.name, entry.count, entry.note)));
    }
    setText(entry.name, name);
    setText(entry.count, String(count));
    setText(entry.note, note);
    setAttribute(entry.note, 'class', alarm ? 'resumo-atraso' : 'resumo-sem-atraso');
  }

  return {
    element,
    /** @param {import('../order/figures.js').Figures} figures */
    draw({ stages, open, dueToday }) {
      for (const { stage, name, open: count, late } of stages) {
        const note = late > 0 ? plural(late, 'atrasado') : stage === 'pronto' ? 'a entregar' : 'em dia';
        tile(stage, `#/lista?setor=${stage}`, name, count, note, late > 0);
      }
      // Named, or the list would open with the filters that it was left with.
      tile('abertos', '#/lista?status=abertos', 'Abertos', open, `${dueToday.length} para hoje`, false);
    },
  };
}

function createLate() {
  const count = h('span', { class: 'resumo-total' });
  const list = h('ul', { class: 'resumo-atrasados' });
  const rest = h('p', { class: 'resumo-nota', hidden: true });
  const none = h('p', { class: 'resumo-nada' }, 'Nenhum pedido atrasado.');
  /** @type {Map<number, ReturnType<typeof createLine>>} */
  const lines = new Map();

  return {
    elements: [
      h('div', { class: 'resumo-cabeca' }, h('h2', { id: 'resumo-atrasados' }, 'Atrasados'), count),
      none,
      list,
      rest,
    ],
    /** @param {readonly Pedido[]} pedidos @param {string} today */
    draw(pedidos, today) {
      const shown = pedidos.slice(0, LINES);
      const elements = shown.map((pedido) => {
        const line = lines.get(pedido.id) || createLine(pedido.id);
        lines.set(pedido.id, line);
        line.draw(pedido, today);
        return line.element;
      });
      arrange(list, elements);
      const ids = new Set(shown.map(({ id }) => id));
      Array.from(lines.keys()).forEach((id) => ids.has(id) || lines.delete(id));
      setText(count, pedidos.length > 0 ? plural(pedidos.length, 'pedido') : '');
      none.hidden = pedidos.length > 0;
      list.hidden = pedidos.length === 0;
      rest.hidden = pedidos.length <= LINES;
      setText(rest, `e mais ${pedidos.length - LINES}, com menos dias de atraso`);
    },
  };
}

/** @param {number} id */
function createLine(id) {
  const numero = h('span', { class: 'resumo-numero' });
  const cliente = h('span', { class: 'resumo-cliente' });
  const stage = h('span', { class: 'resumo-onde' });
  const since = h('span', { class: 'resumo-dias' });
  const due = h('span', { class: 'resumo-prazo' });
  return {
    element: h('li', null, h('a', { href: `#/pedido/${id}` }, numero, cliente, stage, due, since)),
    /** @param {Pedido} pedido @param {string} today */
    draw(pedido, today) {
      setText(numero, pedido.numero);
      setText(cliente, pedido.cliente);
      setText(stage, STAGE_NAMES[stageOf(pedido)]);
      setText(due, `entrega ${shortDate(pedido.data_entrega, today)}`);
      setText(since, delayText(pedido, today));
    },
  };
}

/** @param {number} count @param {string} noun */
function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
