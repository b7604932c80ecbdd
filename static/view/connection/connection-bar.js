// The connection, shown three ways: a pill that is always there, a band when it must not be overlooked, and
// on `body`, so that data which may be old looks so.

import { connectionView, hasLostAccess } from './connection-view.js';
import { h, icon, setAttribute, setText } from '../dom/dom.js';
import { signInAddress } from '../session.js';

const CHECK = 'M5 12.5l4.5 4.5L19 7';
const DOTS = 'M6 12h.01M12 12h.01M18 12h.01';
const BANG = 'M12 5v9M12 19h.01';

/** @typedef {import('./connection-view.js').ConnectionView} ConnectionView */

/** What helps when the connection is gone. @param {import('../../client/index.js').PedidosClient} client */
export function createWayBack(client) {
  const isOver = () => hasLostAccess(client.store.getSnapshot().connection);
  const element = h('button', { type: 'button', class: 'button' }, 'Reconectar');
  element.addEventListener('click', () => {
    // And back to where one is: what was being typed is kept for it.
    if (isOver()) location.assign(signInAddress());
    else client.connection.reconnect();
  });
  return {
    element,
    draw: () => setText(element, isOver() ? 'Entrar de novo' : 'Reconectar'),
  };
}

/**
 * @param {object} dependencies
 * @param {import('../../client/index.js').PedidosClient} dependencies.client
 * @param {() => number} dependencies.now
 * @param {() => boolean} dependencies.isCatchingUp
 * @param {() => void} dependencies.openDrawer
 * @param {(text: string) => void} dependencies.announce
 */
export function createConnectionBar({ client, now, isCatchingUp, openDrawer, announce }) {
  const mark = h('span', { class: 'status__mark' }, icon(DOTS));
  const text = h('span', null);
  const detail = h('span', { class: 'status__detail' });
  const pill = h(
    'button',
    { type: 'button', class: 'status', id: 'conexao', 'aria-haspopup': 'dialog', onclick: openDrawer },
    mark,
    text,
    detail,
  );
  const bandText = h('strong', null);
  const bandDetail = h('span', null);
  const wayBack = createWayBack(client);
  const band = h(
    'div',
    { class: 'band', id: 'faixa', hidden: true },
    bandText,
    bandDetail,
    wayBack.element,
  );
  /** @type {ConnectionView} */
  let view = look();

  function look() {
    return connectionView(client.store.getSnapshot(), now(), isCatchingUp());
  }

  function draw() {
    const before = view.kind;
    view = look();
    if (pill.dataset.kind !== view.kind) {
      pill.dataset.kind = view.kind;
      document.body.dataset.conexao = view.kind;
      const bad = view.kind === 'offline' || view.kind === 'blocked';
      mark.replaceChildren(icon(view.kind === 'ok' ? CHECK : bad ? BANG : DOTS));
    }
    // The band says it; the pill need not say it twice.
    const banded = view.kind === 'offline' || view.kind === 'blocked';
    setText(text, view.kind === 'offline' ? 'Sem conexão' : view.kind === 'blocked' ? 'Sem atualizações ao vivo' : view.text);
    setText(detail, banded ? '' : view.detail);
    if (banded) {
      setText(bandText, view.text);
      setText(bandDetail, view.detail);
      setAttribute(band, 'data-kind', view.kind);
      wayBack.draw();
    }
    if (band.hidden === banded) band.hidden = !banded;
    if (before === view.kind) return;
    if (view.kind === 'offline') announce(`${view.text}. ${view.detail}`);
    else if (before === 'offline') announce('A conexão voltou.');
  }

  return {
    pill,
    band,
    draw,
    view: () => view,
  };
}
