// What the bar with *Salvar* says. No DOM here.

import { timeOf } from '../order/dates.js';

/**
 * @param {object} facts
 * @param {import('./save.js').SaveState} facts.state
 * @param {import('./save.js').Failure | null} facts.failure
 * @param {boolean} facts.isNew
 * @param {boolean} facts.isDirty
 * @param {boolean} facts.isDraftKept
 * @param {boolean} facts.hasMore more was typed since what is to be repeated was sent
 * @param {number} facts.savedAt ms; 0 where nothing was
 * @returns {{button: string, text: string, isTrouble: boolean, canSave: boolean, canDiscard: boolean}}
 */
export function saveWords({ state, failure, isNew, isDirty, isDraftKept, hasMore, savedAt }) {
  const canDiscard = isDirty && state !== 'sending';
  const button = state === 'sending' ? 'Enviando' : state === 'unconfirmed' ? 'Repetir' : isNew ? 'Criar pedido' : 'Salvar';
  const words = { button, canDiscard, canSave: state !== 'sending' && state !== 'deleted', isTrouble: false };
  if (state === 'sending') return { ...words, text: 'Enviando…' };
  if (state === 'deleted') return { ...words, text: 'Excluído: não há o que salvar.' };
  if (state === 'unconfirmed') {
    const why = failure === null ? 'Sem confirmação do servidor.' : failure.message;
    const again = !isNew || !hasMore;
    const rest = again
      ? 'Repetir não faz nada duas vezes.'
      : 'Repetir envia o pedido como estava; o que você mudou depois continua no formulário, para salvar em seguida.';
    return { ...words, text: `${why} ${rest}`, isTrouble: true };
  }
  if (isDirty && !isDraftKept) {
    return { ...words, text: 'Não coube no rascunho deste navegador: salve antes de fechar.', isTrouble: true };
  }
  if (isDirty) return { ...words, text: 'Não salvo · rascunho guardado' };
  return { ...words, text: savedAt > 0 ? `Salvo às ${timeOf(savedAt)}.` : '' };
}
