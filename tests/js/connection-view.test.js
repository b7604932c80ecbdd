// How the page words the connection.

import assert from 'node:assert/strict';
import test from 'node:test';

import { OFFLINE, QUIET, connectionView, hasLostAccess } from '../../static/view/connection/connection-view.js';

const NOW = 10_000_000;
const error = (kind, status = null) => ({ kind, message: `porque ${kind}`, status });

/** @param {object} connection @param {number} away ms */
function view(connection, away = 0) {
  const status = away > 0 ? 'disconnected' : 'connected';
  const lastHeardAt = NOW - away;
  const disconnectedAt = away > 0 ? NOW - away : null;
  const state = { status, transport: 'sse', delayed: false, reconnectAttempt: 2, lastHeardAt, disconnectedAt, error: null };
  return connectionView(
    { connection: { ...state, ...connection }, lastSync: NOW - away, isLoading: false, error: null },
    NOW,
    false,
  );
}

test('live, and live with delay', () => {
  assert.deepEqual([view({}).kind, view({}).text], ['ok', 'Sincronizado']);
  const delayed = view({ delayed: true });
  assert.deepEqual([delayed.kind, delayed.text], ['ok', 'Atrasado pela rede']);
});

test('changes that do not come by themselves, though HTTP works: said as that, however long it lasts', () => {
  for (const away of [1, QUIET, OFFLINE, 3_600_000]) {
    const shown = view({ error: error('blocked') }, away);
    assert.deepEqual([shown.kind, shown.detail], ['blocked', 'porque blocked']);
    assert.deepEqual(view({ error: error('blocked'), delayed: true }), view({ error: error('blocked') }), 'also while it tries');
    assert.equal(/dados de/.test(shown.text), away >= OFFLINE, 'how old they are');
  }
});

test('somebody else answers in the place of the server: as an outage, in words', () => {
  const trouble = { error: error('network-answer') };
  assert.equal(view(trouble, 1_000).kind, 'ok');
  const short = view(trouble, QUIET);
  assert.deepEqual([short.kind, short.detail], ['reconnecting', 'a rede responde pelo servidor']);
  const long = view(trouble, OFFLINE);
  assert.deepEqual([long.kind, long.detail], ['offline', 'porque network-answer']);
});

test('an outage', () => {
  assert.equal(view({}, QUIET - 1).kind, 'ok');
  assert.deepEqual([view({}, QUIET).kind, view({}, QUIET).text], ['reconnecting', 'Reconectando, Tentativa 2']);
  const long = view({}, OFFLINE);
  assert.equal(long.kind, 'offline');
  assert.match(long.detail, /Tentativa 2/);
});

test('to sign in again helps whose session is over, and nobody else', () => {
  assert.equal(view({ error: error('denied', 401) }).kind, 'offline');
  for (const [status, lost] of [
    [401, true],
    [null, true],
    [403, false],
    [421, false],
  ]) {
    assert.equal(hasLostAccess({ error: error('denied', status) }), lost, String(status));
  }
  assert.equal(hasLostAccess({ error: error('network-answer') }), false);
  assert.equal(hasLostAccess({ error: null }), false);
});
