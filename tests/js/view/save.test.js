import assert from 'node:assert/strict';
import test from 'node:test';

import { createEdit } from '../../../static/view/pedido/order-edit.js';
import { createSave, failureOf } from '../../../static/view/pedido/save.js';
import { saveWords } from '../../../static/view/pedido/save-words.js';

const ORDER = { id: 7, versao: 1, numero: '7', cliente: 'Ana', observacao: null, cidade_cliente: '', items: [], valor_total: '0.00', valor_frete: '0.00', valor_itens: '0.00', data_entrada: '2026-11-24' };
const nobody = () => ({ autor: null, timestamp: null });
const refusal = (kind, details = {}) => ({ kind, message: kind, ...details });

/** A save whose answers the test gives: `answers` are values, errors to throw, or functions. */
function make({ order = ORDER, answers = [], decide = async () => true } = {}) {
  const seen = { states: [], sent: [], saved: [], failed: [] };
  const edit = createEdit(order);
  const takeIn = (next) => {
    const isNews = next.versao > edit.base().versao;
    edit.rebase(next, nobody);
    save.seen(next, isNews);
  };
  let keys = 0;
  const save = createSave({
    isNew: order === null,
    edit,
    async send(sent) {
      seen.sent.push(sent);
      const answer = answers.shift();
      const value = typeof answer === 'function' ? await answer() : answer;
      if (value instanceof Error || (value && value.kind)) throw value;
      return value;
    },
    decide: () => decide(edit),
    takeIn,
    newKey: () => `key ${(keys += 1)}`,
    now: () => 1_000,
    onState: () => seen.states.push(save.state()),
    onSaved: (...given) => seen.saved.push(given),
    onFailed: (...given) => seen.failed.push(given),
  });
  return { save, edit, takeIn, seen, answers };
}

/** A change of `observacao` under way to the given answers. */
function changed(options) {
  const all = make(options);
  all.edit.touch('observacao', 'x');
  return all;
}

const later = (fields, versao = 2) => ({ ...ORDER, ...fields, versao });

test('editing → sending → editing: answered', async () => {
  const { save, seen } = changed({ answers: [later({ observacao: 'x' })] });
  await save.start();
  assert.deepEqual(seen.sent, [{ key: 'key 1', dados: { observacao: 'x' }, versao: 1, at: 1_000 }]);
  assert.equal(save.state(), 'editing');
  assert.equal(seen.saved.length, 1);
  assert.equal(save.sent(), null);
});

test('sending → editing: refused, and a new key next time', async () => {
  const { save, seen } = changed({ answers: [refusal('refused', { status: 422, fieldErrors: { observacao: 'não' } }), later({ observacao: 'x' })] });
  await save.start();
  assert.equal(save.state(), 'editing');
  assert.deepEqual(seen.failed[0][0].fieldErrors, { observacao: 'não' });
  await save.start();
  assert.deepEqual(seen.sent.map(({ key }) => key), ['key 1', 'key 2']);
});

for (const error of [refusal('unconfirmed'), refusal('unavailable'), refusal('denied', { status: 403 }), refusal('network'), new TypeError('own fault')]) {
  test(`sending → unconfirmed → sending: ${error.kind || error.name}, the same key again`, async () => {
    const { save, seen } = changed({ answers: [error, later({ observacao: 'x' })] });
    await save.start();
    assert.equal(save.state(), 'unconfirmed');
    assert.equal(seen.failed.length, 1);
    await save.start();
    assert.deepEqual(seen.sent.map(({ key }) => key), ['key 1', 'key 1']);
    assert.equal(save.state(), 'editing');
  });
}

test('what is no order is no answer', async () => {
  for (const answer of [undefined, null, '', '<h1>', { ok: true }, []]) {
    const { save } = changed({ answers: [answer] });
    await save.start();
    assert.equal(save.state(), 'unconfirmed', String(answer));
  }
});

test('a change that was typed on is another one, with another key', async () => {
  const { save, edit, seen } = changed({ answers: [refusal('unconfirmed'), later({ observacao: 'xy' })] });
  await save.start();
  edit.touch('observacao', 'xy');
  await save.start();
  assert.deepEqual(seen.sent.map(({ key }) => key), ['key 1', 'key 2']);
});

test('unconfirmed → editing: seen to be done', async () => {
  const { save, seen, takeIn } = changed({ answers: [refusal('unconfirmed')] });
  await save.start();
  takeIn(later({ cidade_cliente: 'Itu' }));
  assert.equal(save.state(), 'unconfirmed');
  takeIn(later({ cidade_cliente: 'Itu', observacao: 'x' }, 3));
  assert.equal(save.state(), 'editing');
  assert.equal(seen.saved.length, 1);
});

test('sending → editing: it came in before the answer was given up', async () => {
  let save;
  const all = changed({
    answers: [
      () => {
        save.seen(later({ observacao: 'x' }), true);
        return refusal('unconfirmed');
      },
    ],
  });
  save = all.save;
  await save.start();
  assert.equal(save.state(), 'editing');
  assert.deepEqual([all.seen.saved.length, all.seen.failed.length], [1, 0]);
});

test('unconfirmed → editing: discarded', async () => {
  const { save } = changed({ answers: [refusal('unconfirmed')] });
  await save.start();
  save.discard();
  assert.deepEqual([save.state(), save.sent(), save.failure()], ['editing', null, null]);
});

test('sending → asking → sending: the same field', async () => {
  const theirs = later({ observacao: 'y' });
  const decide = async (edit) => {
    edit.resolve('observacao', 'meu');
    return true;
  };
  const { save, seen } = changed({ decide, answers: [refusal('conflict', { status: 412, pedido: theirs }), later({ observacao: 'x' }, 3)] });
  await save.start();
  assert.deepEqual(seen.states.filter((state, index, all) => state !== all[index - 1]), ['sending', 'asking', 'sending', 'editing']);
  assert.deepEqual(seen.sent.map(({ key, versao }) => [key, versao]), [['key 1', 1], ['key 2', 2]]);
});

test('asking → editing: back to the form, nothing sent, nothing said', async () => {
  const { save, seen } = changed({ decide: async () => false, answers: [refusal('conflict', { status: 412, pedido: later({ observacao: 'y' }) })] });
  await save.start();
  assert.equal(save.state(), 'editing');
  assert.deepEqual([seen.saved, seen.failed, save.sent()], [[], [], null]);
});

test('asking → editing: theirs everywhere leaves nothing to send', async () => {
  const decide = async (edit) => {
    edit.resolve('observacao', 'dele');
    return true;
  };
  const { save, seen } = changed({ decide, answers: [refusal('conflict', { status: 412, pedido: later({ observacao: 'y' }) })] });
  await save.start();
  assert.deepEqual([save.state(), seen.sent.length, seen.saved.length], ['editing', 1, 1]);
});

test('asking that throws ends too, as does a listener that throws', async () => {
  const broken = changed({
    decide: async () => {
      throw new TypeError('dialog');
    },
    answers: [refusal('conflict', { status: 412, pedido: later({ observacao: 'y' }) })],
  });
  await broken.save.start();
  assert.equal(broken.save.isUnderWay(), false);
});

test('sending → sending: other fields are put together, and not for ever', async () => {
  const answers = Array.from({ length: 9 }, (_, index) => refusal('conflict', { status: 412, pedido: later({ cidade_cliente: `${index}` }, index + 2) }));
  const { save, seen } = changed({ answers });
  await save.start();
  assert.equal(seen.sent.length, 5);
  assert.equal(save.state(), 'editing');
});

test('sending → deleted: a 404 of the server; → editing: it is there after all', async () => {
  const { save, seen, takeIn } = changed({ answers: [refusal('refused', { status: 404 }), later({ observacao: 'x' }, 3)] });
  await save.start();
  assert.equal(save.state(), 'deleted');
  await save.start();
  assert.equal(seen.sent.length, 1);
  takeIn(ORDER);
  assert.equal(save.state(), 'deleted');
  takeIn(later({}));
  assert.equal(save.state(), 'editing');
});

test('a 404 that is none of the server’s deletes nothing', async () => {
  const { save } = changed({ answers: [refusal('unconfirmed', { status: 404 })] });
  await save.start();
  assert.equal(save.state(), 'unconfirmed');
});

test('editing, unconfirmed and sending → deleted: by its event', async () => {
  const editing = changed();
  editing.save.deleted();
  assert.equal(editing.save.state(), 'deleted');
  let save;
  const sending = changed({
    answers: [
      () => {
        save.deleted();
        return later({ observacao: 'x' });
      },
    ],
  });
  save = sending.save;
  await save.start();
  assert.equal(save.state(), 'deleted');
  const unconfirmed = changed({ answers: [refusal('unconfirmed')] });
  await unconfirmed.save.start();
  unconfirmed.save.deleted();
  assert.equal(unconfirmed.save.state(), 'deleted');
});

test('a new order is repeated as it was sent, whatever was typed since', async () => {
  const { save, edit, seen } = make({ order: null, answers: [refusal('unconfirmed'), later({})] });
  edit.touch('cliente', 'Ana');
  edit.base().data_entrada = '2026-11-24';
  await save.start();
  edit.touch('cliente', 'Bia');
  await save.start();
  assert.deepEqual(seen.sent[0], seen.sent[1]);
  assert.deepEqual(seen.sent[0].dados, { cliente: 'Ana', data_entrada: '2026-11-24' });
});

test('a new order that was sent before the page was loaded anew', async () => {
  const { save, seen } = make({ order: null, answers: [later({})] });
  save.restore({ key: 'before', dados: { cliente: 'Ana' }, versao: null, at: 0 });
  assert.equal(save.state(), 'unconfirmed');
  await save.start();
  assert.equal(seen.sent[0].key, 'before');
});

test('two starts are one', async () => {
  const { save, seen } = changed({ answers: [later({ observacao: 'x' })] });
  await Promise.all([save.start(), save.start(), save.idle()]);
  assert.equal(seen.sent.length, 1);
});

test('whatever is thrown has words', () => {
  for (const error of [undefined, null, 'text', new TypeError('x is undefined'), {}, { kind: 'refused' }]) {
    const failure = failureOf(error);
    assert.ok(failure.message.length > 10, String(error));
    assert.doesNotMatch(failure.message, /undefined/);
  }
});

test('the bar says what can be done', () => {
  const facts = { state: 'editing', failure: null, isNew: false, isDirty: true, isDraftKept: true, hasMore: false, savedAt: 0 };
  assert.equal(saveWords(facts).text, 'Não salvo · rascunho guardado');
  assert.match(saveWords({ ...facts, isDraftKept: false }).text, /^Não coube/);
  assert.match(saveWords({ ...facts, isDirty: false, savedAt: 1 }).text, /^Salvo às/);
  for (const state of ['editing', 'sending', 'asking', 'unconfirmed', 'deleted']) {
    const words = saveWords({ ...facts, state });
    assert.equal(words.canSave, !['sending', 'deleted'].includes(state), state);
    assert.notEqual(words.text, '');
  }
});
