// The form of one order: its fields, its draft, what others change meanwhile, and its way to the server.
//
// What is typed is in `order-edit.js`, where it stands on its way in `save.js`, what of it outlives the page in `draft-keeper.js`,
// what is asked in between in `order-questions.js`; this file puts them on the page and tells each of the others.

import { PedidosError, WHOLE_ORDER } from '../client/index.js';
import { atMoment, dayOf, timeOf, withCentury } from './dates.js';
import { h, setAttribute, setText } from './dom.js';
import { createDraftKeeper } from './draft-keeper.js';
import { leaveDraft, openDraft } from './drafts.js';
import { moveOnEnter } from './enter-key.js';
import { createFaultList } from './fault-list.js';
import { lockAll } from './fields.js';
import { createItemList } from './item-list.js';
import { guardLeaving } from './leave-guard.js';
import { currency, sumOfItems, toAmount, toCents } from './money.js';
import { faultsOf } from './order-checks.js';
import { AMOUNTS, DATES, EDITED, createEdit } from './order-edit.js';
import { createOrderFields, shownValue, typedValue } from './order-fields.js';
import { layOut } from './order-layout.js';
import { createOrderNotes } from './order-notes.js';
import { createQuestions } from './order-questions.js';
import { createOrderSectors } from './order-sectors.js';
import { STATUS_NAMES, fieldName, shownStatus } from './orders.js';
import { askRemoval } from './removal.js';
import { saveWords } from './save-words.js';
import { createSave } from './save.js';
import { createTimeline } from './timeline.js';

/** @typedef {import('./context.js').Context} Context */
/** @typedef {import('./orders.js').Pedido} Pedido */
/** @typedef {import('./order-edit.js').Draft} Draft */
/** @typedef {import('./order-edit.js').Sent} Sent */
/** @typedef {import('./save.js').Failure} Failure */

/** The order that was just created on this page: its own page says so. */
let justCreated = 0;

/**
 * @param {HTMLElement} element
 * @param {Context} context
 * @param {Pedido | null} pedido null for a new one
 * @param {string | null} owner whose drafts it has, as in `drafts.js`
 * @returns {() => void}
 */
export function mountForm(element, context, pedido, owner) {
  const { store, storage, ticks, now, announce, navigate, notify } = context;
  const { whyNot } = context.session;
  const locked = EDITED.filter((name) => whyNot(name) !== null);
  const canSave = locked.length < EDITED.length;
  const id = pedido === null ? null : pedido.id;
  const isNew = id === null;
  const kept = openDraft(storage, owner, id === null ? 'novo' : String(id));
  const edit = createEdit(pedido);
  const questions = createQuestions({ context, id, edit });
  let closed = false;
  let savedAt = 0;
  // ---- the parts -----------------------------------------------------------------------------

  const fields = createOrderFields();
  /** @param {string} name */
  const field = (name) => /** @type {import('./fields.js').Field} */ (fields.get(name));
  fields.forEach(({ element: one }, name) => locked.includes(name) && lockAll(one, whyNot(name) || ''));

  const items = createItemList({ onChange: (list) => touch('items', list), whyNot: whyNot('items') });
  const notes = createOrderNotes({ edit, fields, now, onChoice: decideOne, onBringBack: bringBack });
  const faults = createFaultList({ fields, items });
  const sectors = createOrderSectors(context, id);
  const timeline = id === null ? null : createTimeline({ store, id, now });
  const page = layOut({
    id,
    fields,
    items: items.elements,
    itemsNote: notes.itemsNote,
    faults: faults.element,
    boxes: sectors.elements,
    timeline: timeline && timeline.element,
    whyLocked: locked.length > 0 ? whyNot(locked[0]) : null,
    canSave,
    canRemove: whyNot(WHOLE_ORDER) === null,
    onSave: submit,
    onDiscard: askDiscard,
    onRemove: remove,
    onSum: followSum,
  });
  const { banner } = page;
  element.append(...page.elements);

  const save = createSave({
    isNew,
    edit,
    send,
    decide: decideAll,
    takeIn,
    newKey: context.api.newKey,
    now,
    onState: () => !closed && drawState(),
    onSaved: saved,
    onFailed: failed,
  });

  const draft = createDraftKeeper({
    kept,
    edit,
    sent: () => (isNew ? save.sent() : null),
    holdReload: context.holdReload,
    now,
    onKept: () => !closed && drawState(),
  });

  function touchedSomething() {
    draft.touched();
    drawState();
  }

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
    const followed = edit.followsSum();
    edit.touch(name, value);
    if ((name === 'items' || name === 'valor_frete') && followed) setTotal();
    if (!edit.conflicts()[name]) notes.draw(name);
    drawTotals();
    touchedSomething();
  }

  /** A year of two digits, once it is typed to its end. @param {string} name */
  function completeDate(name) {
    const { control } = field(name);
    if (control.value === withCentury(control.value)) return;
    control.value = withCentury(control.value);
    touch(name, typedValue(name, control.value));
  }

  function setTotal() {
    edit.touch('valor_total', toAmount(edit.sum()));
    field('valor_total').control.value = shownValue('valor_total', edit.value('valor_total'));
    field('valor_total').setFault(null);
  }

  function followSum() {
    setTotal();
    drawTotals();
    touchedSomething();
    field('valor_total').control.focus();
  }

  // ---- what others change --------------------------------------------------------------------

  /** @param {string} name @returns {import('./order-edit.js').Origin} */
  function originOf(name) {
    const changes = id === null ? undefined : store.getSnapshot().remoteChanges[id];
    const change = changes && changes[name];
    return { autor: change ? change.autor : null, timestamp: change ? change.timestamp : null };
  }

  /** @param {Pedido} next */
  function takeIn(next) {
    const before = edit.base();
    const isNews = next.versao > before.versao;
    if (isNews) {
      if (save.state() === 'deleted') banner.hidden = true;
      const ownKeys = Object.keys(store.getSnapshot().pending[next.id] || {});
      const conflictsBefore = Object.keys(edit.conflicts()).length;
      for (const name of edit.rebase(next, originOf)) {
        const origin = originOf(name);
        const others = origin.timestamp !== null && Date.parse(origin.timestamp) >= Date.parse(next.ultima_atualizacao) - 1;
        if (others && !ownKeys.includes(name)) notes.arrive(name, { ...origin, before: before[name] });
        redraw(name);
      }
      const conflicts = Object.keys(edit.conflicts());
      conflicts.forEach(notes.draw);
      if (conflicts.length > conflictsBefore) {
        announce(`Outra pessoa mudou o que você está editando: ${conflicts.map(fieldName).join(', ')}.`);
      }
      drawHead();
      drawTotals();
      if (!closed) touchedSomething();
      if (timeline !== null && !closed) timeline.load();
    }
    save.seen(next, isNews);
  }

  /** @param {string} name @param {import('./order-edit.js').Choice} choice */
  function decideOne(name, choice) {
    edit.resolve(name, choice);
    decided(name);
  }

  /** @param {string} name */
  function bringBack(name) {
    edit.touch(name, edit.discarded()[name]);
    decided(name);
  }

  /** @param {string} name */
  function decided(name) {
    redraw(name);
    // Decided items may decide the total.
    if (name === 'items') redraw('valor_total');
    drawTotals();
    touchedSomething();
    if (name !== 'items') field(name).control.focus();
  }

  /** @returns {Promise<boolean>} */
  async function decideAll() {
    if (closed) throw new PedidosError('conflict', 'Outra pessoa mudou os mesmos campos.');
    const choices = await questions.whoseChange();
    if (choices === null || closed) return false;
    edit.resolveAll(choices);
    drawValues();
    touchedSomething();
    return true;
  }

  // ---- saving --------------------------------------------------------------------------------

  let isChecking = false;

  async function submit() {
    if (isChecking || save.isUnderWay() || save.state() === 'deleted' || !canSave || document.querySelector('dialog[open]')) return;
    DATES.forEach(completeDate);
    const again = isNew && save.sent() !== null;
    const wrong = again ? {} : lookOver();
    faults.show(wrong);
    if (Object.keys(wrong).length > 0) return;
    if (!isNew && !edit.isDirty()) {
      announce('Nada a salvar.');
      return;
    }
    isChecking = true;
    const may = again ? await isStillOwner() : await questions.isNumberMeant();
    isChecking = false;
    if (closed) return;
    if (!may) {
      if (!again) field('numero').control.focus();
      return;
    }
    // Before the answer can come: what is closed now is sent under this key, and found again under it.
    const run = save.start();
    draft.keep();
    await run;
  }

  /** @returns {Record<string, string>} */
  function lookOver() {
    const unreadable = Array.from(DATES).filter((name) => {
      const { control } = field(name);
      return control instanceof HTMLInputElement && control.validity.badInput;
    });
    return faultsOf(edit.value, { isNew, unreadable });
  }

  /** Under another person's token the same key would make a second order. @returns {Promise<boolean>} */
  async function isStillOwner() {
    const current = await context.session.ask();
    if (current === null || current === owner) return true;
    if (!closed) faults.show({}, 'Outra pessoa entrou neste navegador. O pedido foi enviado por você: entre de novo para repetir.');
    return false;
  }

  /** @param {Sent} sent @returns {Promise<Pedido>} */
  async function send({ key, dados, versao }) {
    if (id === null) return store.create(/** @type {any} */ (dados), { idempotencyKey: key });
    return store.update(id, dados, { ifMatch: Number(versao), idempotencyKey: key });
  }

  /** What the store says of fields is said by the form now. @param {Record<string, any>} dados */
  function dismissErrors(dados) {
    if (id !== null) for (const name of Object.keys(dados)) store.dismissError(id, name);
  }

  /** @param {Pedido} order @param {Sent} sent */
  function saved(order, sent) {
    dismissErrors(sent.dados);
    if (closed) {
      kept.settle(sent.key, edit.touched(), Object.keys(edit.since(sent.dados)).length === 0);
      announce(isNew ? `Pedido ${order.numero} criado.` : `Pedido ${order.numero} salvo.`);
      return;
    }
    const later = edit.since(sent.dados);
    edit.reset();
    if (isNew) {
      created(order, later);
      return;
    }
    edit.rebase(order, originOf);
    // What was typed while it was on its way is yet to be saved.
    for (const [name, value] of Object.entries(later)) edit.touch(name, value);
    notes.clear();
    items.forgetRemoved();
    banner.hidden = true;
    faults.show({});
    savedAt = now();
    drawValues();
    drawHead();
    draft.hold();
    draft.keep();
    announce(`Pedido ${order.numero} salvo.`);
    if (timeline !== null) timeline.load();
    catchUp();
  }

  /** @param {Pedido} order @param {Record<string, any>} later what was typed since it was sent, by field */
  function created(order, later) {
    draft.leave();
    const before = Object.fromEntries(Object.keys(later).map((name) => [name, /** @type {any} */ (order)[name]]));
    if (Object.keys(later).length > 0) leaveDraft(storage, owner, String(order.id), { touched: later, before, at: now() });
    justCreated = order.id;
    announce(`Pedido ${order.numero} criado.`);
    location.replace(`#/pedido/${order.id}`);
  }

  /** @param {Failure} failure @param {Sent | null} sent */
  function failed({ kind, status, message, fieldErrors }, sent) {
    const isOpen = save.state() === 'unconfirmed';
    if (id !== null && !isOpen) dismissErrors(edit.touched());
    if (closed) {
      if (!isOpen && sent !== null) kept.settle(sent.key, {}, false);
      const what = isNew ? 'O pedido novo' : `O pedido ${edit.base().numero}`;
      notify(`${what} não foi salvo. ${message}`, { href: isNew ? '#/novo' : `#/pedido/${id}`, text: 'Abrir o que foi digitado' });
      return;
    }
    draft.keep();
    if (save.state() === 'deleted') showDeleted(null);
    else if (isOpen) announce(`${message} Você pode repetir.`);
    else if (status === 409 && !fieldErrors.numero) faults.show({ numero: message });
    else faults.show(fieldErrors, message);
    if (kind !== 'conflict') catchUp();
  }

  /** What came while a save was on its way. */
  function catchUp() {
    const current = id === null ? undefined : store.getSnapshot().byId.get(id);
    if (current) takeIn(current);
  }

  async function askDiscard() {
    const yes = await questions.mayDiscard(save.sent() !== null);
    if (!yes || closed || save.isUnderWay()) return;
    edit.reset();
    save.discard();
    notes.clear();
    items.forgetRemoved();
    drawValues();
    faults.show({});
    banner.hidden = true;
    draft.hold();
    draft.keep();
    page.heading.focus();
    announce('Alterações descartadas.');
  }

  // ---- removal -------------------------------------------------------------------------------

  function remove() {
    const base = /** @type {Pedido} */ (edit.base());
    const removal = {
      remove: () => store.remove(base.id, { ifMatch: base.versao }).catch((failure) => {
        store.dismissError(base.id, WHOLE_ORDER);
        throw failure;
      }),
      onRemoved() {
        announce(`Pedido ${base.numero} excluído.`);
        edit.reset();
        draft.leave();
        if (!closed) navigate('/lista');
      },
      onFailed: (/** @type {string} */ message) =>
        notify(`O pedido ${base.numero} não foi excluído. ${message}`, { href: `#/pedido/${base.id}`, text: 'Abrir o pedido' }),
    };
    questions.keep(askRemoval(base, removal));
  }

  /** @param {string | null} autor */
  function showDeleted(autor) {
    const copy = h('button', { type: 'button', class: 'button', onclick: copyToNew }, 'Criar de novo com estes dados');
    banner.replaceChildren(
      h('p', null, h('strong', null, `Este pedido foi excluído${autor ? ` por ${autor}` : ''}.`), ' O que está na tela não foi perdido.'),
      ...(whyNot(WHOLE_ORDER) === null ? [copy] : []),
      h('a', { class: 'button', href: '#/lista' }, 'Voltar à lista'),
    );
    banner.hidden = false;
    announce('Este pedido foi excluído por outra pessoa.');
  }

  function copyToNew() {
    const copied = createEdit(null);
    fields.forEach((_, name) => name !== 'numero' && name !== 'status' && copied.touch(name, edit.value(name)));
    copied.touch('items', edit.value('items'));
    leaveDraft(storage, owner, 'novo', copied.draft(now(), null));
    edit.reset();
    draft.leave();
    navigate('/novo');
  }

  // ---- drawing -------------------------------------------------------------------------------

  function drawHead() {
    if (isNew) {
      page.head('Novo pedido', 'Só o cliente é obrigatório. O que for digitado fica guardado neste navegador até salvar.');
      return;
    }
    const { numero, cliente, data_criacao: createdAt, ultima_atualizacao: changedAt } = edit.base();
    page.head(
      `Pedido ${numero} · ${cliente}`,
      `Criado ${atMoment(Date.parse(createdAt), now())} · última mudança ${atMoment(Date.parse(changedAt), now())}`,
    );
    if (!closed) context.setTitle(`Pedido ${numero}`);
  }

  function drawState() {
    const sent = save.sent();
    const words = saveWords({
      state: save.state(),
      failure: save.failure(),
      isNew,
      isDirty: edit.isDirty(),
      isDraftKept: draft.isKept(),
      hasMore: sent !== null && Object.keys(edit.since(sent.dados)).length > 0,
      savedAt,
    });
    setText(page.save, words.button);
    setAttribute(page.save, 'aria-disabled', words.canSave ? null : 'true');
    page.discard.hidden = !words.canDiscard;
    page.remove.hidden = isNew || save.state() === 'deleted' || whyNot(WHOLE_ORDER) !== null;
    setText(page.state, words.text);
    setAttribute(page.state, 'data-trouble', words.isTrouble ? '' : null);
  }

  /** @param {string} name */
  function redraw(name) {
    const known = fields.get(name);
    if (name === 'items') items.show(edit.value('items'));
    else if (known) known.control.value = shownValue(name, edit.value(name));
    notes.draw(name);
  }

  function drawValues() {
    fields.forEach((_, name) => redraw(name));
    redraw('items');
    drawTotals();
  }

  function drawTotals() {
    setText(page.itemsTotal, currency(toAmount(sumOfItems(edit.value('items')))));
    const follows = edit.followsSum();
    page.useSum.hidden = follows || locked.includes('valor_total');
    if (!follows) setText(page.useSum, `Usar a soma: ${currency(toAmount(edit.sum()))}`);
  }

  function drawSectors() {
    if (id === null) return;
    const current = store.getSnapshot().byId.get(id) || /** @type {Pedido} */ (edit.base());
    sectors.draw(current, page.problems);
    const shown = shownStatus(current);
    field('status').setHint(shown === current.status ? '' : `Com os cinco setores marcados, aparece como ${STATUS_NAMES[shown]}.`);
  }

  // ---- drafts of before ----------------------------------------------------------------------

  /** @param {Draft | null} before @returns {boolean} whether there was anything in it */
  function restoreDraft(before) {
    const restored = draft.restore(before, locked, originOf);
    if (restored === null) return false;
    const { sent } = restored;
    if (sent !== null) {
      if (before !== null && !('data_entrada' in before.touched)) edit.base().data_entrada = sent.dados.data_entrada;
      save.restore(sent);
    }
    const text =
      id !== null && justCreated === id
        ? 'O pedido foi criado como tinha sido enviado. O que você mudou depois está aqui e ainda não foi salvo.'
        : restored.text;
    banner.replaceChildren(
      h('p', null, text),
      h('button', { type: 'button', class: 'button', onclick: askDiscard }, 'Descartar rascunho'),
    );
    banner.hidden = false;
    return true;
  }

  /** What a tab that is gone had typed. @param {Draft} left @returns {boolean} */
  function takeOver(left) {
    if (closed || save.state() !== 'editing' || edit.isDirty() || !restoreDraft(left)) return false;
    drawValues();
    draft.keep();
    return true;
  }

  // ---- a new order ---------------------------------------------------------------------------

  /** The day of entry of a new order is today, also in a form that stays open over midnight. */
  function followDay() {
    if (save.state() !== 'editing' || 'data_entrada' in edit.touched()) return;
    const today = dayOf(now());
    if (edit.base().data_entrada === today) return;
    edit.base().data_entrada = today;
    redraw('data_entrada');
  }

  async function hintNumber() {
    try {
      const { proximo_numero: next } = await context.api.proximoNumero();
      if (!closed) field('numero').setHint(`Em branco, será o ${next}.`);
    } catch (failure) {
      // Only a hint.
    }
  }

  // ---- wiring --------------------------------------------------------------------------------

  function onStore() {
    drawSectors();
    if (!save.isUnderWay()) catchUp();
  }

  /** @param {import('../client/index.js').PedidoChange} change */
  function onChange(change) {
    if (isNew) {
      // The event of one's own creation, whose answer was lost.
      if (change.action === 'create' && change.own && change.pedido) save.seen(change.pedido, true);
      return;
    }
    if (change.pedido_id !== id || change.action !== 'delete' || change.own) return;
    // A reload leaves out what is closed and old; that is no removal.
    if (change.source !== 'reload') deleted(change.autor);
    else store.fetchById(id).catch((failure) => failure.kind === 'refused' && failure.status === 404 && deleted(null));
  }

  /** @param {string | null} autor */
  function deleted(autor) {
    if (closed || save.state() === 'deleted') return;
    save.deleted();
    showDeleted(autor);
  }

  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 's') {
      event.preventDefault();
      submit();
    }
  };
  const unguard = guardLeaving(() => save.state() === 'sending' || (edit.isDirty() && !draft.isKept()));
  const off = [
    store.subscribe(onStore),
    ticks.subscribe(drawSectors),
    store.onChange(onChange),
    ...(isNew ? [context.everySecond(followDay)] : []),
  ];
  page.form.addEventListener('submit', (event) => event.preventDefault());
  moveOnEnter(page.form);
  window.addEventListener('keydown', onKey);
  window.addEventListener('pagehide', draft.flush);
  document.addEventListener('visibilitychange', draft.flush);

  if (isNew) {
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
    setText(page.state, `Pedido criado às ${timeOf(now())}.`);
  }
  if (isNew && !('ontouchstart' in window)) field('cliente').control.focus({ preventScroll: true });

  return () => {
    draft.flush();
    closed = true;
    questions.close();
    kept.close();
    off.forEach((undo) => undo());
    window.removeEventListener('keydown', onKey);
    window.removeEventListener('pagehide', draft.flush);
    document.removeEventListener('visibilitychange', draft.flush);
    // A save that is on its way goes on, and the page stays for it.
    closing();
  };

  async function closing() {
    await save.idle();
    unguard();
    // What is in this page's memory only would be lost by a reload.
    if (draft.isKept()) draft.letGo();
  }
}
