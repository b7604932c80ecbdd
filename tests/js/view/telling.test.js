// Whoever tells others in the page tells each apart: one that throws is reported, and the others are told all the same.

import assert from 'node:assert/strict';
import test from 'node:test';

import { createSession } from '../../../static/view/session.js';
import { createSettings } from '../../../static/view/settings.js';
import { createStorage } from '../../../static/view/storage.js';
import { createTicks, UNDO_TIME } from '../../../static/view/order/ticks.js';
import { pedido } from './orders.js';

const answer = { aberto: false, nome: 'Ana', papel: 'escrita' };

/** Each gives what to subscribe to, and how to make it tell. */
const TELLERS = {
  settings() {
    globalThis.window = { addEventListener: () => undefined };
    const settings = createSettings(createStorage(null));
    return { subscribe: settings.subscribe, change: (round) => settings.set('autor', `Ana ${round}`) };
  },
  session() {
    globalThis.fetch = async () => ({ ok: true, json: async () => answer });
    const session = createSession();
    return { subscribe: session.subscribe, change: () => session.load() };
  },
  ticks() {
    let now = 0;
    const ticks = createTicks({
      store: { update: async () => undefined },
      whyNot: () => null,
      announce: () => undefined,
      now: () => now,
    });
    return {
      subscribe: ticks.subscribe,
      async change(round) {
        // Told once when it was saved, and once when it can no longer be undone.
        if (round === 1) return assert.equal(await ticks.apply(pedido(), { costura: true }), true);
        now += UNDO_TIME;
        return ticks.sweep();
      },
    };
  },
};

for (const [name, make] of Object.entries(TELLERS)) {
  test(`${name}: one that throws stops nobody`, async (t) => {
    const reported = [];
    globalThis.reportError = (error) => reported.push(error.message);
    t.after(() => ['reportError', 'window', 'fetch'].forEach((one) => delete globalThis[one]));
    const told = [];
    const { subscribe, change } = make();
    subscribe(() => {
      told.push('first');
      throw new Error('thrown on purpose');
    });
    const stop = subscribe(() => told.push('second'));
    await change(1);
    await change(2);
    assert.deepEqual(told, ['first', 'second', 'first', 'second']);
    assert.deepEqual(reported, ['thrown on purpose', 'thrown on purpose']);
    stop();
    await change(1);
    assert.deepEqual(told.slice(4), ['first']);
  });
}
