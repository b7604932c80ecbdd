// A server in a few lines, for tests of the store: orders, an event log, and answers that the test
// lets through when it wants, in the order it wants.

import { NO_SUCH_ORDER, PedidosError } from '../../static/client/api.js';
import { cursor, pedido, settle } from './fakes.js';

export class ModelServer {
  constructor() {
    this.orders = new Map();
    this.log = [];
    this.origin = cursor(0);
    this.lastId = 0;
    this.done = new Map();
    /** Requests on their way: {name, arrive(), answer(), lose()}. */
    this.requests = [];
    /** Every state that was ever committed, as text. */
    this.committed = new Set();
    this.times = 0;
  }

  get head() {
    return this.log.length > 0 ? this.log[this.log.length - 1].cursor : this.origin;
  }

  list() {
    return [...this.orders.values()].sort((a, b) => b.id - a.id);
  }

  // ---- commits

  event(action, id, data, versao, changed, origem, autor) {
    this.log.push({
      type: 'pedido_update',
      action,
      pedido_id: id,
      data,
      timestamp: this.time(),
      cursor: cursor(Number(this.head.split('-')[0]) + 1),
      versao,
      changed,
      autor,
      origem,
    });
  }

  time() {
    this.times += 1;
    return new Date(1_700_000_000_000 + this.times).toISOString();
  }

  keep(order) {
    this.orders.set(order.id, order);
    this.committed.add(JSON.stringify(order));
    return order;
  }

  create(dados, origem = 'other', autor = 'Ana') {
    this.lastId += 1;
    const order = this.keep(pedido(this.lastId, { ...dados, ultima_atualizacao: this.time() }));
    this.event('create', order.id, order, 1, Object.keys(dados), origem, autor);
    return order;
  }

  patch(id, changes, origem = 'other', autor = 'Ana', ifMatch = undefined) {
    const before = this.orders.get(id);
    if (!before) throw new PedidosError('refused', 'Não existe.', { status: 404, type: NO_SUCH_ORDER });
    if (ifMatch !== undefined && ifMatch !== before.versao) {
      throw new PedidosError('conflict', 'Outra versão.', { status: 412, pedido: before });
    }
    const changed = Object.keys(changes).filter((field) => before[field] !== changes[field]);
    if (changed.length === 0) return before;
    const order = this.keep({
      ...before,
      ...changes,
      versao: before.versao + 1,
      ultima_atualizacao: this.time(),
    });
    this.event('update', id, order, order.versao, changed, origem, autor);
    return order;
  }

  remove(id, origem = 'other', autor = 'Ana') {
    const before = this.orders.get(id);
    if (!before) throw new PedidosError('refused', 'Não existe.', { status: 404, type: NO_SUCH_ORDER });
    this.orders.delete(id);
    this.event('delete', id, null, before.versao + 1, [], origem, autor);
    return { message: 'Excluído.' };
  }

  /** An older copy of the file is put in place: the same numbers, other tags from there on. */
  restore(copy) {
    this.orders = new Map(copy.orders);
    this.log = copy.log.slice();
    this.done = new Map(copy.done);
    // Ids go on above: AUTOINCREMENT of the copy is older, so an id may come again with another order.
    this.lastId = copy.lastId;
  }

  backup() {
    return {
      orders: new Map(this.orders),
      log: this.log.slice(),
      lastId: this.lastId,
      done: new Map(this.done),
    };
  }

  // ---- requests

  /** What `api` would be, for the client `origem`. */
  api(origem) {
    let keys = 0;
    const write = (name, options, work) =>
      this.request(name, () => {
        const key = options.idempotencyKey;
        if (!this.done.has(key)) this.done.set(key, work());
        return this.done.get(key);
      });
    return {
      newKey: () => `${origem}-${(keys += 1)}`,
      list: (query, { etag } = {}) =>
        this.request('list', () => {
          // As strong as the server's: it names the content.
          const current = JSON.stringify(this.list());
          const notModified = etag === current;
          return { notModified, pedidos: notModified ? [] : this.list(), etag: current, cursor: this.head };
        }),
      get: (id) => this.request('get', () => this.orders.get(id)),
      create: (dados, options = {}) =>
        write('create', { idempotencyKey: `${origem}-${(keys += 1)}`, ...options }, () =>
          this.create(dados, origem, 'Eu'),
        ),
      patch: (id, changes, options) =>
        write('patch', options, () => this.patch(id, changes, origem, 'Eu', options.ifMatch)),
      remove: (id, options) => write('remove', options, () => this.remove(id, origem, 'Eu')),
      historico: async () => [],
    };
  }

  request(name, work) {
    return new Promise((resolve, reject) => {
      let outcome = null;
      const request = {
        name,
        arrived: false,
        arrive: () => {
          if (request.arrived) return;
          request.arrived = true;
          try {
            const value = work();
            outcome = () => resolve(value);
          } catch (error) {
            outcome = () => reject(error);
          }
        },
        answer: async () => {
          request.arrive();
          this.requests.splice(this.requests.indexOf(request), 1);
          outcome();
          await settle();
        },
        lose: async () => {
          this.requests.splice(this.requests.indexOf(request), 1);
          reject(new PedidosError('unconfirmed', 'Sem confirmação.'));
          await settle();
        },
      };
      this.requests.push(request);
    });
  }

  async answerAll() {
    while (this.requests.length > 0) await this.requests[0].answer();
  }
}

/** The stream of one client, cut and resumed by the test. Delivery is as the connection's: repeats dropped. */
export function modelStream(server) {
  const messages = new Set();
  const states = new Set();
  let state = Object.freeze({ status: 'disconnected', transport: null, error: null, serverVersion: null });
  let position = null;
  let sent = 0;
  const stream = {
    started: false,
    start(from = null) {
      if (stream.started) return;
      stream.started = true;
      position = from;
      stream.resume();
    },
    getState: () => state,
    position: () => position,
    onMessage(listener) {
      messages.add(listener);
      return () => messages.delete(listener);
    },
    subscribe(listener) {
      states.add(listener);
      return () => states.delete(listener);
    },
    say(message) {
      [...messages].forEach((listener) => listener(message));
    },
    become(change) {
      state = Object.freeze({ ...state, ...change });
      [...states].forEach((listener) => listener());
    },
    cut() {
      if (state.status === 'connected') stream.become({ status: 'disconnected' });
    },
    resume() {
      if (!stream.started || state.status === 'connected') return;
      stream.become({ status: 'connected', transport: 'websocket' });
      const found = [server.origin, ...server.log.map((event) => event.cursor)].indexOf(position);
      sent = found >= 0 ? found : server.log.length;
      const begin = found >= 0 ? position : server.head;
      const named = position !== null;
      if (!named) position = begin;
      stream.say({ type: 'connection', cursor: begin, versao_servidor: '1' });
      if (named && found < 0) {
        position = begin;
        stream.say({ type: 'refresh_required', message: '', cursor: begin });
      }
    },
    /** Delivers the next event, if there is one. */
    deliver() {
      if (state.status !== 'connected' || sent >= server.log.length) return false;
      const event = server.log[sent];
      sent += 1;
      position = event.cursor;
      stream.say(event);
      return true;
    },
    deliverAll() {
      while (stream.deliver());
    },
    /** As a second stream's for a moment, at a change of leader. */
    repeat(count) {
      server.log.slice(Math.max(0, sent - count), sent).forEach((event) => stream.say(event));
    },
    setTransport: () => undefined,
    reconnect: () => undefined,
    late: 0,
    deliveryIsLate() {
      stream.late += 1;
    },
    close: () => undefined,
    send: () => false,
  };
  return stream;
}
