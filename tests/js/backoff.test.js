import assert from 'node:assert/strict';
import test from 'node:test';

import { withJitter } from '../../static/client/backoff.js';

test('3 s, more or less a third', () => {
  assert.equal(
    withJitter(3_000, () => 0),
    2_000,
  );
  assert.equal(
    withJitter(3_000, () => 0.5),
    3_000,
  );
  assert.ok(withJitter(3_000, () => 0.999999) <= 4_000);
});
