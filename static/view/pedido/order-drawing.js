// Draws an order's form: each part as the edit and the save stand now.

import { WHOLE_ORDER } from '../../client/index.js';
import { atMoment } from '../order/dates.js';
import { setAttribute, setText } from '../dom/dom.js';
import { currency, sumOfItems, toAmount } from '../order/money.js';
import { shownValue } from './order-fields.js';
import { STATUS_NAMES, shownStatus } from '../order/orders.js';
import { saveWords } from './save-words.js';

/** @typedef {import('./order-form.js').OrderForm} OrderForm */
/** @typedef {import('../order/orders.js').Pedido} Pedido */

export class OrderDrawing {
  /** @param {OrderForm} form */
  constructor(form) {
    this.form = form;
  }

  head() {
    const { form } = this;
    if (form.isNew) {
      form.page.head('Novo pedido', 'Só o cliente é obrigatório. O que for digitado fica guardado neste navegador até salvar.');
      return;
    }
    const { numero, cliente, data_criacao: createdAt, ultima_atualizacao: changedAt } = form.edit.base();
    form.page.head(
      `Pedido ${numero} · ${cliente}`,
      `Criado ${atMoment(Date.parse(createdAt), form.now())} · última mudança ${atMoment(Date.parse(changedAt), form.now())}`,
    );
    if (!form.closed) form.context.setTitle(`Pedido ${numero}`);
  }

  state() {
    const { form } = this;
    const sent = form.save.sent();
    const words = saveWords({
      state: form.save.state(),
      failure: form.save.failure(),
      isNew: form.isNew,
      isDirty: form.edit.isDirty(),
      isDraftKept: form.draft.isKept(),
      hasMore: sent !== null && Object.keys(form.edit.since(sent.dados)).length > 0,
      savedAt: form.savedAt,
    });
    setText(form.page.save, words.button);
    setAttribute(form.page.save, 'aria-disabled', words.canSave ? null : 'true');
    form.page.discard.hidden = !words.canDiscard;
    form.page.remove.hidden = form.isNew || form.save.state() === 'deleted' || form.whyNot(WHOLE_ORDER) !== null;
    setText(form.page.state, words.text);
    setAttribute(form.page.state, 'data-trouble', words.isTrouble ? '' : null);
  }

  /** @param {string} name */
  field(name) {
    const { form } = this;
    const known = form.fields.get(name);
    if (name === 'items') form.items.show(form.edit.value('items'));
    else if (known) known.control.value = shownValue(name, form.edit.value(name));
    form.notes.draw(name);
  }

  values() {
    this.form.fields.forEach((_, name) => this.field(name));
    this.field('items');
    this.totals();
  }

  totals() {
    const { form } = this;
    setText(form.page.itemsTotal, currency(toAmount(sumOfItems(form.edit.value('items')))));
    const follows = form.edit.followsSum();
    form.page.useSum.hidden = follows || form.locked.includes('valor_total');
    if (!follows) setText(form.page.useSum, `Usar a soma: ${currency(toAmount(form.edit.sum()))}`);
  }

  sectors() {
    const { form } = this;
    if (form.id === null) return;
    const current = form.store.getSnapshot().byId.get(form.id) || /** @type {Pedido} */ (form.edit.base());
    form.sectors.draw(current, form.page.problems);
    const shown = shownStatus(current);
    form.field('status').setHint(shown === current.status ? '' : `Com os cinco setores marcados, aparece como ${STATUS_NAMES[shown]}.`);
  }
}
