// Ficha: the order sheet, printed by the browser. The button waits for the pictures; whoever prints from the
// browser's menu before they are there reads so on the paper.

import { h, listen, setText } from '../dom/dom.js';
import { watchPictures } from './ficha-images.js';
import { createPrints } from './ficha-prints.js';
import { createSheets, momentText } from './ficha-sheet.js';

/** @typedef {import('../context.js').Context} Context */
/** @typedef {import('../../client/index.js').Pedido} Pedido */

/**
 * @param {HTMLElement} element
 * @param {Context} context
 * @returns {() => void}
 */
export function mount(element, context) {
  const ficha = new Ficha(context);
  element.append(ficha.view);
  ficha.draw();
  return () => ficha.close();
}

class Ficha {
  /** @param {Context} context */
  constructor({ store, storage, route, now, announce, setTitle }) {
    this.store = store;
    this.now = now;
    this.announce = announce;
    this.setTitle = setTitle;
    this.id = /** @type {number} */ (route.id);
    this.prints = createPrints(storage);
    /** @type {Pedido | null} what the sheets show */
    this.shown = null;
    /** An order that the store does not hold: an old one. @type {Pedido | null} */
    this.fetched = null;
    this.asked = false;
    this.closed = false;
    /** @type {import('./ficha-sheet.js').Sheets | null} */
    this.sheets = null;
    /** @type {import('./ficha-images.js').Pictures | null} */
    this.pictures = null;
    this.wantsPrint = false;
    this.heading = h('h1', null, 'Ficha');
    this.button = h('button', { type: 'button', class: 'button button--primary', onclick: () => this.print(), disabled: true }, 'Imprimir');
    this.state = h('p', { class: 'ficha-estado', role: 'status' });
    this.before = h('p', { class: 'ficha-antes', hidden: true });
    this.noteText = h('span', null);
    this.undo = h('button', { type: 'button', class: 'button' }, 'Não saiu no papel');
    this.noted = h('div', { class: 'ficha-registro', hidden: true }, this.noteText, this.undo);
    this.place = h('div', { class: 'ficha-mesa', role: 'region', 'aria-label': 'Folhas', tabindex: '0' });
    this.view = h(
      'div',
      { class: 'ficha' },
      h(
        'div',
        { class: 'ficha-barra' },
        h(
          'div',
          { class: 'ficha-titulo' },
          h('a', { href: `#/pedido/${this.id}` }, '‹ Voltar ao pedido'),
          this.heading,
        ),
        this.button,
        this.state,
        this.before,
        this.noted,
      ),
      this.place,
    );

    this.off = [
      store.subscribe(() => this.draw()),
      store.onChange((change) => this.onChange(change)),
      listen(window, 'beforeprint', () => this.onBeforePrint()),
      listen(window, 'afterprint', () => this.onAfterPrint()),
    ];
  }

  draw() {
    const { byId, lastSync } = this.store.getSnapshot();
    const pedido = byId.get(this.id) || this.fetched;
    if (pedido) this.show(pedido);
    else if (lastSync !== null && !this.asked) this.fetchOrder();
    else if (!this.asked) setText(this.state, 'Carregando o pedido…');
  }

  async fetchOrder() {
    this.asked = true;
    setText(this.state, 'Carregando o pedido…');
    try {
      this.fetched = await this.store.fetchById(this.id);
      if (!this.closed) this.draw();
    } catch (error) {
      const failure = /** @type {import('../../client/index.js').PedidosError} */ (error);
      if (this.closed) return;
      setText(this.state, failure.status === 404 ? 'Este pedido não existe mais.' : failure.message);
      // Without an answer: asked again by the next sign of life on the stream.
      this.asked = failure.status !== 0;
    }
  }

  /** @param {Pedido} pedido */
  show(pedido) {
    if (this.shown === pedido || (this.shown && this.shown.versao === pedido.versao)) return;
    this.shown = pedido;
    if (this.pictures) this.pictures.close();
    const made = createSheets(pedido);
    this.sheets = made;
    this.place.replaceChildren(made.element);
    setText(this.heading, `Ficha do pedido ${pedido.numero}`);
    if (this.setTitle) this.setTitle(`Ficha ${pedido.numero}`);
    this.button.disabled = false;
    const watched = watchPictures(made.images, (image, good) => {
      made.settle(image, good);
      this.drawState();
    });
    this.pictures = watched;
    watched.settled.then(() => {
      if (this.closed || this.pictures !== watched) return;
      this.drawState();
      if (this.wantsPrint) this.openDialog();
    });
    this.drawState();
    this.drawBefore();
  }

  drawState() {
    if (!this.pictures || !this.shown) return;
    const { total, loaded, failed } = this.pictures.state();
    const pages = Math.max(1, this.shown.items.length);
    const paper = pages === 1 ? '1 página' : `${pages} páginas`;
    const waiting = loaded + failed < total;
    this.view.dataset.imagens = waiting ? 'carregando' : failed > 0 ? 'falhou' : 'prontas';
    if (waiting) setText(this.state, `Carregando imagens: ${loaded + failed} de ${total}…`);
    else if (failed > 0) setText(this.state, `${paper} · ${failed === 1 ? '1 imagem não carregou' : `${failed} imagens não carregaram`}`);
    else setText(this.state, paper);
    setText(this.button, this.wantsPrint && waiting ? 'Esperando as imagens…' : 'Imprimir');
  }

  drawBefore() {
    if (!this.shown || !this.sheets) return;
    const last = this.prints.of(this.id);
    this.before.hidden = last === null;
    if (last) {
      const times = last.times === 1 ? '' : `, ${last.times} vezes`;
      const changed = last.versao === this.shown.versao ? '' : ' O pedido mudou desde então.';
      setText(this.before, `Já impressa neste computador${times}: a última em ${momentText(last.at)}.${changed}`);
    }
    this.sheets.stamp(this.now(), last);
  }

  print() {
    if (!this.pictures) return;
    const { total, loaded, failed } = this.pictures.state();
    this.wantsPrint = true;
    if (loaded + failed === total) this.openDialog();
    else this.drawState();
  }

  openDialog() {
    this.wantsPrint = false;
    this.drawState();
    window.print();
  }

  onBeforePrint() {
    this.noted.hidden = true;
    this.drawBefore();
  }

  onAfterPrint() {
    if (!this.shown) return;
    const at = this.now();
    const takeBack = this.prints.note(this.id, this.shown.versao, at);
    this.noted.hidden = false;
    setText(this.noteText, `Registrada como impressa em ${momentText(at)}.`);
    this.undo.onclick = () => {
      takeBack();
      this.noted.hidden = true;
      this.drawBefore();
      this.button.focus();
      this.announce('Registro de impressão desfeito.');
    };
    this.drawBefore();
  }

  /** @param {import('../../client/index.js').PedidoChange} change */
  onChange(change) {
    if (change.pedido_id !== this.id || change.action !== 'delete') return;
    this.fetched = null;
    this.asked = true;
    this.button.disabled = true;
    this.view.dataset.excluido = '';
    setText(this.state, `Este pedido foi excluído${change.autor ? ` por ${change.autor}` : ''}.`);
  }

  close() {
    this.closed = true;
    this.off.forEach((undo) => undo());
    if (this.pictures) this.pictures.close();
    this.view.remove();
  }
}
