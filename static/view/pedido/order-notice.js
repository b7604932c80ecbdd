// What is said above an order's form: a draft that was found again, or that the order is deleted, and what can be done then.

import { WHOLE_ORDER } from '../../client/index.js';
import { h } from '../dom/dom.js';
import { leaveDraft } from './drafts.js';
import { createEdit } from './order-edit.js';
import { justCreated } from './order-saving.js';

/** @typedef {import('./order-form.js').OrderForm} OrderForm */
/** @typedef {import('./order-edit.js').Draft} Draft */

export class OrderNotice {
  /** @param {OrderForm} form */
  constructor(form) {
    this.form = form;
  }



  /** @param {string | null} autor */
  showDeleted(autor) {
    const { form } = this;
    const copy = h('button', { type: 'button', class: 'button', onclick: () => this.copyToNew() }, 'Criar de novo com estes dados');
    form.banner.replaceChildren(
      h('p', null, h('strong', null, `Este pedido foi excluído${autor ? ` por ${autor}` : ''}.`), ' O que está na tela não foi perdido.'),
      ...(form.whyNot(WHOLE_ORDER) === null ? [copy] : []),
      h('a', { class: 'button', href: '#/lista' }, 'Voltar à lista'),
    );
    form.banner.hidden = false;
    form.announce('Este pedido foi excluído por outra pessoa.');
  }

  copyToNew() {
    const { form } = this;
    const copied = createEdit(null);
    form.fields.forEach((_, name) => name !== 'numero' && name !== 'status' && copied.touch(name, form.edit.value(name)));
    copied.touch('items', form.edit.value('items'));
    leaveDraft(form.storage, form.owner, 'novo', copied.draft(form.now(), null));
    form.edit.reset();
    form.draft.leave();
    form.navigate('/novo');
  }

  /** @param {Draft | null} before @returns {boolean} whether there was anything in it */
  restoreDraft(before) {
    const { form } = this;
    const restored = form.draft.restore(before, form.locked, (name) => form.originOf(name));
    if (restored === null) return false;
    const { sent } = restored;
    if (sent !== null) {
      if (before !== null && !('data_entrada' in before.touched)) form.edit.base().data_entrada = sent.dados.data_entrada;
      form.save.restore(sent);
    }
    const text =
      form.id !== null && justCreated.id === form.id
        ? 'O pedido foi criado como tinha sido enviado. O que você mudou depois está aqui e ainda não foi salvo.'
        : restored.text;
    form.banner.replaceChildren(
      h('p', null, text),
      h('button', { type: 'button', class: 'button', onclick: () => form.saving.askDiscard() }, 'Descartar rascunho'),
    );
    form.banner.hidden = false;
    return true;
  }

  /** What a tab that is gone had typed. @param {Draft} left @returns {boolean} */
  takeOver(left) {
    const { form } = this;
    if (form.closed || form.save.state() !== 'editing' || form.edit.isDirty() || !this.restoreDraft(left)) return false;
    form.drawing.values();
    form.draft.keep();
    return true;
  }
}
