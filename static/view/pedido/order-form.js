// The form of one order: its fields, its draft, what others change meanwhile.
//
// What is typed is in `order-edit.js`, where it stands on its way in `save.js`, what of it outlives the page in `draft-keeper.js`,
// what is asked in between in `order-questions.js`. This file puts them on the page and tells each of the others; it draws by
// `order-drawing.js`, saves by `order-saving.js`, and says what became of the order by `order-notice.js`.

import { PedidosError, WHOLE_ORDER } from '../../client/index.js';
import { dayOf, timeOf, withCentury } from '../order/dates.js';
import { setText } from '../dom/dom.js';
import { createDraftKeeper } from './draft-keeper.js';
import { openDraft } from './drafts.js';
import { moveOnEnter } from './enter-key.js';
import { createFaultList } from './fault-list.js';
import { lockAll } from './fields.js';
import { createItemList } from './item-list.js';
import { guardLeaving } from '../dom/leave-guard.js';
import { toAmount, toCents } from '../order/money.js';
import { OrderDrawing } from './order-drawing.js';
import { AMOUNTS, DATES, EDITED, createEdit } from './order-edit.js';
import { createOrderFields, shownValue, typedValue } from './order-fields.js';
import { layOut } from './order-layout.js';
import { OrderNotice } from './order-notice.js';
import { createOrderNotes } from './order-notes.js';
import { createQuestions } from './order-questions.js';
import { OrderSaving, justCreated } from './order-saving.js';
import { createOrderSectors } from './order-sectors.js';
import { fieldName } from '../order/orders.js';
import { createSave } from './save.js';
import { createTimeline } from './timeline.js';

/** @typedef {import('../context.js').Context} Context */
/** @typedef {import('../order/orders.js').Pedido} Pedido */

/**
 * @param {HTMLElement} element
 * @param {Context} context
 * @param {Pedido | null} pedido null for a new one
 * @param {string | null} owner whose drafts it has, as in `drafts.js`
 * @returns {() => void}
 */
export function mountForm(element, context, pedido, owner) {
  const form = new OrderForm(context, pedido, owner);
  element.append(...form.page.elements);
  form.listen();
  form.begin();
  return () => form.close();
}

export class OrderForm {
  /** @param {Context} context @param {Pedido | null} pedido @param {string | null} owner */
  constructor(context, pedido, owner) {
    const { store, storage, ticks, now, announce, navigate, notify } = context;
    const { whyNot } = context.session;
    this.context = context;
    this.owner = owner;
    this.store = store;
    this.storage = storage;
    this.ticks = ticks;
    this.now = now;
    this.announce = announce;
    this.navigate = navigate;
    this.notify = notify;
    this.whyNot = whyNot;
    this.locked = EDITED.filter((name) => whyNot(name) !== null);
    this.canSave = this.locked.length < EDITED.length;
    this.id = pedido === null ? null : pedido.id;
    this.isNew = pedido === null;
    this.closed = false;
    /** ms; 0: not yet */
    this.savedAt = 0;
    /** @type {(() => void)[]} */
    this.off = [];

    this.kept = openDraft(storage, owner, pedido === null ? 'novo' : String(pedido.id));
    this.edit = createEdit(pedido);
    this.questions = createQuestions({ context, id: this.id, edit: this.edit });
    this.fields = createOrderFields();
    this.fields.forEach(({ element }, name) => this.locked.includes(name) && lockAll(element, whyNot(name) || ''));
    this.items = createItemList({ onChange: (list) => this.touch('items', list), whyNot: whyNot('items') });
    this.notes = createOrderNotes({
      edit: this.edit,
      fields: this.fields,
      now,
      onChoice: (name, choice) => this.decideOne(name, choice),
      onBringBack: (name) => this.bringBack(name),
    });
    this.faults = createFaultList({ fields: this.fields, items: this.items });
    this.sectors = createOrderSectors(context, this.id);
    this.timeline = this.id === null ? null : createTimeline({ store, id: this.id, now });
    this.drawing = new OrderDrawing(this);
    this.saving = new OrderSaving(this);
    this.notice = new OrderNotice(this);
    this.page = this.layOut();
    this.banner = this.page.banner;
    this.save = this.createSave();
    this.draft = createDraftKeeper({
      kept: this.kept,
      edit: this.edit,
      sent: () => (this.isNew ? this.save.sent() : null),
      holdReload: context.holdReload,
      now,
      onKept: () => !this.closed && this.drawing.state(),
    });
  }

  // ---- beginning and end ---------------------------------------------------------------------

  layOut() {
    return layOut({
      id: this.id,
      fields: this.fields,
      items: this.items.elements,
      itemsNote: this.notes.itemsNote,
      faults: this.faults.element,
      boxes: this.sectors.elements,
      timeline: this.timeline && this.timeline.element,
      whyLocked: this.locked.length > 0 ? this.whyNot(this.locked[0]) : null,
      canSave: this.canSave,
      canRemove: this.whyNot(WHOLE_ORDER) === null,
      onSave: () => this.saving.submit(),
      onDiscard: () => this.saving.askDiscard(),
      onRemove: () => this.saving.remove(),
      onSum: () => this.followSum(),
    });
  }

  createSave() {
    return createSave({
      isNew: this.isNew,
      edit: this.edit,
      send: (sent) => this.saving.send(sent),
      decide: () => this.decideAll(),
      takeIn: (current) => this.takeIn(current),
      newKey: this.context.api.newKey,
      now: this.now,
      onState: () => !this.closed && this.drawing.state(),
      onSaved: (order, sent) => this.saving.saved(order, sent),
      onFailed: (failure, sent) => this.saving.failed(failure, sent),
    });
  }

  listen() {
    this.fields.forEach(({ control, setFault }, name) => {
      control.addEventListener('input', () => {
        setFault(null);
        this.touch(name, typedValue(name, control.value));
      });
      if (DATES.has(name)) control.addEventListener('blur', () => this.completeDate(name));
      control.addEventListener('change', () => {
        if (AMOUNTS.has(name) && toCents(control.value) !== null) control.value = shownValue(name, this.edit.value(name));
      });
    });
    this.page.form.addEventListener('submit', (event) => event.preventDefault());
    moveOnEnter(this.page.form);
    this.unguard = guardLeaving(() => this.save.state() === 'sending' || (this.edit.isDirty() && !this.draft.isKept()));
    const onKey = (/** @type {KeyboardEvent} */ event) => this.onKey(event);
    const flush = () => this.draft.flush();
    window.addEventListener('keydown', onKey);
    window.addEventListener('pagehide', flush);
    document.addEventListener('visibilitychange', flush);
    this.off = [
      this.store.subscribe(() => this.onStore()),
      this.ticks.subscribe(() => this.drawing.sectors()),
      this.store.onChange((change) => this.onChange(change)),
      ...(this.isNew ? [this.context.everySecond(() => this.followDay())] : []),
      () => window.removeEventListener('keydown', onKey),
      () => window.removeEventListener('pagehide', flush),
      () => document.removeEventListener('visibilitychange', flush),
    ];
  }

  begin() {
    if (this.isNew) {
      this.followDay();
      this.hintNumber();
    }
    this.notice.restoreDraft(this.kept.read());
    this.kept.offerLeft((left) => this.notice.takeOver(left));
    this.drawing.head();
    this.drawing.values();
    this.drawing.state();
    this.drawing.sectors();
    if (this.timeline !== null) this.timeline.load();
    if (this.id !== null && justCreated.id === this.id) {
      justCreated.id = 0;
      setText(this.page.state, `Pedido criado às ${timeOf(this.now())}.`);
    }
    if (this.isNew && !('ontouchstart' in window)) this.field('cliente').control.focus({ preventScroll: true });
  }

  async close() {
    this.draft.flush();
    this.closed = true;
    this.questions.close();
    this.kept.close();
    this.off.forEach((undo) => undo());
    // A save that is on its way goes on, and the page stays for it.
    await this.save.idle();
    if (this.unguard) this.unguard();
    // What is in this page's memory only would be lost by a reload.
    if (this.draft.isKept()) this.draft.letGo();
  }

  // ---- typing --------------------------------------------------------------------------------

  /** @param {string} name */
  field(name) {
    return /** @type {import('./fields.js').Field} */ (this.fields.get(name));
  }

  touchedSomething() {
    this.draft.touched();
    this.drawing.state();
  }

  /** @param {string} name @param {any} value */
  touch(name, value) {
    const followed = this.edit.followsSum();
    this.edit.touch(name, value);
    if ((name === 'items' || name === 'valor_frete') && followed) this.setTotal();
    if (!this.edit.conflicts()[name]) this.notes.draw(name);
    this.drawing.totals();
    this.touchedSomething();
  }

  /** A year of two digits, once it is typed to its end. @param {string} name */
  completeDate(name) {
    const { control } = this.field(name);
    if (control.value === withCentury(control.value)) return;
    control.value = withCentury(control.value);
    this.touch(name, typedValue(name, control.value));
  }

  setTotal() {
    this.edit.touch('valor_total', toAmount(this.edit.sum()));
    this.field('valor_total').control.value = shownValue('valor_total', this.edit.value('valor_total'));
    this.field('valor_total').setFault(null);
  }

  followSum() {
    this.setTotal();
    this.drawing.totals();
    this.touchedSomething();
    this.field('valor_total').control.focus();
  }

  // ---- what others change --------------------------------------------------------------------

  /** @param {string} name @returns {import('./order-edit.js').Origin} */
  originOf(name) {
    const changes = this.id === null ? undefined : this.store.getSnapshot().remoteChanges[this.id];
    const change = changes && changes[name];
    return { autor: change ? change.autor : null, timestamp: change ? change.timestamp : null };
  }

  /** @param {Pedido} next */
  takeIn(next) {
    const before = this.edit.base();
    const isNews = next.versao > before.versao;
    if (isNews) {
      if (this.save.state() === 'deleted') this.banner.hidden = true;
      const ownKeys = Object.keys(this.store.getSnapshot().pending[next.id] || {});
      const conflictsBefore = Object.keys(this.edit.conflicts()).length;
      for (const name of this.edit.rebase(next, (name) => this.originOf(name))) {
        const origin = this.originOf(name);
        const others = origin.timestamp !== null && Date.parse(origin.timestamp) >= Date.parse(next.ultima_atualizacao) - 1;
        if (others && !ownKeys.includes(name)) this.notes.arrive(name, { ...origin, before: before[name] });
        this.drawing.field(name);
      }
      const conflicts = Object.keys(this.edit.conflicts());
      conflicts.forEach(this.notes.draw);
      if (conflicts.length > conflictsBefore) {
        this.announce(`Outra pessoa mudou o que você está editando: ${conflicts.map(fieldName).join(', ')}.`);
      }
      this.drawing.head();
      this.drawing.totals();
      if (!this.closed) this.touchedSomething();
      if (this.timeline !== null && !this.closed) this.timeline.load();
    }
    this.save.seen(next, isNews);
  }

  /** @param {string} name @param {import('./order-edit.js').Choice} choice */
  decideOne(name, choice) {
    this.edit.resolve(name, choice);
    this.decided(name);
  }

  /** @param {string} name */
  bringBack(name) {
    this.edit.touch(name, this.edit.discarded()[name]);
    this.decided(name);
  }

  /** @param {string} name */
  decided(name) {
    this.drawing.field(name);
    // Decided items may decide the total.
    if (name === 'items') this.drawing.field('valor_total');
    this.drawing.totals();
    this.touchedSomething();
    if (name !== 'items') this.field(name).control.focus();
  }

  /** @returns {Promise<boolean>} */
  async decideAll() {
    if (this.closed) throw new PedidosError('conflict', 'Outra pessoa mudou os mesmos campos.');
    const choices = await this.questions.whoseChange();
    if (choices === null || this.closed) return false;
    this.edit.resolveAll(choices);
    this.drawing.values();
    this.touchedSomething();
    return true;
  }

  /** What came while a save was on its way. */
  catchUp() {
    const current = this.id === null ? undefined : this.store.getSnapshot().byId.get(this.id);
    if (current) this.takeIn(current);
  }

  // ---- a new order ---------------------------------------------------------------------------

  /** The day of entry of a new order is today, also in a form that stays open over midnight. */
  followDay() {
    if (this.save.state() !== 'editing' || 'data_entrada' in this.edit.touched()) return;
    const today = dayOf(this.now());
    if (this.edit.base().data_entrada === today) return;
    this.edit.base().data_entrada = today;
    this.drawing.field('data_entrada');
  }

  async hintNumber() {
    try {
      const { proximo_numero: next } = await this.context.api.proximoNumero();
      if (!this.closed) this.field('numero').setHint(`Em branco, será o ${next}.`);
    } catch (failure) {
      // Only a hint.
    }
  }

  // ---- what it is told -----------------------------------------------------------------------

  onStore() {
    this.drawing.sectors();
    if (!this.save.isUnderWay()) this.catchUp();
  }

  /** @param {import('../../client/index.js').PedidoChange} change */
  onChange(change) {
    if (this.isNew) {
      // The event of one's own creation, whose answer was lost.
      if (change.action === 'create' && change.own && change.pedido) this.save.seen(change.pedido, true);
      return;
    }
    if (change.pedido_id !== this.id || change.action !== 'delete' || change.own) return;
    // A reload leaves out what is closed and old; that is no removal.
    if (change.source !== 'reload') this.deleted(change.autor);
    else this.store.fetchById(this.id).catch((failure) => failure.kind === 'refused' && failure.status === 404 && this.deleted(null));
  }

  /** @param {string | null} autor */
  deleted(autor) {
    if (this.closed || this.save.state() === 'deleted') return;
    this.save.deleted();
    this.notice.showDeleted(autor);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 's') {
      event.preventDefault();
      this.saving.submit();
    }
  }
}
