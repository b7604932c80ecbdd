// What is said aloud: one's own results at once, and not talked over by what others do.

import assert from 'node:assert/strict';
import test from 'node:test';

import { OWN_PAUSE, SUMMARY_PAUSE, createAnnouncer } from '../../../static/view/shell/announcer.js';

test("one's own result is not talked over by others' changes, which come later", () => {
  let now = 1_000_000;
  const region = { textContent: '' };
  const announcer = createAnnouncer(region, () => now);
  announcer.note({ action: 'update', pedido_id: 6, pedido: { numero: '6' }, own: false });
  announcer.say('O pedido 6 já está em Conferência.');
  announcer.summarize();
  assert.match(region.textContent, /já está/);
  now += OWN_PAUSE;
  announcer.summarize();
  assert.match(region.textContent, /O pedido 6 mudou/);
  announcer.note({ action: 'update', pedido_id: 7, pedido: { numero: '7' }, own: false });
  now += SUMMARY_PAUSE - 1;
  announcer.summarize();
  assert.match(region.textContent, /O pedido 6 mudou/, 'not all the time');
});
