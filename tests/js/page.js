// A page around the tests: what a browser would have as globals.

import { JSDOM } from 'jsdom';

export const url = process.env.PEDIDOS_URL;
export const skip = url ? false : 'PEDIDOS_URL names no server (pytest tests/js starts one)';

const dom = new JSDOM('<!doctype html><body></body>', { url: url || 'http://127.0.0.1/' });
for (const name of ['window', 'document', 'navigator', 'WebSocket', 'localStorage']) {
  Object.defineProperty(globalThis, name, { value: dom.window[name], configurable: true, writable: true });
}
