import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

import {
  CLOSE_CODES,
  closeCode,
  comparePosition,
  cursorNumber,
  parseMessage,
} from '../../static/client/wire/protocol.js';
import { createSseParser } from '../../static/client/wire/sse-parser.js';

const folder = new URL('../frames/', import.meta.url);
const frames = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, ...JSON.parse(readFileSync(new URL(name, folder), 'utf8')) }));

for (const frame of frames.filter((one) => one.from === 'server')) {
  test(`golden frame ${frame.name} is read over WebSocket`, () => {
    assert.deepEqual(parseMessage(frame.websocket), frame.message);
  });

  if (frame.sse !== null) {
    test(`golden frame ${frame.name} is read over SSE, wherever it is cut`, () => {
      for (let cut = 0; cut <= frame.sse.length; cut += 7) {
        const feed = createSseParser();
        const events = [...feed(frame.sse.slice(0, cut)), ...feed(frame.sse.slice(cut))];
        assert.deepEqual(events.map(parseMessage), [frame.message]);
      }
    });
  }
}

test('the client sends the golden ping', () => {
  const ping = frames.find((frame) => frame.name === 'ping.json');
  assert.equal(JSON.stringify({ type: 'ping' }), ping.websocket);
});

test('what is unknown or no message is passed over', () => {
  for (const text of ['', '{', 'null', '7', '[]', '{}', '{"type":"novidade"}']) {
    assert.equal(parseMessage(text), null);
  }
});

test('a cursor is compared by its number only', () => {
  assert.equal(cursorNumber('1234-9f3a61c2'), 1234);
  assert.equal(cursorNumber('0-9f3a61c2'), 0);
  for (const none of [null, undefined, '', 'x', '12', '-1-a']) assert.equal(cursorNumber(none), -1);
  assert.equal(comparePosition(null, '5-a'), 'next');
  assert.equal(comparePosition('5-a', '6-b'), 'next');
  assert.equal(comparePosition('5-a', '5-a'), 'repeat');
  assert.equal(comparePosition('5-a', '4-a'), 'repeat');
  assert.equal(comparePosition('5-a', '7-a'), 'gap');
});

test('every close code says retry or stop; an unknown one says retry', () => {
  assert.equal(closeCode(4401).action, 'stop');
  assert.equal(closeCode(1008).action, 'retry', 'the server never sends it');
  assert.equal(closeCode(1012).action, 'retry');
  assert.equal(closeCode(1013).name, 'slow');
  assert.deepEqual(closeCode(4321), { name: 'code_4321', action: 'retry', network: false });
  assert.deepEqual(closeCode(null), { name: 'ended', action: 'retry', network: true });
});

test('which close codes say stop, and which speak of the network', () => {
  const codes = Object.keys(CLOSE_CODES).map(Number);
  assert.deepEqual(
    codes.filter((code) => closeCode(code).action === 'stop'),
    [1003, 1007, 1009, 4401],
  );
  assert.deepEqual(
    codes.filter((code) => closeCode(code).network),
    [1002, 1005, 1006, 1008, 1015],
  );
});
