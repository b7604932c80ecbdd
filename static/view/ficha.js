// Ficha: the order sheet, printed by the browser. The button waits for the pictures; whoever prints from the
// browser's menu before they are there reads so on the paper.

import { h, setText } from './dom.js';
import { watchPictures } from './ficha-images.js';
import { createPrints } from './ficha-prints.js';
import { createSheets, momentText } from './ficha-sheet.js';

/** @typedef {import('./context.js').Context} Context */
/** @typedef {import('../client/index.js').Pedido} Pedido */

/**
 * @param {HTMLElement} element
 * @param {Context} context
 * @returns {() => void}
 */
export function mount(element, { store, storage, route, now, announce, setTitle }) {
  const id = /** @type {number} */ (route.id);
  const prints = createPrints(storage);
  /** @type {Pedido | null} what the sheets show */
  let shown = null;
  /** An order that the store does not hold: an old one. @type {Pedido | null} */
  let fetched = null;
  let asked = false;
  let closed = false;
  /** @type {import('./ficha-sheet.js').Sheets | null} */
  let sheets = null;
  /** @type {import('./ficha-images.js').Pictures | null} */
  let pictures = null;
  let wantsPrint = false;

  const heading = h('h1', null, 'Ficha');
  const button = h('button', { type: 'button', class: 'button button--primary', onclick: print, disabled: true }, 'Imprimir');
  const state = h('p', { class: 'ficha-estado', role: 'status' });
  const before = h('p', { class: 'ficha-antes', hidden: true });
  const noteText = h('span', null);
  const undo = h('button', { type: 'button', class: 'button' }, 'Não saiu no papel');
  const noted = h('div', { class: 'ficha-registro', hidden: true }, noteText, undo);
  const place = h('div', { class: 'ficha-mesa' });
  const view = h(
    'div',
    { class: 'ficha' },
    h(
      'div',
      { class: 'ficha-barra' },
      h(
        'div',
        { class: 'ficha-titulo' },
        h('a', { href: `#/pedido/${id}` }, '‹ Voltar ao pedido'),
        heading,
      ),
      button,
      state,
      before,
      noted,
    ),
    place,
  );
  element.append(view);

  function draw() {
    const { byId, lastSync } = store.getSnapshot();
    const pedido = byId.get(id) || fetched;
    if (pedido) show(pedido);
    else if (lastSync !== null && !asked) fetchOrder();
    else if (!asked) setText(state, 'Carregando o pedido…');
  }

  async function fetchOrder() {
    asked = true;
    setText(state, 'Carregando o pedido…');
    try {
      fetched = await store.fetchById(id);
      if (!closed) draw();
    } catch (error) {
      const failure = /** @type {import('../client/index.js').PedidosError} */ (error);
      if (closed) return;
      setText(state, failure.status === 404 ? 'Este pedido não existe mais.' : failure.message);
      // Without an answer: asked again by the next sign of life on the stream.
      asked = failure.status !== 0;
    }
  }

  /** @param {Pedido} pedido */
  function show(pedido) {
    if (shown === pedido || (shown && shown.versao === pedido.versao)) return;
    shown = pedido;
    if (pictures) pictures.close();
    const made = createSheets(pedido);
    sheets = made;
    place.replaceChildren(made.element);
    setText(heading, `Ficha do pedido ${pedido.numero}`);
    if (setTitle) setTitle(`Ficha ${pedido.numero}`);
    button.disabled = false;
    const watched = watchPictures(made.images, (image, good) => {
      made.settle(image, good);
      drawState();
    });
    pictures = watched;
    watched.settled.then(() => {
      if (closed || pictures !== watched) return;
      drawState();
      if (wantsPrint) openDialog();
    });
    drawState();
    drawBefore();
  }

  function drawState() {
    if (!pictures || !shown) return;
    const { total, loaded, failed } = pictures.state();
    const pages = Math.max(1, shown.items.length);
    const paper = pages === 1 ? '1 página' : `${pages} páginas`;
    const waiting = loaded + failed < total;
    view.dataset.imagens = waiting ? 'carregando' : failed > 0 ? 'falhou' : 'prontas';
    if (waiting) setText(state, `Carregando imagens: ${loaded + failed} de ${total}…`);
    else if (failed > 0) setText(state, `${paper} · ${failed === 1 ? '1 imagem não carregou' : `${failed} imagens não carregaram`}`);
    else setText(state, paper);
    setText(button, wantsPrint && waiting ? 'Esperando as imagens…' : 'Imprimir');
  }

  function drawBefore() {
    if (!shown || !sheets) return;
    const last = prints.of(id);
    before.hidden = last === null;
    if (last) {
      const times = last.times === 1 ? '' : `, ${last.times} vezes`;
      const changed = last.versao === shown.versao ? '' : ' O pedido mudou desde então.';
      setText(before, `Já impressa neste computador${times}: a última em ${momentText(last.at)}.${changed}`);
    }
    sheets.stamp(now(), last);
  }

  function print() {
    if (!pictures) return;
    const { total, loaded, failed } = pictures.state();
    wantsPrint = true;
    if (loaded + failed === total) openDialog();
    else drawState();
  }

  function openDialog() {
    wantsPrint = false;
    drawState();
    window.print();
  }

  function onBeforePrint() {
    noted.hidden = true;
    drawBefore();
  }

  function onAfterPrint() {
    if (!shown) return;
    const at = now();
    const takeBack = prints.note(id, shown.versao, at);
    noted.hidden = false;
    setText(noteText, `Registrada como impressa em ${momentText(at)}.`);
    undo.onclick = () => {
      takeBack();
      noted.hidden = true;
      drawBefore();
      button.focus();
      announce('Registro de impressão desfeito.');
    };
    drawBefore();
  }

  /** @param {import('../client/index.js').PedidoChange} change */
  function onChange(change) {
    if (change.pedido_id !== id || change.action !== 'delete') return;
    fetched = null;
    asked = true;
    button.disabled = true;
    view.dataset.excluido = '';
    setText(state, `Este pedido foi excluído${change.autor ? ` por ${change.autor}` : ''}.`);
  }

  window.addEventListener('beforeprint', onBeforePrint);
  window.addEventListener('afterprint', onAfterPrint);
  const off = [store.subscribe(draw), store.onChange(onChange)];
  draw();

  return () => {
    closed = true;
    off.forEach((undoOne) => undoOne());
    if (pictures) pictures.close();
    window.removeEventListener('beforeprint', onBeforePrint);
    window.removeEventListener('afterprint', onAfterPrint);
    view.remove();
  };
}
