import assert from 'node:assert/strict';
import test from 'node:test';

import { createPedidosClient } from '../../static/client/index.js';
import { browserEnvironment } from '../../static/client/environment.js';

/** A browser that has these and yet forbids them: with site data blocked, or in a frame of another site. */
function forbid() {
  const page = new EventTarget();
  page.location = { origin: 'http://h' };
  const document = new EventTarget();
  document.visibilityState = 'visible';
  const kept = globalThis.BroadcastChannel;
  globalThis.window = page;
  globalThis.document = document;
  globalThis.BroadcastChannel = class {
    constructor() {
      throw new Error('SecurityError');
    }
  };
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    get() {
      throw new Error('SecurityError');
    },
  });
  return () => {
    globalThis.BroadcastChannel = kept;
    delete globalThis.window;
    delete globalThis.document;
    delete globalThis.localStorage;
  };
}

test('what the browser forbids is as what it does not have: the tab is alone, and nothing is remembered', () => {
  const undo = forbid();
  try {
    const environment = browserEnvironment();
    assert.equal(environment.openChannel('x'), null);
    assert.equal(environment.storage, null);
    const client = createPedidosClient({ environment: { fetch: () => new Promise(() => undefined), WebSocket: null } });
    client.connection.start();
    assert.equal(client.connection.getState().role, 'leader', 'it does not wait for other tabs');
    client.close();
  } finally {
    undo();
  }
});

test('the monotonic clock does not go back', () => {
  const { clock } = browserEnvironment();
  const before = clock.monotonic();
  assert.ok(clock.monotonic() >= before);
  assert.ok(Math.abs(clock.now() - Date.now()) < 1_000);
});
