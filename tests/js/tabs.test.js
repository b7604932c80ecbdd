import assert from 'node:assert/strict';
import test from 'node:test';

import { CONNECTION_DEFAULTS } from '../../static/client/stream/connection-state.js';
import { createConnection } from '../../static/client/stream/connection.js';
import { Fallback, storedMemory } from '../../static/client/stream/fallback.js';
import { outranks } from '../../static/client/stream/claims.js';
import { HELLO, HIDDEN_LEASE, LEASE, createSharedConnection } from '../../static/client/stream/tabs.js';
import {
  FakeClock,
  cursor,
  fakeChannels,
  fakeLifecycle,
  fakeOpener,
  pedido,
  settle,
  update,
} from './fakes.js';

/** A hidden tab's timers run once a minute. */
function throttledClock(clock, lifecycle) {
  return {
    now: clock.now,
    monotonic: clock.monotonic,
    clearTimeout: clock.clearTimeout,
    setTimeout(callback, ms) {
      const due = clock.time + ms;
      return clock.setTimeout(callback, (lifecycle.visible ? due : Math.ceil(due / 60_000) * 60_000) - clock.time);
    },
  };
}

/** A browser with tabs; each tab's stream is given the events of `log` behind its cursor. */
function browser() {
  const clock = new FakeClock();
  const channels = fakeChannels();
  const log = [];
  const tabs = [];

  function openTab(name, { visible = true, alone = false, throttled = false } = {}) {
    const ws = fakeOpener('websocket');
    const lifecycle = fakeLifecycle();
    lifecycle.visible = visible;
    const own = throttled ? throttledClock(clock, lifecycle) : clock;
    const channel = alone ? null : channels.open();
    const connection = createConnection({
      open: { websocket: ws, sse: fakeOpener('sse') },
      probe: async () => tab.probed,
      clock: own,
      random: () => 0.5,
      fallback: new Fallback({ clock: own, random: () => 0.5, memory: storedMemory(null, '') }),
      lifecycle,
      settings: CONNECTION_DEFAULTS,
    });
    const shared = createSharedConnection({
      connection,
      channel,
      tab: name,
      clock: own,
      random: () => 0.5,
      lifecycle,
    });
    const tab = {
      name,
      ws,
      lifecycle,
      channel,
      connection,
      shared,
      seen: [],
      refreshes: 0,
      probed: { verdict: 'unreachable' },
      live: () => ws.opened.filter((transport) => !transport.closed),
      state: () => shared.getState(),
      role: () => shared.getState().role,
      /** Answers the stream that it opened. */
      accept() {
        const transport = ws.last;
        transport.hello(transport.cursor === null ? last() : transport.cursor);
        replay(transport);
      },
      crash() {
        channels.members.delete(channel);
        ws.opened.forEach((transport) => {
          transport.closed = true;
        });
        tab.dead = true;
      },
    };
    shared.onMessage((message) => {
      if (message.type === 'pedido_update') tab.seen.push(Number(message.cursor.split('-')[0]));
      if (message.type === 'refresh_required') tab.refreshes += 1;
    });
    tabs.push(tab);
    return tab;
  }

  const last = () => (log.length > 0 ? log[log.length - 1].cursor : '0-00000000');
  function replay(transport) {
    const from = transport.cursor === null ? log.length : Number(transport.cursor.split('-')[0]);
    log.slice(from).forEach((message) => transport.say(message));
  }
  /** One committed change, to every open stream. */
  async function change() {
    const message = update(cursor(log.length + 1), pedido(1));
    log.push(message);
    tabs.forEach((tab) => !tab.dead && tab.live().forEach((transport) => transport.say(message)));
    await settle();
  }
  const streams = () => tabs.filter((tab) => !tab.dead).reduce((sum, tab) => sum + tab.live().length, 0);
  return { clock, channels, openTab, change, streams, tabs };
}

async function twoTabs(options = {}) {
  const b = browser();
  const first = b.openTab('a', options.first);
  first.shared.start('0-00000000');
  await b.clock.advance(HELLO);
  first.accept();
  const second = b.openTab('b', options.second);
  await settle();
  second.shared.start('0-00000000');
  await settle();
  return { ...b, first, second };
}

test('the higher term leads, then the visible one, then the smaller id', () => {
  const claim = (term, visible, tab) => ({ term, visible, tab });
  assert.equal(outranks(claim(2, false, 'b'), claim(1, true, 'a')), true);
  assert.equal(outranks(claim(1, true, 'b'), claim(1, false, 'a')), true);
  assert.equal(outranks(claim(1, true, 'a'), claim(1, true, 'b')), true);
  assert.equal(outranks(claim(1, true, 'b'), claim(1, true, 'a')), false);
});

test('where tabs cannot talk, each leads for itself, at once', () => {
  const { openTab } = browser();
  const tab = openTab('a', { alone: true });
  tab.shared.start('3-a');
  assert.equal(tab.role(), 'leader');
  assert.equal(tab.ws.last.cursor, '3-a');
});

test('the first tab leads after 150 ms; nothing before start()', async () => {
  const { openTab, clock } = browser();
  const tab = openTab('a');
  await clock.advance(10_000);
  assert.equal(tab.ws.opened.length, 0);
  tab.shared.start('3-a');
  assert.equal(tab.role(), 'leader', 'the 150 ms have gone by while the list was loaded');
  const other = openTab('b');
  other.shared.start('3-a');
  await settle();
  await clock.advance(HELLO);
  assert.equal(other.role(), 'follower');
  assert.equal(other.ws.opened.length, 0);
});

test('one stream, every change in every tab, the state too', async () => {
  const { first, second, change, streams, clock } = await twoTabs();
  for (let i = 0; i < 5; i += 1) await change();
  assert.deepEqual(first.seen, [1, 2, 3, 4, 5]);
  assert.deepEqual(second.seen, [1, 2, 3, 4, 5]);
  assert.equal(streams(), 1);
  assert.equal(second.state().status, 'connected');
  assert.equal(second.state().transport, 'websocket');
  assert.equal(second.state().role, 'follower');
  first.ws.last.end();
  await settle();
  assert.equal(second.state().status, 'disconnected');
  assert.equal(second.state().reconnectAttempt, 1);
  await clock.advance(3_000);
  first.accept();
  await settle();
  assert.equal(second.state().status, 'connected');
});

test('the leader closes: another takes over, nothing lost, nothing twice', async () => {
  for (const way of ['close', 'leave']) {
    const { first, second, change, streams, clock } = await twoTabs();
    await change();
    if (way === 'close') first.shared.close();
    else first.lifecycle.emit('leave');
    await change();
    await clock.advance(200);
    assert.equal(second.role(), 'leader', way);
    assert.equal(second.ws.last.cursor.startsWith('1-'), true);
    await change();
    second.accept();
    await change();
    assert.deepEqual(second.seen, [1, 2, 3, 4]);
    assert.equal(streams(), 1);
  }
});

test('the leader crashes: the lease runs out, another takes over from its own position', async () => {
  const { first, second, change, clock } = await twoTabs();
  await change();
  first.crash();
  await clock.advance(LEASE - 1_000);
  assert.equal(second.role(), 'follower');
  await clock.advance(1_500);
  assert.equal(second.role(), 'leader');
  second.accept();
  await change();
  assert.deepEqual(second.seen, [1, 2]);
});

test('three tabs, the leader goes: one of the others leads, not two', async () => {
  for (const way of ['close', 'crash']) {
    const { first, change, streams, clock, openTab, second } = await twoTabs();
    const third = openTab('c');
    await settle();
    third.shared.start('0-00000000');
    await settle();
    await change();
    if (way === 'close') first.shared.close();
    else first.crash();
    await clock.advance(way === 'close' ? 300 : LEASE + 300);
    const leaders = [second, third].filter((tab) => tab.role() === 'leader');
    assert.equal(leaders.length, 1, way);
    leaders[0].accept();
    await change();
    assert.equal(streams(), 1);
    for (const tab of [second, third]) assert.deepEqual(tab.seen, [1, 2], way);
  }
});

test('the leader freezes and thaws: it steps down, catches up, nothing twice', async () => {
  const { first, second, change, streams, clock } = await twoTabs();
  await change();
  first.channel.frozen = true;
  first.ws.last.closed = true; // the server cuts who does not read
  await clock.advance(LEASE + 500);
  assert.equal(second.role(), 'leader');
  second.accept();
  await change();
  await change();
  first.channel.frozen = false;
  first.channel.drain();
  await settle();
  assert.equal(first.role(), 'follower');
  await change();
  assert.deepEqual(first.seen, [1, 2, 3, 4]);
  assert.deepEqual(second.seen, [1, 2, 3, 4]);
  assert.equal(streams(), 1);
});

test('a visible tab takes the lead from a hidden one, also when it is shown later', async () => {
  const { first, second, change, streams } = await twoTabs({ first: { visible: false } });
  assert.equal(second.role(), 'leader', 'a new visible tab');
  assert.equal(first.role(), 'follower');
  second.accept();
  await change();
  second.lifecycle.hide();
  await settle();
  assert.equal(second.role(), 'leader', 'as long as nobody is visible');
  first.lifecycle.show();
  await settle();
  assert.equal(first.role(), 'leader');
  assert.equal(second.role(), 'follower');
  first.accept();
  await change();
  assert.equal(streams(), 1);
  for (const tab of [first, second]) assert.deepEqual(tab.seen, [1, 2]);
});

test('of two visible tabs the leader stays, whichever is clicked', async () => {
  const { first, second } = await twoTabs();
  second.lifecycle.emit('wake');
  await settle();
  assert.equal(first.role(), 'leader');
});

test('a hidden leader is given longer by hidden tabs', async () => {
  const { first, second, clock } = await twoTabs({ first: { visible: false }, second: { visible: false } });
  first.crash();
  await clock.advance(HIDDEN_LEASE - 2_000);
  assert.equal(second.role(), 'follower');
  await clock.advance(3_000);
  assert.equal(second.role(), 'leader');
});

test('whoever is shown does not wait for a hidden leader that is gone', async () => {
  const { first, second, clock } = await twoTabs({ first: { visible: false }, second: { visible: false } });
  first.crash();
  await clock.advance(10_000);
  second.lifecycle.show();
  assert.equal(second.role(), 'leader');
});

test('two that claim at once: one steps down', async () => {
  const b = browser();
  const first = b.openTab('a');
  const second = b.openTab('b');
  first.channel.frozen = true;
  second.channel.frozen = true;
  await b.clock.advance(HELLO);
  first.shared.start('0-00000000');
  second.shared.start('0-00000000');
  assert.deepEqual([first.role(), second.role()], ['leader', 'leader']);
  first.channel.frozen = false;
  second.channel.frozen = false;
  first.channel.drain();
  second.channel.drain();
  await b.clock.advance(1_000);
  assert.deepEqual([first.role(), second.role()], ['leader', 'follower']);
  assert.equal(b.streams(), 1);
});

test('a tab that missed messages is told to reload', async () => {
  const { second, change, clock } = await twoTabs();
  await change();
  second.channel.queue.push = () => 0; // the next note is lost
  await change();
  delete second.channel.queue.push;
  await clock.advance(1_000);
  assert.equal(second.refreshes, 1);
  await change();
  assert.deepEqual(second.seen, [1, 3]);
});

test('refresh_required reaches every tab and moves its position', async () => {
  const { first, second } = await twoTabs();
  first.ws.last.say({ type: 'refresh_required', message: '', cursor: '7-abababab' });
  await settle();
  assert.deepEqual([first.refreshes, second.refreshes], [1, 1]);
  assert.equal(second.shared.position(), '7-abababab');
});

test('reconnect and transport of a follower are done by the leader; the wish outlives it', async () => {
  const { first, second, clock } = await twoTabs();
  second.shared.reconnect();
  await settle();
  assert.equal(first.ws.opened.length, 2);
  second.shared.setTransport('websocket');
  assert.equal(second.state().preference, 'websocket');
  await settle();
  assert.equal(first.state().preference, 'websocket');
  first.crash();
  await clock.advance(LEASE + 500);
  assert.equal(second.role(), 'leader');
  assert.equal(second.state().preference, 'websocket');
});

test('back from the back-forward cache', async () => {
  const { first, second, clock, change, streams } = await twoTabs();
  first.lifecycle.emit('leave');
  await clock.advance(200);
  second.accept();
  await change();
  first.lifecycle.emit('return');
  await clock.advance(HELLO);
  assert.equal(first.role(), 'follower');
  assert.equal(first.refreshes, 1, 'it learns that it missed something');
  await change();
  assert.deepEqual(first.seen, [2]);
  assert.equal(streams(), 1);
});

const REVOKED = { verdict: 'denied', status: 401, message: 'O acesso acabou.' };

/** The access is over: both tabs' streams end, and neither is let in again. */
async function revoked() {
  const t = await twoTabs();
  t.first.probed = REVOKED;
  t.second.probed = REVOKED;
  t.first.ws.last.end({ code: 4401, reason: 'O acesso acabou.' });
  await settle();
  return t;
}

test('a leader that is refused gives the lead up and tells the others, who do not try in vain', async () => {
  const { first, second, clock, streams } = await revoked();
  await clock.advance(HIDDEN_LEASE * 2);
  for (const tab of [first, second]) {
    assert.equal(tab.role(), 'follower', tab.name);
    assert.equal(tab.state().error.kind, 'denied', tab.name);
  }
  assert.equal(streams(), 0);
  assert.equal(second.ws.opened.length, 0);
});

test('signed in again in one window: it leads, and the other is live again without a hand', async () => {
  const { first, second, openTab, clock, change } = await revoked();
  await clock.advance(60_000);
  second.crash(); // it goes to the sign-in page, and comes back
  const again = openTab('c');
  again.shared.start('0-00000000');
  await clock.advance(HELLO);
  assert.equal(again.role(), 'leader');
  again.accept();
  await settle();
  assert.equal(first.state().status, 'connected');
  assert.equal(first.state().error, null);
  await change();
  assert.deepEqual(first.seen, [1]);
  again.shared.close();
  await clock.advance(LEASE);
  assert.equal(first.role(), 'leader', 'and it may lead again');
});

test('refused, and told to try again: it leads', async () => {
  const { first, clock } = await revoked();
  await clock.advance(1_000);
  const { length } = first.ws.opened;
  first.shared.reconnect();
  assert.equal(first.ws.opened.length, length + 1);
  first.accept();
  assert.equal(first.state().status, 'connected');
  assert.equal(first.role(), 'leader');
});

test('the wall clock set back an hour: a leader that is gone is replaced all the same', async () => {
  const { first, second, clock } = await twoTabs();
  clock.wall = -3_600_000;
  first.crash();
  await clock.advance(LEASE + 200);
  assert.equal(second.role(), 'leader');
});

test('a channel that fails: the tab is alone, and live', async () => {
  const { first, second, clock } = await twoTabs();
  second.channel.postMessage = () => {
    throw new Error('InvalidStateError');
  };
  second.shared.reconnect();
  await clock.advance(LEASE * 2);
  assert.equal(second.role(), 'leader');
  second.accept();
  assert.equal(second.state().status, 'connected');
  assert.equal(first.state().status, 'connected');
});

test('a listener that closes while its tab takes the lead: nothing is left', async () => {
  const { openTab, clock, streams } = browser();
  const tab = openTab('a');
  tab.shared.subscribe(() => tab.state().status === 'connecting' && tab.shared.close());
  tab.shared.start('0-00000000');
  await clock.advance(HELLO + 60_000);
  assert.equal(streams(), 0);
  assert.equal(clock.timers.size, 0);
});

test('a follower whose own event does not come has the leader look into it', async () => {
  const { first, second } = await twoTabs();
  let late = 0;
  first.connection.deliveryIsLate = () => {
    late += 1;
  };
  second.shared.deliveryIsLate();
  await settle();
  assert.equal(late, 1);
});

test('close() leaves nothing behind, leading or following', async () => {
  const { first, second, clock, channels } = await twoTabs();
  second.shared.close();
  first.shared.close();
  await clock.advance(100_000);
  assert.equal(clock.timers.size, 0);
  assert.equal(channels.members.size, 0);
  assert.equal(first.live().length + second.live().length, 0);
});

test('a follower: told of the state, sends nothing, drops what it has seen from whomever it comes', async () => {
  const { first, second, change, channels, clock } = await twoTabs();
  let told = 0;
  second.shared.subscribe(() => {
    told += 1;
  });
  first.ws.last.end();
  await settle();
  assert.ok(told > 0);
  assert.equal(second.shared.send({ type: 'ping' }), false);
  await clock.advance(3_000);
  first.accept();
  await change();
  // An old leader that thaws passes on once more what it has.
  const old = channels.open();
  const again = update('1-ffffffff', pedido(1));
  old.postMessage({ kind: 'message', tab: 'old', term: 0, message: again });
  old.postMessage({ kind: 'novidade', tab: 'old' });
  old.postMessage(null);
  await settle();
  assert.deepEqual([first.seen, second.seen], [[1], [1]]);
});

test('a follower that wakes looks for its leader within a second', async () => {
  const { first, second, clock } = await twoTabs({ first: { visible: false }, second: { visible: false } });
  first.crash();
  clock.sleep(HIDDEN_LEASE);
  second.lifecycle.emit('wake');
  await clock.advance(1_000);
  assert.equal(second.role(), 'leader');
});

test('who is away hears nothing', async () => {
  const { first, second, change } = await twoTabs();
  second.lifecycle.emit('leave');
  await change();
  assert.deepEqual([first.seen, second.seen], [[1], []]);
});

test('timers of hidden tabs run once a minute: one stream all the time, nothing missed or seen twice, who is shown leads', async () => {
  const b = browser();
  const tabs = ['a', 'b', 'c'].map((name) => b.openTab(name, { visible: name === 'a', throttled: true }));
  for (const tab of tabs) tab.shared.start('0-00000000');
  await b.clock.advance(HELLO);
  tabs[0].accept();
  tabs[0].lifecycle.hide();
  const leading = () => tabs.filter((tab) => !tab.dead && tab.role() === 'leader').map(({ name }) => name);
  let changes = 0;
  async function pass(seconds) {
    for (let second = 0; second < seconds; second += 5) {
      await b.clock.advance(5_000);
      for (const tab of tabs) tab.live().forEach((transport) => transport.heartbeat());
      await b.change();
      changes += 1;
      assert.equal(b.streams(), 1);
      assert.equal(leading().length, 1);
    }
  }
  await pass(300);
  assert.deepEqual(leading(), ['a'], 'one that notes its lease once a minute is not replaced');
  tabs[2].lifecycle.show();
  await settle();
  assert.deepEqual(leading(), ['c']);
  tabs[2].accept();
  await pass(300);
  const all = Array.from({ length: changes }, (_, index) => index + 1);
  for (const tab of tabs) assert.deepEqual(tab.seen, all, tab.name);
});
