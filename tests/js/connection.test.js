import assert from 'node:assert/strict';
import test from 'node:test';

import { CONNECTION_DEFAULTS } from '../../static/client/stream/connection-state.js';
import { createConnection } from '../../static/client/stream/connection.js';
import { LATE_EVENT } from '../../static/client/stream/delivery.js';
import { WEBSOCKET_RETRY, Fallback, storedMemory } from '../../static/client/stream/fallback.js';
import { CLOSE_SILENCE, PONG_DEADLINE, SSE_SILENCE, WAKE_DEADLINE } from '../../static/client/stream/liveness.js';
import { SSE_DEADLINE, WEBSOCKET_DEADLINE } from '../../static/client/stream/opening.js';
import { FakeClock, cursor, fakeLifecycle, fakeOpener, pedido, settle, update } from './fakes.js';

/** What a browser's localStorage is here. */
function fakeStorage() {
  const kept = new Map();
  return {
    kept,
    getItem: (key) => (kept.has(key) ? kept.get(key) : null),
    setItem: (key, value) => kept.set(key, String(value)),
    removeItem: (key) => kept.delete(key),
  };
}

function setUp(settings = {}, { clock = new FakeClock(), storage = null } = {}) {
  const ws = fakeOpener('websocket');
  const sse = fakeOpener('sse');
  const lifecycle = fakeLifecycle();
  const server = { verdict: 'answers', probes: 0 };
  const connection = createConnection({
    open: { websocket: ws, sse },
    probe: async () => {
      server.probes += 1;
      return server.verdict === 'denied'
        ? { verdict: 'denied', status: 401, message: 'Entre de novo.' }
        : { verdict: server.verdict };
    },
    clock,
    random: () => 0.5,
    fallback: new Fallback({ clock, random: () => 0.5, memory: storedMemory(storage, 'http://h') }),
    lifecycle,
    settings: { ...CONNECTION_DEFAULTS, ...settings },
  });
  const messages = [];
  connection.onMessage((message) => messages.push(message));
  const numbers = () =>
    messages.filter((m) => m.type === 'pedido_update').map((m) => Number(m.cursor.split('-')[0]));
  return {
    clock,
    ws,
    sse,
    lifecycle,
    server,
    connection,
    messages,
    numbers,
    state: () => connection.getState(),
  };
}

/** To a live SSE, as behind a proxy that refuses the upgrade. */
async function fallBack(t) {
  t.connection.start('5-aaaaaaaa');
  t.ws.last.end();
  await settle();
  t.ws.last.end();
  await settle();
  t.sse.last.hello();
}

test('connecting → connected by the first message, not by the open socket', () => {
  const t = setUp();
  assert.equal(t.state().status, 'disconnected');
  t.connection.start();
  assert.equal(t.state().status, 'connecting');
  t.ws.last.heartbeat();
  assert.equal(t.state().status, 'connecting');
  t.ws.last.hello('9-aaaaaaaa');
  assert.equal(t.state().status, 'connected');
  assert.equal(t.state().transport, 'websocket');
  assert.equal(t.state().serverVersion, '1');
  assert.equal(t.state().disconnectedAt, null);
  assert.equal(t.connection.position(), '9-aaaaaaaa');
});

test('start twice is one connection', () => {
  const t = setUp();
  t.connection.start('1-a');
  t.connection.start('2-b');
  assert.equal(t.ws.opened.length, 1);
  assert.equal(t.ws.last.cursor, '1-a');
});

test('a lost connection comes back after 3 s, from the last cursor, without end', async () => {
  const t = setUp();
  t.server.verdict = 'unreachable';
  t.connection.start('1-aaaaaaaa');
  t.ws.last.hello();
  t.ws.last.say(update('2-bbbbbbbb', pedido(1)));
  await t.clock.advance(20_000);
  t.ws.last.end();
  assert.equal(t.state().status, 'disconnected');
  assert.equal(t.state().reconnectAttempt, 1);
  const since = t.state().disconnectedAt;
  for (let attempt = 2; attempt < 200; attempt += 1) {
    await t.clock.advance(2_999);
    const count = t.ws.opened.length;
    await t.clock.advance(1);
    assert.equal(t.ws.opened.length, count + 1);
    assert.equal(t.ws.last.cursor, '2-bbbbbbbb');
    t.ws.last.end();
    await settle();
    assert.equal(t.state().reconnectAttempt, attempt);
  }
  assert.equal(t.state().disconnectedAt, since, 'one outage has one beginning');
  assert.equal(t.sse.opened.length, 0, 'a server that is down is no blocked network');
  await t.clock.advance(3_000);
  t.ws.last.hello();
  assert.equal(t.state().reconnectAttempt, 0);
});

test('a repeat is dropped, whatever sends it', () => {
  const t = setUp();
  t.connection.start('1-aaaaaaaa');
  t.ws.last.hello();
  for (const number of [2, 3, 3, 2, 4]) t.ws.last.say(update(number, pedido(1)));
  assert.deepEqual(t.numbers(), [2, 3, 4]);
});

test('a resume that is not honoured moves the position with refresh_required only', async () => {
  const t = setUp();
  t.connection.start('50-aaaaaaaa');
  t.ws.last.hello('7-bbbbbbbb');
  assert.equal(t.connection.position(), '50-aaaaaaaa');
  t.ws.last.end();
  await t.clock.advance(3_000);
  assert.equal(t.ws.last.cursor, '50-aaaaaaaa', 'cut between the two: asked again');
  t.ws.last.hello('7-bbbbbbbb');
  t.ws.last.say({ type: 'refresh_required', message: '', cursor: '7-bbbbbbbb' });
  t.ws.last.say(update(8, pedido(1)));
  assert.equal(t.messages.filter((m) => m.type === 'refresh_required').length, 1);
  assert.deepEqual(t.numbers(), [8]);
});

test('upgrade refused twice while HTTP answers → SSE with the same cursor', async () => {
  const t = setUp();
  t.connection.start('5-aaaaaaaa');
  t.ws.last.end();
  await settle();
  assert.equal(t.ws.opened.length, 2, 'asked once more: the server may just have come up');
  t.ws.last.end();
  await settle();
  assert.equal(t.sse.opened.length, 1);
  assert.equal(t.sse.last.cursor, '5-aaaaaaaa');
  t.sse.last.hello();
  assert.equal(t.state().transport, 'sse');
  assert.equal(t.clock.time, 1_000_000, 'at once');
});

test('upgrade hangs 3 s while HTTP answers → SSE', async () => {
  const t = setUp();
  t.connection.start('5-aaaaaaaa');
  await t.clock.advance(WEBSOCKET_DEADLINE - 1);
  assert.equal(t.sse.opened.length, 0);
  await t.clock.advance(1);
  assert.equal(t.ws.last.closed, true);
  assert.equal(t.sse.opened.length, 1);
});

test('a socket that opens but never speaks counts as hanging', async () => {
  const t = setUp();
  t.connection.start();
  t.ws.last.say({ type: 'pong', timestamp: '' });
  await t.clock.advance(WEBSOCKET_DEADLINE);
  assert.equal(t.sse.opened.length, 1);
});

test('upgrade hangs and HTTP does not answer → waiting, WebSocket again', async () => {
  const t = setUp();
  t.server.verdict = 'unreachable';
  t.connection.start();
  await t.clock.advance(WEBSOCKET_DEADLINE);
  assert.equal(t.state().status, 'disconnected');
  await t.clock.advance(3_000);
  assert.equal(t.ws.opened.length, 2);
  assert.equal(t.sse.opened.length, 0);
});

test('three young deaths running while HTTP answers → SSE; two are not enough', async () => {
  const t = setUp();
  t.connection.start();
  for (let death = 1; death <= 2; death += 1) {
    t.ws.last.hello('1-aaaaaaaa');
    await t.clock.advance(2_000);
    t.ws.last.end();
    await t.clock.advance(3_000);
    assert.equal(t.ws.opened.length, death + 1);
  }
  t.ws.last.hello('1-aaaaaaaa');
  t.ws.last.end();
  await settle();
  assert.equal(t.sse.opened.length, 1);
});

test('a long life in between, or an unreachable server, starts the count anew', async () => {
  for (const between of ['long', 'unreachable']) {
    const t = setUp();
    t.connection.start();
    for (let death = 1; death <= 6; death += 1) {
      t.ws.last.hello('1-aaaaaaaa');
      if (between === 'long' && death % 2 === 0) await t.clock.advance(11_000);
      t.server.verdict = between === 'unreachable' && death % 2 === 0 ? 'unreachable' : 'answers';
      t.ws.last.end();
      await t.clock.advance(3_000);
    }
    assert.equal(t.sse.opened.length, 0, between);
  }
});

test("the server's own goodbye (1012, 1013) is no young death", async () => {
  const t = setUp();
  t.connection.start();
  for (let i = 0; i < 5; i += 1) {
    t.ws.last.hello('1-aaaaaaaa');
    t.ws.last.end({ code: i % 2 ? 1012 : 1013 });
    await t.clock.advance(3_000);
  }
  assert.equal(t.sse.opened.length, 0);
  assert.equal(t.server.probes, 0);
});

test('1012 before the first message waits without asking', async () => {
  const t = setUp();
  t.connection.start();
  t.ws.last.end({ code: 1012 });
  await settle();
  assert.equal(t.server.probes, 0);
  assert.equal(t.state().status, 'disconnected');
});

test('denied by the probe stops and says so; reconnect() tries again', async () => {
  const t = setUp();
  t.server.verdict = 'denied';
  t.connection.start();
  t.ws.last.end();
  await t.clock.advance(60_000);
  assert.equal(t.ws.opened.length, 1);
  assert.equal(t.state().status, 'error');
  assert.deepEqual(t.state().error, { kind: 'denied', message: 'Entre de novo.', status: 401 });
  assert.equal(t.lifecycle.listeners.size, 0);
  t.connection.reconnect();
  assert.equal(t.ws.opened.length, 2);
  t.ws.last.hello();
  assert.equal(t.state().status, 'connected');
  assert.equal(t.state().error, null);
});

test('401 and 403 on the SSE itself stop at once', async () => {
  for (const status of [401, 403]) {
    const t = setUp({ transport: 'sse' });
    t.connection.start();
    t.sse.last.end({ status, refusedBy: 'server', reason: 'Não pode.' });
    await t.clock.advance(60_000);
    assert.equal(t.sse.opened.length, 1);
    assert.equal(t.state().error.kind, 'denied');
    assert.equal(t.state().error.status, status);
  }
});

test('denied while it is asked about a young death', async () => {
  const t = setUp();
  t.connection.start();
  t.ws.last.hello();
  t.server.verdict = 'denied';
  t.ws.last.end();
  await settle();
  assert.equal(t.state().status, 'error');
});

test('a close code that says stop stops', async () => {
  const t = setUp();
  t.connection.start();
  t.ws.last.hello();
  t.ws.last.end({ code: 4401, reason: 'token revogado' });
  await t.clock.advance(60_000);
  assert.equal(t.ws.opened.length, 1);
  assert.deepEqual(t.state().error, { kind: 'denied', message: 'token revogado', status: null });
});

test('a close code before our server has spoken, or one that it never sends, is not its word', async () => {
  const early = setUp();
  early.connection.start();
  early.ws.last.end({ code: 1003, reason: 'policy' });
  await early.clock.advance(4_000);
  assert.notEqual(early.state().status, 'error');
  assert.ok(early.ws.opened.length > 1);
  const policy = setUp();
  policy.connection.start();
  policy.ws.last.hello();
  policy.ws.last.end({ code: 1008, reason: 'policy' });
  await policy.clock.advance(4_000);
  assert.notEqual(policy.state().status, 'error');
  assert.ok(policy.ws.opened.length > 1);
});

// ---- somebody else answers in the server's place ------------------------------------------------

test('a portal for 20 s: said in words, tried on, and back by itself', async () => {
  const t = setUp();
  t.connection.start('1-aaaaaaaa');
  t.ws.last.hello();
  await t.clock.advance(20_000);
  t.server.verdict = 'foreign';
  t.ws.last.end();
  for (let i = 0; i < 7; i += 1) {
    await t.clock.advance(3_000);
    assert.notEqual(t.state().status, 'error');
    t.ws.last.end();
    await settle();
  }
  assert.equal(t.state().error.kind, 'network-answer');
  assert.match(t.state().error.message, /A rede respondeu no lugar do servidor/);
  assert.equal(t.sse.opened.length, 0);
  t.server.verdict = 'answers';
  await t.clock.advance(3_000);
  t.ws.last.hello();
  assert.equal(t.state().status, 'connected');
  assert.equal(t.state().error, null);
});

test('401, 403 and 407 of somebody else on the SSE: it goes on trying', async () => {
  for (const status of [401, 403, 407]) {
    for (const verdict of ['answers', 'foreign', 'unreachable']) {
      const t = setUp({ transport: 'sse' });
      t.server.verdict = verdict;
      t.connection.start();
      t.sse.last.end({ status, refusedBy: 'network' });
      await t.clock.advance(3_000);
      assert.equal(t.sse.opened.length, 2);
      t.sse.last.hello();
      assert.equal(t.state().status, 'connected');
    }
  }
});

test('a portal that cuts a young stream is named', async () => {
  const t = setUp();
  t.connection.start();
  t.ws.last.hello();
  t.server.verdict = 'foreign';
  t.ws.last.end();
  await settle();
  assert.equal(t.state().error.kind, 'network-answer');
  assert.equal(t.state().status, 'disconnected');
});

// ---- changes that are held back -----------------------------------------------------------------

/** A live SSE, forced or after a fallback. */
function liveSse() {
  const t = setUp({ transport: 'sse' });
  t.connection.start('1-aaaaaaaa');
  t.sse.last.hello();
  return t;
}

test('an own change whose event does not come: heartbeats closer together, once, and it is said', async () => {
  const t = liveSse();
  assert.deepEqual([t.sse.last.seconds, t.state().delayed], [null, false]);
  t.connection.deliveryIsLate();
  assert.equal(t.sse.opened.length, 2);
  assert.deepEqual([t.sse.last.seconds, t.sse.last.cursor], [1, '1-aaaaaaaa']);
  t.sse.last.hello();
  assert.equal(t.state().delayed, true);
  t.connection.deliveryIsLate();
  assert.equal(t.sse.opened.length, 2, 'asked for already');
});

test('over WebSocket nothing is held back piece by piece', () => {
  const t = setUp();
  t.connection.start('1-a');
  t.ws.last.hello();
  t.connection.deliveryIsLate();
  assert.equal(t.ws.opened.length + t.sse.opened.length, 1);
});

const at = (ms) => new Date(1_800_000_000_000 + ms).toISOString();

test("an event that comes seconds after its time, by the server's clock, shows it as well", async () => {
  const t = setUp({ transport: 'sse' });
  t.connection.start('1-aaaaaaaa');
  const hello = { type: 'connection', cursor: '1-aaaaaaaa', versao_servidor: '1' };
  t.sse.last.say({ ...hello, timestamp: at(0) });
  // Missed before, so old, and no sign of anything.
  t.sse.last.say({ ...update(2, pedido(1)), timestamp: at(-60_000) });
  await t.clock.advance(10_000);
  t.sse.last.say({ ...update(3, pedido(1)), timestamp: at(9_900) });
  assert.equal(t.sse.opened.length, 1);
  await t.clock.advance(15_000);
  t.sse.last.heartbeat();
  t.sse.last.say({ ...update(4, pedido(1)), timestamp: at(25_000 - LATE_EVENT - 1_000) });
  assert.equal(t.sse.opened.length, 2);
  assert.equal(t.sse.last.seconds, 1);
  assert.deepEqual(t.numbers(), [2, 3, 4], 'and what came late is there');
});

test('not one heartbeat since it began: held back; still silent: the network is named, and it goes on', async () => {
  const t = liveSse();
  await t.clock.advance(SSE_SILENCE);
  assert.equal(t.sse.opened.length, 2);
  assert.equal(t.sse.last.seconds, 1);
  t.sse.last.hello();
  await t.clock.advance(CLOSE_SILENCE);
  assert.equal(t.state().error.kind, 'blocked');
  await t.clock.advance(3_000);
  assert.equal(t.sse.opened.length, 3);
});

test('a stream that had heartbeats and falls silent is dead, not held back', async () => {
  const t = liveSse();
  await t.clock.advance(20_000);
  t.sse.last.heartbeat();
  await t.clock.advance(SSE_SILENCE);
  assert.equal(t.sse.opened.length, 2);
  assert.equal(t.sse.last.seconds, null);
});

const greeted = new WeakSet();
/** Refuses WebSocket, and of each SSE stream passes the first piece alone, for so many ms. */
async function holdForGood(t, ms, words) {
  for (const until = t.clock.now() + ms; t.clock.now() < until; await t.clock.advance(250)) {
    if (t.ws.opened.length > 0) t.ws.last.end();
    if (t.sse.opened.length > 0 && !greeted.has(t.sse.last)) {
      greeted.add(t.sse.last);
      t.sse.last.hello();
    }
    words.add(wordOf(t.state()));
  }
}
const wordOf = ({ error, status, delayed }) => (error ? error.kind : status === 'connected' ? `connected ${delayed}` : 'trying');

test('a network that holds all back for good: blocked, one word, until a heartbeat comes through', async () => {
  const t = setUp();
  t.connection.start('1-aaaaaaaa');
  await holdForGood(t, 60_000, new Set());
  const words = new Set();
  await holdForGood(t, 120_000, words);
  assert.deepEqual([...words], ['blocked']);
  const opened = t.sse.opened.length;
  assert.ok(opened > 5, 'and it goes on trying');
  while (t.state().status !== 'connected') await holdForGood(t, 250, words);
  for (let second = 0; second < 5; second += 1) {
    await t.clock.advance(1_000);
    t.sse.last.heartbeat();
  }
  assert.equal(wordOf(t.state()), 'connected true');
});

test('a network that held all back lets WebSocket through: all is well at once', async () => {
  const t = setUp();
  t.connection.start('1-aaaaaaaa');
  await holdForGood(t, 60_000, new Set());
  const before = t.ws.opened.length;
  while (t.ws.opened.length === before) await t.clock.advance(250);
  t.ws.last.hello();
  assert.equal(wordOf(t.state()), 'connected false');
});

const SLEEPS = {
  'its monotonic clock runs on': (clock, ms) => clock.sleep(ms),
  'its monotonic clock stands still': (clock, ms) => {
    clock.wall += ms;
  },
};
for (const [name, sleep] of Object.entries(SLEEPS)) {
  test(`a machine that slept accuses no network: ${name}`, async () => {
    const t = setUp({ transport: 'sse' });
    t.connection.start('1-aaaaaaaa');
    t.sse.last.say({ type: 'connection', cursor: '1-aaaaaaaa', versao_servidor: '1', timestamp: at(0) });
    await t.clock.advance(5_000);
    sleep(t.clock, 60_000);
    // Sent while it slept: before its timers run, and after.
    t.sse.last.say({ ...update(2, pedido(1)), timestamp: at(20_000) });
    await t.clock.advance(1_000);
    t.sse.last.say({ ...update(3, pedido(1)), timestamp: at(40_000) });
    assert.deepEqual([t.sse.opened.length, t.state().delayed], [1, false]);
    await t.clock.advance(20_000);
    t.sse.last.say({ ...update(4, pedido(1)), timestamp: at(86_000) });
    await t.clock.advance(20_000);
    t.sse.last.say({ ...update(5, pedido(1)), timestamp: at(106_000 - LATE_EVENT - 1_000) });
    assert.equal(t.sse.opened.length, 2, 'but what comes late afterwards does');
  });

  test(`a stream that died while the machine slept was not held back: ${name}`, async () => {
    const t = liveSse();
    await t.clock.advance(5_000);
    sleep(t.clock, 3_600_000);
    for (let second = 0; second < 60 && t.sse.opened.length < 2; second += 1) await t.clock.advance(1_000);
    assert.equal(t.sse.last.seconds, null);
    // The wireless network comes a little later than the machine itself.
    await t.clock.advance(SSE_DEADLINE);
    t.sse.last.hello();
    assert.deepEqual([t.state().status, t.state().delayed], ['connected', false]);
  });

  test(`an own change that was answered just before: ${name}`, async () => {
    const t = liveSse();
    await t.clock.advance(5_000);
    sleep(t.clock, 60_000);
    t.connection.deliveryIsLate();
    assert.equal(t.sse.opened.length, 1);
    await t.clock.advance(10_000);
    t.connection.deliveryIsLate();
    assert.equal(t.sse.opened.length, 2);
  });

  test(`nor is the network blocked where it was known to hold back: ${name}`, async () => {
    const t = liveSse();
    t.connection.deliveryIsLate();
    t.sse.last.hello();
    await t.clock.advance(1_000);
    t.sse.last.heartbeat();
    sleep(t.clock, 3_600_000);
    await t.clock.advance(CLOSE_SILENCE + WAKE_DEADLINE);
    assert.deepEqual([t.sse.opened.length, t.state().error], [3, null]);
  });
}

test('the first message held back until a heartbeat comes: asked for one each second, then it is live', async () => {
  const t = setUp({ transport: 'sse' });
  t.connection.start('1-aaaaaaaa');
  await t.clock.advance(SSE_DEADLINE);
  assert.equal(t.sse.opened.length, 2);
  assert.equal(t.sse.last.seconds, 1);
  await t.clock.advance(1_500);
  t.sse.last.hello();
  assert.deepEqual([t.state().status, t.state().delayed, t.state().error], ['connected', true, null]);
});

// ---- the network is well again -------------------------------------------------------------------

/** Delayed, by SSE, with a heartbeat each second. */
function delayedSse(settings) {
  const t = setUp(settings);
  t.connection.start('1-aaaaaaaa');
  return t;
}

/** Heartbeats each second on the first stream, until another one is tried beside it or ten minutes are over. */
async function untilTrial(t) {
  const live = t.sse.last;
  const opened = t.sse.opened.length;
  for (let second = 0; second < 600 && t.sse.opened.length === opened; second += 1) {
    await t.clock.advance(1_000);
    live.heartbeat();
  }
  return { live, trial: t.sse.last };
}

for (const transport of ['sse', 'auto']) {
  test(`${transport}: delayed, and the network is well again: seen on a second stream, which takes over`, async () => {
    const t = delayedSse({ transport });
    if (transport === 'auto') {
      t.ws.last.end();
      await settle();
      t.ws.last.end();
      await settle();
    }
    t.sse.last.hello();
    t.connection.deliveryIsLate();
    t.sse.last.hello();
    assert.equal(t.state().delayed, true);
    const { live, trial } = await untilTrial(t);
    assert.notEqual(trial, live, 'none was tried');
    assert.deepEqual([trial.seconds, trial.cursor], [5, '1-aaaaaaaa']);
    trial.hello();
    await t.clock.advance(3_000);
    trial.heartbeat();
    await t.clock.advance(1_000);
    assert.deepEqual([t.state().status, t.state().delayed], ['connected', false]);
    assert.equal(live.closed, true);
    trial.say(update(2, pedido(1)));
    assert.deepEqual(t.numbers(), [2]);
  });
}

test('delayed, and its heartbeats come through five seconds late: it stays as it is, and is tried again', async () => {
  const t = delayedSse({ transport: 'sse' });
  t.sse.last.hello();
  t.connection.deliveryIsLate();
  t.sse.last.hello();
  const { live, trial } = await untilTrial(t);
  trial.hello();
  for (let second = 0; second < 6; second += 1) {
    await t.clock.advance(1_000);
    live.heartbeat();
  }
  trial.heartbeat();
  await t.clock.advance(500);
  assert.deepEqual([t.state().delayed, trial.closed, live.closed], [true, true, false]);
  live.say(update(2, pedido(1)));
  assert.deepEqual(t.numbers(), [2]);
  const opened = t.sse.opened.length;
  for (let second = 0; second < 600 && t.sse.opened.length === opened; second += 1) {
    live.heartbeat();
    await t.clock.advance(1_000);
  }
  assert.equal(t.sse.opened.length, opened + 1);
});

test('an event during the trial says nothing: tried again, soon, and nothing is lost or told twice', async () => {
  const t = delayedSse({ transport: 'sse' });
  t.sse.last.hello();
  t.connection.deliveryIsLate();
  t.sse.last.hello();
  const { live, trial } = await untilTrial(t);
  trial.hello();
  await t.clock.advance(2_000);
  trial.heartbeat();
  trial.say(update(2, pedido(1)));
  live.say(update(2, pedido(1)));
  await t.clock.advance(1_000);
  assert.deepEqual([t.state().delayed, trial.closed, t.numbers()], [true, true, [2]]);
  const opened = t.sse.opened.length;
  for (let second = 0; second < 45; second += 1) {
    live.heartbeat();
    await t.clock.advance(1_000);
  }
  assert.equal(t.sse.opened.length, opened + 1);
});

// ---- what outlives the page ----------------------------------------------------------------------

test('the fallback is remembered over a reload, for some minutes, with the heartbeat', async () => {
  const clock = new FakeClock();
  const storage = fakeStorage();
  const before = setUp({}, { clock, storage });
  await fallBack(before);
  before.connection.deliveryIsLate();
  before.connection.close();
  await clock.advance(60_000);
  const after = setUp({}, { clock, storage });
  after.connection.start('5-aaaaaaaa');
  assert.deepEqual([after.ws.opened.length, after.sse.opened.length], [0, 1]);
  assert.equal(after.sse.last.seconds, 1);
  after.sse.last.hello();
  const limit = clock.now() + WEBSOCKET_RETRY;
  while (after.ws.opened.length === 0 && clock.now() < limit) {
    await clock.advance(2_000);
    after.sse.last.heartbeat();
  }
  assert.equal(after.ws.opened.length, 1, 'and WebSocket is tried again beside it');
  after.ws.last.hello();
  assert.equal(after.state().transport, 'websocket');
  assert.equal(storage.kept.size, 0);
  const later = setUp({}, { clock, storage });
  later.connection.start();
  assert.equal(later.ws.opened.length, 1);
});

test('what is remembered of another day, by a clock that jumped, or by nobody, counts for nothing', () => {
  for (const until of [999_999, 1_000_000 + 86_400_000, 'x']) {
    const storage = fakeStorage();
    storage.setItem('pedidos.rede http://h', JSON.stringify({ until, heldBack: true }));
    const t = setUp({}, { storage });
    t.connection.start();
    assert.equal(t.ws.opened.length, 1, String(until));
  }
  const broken = {
    getItem() {
      throw new Error('SecurityError');
    },
    setItem() {
      throw new Error('QuotaExceededError');
    },
  };
  const t = setUp({}, { storage: broken });
  t.connection.start();
  assert.equal(t.ws.opened.length, 1);
});

// ---- listeners -------------------------------------------------------------------------------------

test('a listener that closes leaves nothing: no ping, no socket', async () => {
  for (const status of ['connecting', 'connected', 'disconnected']) {
    const t = setUp();
    let closed = false;
    t.connection.subscribe(() => {
      if (closed || t.state().status !== status) return;
      closed = true;
      t.connection.close();
    });
    t.connection.start('1-a');
    if (t.ws.last) t.ws.last.hello();
    if (t.ws.last) t.ws.last.end();
    await t.clock.advance(120_000);
    assert.equal(closed, true, status);
    assert.equal(t.clock.timers.size, 0, status);
    assert.ok(
      t.ws.opened.every((transport) => transport.closed),
      status,
    );
  }
});

test('a listener that throws, on state or message, stops nothing', async () => {
  const t = setUp();
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  t.connection.subscribe(() => {
    throw new Error('state');
  });
  t.connection.onMessage(() => {
    throw new Error('message');
  });
  const heard = [];
  t.connection.onMessage((message) => heard.push(message.type));
  t.connection.start('1-a');
  t.ws.last.hello();
  t.ws.last.say(update(2, pedido(1)));
  t.ws.last.end();
  await t.clock.advance(3_000);
  delete globalThis.reportError;
  assert.equal(t.ws.opened.length, 2);
  assert.deepEqual(heard, ['connection', 'pedido_update']);
  assert.ok(reported.includes('state') && reported.includes('message'));
});

test('reconnect() from a listener that hears of the break does not go round in circles', () => {
  const t = setUp();
  let calls = 0;
  t.connection.subscribe(() => {
    if (t.state().status === 'connected') return;
    calls += 1;
    if (calls < 1_000 && t.state().status === 'disconnected') t.connection.reconnect();
  });
  t.connection.start('1-a');
  t.ws.last.hello();
  t.ws.last.end();
  assert.ok(calls < 10, String(calls));
  assert.equal(t.state().status, 'connecting');
  assert.equal(t.ws.opened.filter((transport) => !transport.closed).length, 1);
});

test('the wall clock set back during an outage does not hide how long it lasts', async () => {
  const t = setUp();
  t.server.verdict = 'unreachable';
  t.connection.start('1-a');
  t.ws.last.hello();
  t.ws.last.end();
  t.clock.wall = -3_600_000;
  for (let i = 0; i < 4; i += 1) {
    await t.clock.advance(3_000);
    t.ws.last.end();
    await settle();
  }
  const shown = t.clock.now() - t.state().disconnectedAt;
  assert.ok(shown >= 8_000 && shown <= 13_000, String(shown));
});

test('neither transport passes while the server answers → blocked, within 10 s, and goes on', async () => {
  const t = setUp();
  t.connection.start();
  await t.clock.advance(WEBSOCKET_DEADLINE + 2 * SSE_DEADLINE);
  assert.ok(t.clock.time - 1_000_000 < 10_000);
  assert.equal(t.state().error.kind, 'blocked');
  assert.match(t.state().error.message, /proxy_buffering off/);
  assert.equal(t.state().status, 'disconnected');
  await t.clock.advance(3_000);
  assert.equal(t.ws.opened.length, 2, 'from the top');
  t.ws.last.hello();
  assert.equal(t.state().error, null);
});

test('SSE refused by the server itself (503) accuses no network and waits as it asks', async () => {
  const t = setUp({ transport: 'sse' });
  t.connection.start();
  t.sse.last.end({ status: 503, retryAfter: 12_000, refusedBy: 'server', reason: 'Já há conexões demais.' });
  await settle();
  assert.deepEqual(t.state().error, { kind: 'blocked', message: 'Já há conexões demais.', status: null });
  await t.clock.advance(11_999);
  assert.equal(t.sse.opened.length, 1);
  await t.clock.advance(1);
  assert.equal(t.sse.opened.length, 2);
});

test('on SSE, WebSocket is tried again beside it and takes over without a gap or a repeat', async () => {
  const t = setUp();
  await fallBack(t);
  t.sse.last.say(update('6-aaaaaaaa', pedido(1)));
  for (let i = 0; i < WEBSOCKET_RETRY / 20_000; i += 1) {
    await t.clock.advance(20_000);
    t.sse.last.heartbeat();
  }
  assert.equal(t.ws.opened.length, 3);
  assert.equal(t.state().status, 'connected', 'the live stream goes on meanwhile');
  assert.equal(t.ws.last.cursor, '6-aaaaaaaa');
  t.sse.last.say(update(7, pedido(1)));
  t.ws.last.hello();
  assert.equal(t.sse.last.closed, true);
  assert.equal(t.state().transport, 'websocket');
  for (const number of [7, 8]) t.ws.last.say(update(number, pedido(1)));
  assert.deepEqual(t.numbers(), [6, 7, 8]);
});

test('the try beside it fails, by refusal or by hanging: SSE goes on, and it is tried again', async () => {
  const t = setUp();
  await fallBack(t);
  for (const how of ['refused', 'hung']) {
    const count = t.ws.opened.length;
    while (t.ws.opened.length === count) {
      await t.clock.advance(10_000);
      t.sse.last.heartbeat();
    }
    if (how === 'refused') t.ws.last.end();
    else await t.clock.advance(WEBSOCKET_DEADLINE);
    assert.equal(t.ws.last.closed, true, how);
    assert.equal(t.state().status, 'connected');
    assert.equal(t.sse.opened.length, 1);
  }
});

test('SSE lost while WebSocket is tried beside it', async () => {
  const t = setUp();
  await fallBack(t);
  const count = t.ws.opened.length;
  while (t.ws.opened.length === count) {
    await t.clock.advance(10_000);
    t.sse.last.heartbeat();
  }
  const candidate = t.ws.last;
  t.sse.last.end({ status: 200 });
  assert.equal(candidate.closed, true);
  assert.equal(t.state().status, 'disconnected');
  await t.clock.advance(3_000);
  assert.equal(t.state().status, 'connecting');
});

test('SSE after a fallback comes back as SSE, and as WebSocket once the network changed', async () => {
  const t = setUp();
  await fallBack(t);
  t.sse.last.end({ status: 200 });
  await t.clock.advance(3_000);
  assert.equal(t.sse.opened.length, 2);
  t.sse.last.hello();
  t.sse.last.end({ status: 200 });
  const count = t.ws.opened.length;
  t.lifecycle.emit('online');
  assert.equal(t.ws.opened.length, count + 1);
});

test('a forced transport is kept to, and can be changed while connected, at the same cursor', async () => {
  const t = setUp({ transport: 'websocket' });
  t.connection.start('5-aaaaaaaa');
  for (let i = 0; i < 4; i += 1) {
    t.ws.last.end();
    await t.clock.advance(3_000);
  }
  assert.equal(t.sse.opened.length, 0);
  t.ws.last.end();
  await settle();
  assert.equal(t.state().error.kind, 'blocked');
  assert.match(t.state().error.message, /WebSocket/);
  t.connection.setTransport('sse');
  t.sse.last.hello();
  t.sse.last.say(update('6-aaaaaaaa', pedido(1)));
  assert.equal(t.state().transport, 'sse');
  assert.equal(t.state().preference, 'sse');
  t.connection.setTransport('websocket');
  assert.equal(t.sse.last.closed, true);
  assert.equal(t.ws.last.cursor, '6-aaaaaaaa');
  const count = t.ws.opened.length;
  t.connection.setTransport('websocket');
  assert.equal(t.ws.opened.length, count, 'no change, no reconnect');
});

test('forced SSE that hangs is blocked too', async () => {
  const t = setUp({ transport: 'sse' });
  t.connection.start();
  await t.clock.advance(2 * SSE_DEADLINE);
  assert.equal(t.state().error.kind, 'blocked');
  await t.clock.advance(3_000);
  assert.equal(t.sse.opened.length, 3);
  assert.equal(t.ws.opened.length, 0);
});

test('ping every 30 s; no answer in 10 s means dead, and it reconnects at once', async () => {
  const t = setUp();
  t.connection.start();
  t.ws.last.hello('1-a');
  for (let i = 0; i < 3; i += 1) {
    await t.clock.advance(30_000);
    assert.deepEqual(t.ws.last.sent, Array(i + 1).fill({ type: 'ping' }));
    t.ws.last.say({ type: 'pong', timestamp: '' });
    assert.equal(t.state().lastHeardAt, t.clock.time);
  }
  await t.clock.advance(30_000 + PONG_DEADLINE - 1);
  assert.equal(t.ws.opened.length, 1);
  await t.clock.advance(1);
  assert.equal(t.ws.opened.length, 2);
  assert.equal(t.ws.opened[0].closed, true);
  assert.equal(t.state().status, 'connecting');
  assert.equal(t.state().reconnectAttempt, 1);
});

test('a change is as good a sign of life as a pong', async () => {
  const t = setUp();
  t.connection.start();
  t.ws.last.hello('1-a');
  await t.clock.advance(35_000);
  t.ws.last.say(update(2, pedido(1)));
  await t.clock.advance(20_000);
  assert.equal(t.ws.opened.length, 1);
});

test('wake: ping at once, no answer in 3 s means dead', async () => {
  for (const event of ['wake', 'online', 'return']) {
    const t = setUp();
    t.connection.start();
    t.ws.last.hello('1-a');
    t.clock.sleep(3_600_000);
    t.lifecycle.emit(event);
    assert.equal(t.ws.last.sent.length, 1);
    await t.clock.advance(WAKE_DEADLINE);
    assert.equal(t.ws.opened.length, 2, event);
  }
});

test('wake with an answer: nothing happens', async () => {
  const t = setUp();
  t.connection.start();
  t.ws.last.hello('1-a');
  t.lifecycle.emit('wake');
  t.ws.last.say({ type: 'pong', timestamp: '' });
  await t.clock.advance(PONG_DEADLINE);
  assert.equal(t.ws.opened.length, 1);
});

test('wake while the socket is already closing: reconnect at once', () => {
  const t = setUp();
  t.connection.start();
  t.ws.last.hello('1-a');
  t.ws.last.send = () => false;
  t.lifecycle.emit('wake');
  assert.equal(t.ws.opened.length, 2);
});

test('online, wake and return end the waiting at once; visible and hidden do not', async () => {
  for (const [event, attempts] of [
    ['online', 2],
    ['wake', 2],
    ['return', 2],
    ['visible', 1],
    ['hidden', 1],
  ]) {
    const t = setUp();
    t.server.verdict = 'unreachable';
    t.connection.start();
    t.ws.last.end();
    await settle();
    t.lifecycle.emit(event);
    assert.equal(t.ws.opened.length, attempts, event);
  }
});

test('SSE: 35 s without a heartbeat means dead', async () => {
  const t = setUp({ transport: 'sse' });
  t.connection.start();
  t.sse.last.hello('1-a');
  await t.clock.advance(25_000);
  t.sse.last.heartbeat();
  assert.equal(t.state().lastHeardAt, t.clock.time);
  await t.clock.advance(SSE_SILENCE - 1);
  assert.equal(t.sse.opened.length, 1);
  await t.clock.advance(1);
  assert.equal(t.sse.opened.length, 2);
});

test('SSE on waking: 3 s for what the network kept, and only when a heartbeat is overdue', async () => {
  const t = setUp({ transport: 'sse' });
  t.connection.start();
  t.sse.last.hello('1-a');
  t.lifecycle.emit('wake');
  await t.clock.advance(WAKE_DEADLINE);
  assert.equal(t.sse.opened.length, 1);
  t.clock.sleep(3_600_000);
  t.lifecycle.emit('wake');
  await t.clock.advance(WAKE_DEADLINE);
  assert.equal(t.sse.opened.length, 2);
});

test('a deadline that was slept through gives 3 s more', async () => {
  const t = setUp({ transport: 'sse' });
  t.connection.start();
  t.sse.last.hello('1-a');
  t.clock.time += 600_000; // the timer is long due when the machine wakes
  await t.clock.advance(0);
  assert.equal(t.sse.opened.length, 1);
  t.sse.last.heartbeat();
  await t.clock.advance(WAKE_DEADLINE);
  assert.equal(t.sse.opened.length, 1);
});

test('no heartbeat: no ping, nothing is judged', async () => {
  const t = setUp({ heartbeat: false });
  t.connection.start();
  t.ws.last.hello('1-a');
  await t.clock.advance(600_000);
  assert.equal(t.ws.last.sent.length, 0);
  assert.equal(t.ws.opened.length, 1);
});

test('maximum attempts', async () => {
  const t = setUp({ maxReconnectAttempts: 2 });
  t.server.verdict = 'unreachable';
  t.connection.start();
  for (let i = 0; i < 3; i += 1) {
    t.ws.last.end();
    await t.clock.advance(3_000);
  }
  assert.equal(t.ws.opened.length, 3);
  assert.equal(t.state().status, 'error');
  assert.equal(t.state().error.kind, 'attempts');
  t.connection.reconnect();
  assert.equal(t.ws.opened.length, 4);
  assert.equal(t.state().reconnectAttempt, 0);
});

test('no automatic reconnect', async () => {
  const t = setUp({ autoReconnect: false });
  t.connection.start();
  t.ws.last.hello('1-a');
  t.ws.last.end();
  await t.clock.advance(60_000);
  assert.equal(t.ws.opened.length, 1);
  assert.equal(t.state().status, 'disconnected');
  assert.equal(t.server.probes, 0, 'nobody needs to know why');
});

test('close() in every phase: nothing is left, nothing comes after it', async () => {
  const phases = {
    connecting: (t) => t.connection.start(),
    connected: (t) => {
      t.connection.start();
      t.ws.last.hello('1-a');
    },
    probing: (t) => {
      t.connection.start();
      t.ws.last.end();
    },
    waiting: async (t) => {
      t.server.verdict = 'unreachable';
      t.connection.start();
      t.ws.last.end();
      await settle();
    },
  };
  for (const [name, bring] of Object.entries(phases)) {
    const t = setUp();
    await bring(t);
    t.connection.close();
    await t.clock.advance(600_000);
    assert.equal(t.clock.timers.size, 0, name);
    assert.equal(t.lifecycle.listeners.size, 0, name);
    assert.ok(
      [...t.ws.opened, ...t.sse.opened].every((transport) => transport.closed),
      name,
    );
    assert.equal(t.state().status, 'disconnected', name);
    t.connection.start();
    assert.equal(t.state().status, 'connecting', `${name}: starts again`);
  }
});

test('reconnect() drops what there is and keeps the cursor', () => {
  const t = setUp();
  t.connection.start('4-a');
  t.ws.last.hello();
  t.connection.reconnect();
  assert.equal(t.ws.opened[0].closed, true);
  assert.equal(t.ws.last.cursor, '4-a');
});

test('send() only while connected by WebSocket', () => {
  const t = setUp();
  assert.equal(t.connection.send({ type: 'ping' }), false);
  t.connection.start();
  assert.equal(t.connection.send({ type: 'ping' }), false);
  t.ws.last.hello();
  assert.equal(t.connection.send({ type: 'get_pedidos' }), true);
  assert.deepEqual(t.ws.last.sent, [{ type: 'get_pedidos' }]);
});

test('under load the state is renewed once a second, not with each message', async () => {
  const t = setUp();
  t.connection.start('0-a');
  t.ws.last.hello();
  let changes = 0;
  t.connection.subscribe(() => {
    changes += 1;
  });
  for (let i = 1; i <= 1_000; i += 1) {
    t.clock.time += 2;
    t.ws.last.say(update(cursor(i), pedido(1)));
  }
  assert.equal(changes, 2);
  assert.equal(t.numbers().length, 1_000);
});
