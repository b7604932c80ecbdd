import assert from 'node:assert/strict';
import test from 'node:test';

import { createLifecycle } from '../../static/client/lifecycle.js';
import { FakeClock } from './fakes.js';

function setUp() {
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const clock = new FakeClock();
  const lifecycle = createLifecycle({ window, document, clock });
  const events = [];
  const unsubscribe = lifecycle.subscribe((event) => events.push(event));
  const fire = (target, name, fields = {}) => target.dispatchEvent(Object.assign(new Event(name), fields));
  return { window, document, clock, lifecycle, events, unsubscribe, fire };
}

test('what the page tells', () => {
  const { window, document, fire, events, lifecycle } = setUp();
  fire(window, 'online');
  fire(window, 'offline');
  fire(window, 'pagehide');
  fire(window, 'pageshow', { persisted: false });
  fire(window, 'pageshow', { persisted: true });
  fire(document, 'freeze');
  fire(document, 'resume');
  assert.deepEqual(events.splice(0), ['online', 'wake', 'leave', 'return', 'leave', 'return']);
  document.visibilityState = 'hidden';
  fire(document, 'visibilitychange');
  assert.equal(lifecycle.isVisible(), false);
  document.visibilityState = 'visible';
  fire(document, 'visibilitychange');
  assert.deepEqual(events, ['hidden', 'visible', 'wake']);
});

test('a machine that slept under a visible page', async () => {
  const { clock, events } = setUp();
  await clock.advance(60_000);
  assert.deepEqual(events, []);
  clock.time += 3_600_000;
  await clock.advance(5_000);
  assert.deepEqual(events, ['wake']);
});

test('no timer while nobody listens, none after close()', async () => {
  const { clock, unsubscribe, lifecycle, window, fire, events } = setUp();
  assert.equal(clock.timers.size, 1);
  unsubscribe();
  assert.equal(clock.timers.size, 0);
  lifecycle.subscribe((event) => events.push(event));
  assert.equal(clock.timers.size, 1);
  lifecycle.close();
  fire(window, 'online');
  assert.equal(clock.timers.size, 0);
  assert.deepEqual(events, []);
});

test('outside of a page everything is visible', () => {
  const lifecycle = createLifecycle({ window: null, document: null, clock: new FakeClock() });
  assert.equal(lifecycle.isVisible(), true);
});

test('after close() nothing of the page is listened to; one listener that leaves does not end the others', () => {
  const { window, document, fire, lifecycle, unsubscribe, clock } = setUp();
  let added = 0;
  const seen = [];
  lifecycle.subscribe((event) => seen.push(event));
  unsubscribe();
  assert.equal(clock.timers.size, 1);
  fire(window, 'pageshow', { persisted: false });
  assert.deepEqual(seen, []);
  fire(window, 'online');
  assert.deepEqual(seen, ['online']);
  lifecycle.close();
  lifecycle.subscribe(() => {
    added += 1;
  });
  for (const [target, name] of [
    [window, 'online'],
    [window, 'pagehide'],
    [document, 'freeze'],
    [document, 'visibilitychange'],
  ]) {
    fire(target, name);
  }
  assert.deepEqual([added, seen], [0, ['online']]);
});
