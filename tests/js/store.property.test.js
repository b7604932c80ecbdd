// Any interleaving of answers, events, repeats, cuts and reloads leaves the store equal to the server,
// never shows what the server never committed, and announces nothing twice.

import assert from 'node:assert/strict';
import test from 'node:test';

import fc from 'fast-check';

import { createStore } from '../../static/client/store/store.js';
import { FakeClock, settle } from './fakes.js';
import { ModelServer, modelStream } from './model-server.js';

const pick = (list, n) => list[n % list.length];
const FIELDS = ['financeiro', 'costura', 'cliente'];
const valueOf = (field, n) => (field === 'cliente' ? `Nome ${n % 3}` : n % 2 === 0);

const number = fc.nat(1_000);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('other create') }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('other patch'), a: number, b: number, c: number }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('other remove'), a: number }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('update'), a: number, b: number, c: number }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('update two'), a: number, b: number, match: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('create') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove'), a: number }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry'), a: number }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dismiss'), a: number }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('arrive'), a: number }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('answer'), a: number }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose'), a: number, arrive: fc.boolean() }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('deliver') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('repeat'), a: number }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('resume') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refresh') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('load') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('backup') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore') }) },
);

function world() {
  const clock = new FakeClock();
  const server = new ModelServer();
  const stream = modelStream(server);
  const api = server.api('me');
  const store = createStore({ api, stream, clock, random: () => 0.5, clientId: 'me' });
  for (let i = 0; i < 3; i += 1) server.create({ cliente: `Nome ${i}` });
  const changes = [];
  store.onChange((change) => changes.push(change));
  return { clock, server, stream, store, changes, copy: null, restored: false };
}

async function perform(w, s) {
  const { server, stream, store, clock } = w;
  const ids = [...server.orders.keys()];
  const shown = store.getSnapshot().pedidos.map((order) => order.id);
  switch (s.do) {
    case 'other create':
      server.create({});
      break;
    case 'other patch':
      if (ids.length > 0)
        server.patch(pick(ids, s.a), { [pick(FIELDS, s.b)]: valueOf(pick(FIELDS, s.b), s.c) });
      break;
    case 'other remove':
      if (ids.length > 0) server.remove(pick(ids, s.a));
      break;
    case 'update':
      if (shown.length > 0)
        store.update(pick(shown, s.a), { [pick(FIELDS, s.b)]: valueOf(pick(FIELDS, s.b), s.c) });
      break;
    case 'update two':
      if (shown.length > 0) {
        const id = pick(shown, s.a);
        const { versao } = store.getSnapshot().byId.get(id);
        store.update(
          id,
          { costura: s.b % 2 === 0, cliente: `Nome ${s.b % 3}` },
          s.match ? { ifMatch: versao } : {},
        );
      }
      break;
    case 'create':
      store.create({ cliente: 'Novo' }).catch(() => undefined);
      break;
    case 'remove':
      if (shown.length > 0) store.remove(pick(shown, s.a));
      break;
    case 'retry':
    case 'dismiss': {
      const { errors } = store.getSnapshot();
      const failed = Object.keys(errors).flatMap((id) =>
        Object.keys(errors[id]).map((field) => [Number(id), field]),
      );
      if (failed.length > 0) store[s.do === 'retry' ? 'retry' : 'dismissError'](...pick(failed, s.a));
      break;
    }
    case 'arrive':
      if (server.requests.length > 0) pick(server.requests, s.a).arrive();
      break;
    case 'answer':
      if (server.requests.length > 0) await pick(server.requests, s.a).answer();
      break;
    case 'lose':
      if (server.requests.length > 0) {
        const request = pick(server.requests, s.a);
        if (s.arrive) request.arrive();
        await request.lose();
      }
      break;
    case 'deliver':
      stream.deliver();
      break;
    case 'repeat':
      stream.repeat(s.a % 5);
      break;
    case 'cut':
      stream.cut();
      break;
    case 'resume':
      stream.resume();
      break;
    case 'refresh':
      if (stream.getState().status === 'connected') stream.say({ type: 'refresh_required', message: '' });
      break;
    case 'load':
      store.load({});
      break;
    case 'wait':
      await clock.advance(3_000);
      break;
    case 'backup':
      w.copy = server.backup();
      break;
    case 'restore':
      // A database is put back while the server is down: no stream is open, no request under way.
      if (w.copy) {
        stream.cut();
        while (server.requests.length > 0) await server.requests[0].lose();
        server.restore(w.copy);
        w.restored = true;
      }
      break;
    default:
      assert.fail(s.do);
  }
  await settle();
}

function neverAhead(w) {
  const { pedidos, byId } = w.store.getSnapshot();
  for (const order of pedidos)
    assert.ok(w.server.committed.has(JSON.stringify(order)), 'shows what was never committed');
  assert.deepEqual(
    pedidos.map((order) => order.id),
    [...byId.keys()].sort((a, b) => b - a),
  );
}

async function comeToRest(w) {
  for (let i = 0; i < 20; i += 1) {
    w.stream.resume();
    await w.server.answerAll();
    w.stream.deliverAll();
    await w.clock.advance(3_000);
    await w.server.answerAll();
  }
}

async function run(steps) {
  const w = world();
  w.store.load({});
  for (const s of steps) {
    await perform(w, s);
    neverAhead(w);
  }
  await comeToRest(w);
  neverAhead(w);
  const snapshot = w.store.getSnapshot();
  assert.deepEqual(snapshot.pedidos, w.server.list());
  assert.deepEqual(snapshot.pending, {});
  assert.equal(snapshot.cursor, w.server.head);
  assert.equal(snapshot.isReloading, false);
  // Nothing twice: one announcement for each version of each order (a restored copy starts them anew).
  if (!w.restored) {
    const seen = new Set();
    for (const { action, pedido_id: id, pedido } of w.changes) {
      const name = `${id} ${action === 'delete' ? 'deleted' : pedido.versao}`;
      assert.ok(!seen.has(name), `${name} was announced twice`);
      seen.add(name);
    }
  }
  w.store.close();
}

test('the store ends equal to the server', { timeout: 200_000 }, async () => {
  const runs = Number(process.env.PEDIDOS_PROPERTY_RUNS || 300);
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), run), { numRuns: runs });
});
