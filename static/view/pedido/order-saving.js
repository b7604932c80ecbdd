// An order's form on its way to the server: what is looked at before, and what becomes of the form after.

import { WHOLE_ORDER } from '../../client/index.js';
import { leaveDraft } from './drafts.js';
import { faultsOf } from './order-checks.js';
import { DATES } from './order-edit.js';
import { askRemoval } from './removal.js';

/** @typedef {import('./order-form.js').OrderForm} OrderForm */
/** @typedef {import('../order/orders.js').Pedido} Pedido */
/** @typedef {import('./order-edit.js').Sent} Sent */
/** @typedef {import('./save.js').Failure} Failure */

/** The order that was just created on this page, 0 for none: its own page says so. */
export const justCreated = { id: 0 };

export class OrderSaving {
  /** @param {OrderForm} form */
  constructor(form) {
    this.form = form;
    /** Something is asked before it is sent. */
    this.isChecking = false;
  }

  async submit() {
    const { form } = this;
    if (this.isChecking || form.save.isUnderWay() || form.save.state() === 'deleted' || !form.canSave || document.querySelector('dialog[open]')) return;
    DATES.forEach((name) => form.completeDate(name));
    const again = form.isNew && form.save.sent() !== null;
    const wrong = again ? {} : this.lookOver();
    form.faults.show(wrong);
    if (Object.keys(wrong).length > 0) return;
    if (!form.isNew && !form.edit.isDirty()) {
      form.announce('Nada a salvar.');
      return;
    }
    this.isChecking = true;
    const may = again ? await this.isStillOwner() : await form.questions.isNumberMeant();
    this.isChecking = false;
    if (form.closed) return;
    if (!may) {
      if (!again) form.field('numero').control.focus();
      return;
    }
    // Before the answer can come: what is closed now is sent under this key, and found again under it.
    const run = form.save.start();
    form.draft.keep();
    await run;
  }

  /** @returns {Record<string, string>} */
  lookOver() {
    const { form } = this;
    const unreadable = Array.from(DATES).filter((name) => {
      const { control } = form.field(name);
      return control instanceof HTMLInputElement && control.validity.badInput;
    });
    return faultsOf(form.edit.value, { isNew: form.isNew, unreadable });
  }

  /** Under another person's token the same key would make a second order. @returns {Promise<boolean>} */
  async isStillOwner() {
    const { form } = this;
    const current = await form.context.session.ask();
    if (current === null || current === form.owner) return true;
    if (!form.closed) form.faults.show({}, 'Outra pessoa entrou neste navegador. O pedido foi enviado por você: entre de novo para repetir.');
    return false;
  }

  /** @param {Sent} sent @returns {Promise<Pedido>} */
  async send({ key, dados, versao }) {
    const { form } = this;
    if (form.id === null) return form.store.create(/** @type {any} */ (dados), { idempotencyKey: key });
    return form.store.update(form.id, dados, { ifMatch: Number(versao), idempotencyKey: key });
  }

  /** What the store says of fields is said by the form now. @param {Record<string, any>} dados */
  dismissErrors(dados) {
    const { form } = this;
    if (form.id !== null) for (const name of Object.keys(dados)) form.store.dismissError(form.id, name);
  }

  /** @param {Pedido} order @param {Sent} sent */
  saved(order, sent) {
    const { form } = this;
    this.dismissErrors(sent.dados);
    if (form.closed) {
      form.kept.settle(sent.key, form.edit.touched(), Object.keys(form.edit.since(sent.dados)).length === 0);
      form.announce(form.isNew ? `Pedido ${order.numero} criado.` : `Pedido ${order.numero} salvo.`);
      return;
    }
    const later = form.edit.since(sent.dados);
    form.edit.reset();
    if (form.isNew) {
      this.created(order, later);
      return;
    }
    form.edit.rebase(order, (name) => form.originOf(name));
    // What was typed while it was on its way is yet to be saved.
    for (const [name, value] of Object.entries(later)) form.edit.touch(name, value);
    form.notes.clear();
    form.items.forgetRemoved();
    form.banner.hidden = true;
    form.faults.show({});
    form.savedAt = form.now();
    form.drawing.values();
    form.drawing.head();
    form.draft.hold();
    form.draft.keep();
    form.announce(`Pedido ${order.numero} salvo.`);
    if (form.timeline !== null) form.timeline.load();
    form.catchUp();
  }

  /** @param {Pedido} order @param {Record<string, any>} later what was typed since it was sent, by field */
  created(order, later) {
    const { form } = this;
    form.draft.leave();
    const before = Object.fromEntries(Object.keys(later).map((name) => [name, /** @type {any} */ (order)[name]]));
    if (Object.keys(later).length > 0) leaveDraft(form.storage, form.owner, String(order.id), { touched: later, before, at: form.now() });
    justCreated.id = order.id;
    form.announce(`Pedido ${order.numero} criado.`);
    location.replace(`#/pedido/${order.id}`);
  }

  /** @param {Failure} failure @param {Sent | null} sent */
  failed({ kind, status, message, fieldErrors }, sent) {
    const { form } = this;
    const isOpen = form.save.state() === 'unconfirmed';
    if (form.id !== null && !isOpen) this.dismissErrors(form.edit.touched());
    if (form.closed) {
      if (!isOpen && sent !== null) form.kept.settle(sent.key, {}, false);
      const what = form.isNew ? 'O pedido novo' : `O pedido ${form.edit.base().numero}`;
      form.notify(`${what} não foi salvo. ${message}`, { href: form.isNew ? '#/novo' : `#/pedido/${form.id}`, text: 'Abrir o que foi digitado' });
      return;
    }
    form.draft.keep();
    if (form.save.state() === 'deleted') form.notice.showDeleted(null);
    else if (isOpen) form.announce(`${message} Você pode repetir.`);
    else if (status === 409 && !fieldErrors.numero) form.faults.show({ numero: message });
    else form.faults.show(fieldErrors, message);
    if (kind !== 'conflict') form.catchUp();
  }

  async askDiscard() {
    const { form } = this;
    const yes = await form.questions.mayDiscard(form.save.sent() !== null);
    if (!yes || form.closed || form.save.isUnderWay()) return;
    form.edit.reset();
    form.save.discard();
    form.notes.clear();
    form.items.forgetRemoved();
    form.drawing.values();
    form.faults.show({});
    form.banner.hidden = true;
    form.draft.hold();
    form.draft.keep();
    form.page.heading.focus();
    form.announce('Alterações descartadas.');
  }

  remove() {
    const { form } = this;
    const base = /** @type {Pedido} */ (form.edit.base());
    const removal = {
      remove: () => form.store.remove(base.id, { ifMatch: base.versao }).catch((failure) => {
        form.store.dismissError(base.id, WHOLE_ORDER);
        throw failure;
      }),
      onRemoved: () => {
        form.announce(`Pedido ${base.numero} excluído.`);
        form.edit.reset();
        form.draft.leave();
        if (!form.closed) form.navigate('/lista');
      },
      onFailed: (/** @type {string} */ message) =>
        form.notify(`O pedido ${base.numero} não foi excluído. ${message}`, { href: `#/pedido/${base.id}`, text: 'Abrir o pedido' }),
    };
    form.questions.keep(askRemoval(base, removal));
  }
}
