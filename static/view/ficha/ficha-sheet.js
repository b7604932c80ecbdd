// One page of paper for each item of an order. Black on white, whatever the screen's theme.

import { SETORES } from '../../client/index.js';
import { timeOf } from '../order/dates.js';
import { h } from '../dom/dom.js';
import { pictureAddress } from './ficha-images.js';
import { currency } from '../order/money.js';
import { STAGE_NAMES, STATUS_NAMES, shownStatus } from '../order/orders.js';
import { weekday } from '../order/figures.js';

/** @typedef {import('../../client/index.js').Pedido} Pedido */
/** @typedef {import('../../client/index.js').ItemPedido} ItemPedido */
/** @typedef {import('./ficha-prints.js').Printed} Printed */

/**
 * @typedef {object} Sheets
 * @property {HTMLElement} element
 * @property {HTMLImageElement[]} images
 * @property {(image: HTMLImageElement, good: boolean) => void} settle a picture is there, or could not be had
 * @property {(now: number, before: Printed | null) => void} stamp date and copy, as they are to stand on the paper
 */

/** @param {Pedido} pedido @returns {Sheets} */
export function createSheets(pedido) {
  const items = pedido.items.length > 0 ? pedido.items : [null];
  const pages = items.map((item, index) => createPage(pedido, item, `Item ${item ? index + 1 : 0}/${pedido.items.length}`));
  return {
    element: h('div', { class: 'ficha-folhas' }, pages.map((page) => page.element)),
    images: pages.flatMap((page) => (page.image ? [page.image] : [])),
    settle(image, good) {
      const page = pages.find((candidate) => candidate.image === image);
      if (page && page.frame) page.frame.dataset.imagem = good ? 'pronta' : 'falhou';
    },
    stamp(now, before) {
      for (const page of pages) page.stamp(now, before);
    },
  };
}

/** @param {Pedido} pedido @param {ItemPedido | null} item @param {string} position */
function createPage(pedido, item, position) {
  const copy = h('p', { class: 'ficha-via', hidden: true });
  const printed = h('span', null);
  const picture = createPicture(item);
  const element = h(
    'article',
    { class: 'ficha-folha', 'aria-label': position },
    h(
      'header',
      { class: 'ficha-topo' },
      h('p', { class: 'ficha-numero' }, h('span', null, 'Pedido'), h('strong', null, pedido.numero)),
      h(
        'div',
        { class: 'ficha-selos' },
        pedido.prioridade === 'ALTA' && h('strong', { class: 'ficha-urgente' }, 'URGENTE'),
        pedido.status === 'cancelado' && h('strong', { class: 'ficha-urgente' }, 'CANCELADO'),
      ),
      h('p', { class: 'ficha-posicao' }, position),
    ),
    copy,
    h('h2', { class: 'ficha-cliente' }, pedido.cliente),
    h(
      'dl',
      { class: 'ficha-dados' },
      fact('Entrega', dayText(pedido.data_entrega), 'ficha-entrega'),
      fact('Entrada', dayText(pedido.data_entrada)),
      fact('Cidade', pedido.cidade_cliente),
      fact('Telefone', pedido.telefone_cliente),
      fact('Envio', pedido.forma_envio),
      fact('Situação', STATUS_NAMES[shownStatus(pedido)]),
    ),
    item ? itemPart(item, picture) : h('p', { class: 'ficha-sem-itens' }, 'Este pedido não tem itens.'),
    note('Observação do pedido', pedido.observacao),
    h(
      'ul',
      { class: 'ficha-setores' },
      SETORES.map((setor) =>
        h(
          'li',
          null,
          h('span', { class: 'ficha-caixa' }, pedido[setor] ? '✓' : ''),
          h('span', null, STAGE_NAMES[setor]),
          h('span', { class: 'only-heard' }, pedido[setor] ? ': feito' : ': por fazer'),
        ),
      ),
    ),
    h('footer', { class: 'ficha-rodape' }, printed, h('span', null, paymentText(pedido))),
  );
  return {
    element,
    image: picture.image,
    frame: picture.frame,
    /** @param {number} now @param {Printed | null} before */
    stamp(now, before) {
      copy.hidden = before === null;
      copy.textContent = before ? copyText(before, pedido.versao) : '';
      printed.textContent = `Impressa em ${momentText(now)} · versão ${pedido.versao} do pedido`;
    },
  };
}

/**
 * @param {ItemPedido} item
 * @param {ReturnType<typeof createPicture>} picture
 */
function itemPart(item, picture) {
  const finish = item.acabamento || { overloque: false, elastico: false, ilhos: false };
  const eyelets = [
    item.ilhos_qtd && `${item.ilhos_qtd} un.`,
    item.ilhos_distancia && `a cada ${item.ilhos_distancia} cm`,
  ].filter(Boolean);
  const size = [item.largura, item.altura].filter(Boolean).join(' × ');
  return h(
    'section',
    { class: 'ficha-item' },
    h('h3', null, item.descricao),
    picture.frame,
    h(
      'dl',
      { class: 'ficha-dados ficha-dados-item' },
      fact('Tipo', item.tipo_producao),
      fact('Tecido', item.tecido),
      fact('Medidas (L × A)', size, 'ficha-medida'),
      fact('Área', item.metro_quadrado ? `${item.metro_quadrado} m²` : ''),
      fact('Emenda', item.emenda === 'com-emenda' ? 'Com emenda' : item.emenda === 'sem-emenda' ? 'Sem emenda' : ''),
      fact('Vendedor', item.vendedor),
      fact('Designer', item.designer),
      fact('Valor unitário', item.valor_unitario ? currency(item.valor_unitario) : ''),
    ),
    h(
      'ul',
      { class: 'ficha-acabamento', 'aria-label': 'Acabamento' },
      box('Overloque', finish.overloque),
      box('Elástico', finish.elastico),
      box(finish.ilhos && eyelets.length > 0 ? `Ilhós: ${eyelets.join(', ')}` : 'Ilhós', finish.ilhos),
    ),
    note('Observação do item', item.observacao),
  );
}

/** @param {ItemPedido | null} item @returns {{frame: HTMLElement | null, image: HTMLImageElement | null}} */
function createPicture(item) {
  if (!item || !item.imagem) return { frame: null, image: null };
  const address = pictureAddress(item.imagem, document.baseURI);
  const text = h('p', { class: 'ficha-sem-imagem' }, 'A imagem deste item não pôde ser carregada. Confira a arte antes de produzir.');
  if (address === null) {
    return { frame: h('div', { class: 'ficha-imagem', dataset: { imagem: 'falhou' } }, text), image: null };
  }
  const image = h('img', { alt: `Arte: ${item.descricao}`, referrerpolicy: 'no-referrer', src: address });
  const waiting = h('p', { class: 'ficha-esperando' }, 'A imagem ainda não chegou. Imprima de novo pelo botão “Imprimir”.');
  return { frame: h('div', { class: 'ficha-imagem', dataset: { imagem: 'carregando' } }, image, text, waiting), image };
}

/** @param {string} name @param {string | null | undefined} value @param {string} [style] */
function fact(name, value, style) {
  return value ? h('div', { class: style }, h('dt', null, name), h('dd', null, value)) : null;
}

/** @param {string} name @param {boolean} ticked */
function box(name, ticked) {
  return h(
    'li',
    { class: ticked ? 'ficha-sim' : 'ficha-nao' },
    h('span', { class: 'ficha-caixa', 'aria-hidden': 'true' }, ticked ? '✓' : ''),
    name,
    h('span', { class: 'only-heard' }, ticked ? ': sim' : ': não'),
  );
}

/** @param {string} title @param {string | null | undefined} text */
function note(title, text) {
  return text && text.trim() ? h('div', { class: 'ficha-obs' }, h('strong', null, title), h('p', null, text)) : null;
}

/** @param {string | null} day */
function dayText(day) {
  return day ? `${weekday(day)}, ${fullDay(day)}` : '';
}

/** @param {string} day @returns {string} `24/11/2026` */
function fullDay(day) {
  return day.split('-').reverse().join('/');
}

/** @param {number} ms @returns {string} `24/11/2026 às 14:32` */
export function momentText(ms) {
  const date = new Date(ms);
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  return `${two(date.getDate())}/${two(date.getMonth() + 1)}/${date.getFullYear()} às ${timeOf(ms)}`;
}

/** @param {Printed} before @param {number} versao */
function copyText(before, versao) {
  const last = `A anterior saiu em ${momentText(before.at)}.`;
  const changed = before.versao === versao ? '' : ' O pedido mudou desde então: descarte a anterior.';
  return `${before.times + 1}ª VIA. ${last}${changed}`;
}

/** @param {Pedido} pedido */
function paymentText(pedido) {
  return [pedido.tipo_pagamento, `total ${currency(pedido.valor_total)}`].filter(Boolean).join(' · ');
}
