// A column for each day, in SVG: drawn once, then only what changes is touched. What it shows stands in a
// table too, for those who do not see it.

import { h, setAttribute, setText } from '../dom/dom.js';
import { shortDate } from '../order/dates.js';
import { weekday } from '../order/figures.js';

const NS = 'http://www.w3.org/2000/svg';
const HEIGHT = 240;
const TOP = 28;
const BASE = 192;
const LEFT = 34;
/** Below that, the names of two days would touch. */
const ROOM = 44;

/**
 * The top of the scale: a number whose half is whole, so that the line in the middle has a whole name.
 * @param {number} highest
 * @returns {number}
 */
export function scaleTop(highest) {
  if (highest <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(highest));
  const steps = [1, 2, 4, 6, 8, 10].map((step) => step * power).filter((top) => top % 2 === 0);
  return steps.find((top) => top >= highest) || power * 10;
}

/**
 * @param {string} title
 * @param {number} length how many days
 */
export function createChart(title, length) {
  const svg = shape('svg', { class: 'resumo-grafico', 'aria-hidden': 'true' });
  const lines = [1, 0.5, 0].map((share) => {
    const y = BASE - share * (BASE - TOP);
    const label = shape('text', { x: LEFT - 10, y: y + 4, class: 'resumo-escala' });
    const line = shape('line', { x1: LEFT, y1: y, y2: y, class: share ? 'resumo-linha' : 'resumo-base' });
    svg.append(line, label);
    return { share, line, label };
  });
  const columns = Array.from({ length }, () => {
    const group = shape('g', {});
    const tip = shape('title', {});
    // The whole height answers to the pointer, not only the column.
    const field = shape('rect', { y: TOP - 24, height: HEIGHT - TOP + 24, class: 'resumo-campo' });
    const bar = shape('rect', { rx: 3, class: 'resumo-coluna' });
    const value = shape('text', { class: 'resumo-valor' });
    const day = shape('text', { y: BASE + 20, class: 'resumo-dia' });
    const name = shape('text', { y: BASE + 37, class: 'resumo-semana' });
    group.append(tip, field, bar, value, day, name);
    svg.append(group);
    return { group, tip, field, bar, value, day, name };
  });

  /** One unit is one pixel, so that letters keep their size on a phone. @param {number} width */
  function layOut(width) {
    const step = (width - LEFT) / length;
    setAttribute(svg, 'viewBox', `0 0 ${width} ${HEIGHT}`);
    for (const { line } of lines) setAttribute(line, 'x2', String(width));
    columns.forEach(({ field, bar, value, day, name }, index) => {
      const x = LEFT + index * step;
      const gap = step > ROOM ? 10 : 4;
      place(field, x, step);
      place(bar, x + gap / 2, step - gap);
      for (const text of [value, day, name]) setAttribute(text, 'x', String(x + step / 2));
      // Counted from today backwards, which keeps its name.
      const named = step > ROOM || (length - 1 - index) % (step > ROOM / 2 ? 2 : 4) === 0;
      for (const text of [day, name]) setAttribute(text, 'visibility', named ? null : 'hidden');
    });
  }

  const rows = Array.from({ length }, () => ({ day: h('th', { scope: 'row' }), value: h('td', null) }));
  const table = h(
    'table',
    { class: 'resumo-tabela' },
    h('caption', null, title),
    h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Dia'), h('th', { scope: 'col' }, 'Concluídos'))),
    h('tbody', null, rows.map((row) => h('tr', null, row.day, row.value))),
  );

  return {
    element: h('div', { class: 'resumo-figura' }, svg, h('div', { class: 'only-heard' }, table)),
    /**
     * @param {readonly {day: string, count: number}[]} data one entry a day, today last
     */
    draw(data) {
      layOut(svg.clientWidth || 700);
      const top = scaleTop(Math.max(...data.map(({ count }) => count)));
      for (const { share, label } of lines) setText(label, String(top * share));
      data.forEach(({ day, count }, index) => {
        const column = columns[index];
        const today = index === data.length - 1;
        const height = Math.round((count / top) * (BASE - TOP) * 10) / 10;
        const weekend = weekday(day) === 'domingo' || weekday(day) === 'sábado';
        setAttribute(column.bar, 'y', String(BASE - height));
        setAttribute(column.bar, 'height', String(height));
        setAttribute(column.group, 'class', today ? 'resumo-hoje' : weekend ? 'resumo-folga' : null);
        setAttribute(column.value, 'y', String(BASE - height - 7));
        setText(column.value, count > 0 || today ? String(count) : '');
        setText(column.day, shortDate(day, day));
        setText(column.name, today ? 'hoje' : weekday(day).slice(0, 3));
        const text = `${today ? 'hoje' : weekday(day)}, ${shortDate(day, day)}`;
        setText(column.tip, `${text}: ${count === 1 ? '1 pedido' : `${count} pedidos`}`);
        setText(rows[index].day, text);
        setText(rows[index].value, String(count));
      });
    },
  };
}

/** @param {Element} element @param {number} x @param {number} width */
function place(element, x, width) {
  setAttribute(element, 'x', x.toFixed(1));
  setAttribute(element, 'width', width.toFixed(1));
}

/** @param {string} tag @param {Record<string, string | number>} attributes */
function shape(tag, attributes) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
