import assert from 'node:assert/strict';
import test from 'node:test';

import { PedidosError, WRITE_TIMEOUT, createApi } from '../../static/client/api.js';
import { FakeClock, pedido, settle } from './fakes.js';

const json = (status, body, headers = {}) =>
  new Response(body === undefined ? null : JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
  });
const problem = (status, body, headers = {}) =>
  json(
    status,
    { type: 'urn:pedidos:problema:x', ...body },
    { 'Content-Type': 'application/problem+json', ...headers },
  );

function setUp(...answers) {
  const clock = new FakeClock();
  const calls = [];
  let autor = 'Zé Ção';
  let keys = 0;
  const fetch = async (url, init) => {
    calls.push({ url, ...init });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer(init);
  };
  const api = createApi({
    baseUrl: 'http://h',
    token: 'abc',
    clientId: 'me',
    autor: () => autor,
    fetch,
    clock,
    randomId: () => `key-${(keys += 1)}`,
  });
  return { clock, calls, api, setAutor: (name) => (autor = name) };
}

const lost = () => {
  throw new TypeError('Failed to fetch');
};
const silent = ({ signal }) =>
  new Promise((resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
const failure = async (promise) => {
  const error = await promise.then(
    () => assert.fail('should have failed'),
    (e) => e,
  );
  assert.ok(error instanceof PedidosError && error instanceof Error);
  return error;
};

test('list: query, ETag, cursor, total, next page', async () => {
  const headers = {
    ETag: '"e1"',
    'X-Pedidos-Cursor': '9-ab',
    'X-Total-Count': '41',
    Link: '<http://h/api/v1/pedidos/?cursor=x&limite=2>; rel="next"',
  };
  const { api, calls } = setUp(() => json(200, [pedido(2), pedido(1)], headers));
  const answer = await api.list({ recentes: 30, q: 'zé & cia', limite: 2, status: undefined, setor: '' });
  assert.equal(calls[0].url, 'http://h/api/v1/pedidos/?recentes=30&q=z%C3%A9+%26+cia&limite=2');
  assert.equal(calls[0].headers.Authorization, 'Bearer abc');
  assert.equal(calls[0].headers['If-None-Match'], undefined);
  assert.equal(answer.pedidos.length, 2);
  assert.deepEqual(
    [answer.etag, answer.cursor, answer.total, answer.next, answer.notModified],
    ['"e1"', '9-ab', 41, 'http://h/api/v1/pedidos/?cursor=x&limite=2', false],
  );
});

test('list: 304 keeps the ETag and still names the cursor', async () => {
  const { api, calls } = setUp(() => json(304, undefined, { 'X-Pedidos-Cursor': '12-cd' }));
  const answer = await api.list({}, { etag: '"e1"' });
  assert.equal(calls[0].url, 'http://h/api/v1/pedidos/');
  assert.equal(calls[0].headers['If-None-Match'], '"e1"');
  assert.deepEqual([answer.notModified, answer.etag, answer.cursor], [true, '"e1"', '12-cd']);
});

test('a read fails after 30 s, or at once with what the server said', async () => {
  const hung = setUp(silent);
  const promise = hung.api.get(1);
  promise.catch(() => undefined);
  await hung.clock.advance(30_000);
  assert.equal((await failure(promise)).kind, 'unconfirmed');
  const gone = await failure(
    setUp(() => problem(404, { title: 'Não existe', detail: 'O pedido 1 não existe.' })).api.get(1),
  );
  assert.deepEqual(
    [gone.kind, gone.status, gone.message, gone.title],
    ['refused', 404, 'O pedido 1 não existe.', 'Não existe'],
  );
  const bare = await failure(setUp(() => problem(404, { title: 'Não existe' })).api.get(1));
  assert.equal(bare.message, 'Não existe');
  const page = await failure(setUp(() => new Response('<h1>oi</h1>')).api.list());
  assert.deepEqual([page.kind, page.byNetwork, page.status], ['unconfirmed', true, 0]);
});

test('a write carries its key, its client and its author', async () => {
  const { api, calls, setAutor } = setUp(({ method }) =>
    json(200, method === 'DELETE' ? { message: 'Excluído.' } : pedido(1)),
  );
  await api.patch(1, { costura: true }, { ifMatch: 7 });
  await api.patch(1, { costura: true }, { ifMatch: 'W/"7"', idempotencyKey: 'mine' });
  setAutor(null);
  await api.remove(1);
  await api.create({ cliente: 'Maria' });
  assert.deepEqual(
    calls.map((c) => c.method),
    ['PATCH', 'PATCH', 'DELETE', 'POST'],
  );
  assert.deepEqual(
    calls.map((c) => c.headers['Idempotency-Key']),
    ['key-1', 'mine', 'key-2', 'key-3'],
  );
  assert.deepEqual(
    calls.map((c) => c.headers['If-Match']),
    ['"7"', 'W/"7"', undefined, undefined],
  );
  assert.equal(calls[0].headers['X-Pedidos-Cliente'], 'me');
  assert.equal(decodeURIComponent(calls[0].headers['X-Pedidos-Autor']), 'Zé Ção');
  assert.equal(calls[2].headers['X-Pedidos-Autor'], undefined);
  assert.equal(calls[2].body, undefined);
  assert.equal(calls[3].body, '{"cliente":"Maria"}');
});

test('a lost answer is tried again under the same key', async () => {
  const { api, calls, clock } = setUp(
    lost,
    () => new Response('Bad Gateway', { status: 502 }),
    () => json(201, pedido(1)),
  );
  const promise = api.create({ cliente: 'Maria' });
  await clock.advance(2_000);
  assert.equal((await promise).id, 1);
  assert.equal(calls.length, 3);
  assert.equal(new Set(calls.map((c) => c.headers['Idempotency-Key'])).size, 1);
  assert.equal(new Set(calls.map((c) => c.body)).size, 1);
  assert.equal(clock.timers.size, 0);
});

test('after 10 s without an answer it is unconfirmed, and says under which key', async () => {
  for (const answer of [lost, silent]) {
    const { api, clock } = setUp(answer);
    const promise = api.patch(1, { costura: true });
    promise.catch(() => undefined);
    await clock.advance(WRITE_TIMEOUT + 1);
    const error = await failure(promise);
    assert.deepEqual(
      [error.kind, error.idempotencyKey, error.retryable, error.status],
      ['unconfirmed', 'key-1', true, 0],
    );
  }
});

test('an order with images has more time', async () => {
  const { api, clock } = setUp(silent);
  const promise = api.create({ cliente: 'x', observacao: 'x'.repeat(2 ** 20) });
  let done = false;
  promise.catch(() => {
    done = true;
  });
  await clock.advance(WRITE_TIMEOUT + 20_000);
  assert.equal(done, false);
  await clock.advance(1_000);
  assert.equal(done, true);
});

test('busy (429, 503): tried again when the server says so, while there is time', async () => {
  const busy = (seconds) => () => problem(503, { title: 'Ocupado' }, { 'Retry-After': String(seconds) });
  const soon = setUp(busy(2), () => json(200, pedido(1)));
  const promise = soon.api.patch(1, {});
  await soon.clock.advance(1_999);
  assert.equal(soon.calls.length, 1);
  await soon.clock.advance(1);
  assert.equal((await promise).id, 1);
  const later = setUp(busy(60));
  const error = await failure(later.api.patch(1, {}));
  assert.deepEqual([error.kind, error.retryAfter, error.status], ['unavailable', 60_000, 503]);
  assert.equal(later.calls.length, 1);
});

test('refusals are not tried again, and carry what the server said', async () => {
  const faults = {
    title: 'Dados inválidos',
    detail: 'Corrija os campos indicados.',
    errors: [
      { campo: 'status', mensagem: 'não existe' },
      { campo: 'items.0.descricao', mensagem: 'falta' },
      { campo: 'status', mensagem: 'curto' },
    ],
  };
  const invalid = setUp(() => problem(422, faults));
  const error = await failure(invalid.api.patch(1, { status: 'x' }));
  assert.deepEqual({ ...error.fieldErrors }, { status: 'não existe curto', 'items.0.descricao': 'falta' });
  assert.deepEqual([error.kind, error.message, error.retryable], ['refused', faults.detail, false]);
  assert.equal(invalid.calls.length, 1);

  const current = pedido(1, { versao: 9 });
  const conflict = await failure(
    setUp(() => problem(412, { title: 'x', detail: 'y', pedido: current })).api.patch(1, {}),
  );
  assert.equal(conflict.kind, 'conflict');
  assert.deepEqual(conflict.pedido, current);

  for (const status of [401, 403]) {
    const denied = await failure(setUp(() => problem(status)).api.patch(1, {}));
    assert.equal(denied.kind, 'denied');
    assert.ok(denied.message);
  }
  const broken = setUp(() => problem(500, { title: 'Erro interno' }));
  assert.equal((await failure(broken.api.patch(1, {}))).kind, 'refused');
  assert.equal(broken.calls.length, 1);
});

// ---- whose answer is it ------------------------------------------------------------------------

const html = (status, headers = {}) => () =>
  new Response('<h1>Entre na rede</h1>', { status, headers: { 'Content-Type': 'text/html', ...headers } });
const text404 = () => new Response('not found', { status: 404, headers: { 'Content-Type': 'text/plain' } });
const OTHERS = {
  '200 HTML': html(200),
  '404 text': text404,
  '401 HTML': html(401, { 'WWW-Authenticate': 'Basic' }),
  '403 HTML': html(403),
  '407 HTML': html(407),
  '500 HTML': html(500),
  '502 HTML': html(502),
  '503 HTML': html(503, { 'Retry-After': '3600' }),
  '204': () => new Response(null, { status: 204 }),
  '200 JSON of something else': () => json(200, { ok: true }),
  '200 a list for one order': () => json(200, []),
  '403 JSON of a gateway': () => json(403, { title: 'Forbidden', detail: 'Blocked by policy' }),
  '404 problem of a gateway': () => problem(404, { type: 'about:blank', title: 'Not Found' }),
};

for (const [name, other] of Object.entries(OTHERS)) {
  test(`${name} in the server's place: each write goes on under its key, as after a lost connection`, async () => {
    for (const [call, answer] of [
      [(api) => api.patch(1, { costura: true }), () => json(200, pedido(1))],
      [(api) => api.create({ cliente: 'Maria' }), () => json(201, pedido(1))],
      [(api) => api.remove(1), () => json(200, { message: 'Pedido excluído.' })],
    ]) {
      const { api, calls, clock } = setUp(other, other, answer);
      const promise = call(api);
      await clock.advance(2_000);
      assert.ok(await promise);
      assert.equal(calls.length, 3);
      assert.equal(new Set(calls.map((c) => c.headers['Idempotency-Key'])).size, 1);

      const never = setUp(other);
      const failed = call(never.api);
      failed.catch(() => undefined);
      await never.clock.advance(WRITE_TIMEOUT + 1);
      const error = await failure(failed);
      assert.deepEqual([error.kind, error.byNetwork, error.status], ['unconfirmed', true, 0]);
      assert.match(error.message, /A rede respondeu no lugar do servidor/);
      assert.ok(error.idempotencyKey);
    }
  });

  test(`${name} in the server's place: each read says so`, async () => {
    for (const call of [(api) => api.list(), (api) => api.get(1), (api) => api.historico(1), (api) => api.proximoNumero()]) {
      const error = await call(setUp(other).api).then(
        () => null,
        (e) => e,
      );
      // An empty history cannot be told from another empty array.
      if (error === null) assert.equal(name, '200 a list for one order');
      else assert.deepEqual([error.kind, error.byNetwork, error.status], ['unconfirmed', true, 0]);
    }
  });
}

test('a list without its cursor, or with rows of something else, is not ours', async () => {
  const cursorHeader = { 'X-Pedidos-Cursor': '9-ab' };
  for (const answer of [() => json(200, [pedido(1)]), () => json(200, [{ id: 1 }], cursorHeader), () => new Response(null, { status: 304 })]) {
    const error = await failure(setUp(answer).api.list({}, { etag: '"e"' }));
    assert.equal(error.byNetwork, true);
  }
  assert.equal((await setUp(() => json(200, [], cursorHeader)).api.list()).pedidos.length, 0);
});

test('the type of a problem is handed on', async () => {
  const gone = () => problem(404, { type: 'urn:pedidos:problema:pedido-nao-encontrado', title: 'x' });
  assert.equal((await failure(setUp(gone).api.get(1))).type, 'urn:pedidos:problema:pedido-nao-encontrado');
});

test('a clock set back an hour: a write is given up after its 10 s all the same', async () => {
  const { api, clock, calls } = setUp(lost);
  const promise = api.patch(1, { costura: true });
  promise.catch(() => undefined);
  await clock.advance(1_000);
  clock.wall = -3_600_000;
  await clock.advance(WRITE_TIMEOUT);
  const { length } = calls;
  await clock.advance(60_000);
  assert.equal(calls.length, length, 'it goes on trying');
  assert.equal((await failure(promise)).kind, 'unconfirmed');
});

test('the other calls', async () => {
  const { api, calls } = setUp(
    () => json(200, pedido(5)),
    () => json(200, [{ cursor: '1-a', acao: 'create' }]),
    () => json(200, { proximo_numero: 6, total_pedidos: 1 }),
  );
  await api.get(5);
  await api.historico(5);
  await api.proximoNumero();
  assert.deepEqual(
    calls.map((c) => c.url.slice(8)),
    ['/api/v1/pedidos/5', '/api/v1/pedidos/5/historico', '/api/v1/pedidos/proximo-numero'],
  );
  await settle();
});
