import assert from 'node:assert/strict';
import test from 'node:test';

import { createProbe } from '../../static/client/stream/probe.js';
import { FakeClock, settle } from './fakes.js';

const json = (status, body) => new Response(JSON.stringify(body), { status });
const problem = (status, detail, type = 'urn:pedidos:problema:x') =>
  new Response(JSON.stringify({ type, title: 'x', status, detail }), {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
  });
const HEALTHY = () => json(200, { status: 'healthy' });
const UPGRADE_REQUIRED = () => json(426, { title: 'Upgrade Required' });

function probeOf(health, stream = UPGRADE_REQUIRED) {
  const asked = [];
  const fetch = async (url, init) => {
    asked.push({ url, init });
    return url.endsWith('/health') ? health() : stream();
  };
  const clock = new FakeClock();
  return { asked, clock, probe: createProbe({ baseUrl: 'http://h', token: 'abc', fetch, clock }) };
}

test('our server answers', async () => {
  const { probe, asked, clock } = probeOf(HEALTHY);
  assert.deepEqual(await probe(), { verdict: 'answers' });
  assert.equal(clock.timers.size, 0);
  assert.deepEqual(
    asked.map(({ url }) => url),
    ['http://h/health', 'http://h/ws/pedidos'],
  );
  assert.equal(asked[0].init.headers.Authorization, 'Bearer abc');
});

test('a server that cannot write its database is there all the same', async () => {
  assert.equal((await probeOf(() => json(503, { status: 'unhealthy' })).probe()).verdict, 'answers');
});

test('a portal, or a proxy whose server is down, answers in its place', async () => {
  const proxy = () => new Response('<h1>502 Bad Gateway</h1>', { status: 502 });
  const portal = () => new Response('<h1>Bem-vindo ao Wi-Fi</h1>', { status: 200 });
  const page = (status) => () => new Response('<h1>Proibido</h1>', { status });
  const others = [() => json(200, { status: 'UP' }), () => json(200, null), () => json(403, { detail: 'Forbidden' })];
  const notOurs = () => problem(403, 'Forbidden', 'about:blank');
  for (const health of [proxy, portal, page(401), page(403), page(407), notOurs, ...others]) {
    const { probe, asked } = probeOf(health);
    assert.deepEqual(await probe(), { verdict: 'foreign' });
    assert.equal(asked.length, 1);
  }
});

test('no network: unreachable', async () => {
  const { probe } = probeOf(() => {
    throw new TypeError('Failed to fetch');
  });
  assert.deepEqual(await probe(), { verdict: 'unreachable' });
});

test('401, 403 and 421 of our server are denied, with its words', async () => {
  for (const status of [401, 403, 421]) {
    const { probe } = probeOf(HEALTHY, () => problem(status, 'Token revogado'));
    assert.deepEqual(await probe(), { verdict: 'denied', status, message: 'Token revogado' });
    const closed = probeOf(() => problem(status));
    assert.deepEqual(await closed.probe(), { verdict: 'denied', status, message: '' });
  }
});

test('403 of a proxy on the stream alone is a network that blocks it', async () => {
  const { probe } = probeOf(HEALTHY, () => new Response('<h1>Proibido</h1>', { status: 403 }));
  assert.deepEqual(await probe(), { verdict: 'answers' });
  const json403 = probeOf(HEALTHY, () => json(403, { error: 'Forbidden' }));
  assert.deepEqual(await json403.probe(), { verdict: 'answers' });
});

test('no answer in 3 s is none', async () => {
  const clock = new FakeClock();
  const fetch = (url, { signal }) =>
    new Promise((resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  const result = createProbe({ baseUrl: '', token: null, fetch, clock })();
  let done = false;
  result.then(() => {
    done = true;
  });
  await clock.advance(2_999);
  assert.equal(done, false);
  await clock.advance(1);
  assert.deepEqual(await result, { verdict: 'unreachable' });
  await settle();
  assert.equal(clock.timers.size, 0);
});
