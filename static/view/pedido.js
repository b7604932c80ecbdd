// One order: the form to create and to edit it, its sectors, and its history.
//
// The form is one of three things at any time:
//
//   editing ──save──▶ sending ──answer──▶ saved (a new order: on to its own page)
//      ▲                 │
//      │   refused: the fault on its field; conflict: asking in the dialog, then sending again
//      └─────────────────┘ no answer: *Sem confirmação · Repetir*, the same key again
//
// A new order that was sent and not answered may exist. What is repeated is therefore what was sent, under its key,
// whatever was typed since; the rest goes into the form of the order that is answered. Anything else could make two.

import { SETORES, WHOLE_ORDER } from '../client/protocol.js';
import { askConflict } from './conflict-dialog.js';
import { atMoment, dayOf, momentOf, timeOf, withCentury } from './dates.js';
import { h, setAttribute, setText } from './dom.js';
import { leaveDraft, openDraft } from './drafts.js';
import { moveOnEnter } from './enter-key.js';
import { lockAll } from './fields.js';
import { createItemEditor } from './item-editor.js';
import { newItem } from './item-fields.js';
import { currency, sumOfItems, toAmount, toCents } from './money.js';
import { AMOUNTS, DATES, EDITED, createEdit, isSame } from './order-edit.js';
import { faultsOf } from './order-checks.js';
import { createOrderFields, shownValue, typedValue } from './order-fields.js';
import { isFarAhead } from './order-number.js';
import { fieldName } from './orders.js';
import { ask } from './question.js';
import { readableValue } from './readable-value.js';
import { createSectorBox } from './sector-box.js';
import { createTimeline } from './timeline.js';

/** @typedef {import('./context.js').Context} Context */
/** @typedef {import('./orders.js').Pedido} Pedido */
/** @typedef {import('../client/protocol.js').ItemPedido} ItemPedido */
/** @typedef {import('../client/index.js').PedidosError} PedidosError */
/** @typedef {import('./order-edit.js').Draft} Draft */
/** @typedef {import('./order-edit.js').Sent} Sent */
/** @typedef {'editing' | 'sending' | 'asking'} Phase */

const DRAFT_PAUSE = 250;
/** Disjoint changes are put together without asking; so often in a row before one gives up. */
const MOST_MERGES = 4;
/** The server knows a key for a day; with a margin. */
const KEY_LIFE = 23 * 3_600_000;

/** The order that was just created on this page: its own page says so. */
let justCreated = 0;

/** @param {HTMLElement} element @param {Context} context @returns {() => void} */
export function mount(element, context) {
  const { id } = context.route;
  if (context.route.name === 'novo' || id === null) {
    const whyNot = context.session.whyNot(WHOLE_ORDER);
    return whyNot === null ? mountForm(element, context, null) : mountRefusal(element, whyNot);
  }
  const known = context.store.getSnapshot().byId.get(id);
  if (known) return mountForm(element, context, known);

  // Not among the loaded ones (yet).
  let unmount = () => undefined;
  let gone = false;
  element.append(h('p', { class: 'empty' }, 'Carregando o pedido…'));
  load();

  async function load() {
    try {
      const pedido = await context.store.fetchById(/** @type {number} */ (id));
      if (gone) return;
      element.replaceChildren();
      unmount = /** @type {() => undefined} */ (mountForm(element, context, pedido));
    } catch (failure) {
      if (gone) return;
      const missing = /** @type {PedidosError} */ (failure).status === 404;
      element.replaceChildren(
        h(
          'div',
          { class: 'empty' },
          h('h1', null, missing ? 'Este pedido não existe' : 'O pedido não pôde ser carregado'),
          h('p', null, missing ? 'Ele foi excluído, ou o endereço está errado.' : /** @type {Error} */ (failure).message),
          !missing && h('button', { type: 'button', class: 'button', onclick: load }, 'Tentar de novo'),
          h('a', { class: 'button', href: '#/lista' }, 'Voltar à lista'),
        ),
      );
    }
  }
  return () => {
    gone = true;
    unmount();
  };
}

/** @param {HTMLElement} element @param {string} why @returns {() => void} */
function mountRefusal(element, why) {
  element.append(
    h(
      'div',
      { class: 'empty' },
      h('h1', null, 'Você não pode criar pedidos'),
      h('p', null, `${why}.`),
      h('a', { class: 'button', href: '#/lista' }, 'Voltar à lista'),
    ),
  );
  return () => undefined;
}

/**
 * @param {HTMLElement} element
 * @param {Context} context
 * @param {Pedido | null} pedido null for a new one
 * @returns {() => void}
 */
function mountForm(element, context, pedido) {
  const { store, storage, ticks, now, announce, navigate } = context;
  const { whyNot } = context.session;
  const locked = EDITED.filter((name) => whyNot(name) !== null);
  const canSave = locked.length < EDITED.length;
  const id = pedido === null ? null : pedido.id;
  const kept = openDraft(storage, id === null ? 'novo' : String(id));
  const edit = createEdit(pedido);
  let closed = false;
  let deleted = false;
  /** @type {Phase} */
  let phase = 'editing';
  /** A question over the form: it goes with the form. @type {HTMLDialogElement | null} */
  let question = null;
  /** Of a change without an answer, and what it was: sent again, it must be the same. @type {{key: string, body: string} | null} */
  let unconfirmed = null;
  /** A new order that was sent; null where it was answered. @type {Sent | null} */
  let sent = null;

  // ---- the parts -----------------------------------------------------------------------------

  const fields = createOrderFields();
  /** @param {string} name */
  const field = (name) => /** @type {import('./fields.js').Field} */ (fields.get(name));
  /** @param {string} name */
  const part = (name) => field(name).element;

  const heading = h('h1', { tabindex: '-1' });
  const subtitle = h('p', { class: 'muted' });
  const banner = h('div', { class: 'banner', hidden: true });
  const faults = h('div', { class: 'faults', role: 'alert', tabindex: '-1', hidden: true });
  const itemList = h('div', { class: 'items' });
  const itemsNote = h('div', { class: 'field__note', hidden: true });
  const itemsTotal = h('output', { id: 'valor-itens' });
  const useSum = h('button', { type: 'button', class: 'link', onclick: followSum });
  const save = h('button', { type: 'button', class: 'button button--primary', id: 'salvar', onclick: submit });
  const reset = h('button', { type: 'button', class: 'button button--plain', onclick: discard }, 'Descartar alterações');
  const state = h('p', { class: 'savebar__state', id: 'estado' });
  const addItem = h('button', { type: 'button', class: 'button', onclick: () => insertItem() }, 'Adicionar item');
  field('valor_total').element.append(useSum);

  fields.forEach(({ element: one }, name) => locked.includes(name) && lockAll(one, whyNot(name) || ''));
  addItem.hidden = locked.includes('items');

  const form = h(
    'form',
    { class: 'form', novalidate: true, 'aria-label': id === null ? 'Novo pedido' : 'Pedido' },
    faults,
    h(
      'section',
      { class: 'panel' },
      h('h2', null, 'Cliente'),
      h('div', { class: 'grid' }, part('cliente'), part('numero'), part('telefone_cliente'), part('cidade_cliente')),
    ),
    h(
      'section',
      { class: 'panel' },
      h('h2', null, 'Prazo'),
      h('div', { class: 'grid' }, part('data_entrada'), part('data_entrega'), part('prioridade'), part('status'), part('observacao')),
    ),
    h('section', { class: 'panel', id: 'itens' }, h('h2', null, 'Itens'), itemsNote, itemList, addItem),
    h(
      'section',
      { class: 'panel' },
      h('h2', null, 'Pagamento e envio'),
      h(
        'div',
        { class: 'grid' },
        part('tipo_pagamento'),
        part('forma_envio'),
        part('valor_frete'),
        h('div', { class: 'field' }, h('span', { class: 'field__label' }, 'Soma dos itens'), itemsTotal),
        part('valor_total'),
        part('obs_pagamento'),
      ),
    ),
    h('div', { class: 'savebar', hidden: !canSave }, state, h('span', { class: 'savebar__rest' }), reset, save),
  );

  const boxes = pedido === null ? [] : SETORES.map((setor) => createSectorBox(setor, ticks));
  const problems = h('div', { class: 'sectors__problems' });
  const timeline = id === null ? null : createTimeline({ store, id, now });
  const remove = h('button', { type: 'button', class: 'button button--danger', id: 'excluir', onclick: askRemoval }, 'Excluir pedido');
  remove.hidden = whyNot(WHOLE_ORDER) !== null;
  element.append(
    h(
      'div',
      { class: 'order__head' },
      h('div', null, heading, subtitle, locked.length > 0 && h('p', null, `${whyNot(locked[0])}.`)),
      id !== null && h('a', { class: 'button', href: `#/ficha/${id}` }, 'Ficha para imprimir'),
    ),
    banner,
    h(
      'div',
      { class: id === null ? 'order order--new' : 'order' },
      form,
      timeline !== null &&
        h(
          'div',
          { class: 'order__side' },
          h(
            'section',
            { class: 'panel', 'aria-labelledby': 'setores-titulo' },
            h('h2', { id: 'setores-titulo' }, 'Setores'),
            h('div', { class: 'sectors' }, ...boxes.map((box) => box.element)),
            problems,
          ),
          timeline.element,
          remove,
        ),
    ),
  );

  // ---- draft ---------------------------------------------------------------------------------

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let draftTimer;
  let draftKept = true;
  /** @type {(() => void) | null} */
  let release = null;

  function keepDraft() {
    clearTimeout(draftTimer);
    draftTimer = undefined;
    if (!edit.isDirty()) kept.remove();
    else draftKept = kept.write(edit.draft(now(), sent));
    drawState();
  }

  function touchedSomething() {
    if (draftTimer === undefined) draftTimer = setTimeout(keepDraft, DRAFT_PAUSE);
    if (edit.isDirty() && release === null) release = context.holdReload();
    if (!edit.isDirty() && release !== null) {
      release();
      release = null;
    }
    drawState();
  }

  const flush = () => draftTimer !== undefined && keepDraft();

  // ---- typing --------------------------------------------------------------------------------

  fields.forEach(({ control, setFault }, name) => {
    control.addEventListener('input', () => {
      setFault(null);
      touch(name, typedValue(name, control.value));
    });
    if (DATES.has(name)) control.addEventListener('blur', () => completeDate(name));
    control.addEventListener('change', () => {
      if (AMOUNTS.has(name) && toCents(control.value) !== null) control.value = shownValue(name, edit.value(name));
    });
  });

  /** @param {string} name @param {any} value */
  function touch(name, value) {
    const inSum = isInSum();
    edit.touch(name, value);
    if (name === 'items') edit.touch('valor_itens', toAmount(sumOfItems(value)));
    if ((name === 'items' || name === 'valor_frete') && inSum) setTotal();
    if (!edit.conflicts()[name]) drawNote(name);
    drawTotals();
    touchedSomething();
  }

  /** @returns {bigint} cents */
  const sum = () => sumOfItems(edit.value('items')) + (toCents(edit.value('valor_frete')) || 0n);
  const isInSum = () => toCents(edit.value('valor_total')) === sum();

  function setTotal() {
    edit.touch('valor_total', toAmount(sum()));
    field('valor_total').control.value = shownValue('valor_total', edit.value('valor_total'));
    field('valor_total').setFault(null);
  }

  function followSum() {
    setTotal();
    drawTotals();
    touchedSomething();
    field('valor_total').control.focus();
  }

  function drawTotals() {
    setText(itemsTotal, currency(toAmount(sumOfItems(edit.value('items')))));
    const follows = isInSum();
    useSum.hidden = follows || locked.includes('valor_total');
    if (!follows) setText(useSum, `Usar a soma: ${currency(toAmount(sum()))}`);
  }

  // ---- items ---------------------------------------------------------------------------------

  /** @type {ReturnType<typeof createItemEditor>[]} */
  let editors = [];

  /** @param {ItemPedido} item */
  function createEditor(item) {
    const editor = createItemEditor(item, { onChange: itemsChanged, onRemove: () => removeItem(editor) }, whyNot('items'));
    return editor;
  }

  function itemsChanged() {
    touch('items', editors.map((editor) => editor.item()));
  }

  function drawItems() {
    editors = /** @type {ItemPedido[]} */ (edit.value('items')).map(createEditor);
    placeItems();
  }

  function placeItems() {
    editors.forEach((editor, index) => editor.setPlace(index, editors.length));
    itemList.replaceChildren(...editors.map((editor) => editor.element));
  }

  function insertItem() {
    const editor = createEditor(newItem());
    editors.push(editor);
    placeItems();
    itemsChanged();
    editor.focus();
  }

  /** @param {ReturnType<typeof createItemEditor>} editor */
  function removeItem(editor) {
    editors = editors.filter((other) => other !== editor);
    placeItems();
    itemsChanged();
    addItem.focus();
  }

  // ---- what others change --------------------------------------------------------------------

  /** What somebody else changed in an untouched field while it was open. @type {Map<string, import('./order-edit.js').Origin & {before: any}>} */
  const arrived = new Map();

  /** @param {string} name @returns {import('./order-edit.js').Origin} */
  function originOf(name) {
    const changes = id === null ? undefined : store.getSnapshot().remoteChanges[id];
    const change = changes && changes[name];
    return { autor: change ? change.autor : null, timestamp: change ? change.timestamp : null };
  }

  /** @param {{autor: string | null, timestamp: string | null}} origin */
  const whoAndWhen = ({ autor, timestamp }) => [autor || 'Outra pessoa', timestamp && atMoment(Date.parse(timestamp), now())];

  /** @param {Pedido} next */
  function takeIn(next) {
    const before = edit.base();
    if (next.versao <= before.versao) return;
    const ownKeys = Object.keys(store.getSnapshot().pending[next.id] || {});
    const conflictsBefore = Object.keys(edit.conflicts()).length;
    const changed = edit.rebase(next, originOf);
    for (const name of changed) {
      const origin = originOf(name);
      const others = origin.timestamp !== null && Date.parse(origin.timestamp) >= Date.parse(next.ultima_atualizacao) - 1;
      if (others && !ownKeys.includes(name)) arrived.set(name, { ...origin, before: before[name] });
      showValue(name);
      drawNote(name);
    }
    for (const name of Object.keys(edit.conflicts())) drawNote(name);
    const conflicts = Object.keys(edit.conflicts());
    if (conflicts.length > conflictsBefore) {
      announce(`Outra pessoa mudou o que você está editando: ${conflicts.map(fieldName).join(', ')}.`);
    }
    drawHead();
    drawTotals();
    touchedSomething();
    if (timeline !== null) timeline.load();
  }

  /** @param {string} name */
  function showValue(name) {
    if (name === 'items') {
      drawItems();
      return;
    }
    const known = fields.get(name);
    if (known) known.control.value = shownValue(name, edit.value(name));
  }

  /** @param {string} name */
  function drawNote(name) {
    const content = noteFor(name);
    if (name === 'items') {
      itemsNote.replaceChildren(...content);
      itemsNote.hidden = content.length === 0;
      setAttribute(itemsNote, 'data-conflict', edit.conflicts()[name] ? '' : null);
      return;
    }
    const known = fields.get(name);
    if (!known) return;
    known.setNote(...content);
    setAttribute(known.element, 'data-conflict', edit.conflicts()[name] ? '' : null);
  }

  /** @param {string} name @returns {(Node | string)[]} */
  function noteFor(name) {
    const conflict = edit.conflicts()[name];
    if (conflict) {
      const [who, when] = whoAndWhen(conflict);
      return [
        h('p', null, [who, when, 'mudou para:'].filter(Boolean).join(' ')),
        h('p', { class: 'field__theirs' }, readableValue(name, conflict.theirs)),
        h('button', { type: 'button', class: 'link', onclick: () => decide(name, 'meu') }, 'Manter o meu'),
        h('button', { type: 'button', class: 'link', onclick: () => decide(name, 'dele') }, 'Usar o dele'),
      ];
    }
    if (name in edit.discarded()) {
      const mine = edit.discarded()[name];
      if (isSame(name, mine, edit.value(name))) return [];
      return [
        h('p', null, `Você tinha digitado: ${readableValue(name, mine)}`),
        h('button', { type: 'button', class: 'link', onclick: () => bringBack(name) }, 'Voltar ao meu'),
      ];
    }
    const change = arrived.get(name);
    if (change && !(name in edit.touched())) {
      const [who, when] = whoAndWhen(change);
      const before = name === 'items' ? '' : ` · antes: ${readableValue(name, change.before)}`;
      return [h('p', { class: 'field__arrived' }, `${[who, when].filter(Boolean).join(' ')} mudou${before}`)];
    }
    return [];
  }

  /** @param {string} name @param {'meu' | 'dele'} choice */
  function decide(name, choice) {
    edit.resolve(name, choice);
    showValue(name);
    drawNote(name);
    drawTotals();
    touchedSomething();
    if (name !== 'items') field(name).control.focus();
  }

  /** @param {string} name */
  function bringBack(name) {
    edit.touch(name, edit.discarded()[name]);
    showValue(name);
    drawNote(name);
    drawTotals();
    touchedSomething();
    if (name !== 'items') field(name).control.focus();
  }

  // ---- saving --------------------------------------------------------------------------------

  /** @returns {Record<string, string>} */
  function lookOver() {
    const unreadable = Array.from(DATES).filter((name) => {
      const { control } = field(name);
      return control instanceof HTMLInputElement && control.validity.badInput;
    });
    return faultsOf(edit.value, { isNew: id === null, unreadable });
  }

  /** A year of two digits, once it is typed to its end. @param {string} name */
  function completeDate(name) {
    const { control } = field(name);
    if (control.value === withCentury(control.value)) return;
    control.value = withCentury(control.value);
    touch(name, typedValue(name, control.value));
  }

  /** A barcode in the wrong field would be the number. @returns {Promise<boolean>} whether it is meant */
  async function isNumberMeant() {
    const numero = String(edit.value('numero')).trim();
    if (!('numero' in edit.touched()) || numero === meantNumber) return true;
    try {
      if (!isFarAhead(numero, (await context.api.proximoNumero()).proximo_numero)) return true;
    } catch (failure) {
      // Only a hint: the save itself says what is wrong.
      return true;
    }
    if (closed) return false;
    setPhase('asking');
    const meant = await ask(
      {
        id: 'numero-alto',
        title: `Usar o número ${numero}?`,
        text: 'Ele está muito acima dos outros: parece um código de barras. A numeração automática continua de onde estava.',
        yes: 'Usar este número',
        no: 'Corrigir',
      },
      keepQuestion,
    );
    if (meant) meantNumber = numero;
    else if (!closed) field('numero').control.focus();
    return meant;
  }

  /** A number far above the others that was said to be meant. */
  let meantNumber = '';

  /** @param {Record<string, string>} wrong by field, as the server names them @param {string} [general] */
  function showFaults(wrong, general) {
    fields.forEach((known) => known.setFault(null));
    editors.forEach((editor) => editor.clearFaults());
    /** @type {Node[]} */
    const lines = [];
    for (const [name, message] of Object.entries(wrong)) {
      const [, index, of] = /^items\.(\d+)\.(.+)$/.exec(name) || [];
      const editor = index === undefined ? undefined : editors[Number(index)];
      const place = editor ? editor.field(of) : fields.get(name);
      if (place) place.setFault(message);
      const label = editor ? `Item ${Number(index) + 1}` : fieldName(name);
      const text = `${label}: ${message}`;
      const focus = () => place && place.control.focus();
      lines.push(h('li', null, place ? h('button', { type: 'button', class: 'link', onclick: focus }, text) : text));
    }
    faults.hidden = lines.length === 0 && !general;
    faults.replaceChildren(
      h('p', null, h('strong', null, general || 'Falta corrigir:')),
      lines.length > 0 ? h('ul', null, ...lines) : '',
    );
    if (faults.hidden) return;
    const first = form.querySelector('[aria-invalid="true"]');
    if (first instanceof HTMLElement) first.focus();
    else faults.focus();
  }

  async function submit() {
    if (phase !== 'editing' || deleted || !canSave) return;
    DATES.forEach(completeDate);
    const wrong = sent === null ? lookOver() : {};
    if (Object.keys(wrong).length > 0) {
      showFaults(wrong);
      return;
    }
    showFaults({});
    if (id !== null && !edit.isDirty()) {
      announce('Nada a salvar.');
      return;
    }
    setPhase('sending');
    if (sent === null && !(await isNumberMeant())) {
      setPhase('editing');
      return;
    }
    setPhase('sending');
    try {
      const saved = id === null ? await sendNew() : await sendChanges(id);
      if (saved && !closed) done(saved);
      // Left meanwhile: what was sent is no draft any more.
      else if (saved && sent !== null && Object.keys(edit.since(sent.dados)).length === 0) kept.remove();
    } catch (failure) {
      if (!closed) failed(/** @type {PedidosError} */ (failure));
    }
    setPhase('editing');
  }

  /** @param {Phase} next */
  function setPhase(next) {
    phase = next;
    if (!closed) drawState();
  }

  /** @param {HTMLDialogElement} dialog */
  function keepQuestion(dialog) {
    question = dialog;
  }

  /** Without an answer last time: the same body goes under the same key, so that it is done once. @param {string} body */
  const keyFor = (body) => (unconfirmed !== null && unconfirmed.body === body ? unconfirmed.key : undefined);

  /** @returns {Promise<Pedido>} */
  async function sendNew() {
    if (sent === null) {
      const dados = edit.changes();
      if (!dados.numero) delete dados.numero;
      // What is shown, not what is today where the server runs.
      dados.data_entrada = edit.value('data_entrada');
      sent = { key: context.api.newKey(), dados, at: now() };
    }
    keepDraft();
    try {
      return await store.create(/** @type {any} */ (sent.dados), { idempotencyKey: sent.key });
    } catch (error) {
      if (!(/** @type {PedidosError} */ (error).retryable)) sent = null;
      if (!closed) keepDraft();
      throw error;
    }
  }

  /** The change that was sent last, by field. @type {Record<string, any>} */
  let lastChanges = {};

  /** @param {number} order @returns {Promise<Pedido | null>} null: back to the form */
  async function sendChanges(order) {
    for (let merges = 0; ; merges += 1) {
      if (!(await settleConflicts(order))) return null;
      const changes = edit.changes();
      lastChanges = changes;
      if (Object.keys(changes).length === 0) return /** @type {Pedido} */ (edit.base());
      const ifMatch = edit.base().versao;
      try {
        const body = JSON.stringify([ifMatch, changes]);
        return await attempt(body, (options) => store.update(order, changes, { ifMatch, ...options }));
      } catch (error) {
        const failure = /** @type {PedidosError} */ (error);
        for (const name of Object.keys(changes)) if (failure.kind !== 'unconfirmed') store.dismissError(order, name);
        if (failure.kind !== 'conflict' || !failure.pedido || merges >= MOST_MERGES) throw failure;
        // Other fields were changed, or the same ones: then settleConflicts asks.
        takeIn(failure.pedido);
      }
    }
  }

  /** @param {string} body @param {(options: {idempotencyKey?: string}) => Promise<Pedido>} send */
  async function attempt(body, send) {
    const idempotencyKey = keyFor(body);
    try {
      const answer = await send(idempotencyKey ? { idempotencyKey } : {});
      unconfirmed = null;
      return answer;
    } catch (error) {
      const failure = /** @type {PedidosError} */ (error);
      unconfirmed = failure.kind === 'unconfirmed' && failure.idempotencyKey ? { key: failure.idempotencyKey, body } : null;
      throw failure;
    }
  }

  /** @param {number} order @returns {Promise<boolean>} whether everything is decided */
  async function settleConflicts(order) {
    const conflicts = edit.conflicts();
    if (Object.keys(conflicts).length === 0) return true;
    await nameAuthors(order);
    if (closed) return false;
    setPhase('asking');
    const choices = await askConflict(conflicts, edit.touched(), now(), keepQuestion);
    if (choices === null || closed) return false;
    setPhase('sending');
    for (const [name, choice] of Object.entries(choices)) {
      edit.resolve(name, choice);
      showValue(name);
      drawNote(name);
    }
    drawTotals();
    touchedSomething();
    return true;
  }

  /** The refusal may be quicker than the event that says who it was. @param {number} order */
  async function nameAuthors(order) {
    const conflicts = edit.conflicts();
    if (Object.values(conflicts).every(({ timestamp }) => timestamp !== null)) return;
    try {
      for (const entry of await store.historico(order)) {
        for (const name of Object.keys(entry.mudancas)) {
          const conflict = conflicts[name];
          if (conflict) Object.assign(conflict, { autor: entry.autor, timestamp: entry.timestamp });
        }
      }
    } catch (failure) {
      // Then it was "another person".
    }
  }

  /** @param {Pedido} saved */
  function done(saved) {
    if (id === null) {
      const later = edit.since(sent === null ? {} : sent.dados);
      edit.reset();
      leave();
      const before = Object.fromEntries(Object.keys(later).map((name) => [name, /** @type {any} */ (saved)[name]]));
      if (Object.keys(later).length > 0) leaveDraft(storage, String(saved.id), { touched: later, before, at: now() });
      justCreated = saved.id;
      announce(`Pedido ${saved.numero} criado.`);
      location.replace(`#/pedido/${saved.id}`);
      return;
    }
    const later = edit.since(lastChanges);
    edit.reset();
    edit.rebase(saved, originOf);
    // What was typed while it was on its way is yet to be saved.
    for (const [name, value] of Object.entries(later)) edit.touch(name, value);
    arrived.clear();
    banner.hidden = true;
    drawValues();
    drawHead();
    touchedSomething();
    keepDraft();
    setText(state, `Salvo às ${timeOf(now())}.`);
    savedAt = now();
    announce(`Pedido ${saved.numero} salvo.`);
    if (timeline !== null) timeline.load();
  }

  let savedAt = 0;

  /** @param {PedidosError} failure */
  function failed(failure) {
    if (failure.kind === 'unconfirmed') announce('Sem confirmação do servidor. Você pode repetir.');
    else if (failure.status === 409 && !failure.fieldErrors.numero) showFaults({ numero: failure.message });
    else if (failure.status === 404 && id !== null) nowDeleted(null);
    else showFaults(failure.fieldErrors, failure.message);
    lastFailure = failure;
  }

  /** @type {PedidosError | null} */
  let lastFailure = null;

  function discard() {
    edit.reset();
    unconfirmed = null;
    sent = null;
    lastFailure = null;
    arrived.clear();
    drawValues();
    showFaults({});
    touchedSomething();
    keepDraft();
    banner.hidden = true;
    heading.focus();
    announce('Alterações descartadas.');
  }

  // ---- removal -------------------------------------------------------------------------------

  function askRemoval() {
    const base = edit.base();
    const trouble = h('p', { class: 'field__error', role: 'alert' });
    const yes = h('button', { type: 'button', class: 'button button--danger' }, 'Excluir');
    const dialog = h(
      'dialog',
      { class: 'dialog', 'aria-labelledby': 'excluir-titulo' },
      h('h2', { id: 'excluir-titulo' }, `Excluir o pedido ${base.numero}?`),
      h('p', null, `${base.cliente}. Ele some para todos, e o número não é usado de novo.`),
      trouble,
      h(
        'div',
        { class: 'dialog__actions' },
        h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, 'Cancelar'),
        yes,
      ),
    );
    yes.addEventListener('click', async () => {
      if (yes.getAttribute('aria-disabled') === 'true') return;
      yes.setAttribute('aria-disabled', 'true');
      setText(yes, 'Enviando');
      try {
        await store.remove(/** @type {number} */ (id), { ifMatch: base.versao });
        announce(`Pedido ${base.numero} excluído.`);
        edit.reset();
        leave();
        dialog.close();
        if (!closed) navigate('/lista');
      } catch (error) {
        const failure = /** @type {PedidosError} */ (error);
        store.dismissError(/** @type {number} */ (id), '*');
        const changed = 'Outra pessoa acabou de mudar este pedido. Confira antes de excluir.';
        setText(trouble, failure.kind === 'conflict' ? changed : failure.message);
        yes.removeAttribute('aria-disabled');
        setText(yes, failure.retryable ? 'Repetir' : 'Excluir');
      }
    });
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    keepQuestion(dialog);
  }

  /** @param {string | null} autor */
  function nowDeleted(autor) {
    if (deleted) return;
    deleted = true;
    const copy = h('button', { type: 'button', class: 'button', onclick: copyToNew }, 'Criar de novo com estes dados');
    banner.replaceChildren(
      h('p', null, h('strong', null, `Este pedido foi excluído${autor ? ` por ${autor}` : ''}.`), ' O que está na tela não foi perdido.'),
      ...(whyNot(WHOLE_ORDER) === null ? [copy] : []),
      h('a', { class: 'button', href: '#/lista' }, 'Voltar à lista'),
    );
    banner.hidden = false;
    announce('Este pedido foi excluído por outra pessoa.');
    remove.hidden = true;
    drawState();
  }

  function copyToNew() {
    const copied = createEdit(null);
    fields.forEach((_, name) => name !== 'numero' && name !== 'status' && copied.touch(name, edit.value(name)));
    copied.touch('items', edit.value('items'));
    copied.touch('valor_itens', toAmount(sumOfItems(edit.value('items'))));
    leaveDraft(storage, 'novo', copied.draft(now(), null));
    edit.reset();
    leave();
    navigate('/novo');
  }

  // ---- drawing -------------------------------------------------------------------------------

  function drawHead() {
    if (id === null) {
      setText(heading, 'Novo pedido');
      setText(subtitle, 'Só o cliente é obrigatório. O que for digitado fica guardado neste navegador até salvar.');
      return;
    }
    const base = edit.base();
    setText(heading, `Pedido ${base.numero} · ${base.cliente}`);
    context.setTitle(`Pedido ${base.numero}`);
    setText(subtitle, `Criado ${atMoment(Date.parse(base.data_criacao), now())} · última mudança ${atMoment(Date.parse(base.ultima_atualizacao), now())}`);
  }

  function drawState() {
    const waiting = phase === 'sending';
    const dirty = edit.isDirty();
    const again = (unconfirmed !== null || sent !== null) && !waiting;
    setText(save, waiting ? 'Enviando' : again ? 'Repetir' : id === null ? 'Criar pedido' : 'Salvar');
    setAttribute(save, 'aria-disabled', waiting || deleted ? 'true' : null);
    reset.hidden = !dirty || waiting;
    let text = '';
    if (waiting) text = 'Enviando…';
    else if (deleted) text = 'Excluído: não há o que salvar.';
    else if (again) text = whatIsRepeated();
    else if (dirty && !draftKept) text = 'Não coube no rascunho deste navegador: salve antes de sair.';
    else if (dirty) text = `Não salvo · rascunho guardado`;
    else if (savedAt > 0) text = `Salvo às ${timeOf(savedAt)}.`;
    setText(state, text);
    setAttribute(state, 'data-trouble', again || (dirty && !draftKept) ? '' : null);
  }

  function whatIsRepeated() {
    const why = lastFailure && lastFailure.kind === 'unavailable' ? lastFailure.message : 'Sem confirmação do servidor.';
    if (sent === null || Object.keys(edit.since(sent.dados)).length === 0) return `${why} Repetir não faz nada duas vezes.`;
    return `${why} Repetir envia o pedido como estava; o que você mudou depois continua no formulário, para salvar em seguida.`;
  }

  function drawValues() {
    fields.forEach((_, name) => {
      showValue(name);
      drawNote(name);
    });
    showValue('items');
    drawNote('items');
    drawTotals();
  }

  function drawSectors() {
    if (id === null) return;
    const snapshot = store.getSnapshot();
    const current = snapshot.byId.get(id) || /** @type {Pedido} */ (edit.base());
    for (const box of boxes) box.update(current, snapshot);
    const wrong = SETORES.map((setor) => ({ setor, ...ticks.stateOf(snapshot, id, setor) })).filter((one) => one.state === 'error');
    problems.replaceChildren(
      ...wrong.map(({ setor, message }) =>
        h(
          'p',
          { class: 'field__error' },
          `${fieldName(setor)}: ${message} `,
          h('button', { type: 'button', class: 'link', onclick: () => ticks.dismiss(id, setor) }, 'Dispensar'),
        ),
      ),
    );
  }

  // ---- wiring --------------------------------------------------------------------------------

  function leave() {
    clearTimeout(draftTimer);
    draftTimer = undefined;
    kept.remove();
    if (release !== null) release();
    release = null;
  }

  function onStore() {
    drawSectors();
    if (id === null || phase !== 'editing') return;
    const current = store.getSnapshot().byId.get(id);
    if (current) takeIn(current);
  }

  /** @param {Draft | null} draft @returns {boolean} whether there was anything in it */
  function restoreDraft(draft) {
    if (draft === null || typeof draft.touched !== 'object') return false;
    if (Object.keys(draft.touched).some((name) => locked.includes(name))) {
      kept.setAside();
      return false;
    }
    edit.restore(draft, originOf);
    if (!edit.isDirty()) {
      kept.remove();
      return false;
    }
    if (release === null) release = context.holdReload();
    if (draft.sent && now() - draft.sent.at < KEY_LIFE) sent = draft.sent;
    if (sent !== null && !('data_entrada' in draft.touched)) edit.base().data_entrada = sent.dados.data_entrada;
    const tooOld = draft.sent && sent === null ? ' Ele já tinha sido enviado: veja na lista se existe.' : '';
    const text =
      id !== null && justCreated === id
        ? 'O pedido foi criado como tinha sido enviado. O que você mudou depois está aqui e ainda não foi salvo.'
        : `Rascunho de ${momentOf(draft.at, now())} recuperado. Ele ainda não foi salvo.${tooOld}`;
    banner.replaceChildren(
      h('p', null, text),
      h('button', { type: 'button', class: 'button', onclick: discard }, 'Descartar rascunho'),
    );
    banner.hidden = false;
    return true;
  }

  /** What a tab that is gone had typed. @param {Draft} draft @returns {boolean} */
  function takeOver(draft) {
    if (closed || phase !== 'editing' || edit.isDirty() || !restoreDraft(draft)) return false;
    drawValues();
    keepDraft();
    return true;
  }

  /** The day of entry of a new order is today, also in a form that stays open over midnight. */
  function followDay() {
    if (sent !== null || phase !== 'editing' || 'data_entrada' in edit.touched()) return;
    const today = dayOf(now());
    if (edit.base().data_entrada === today) return;
    edit.base().data_entrada = today;
    showValue('data_entrada');
  }

  async function hintNumber() {
    try {
      const { proximo_numero: next } = await context.api.proximoNumero();
      if (!closed) field('numero').setHint(`Em branco, será o ${next}.`);
    } catch (failure) {
      // Only a hint.
    }
  }

  form.addEventListener('submit', (event) => event.preventDefault());
  moveOnEnter(form);
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 's') {
      event.preventDefault();
      submit();
    }
  };
  const off = [
    store.subscribe(onStore),
    ticks.subscribe(drawSectors),
    ...(id === null ? [context.everySecond(followDay)] : []),
    store.onChange((change) => {
      if (change.pedido_id !== id || change.action !== 'delete' || change.own) return;
      // A reload leaves out what is closed and old; that is no removal.
      if (change.source !== 'reload') nowDeleted(change.autor);
      else store.fetchById(id).catch((failure) => failure.status === 404 && nowDeleted(null));
    }),
  ];
  window.addEventListener('keydown', onKey);
  window.addEventListener('pagehide', flush);
  document.addEventListener('visibilitychange', flush);

  if (id === null) {
    followDay();
    hintNumber();
  }
  restoreDraft(kept.read());
  kept.offerLeft(takeOver);
  drawHead();
  drawValues();
  drawState();
  drawSectors();
  if (timeline !== null) timeline.load();
  if (id !== null && justCreated === id) {
    justCreated = 0;
    setText(state, `Pedido criado às ${timeOf(now())}.`);
  }
  if (id === null && !('ontouchstart' in window)) field('cliente').control.focus({ preventScroll: true });

  return () => {
    flush();
    closed = true;
    if (question !== null) question.close();
    kept.close();
    if (release !== null) release();
    off.forEach((undo) => undo());
    window.removeEventListener('keydown', onKey);
    window.removeEventListener('pagehide', flush);
    document.removeEventListener('visibilitychange', flush);
  };
}
