// What a form asks before it goes on, one question at a time. A question over the form goes with the form.

import { askConflict } from './conflict-dialog.js';
import { ask } from '../dom/question.js';
import { isFarAhead } from './order-number.js';

/** @typedef {import('./order-edit.js').Choice} Choice */

/**
 * @param {object} dependencies
 * @param {Pick<import('../context.js').Context, 'api' | 'store' | 'now'>} dependencies.context
 * @param {number | null} dependencies.id of the order, null for a new one
 * @param {ReturnType<typeof import('./order-edit.js').createEdit>} dependencies.edit
 */
export function createQuestions({ context, id, edit }) {
  const { api, store, now } = context;
  let closed = false;
  /** @type {HTMLDialogElement | null} */
  let open = null;
  /** A number far above the others that was said to be meant. */
  let meantNumber = '';

  /** @param {HTMLDialogElement} dialog */
  function keep(dialog) {
    open = dialog;
  }

  /** The refusal may be quicker than the event that says who it was. */
  async function nameAuthors() {
    const conflicts = edit.conflicts();
    if (id === null || Object.values(conflicts).every(({ timestamp }) => timestamp !== null)) return;
    try {
      for (const entry of await store.historico(id)) {
        for (const name of Object.keys(entry.mudancas)) {
          const conflict = conflicts[name];
          if (conflict) Object.assign(conflict, { autor: entry.autor, timestamp: entry.timestamp });
        }
      }
    } catch (failure) {
      // Then it was "another person".
    }
  }

  return {
    /** To be told of a dialog that somebody else opens over the form. */
    keep,

    close() {
      closed = true;
      if (open !== null) open.close();
    },

    /** What others changed as well. @returns {Promise<Record<string, Choice> | null>} null: back to the form */
    async whoseChange() {
      await nameAuthors();
      return closed ? null : askConflict(edit.questions(), now(), keep);
    },

    /** A barcode in the wrong field would be the number. @returns {Promise<boolean>} */
    async isNumberMeant() {
      const numero = String(edit.value('numero')).trim();
      if (!('numero' in edit.touched()) || numero === meantNumber || !/^\d{5,}$/.test(numero)) return true;
      try {
        if (!isFarAhead(numero, (await api.proximoNumero()).proximo_numero)) return true;
      } catch (failure) {
        // Only a hint: the save itself says what is wrong.
        return true;
      }
      if (closed) return false;
      const meant = await ask(
        {
          id: 'numero-alto',
          title: `Usar o número ${numero}?`,
          text: 'Ele está muito acima dos outros: parece um código de barras. A numeração automática continua de onde estava.',
          yes: 'Usar este número',
          no: 'Corrigir',
        },
        keep,
      );
      if (meant) meantNumber = numero;
      return meant;
    },

    /** Throwing away what was typed. @param {boolean} wasSent @returns {Promise<boolean>} */
    mayDiscard(wasSent) {
      const text = id === null ? 'O que foi digitado neste pedido se perde.' : 'O que foi digitado e ainda não foi salvo se perde.';
      const maybe = wasSent ? ' Ele já tinha sido enviado: veja na lista se foi salvo.' : '';
      return ask({ id: 'descartar', title: 'Descartar o que foi digitado?', text: text + maybe, yes: 'Descartar', danger: true }, keep);
    },
  };
}
