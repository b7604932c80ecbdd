import assert from 'node:assert/strict';
import test from 'node:test';

import { createSseParser } from '../../static/client/wire/sse-parser.js';

const all = (text) => createSseParser()(text);

test('comments, ids and retry are no events', () => {
  assert.deepEqual(all(': vivo\n\nretry: 3000\n\nid: 3-a\n\n'), []);
});

test('lines may end in LF, CR or CRLF', () => {
  assert.deepEqual(all('data: a\n\ndata: b\r\rdata: c\r\n\r\n'), ['a', 'b', 'c']);
});

test('a CRLF cut in the middle is one line end', () => {
  const feed = createSseParser();
  assert.deepEqual([...feed('data: a\r'), ...feed('\ndata: b\r'), ...feed('\n\r'), ...feed('\n')], ['a\nb']);
});

test('several data lines are one event; one space behind the colon is dropped', () => {
  assert.deepEqual(all('data: a\ndata:b\ndata\ndata:  c\n\n'), ['a\nb\n\n c']);
});

test('what is not finished waits', () => {
  const feed = createSseParser();
  assert.deepEqual(feed('data: {"a"'), []);
  assert.deepEqual(feed(':1}\n'), []);
  assert.deepEqual(feed('\n'), ['{"a":1}']);
});

test('a large event in small pieces', () => {
  const feed = createSseParser();
  const big = 'x'.repeat(2_000_000);
  const text = `data: ${big}\n\n`;
  const events = [];
  for (let i = 0; i < text.length; i += 65_536) events.push(...feed(text.slice(i, i + 65_536)));
  assert.equal(events.length, 1);
  assert.equal(events[0].length, big.length);
});
