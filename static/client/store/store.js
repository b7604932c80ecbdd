// The confirmed orders, and what is under way on them.
//
// Rules:
// 1. The state never runs ahead of the server. An edit is `pending` on its field until it is settled (`writes.js`); the order
//    itself shows the server's value.
// 2. Which events are applied, and when the list is loaded anew: `loading.js`. Which of two states of an order is the newer one,
//    and that a deleted order does not come back: `table.js`.
// 3. An answer adds an order only when no list is under way or was loaded since its write was sent: the list may have left it out
//    because it was deleted meanwhile. Where it was not, its event brings it.

import { createOutbox } from '../listeners.js';
import { createCreations } from './creations.js';
import { createExpectedEvents } from './expected-events.js';
import { Loading } from './loading.js';
import { RemoteChanges } from './remote-changes.js';
import { createSyncLog, describeChange } from './sync-log.js';
import { Table, changedFields } from './table.js';
import { Writes, quiet } from './writes.js';
import { WHOLE_ORDER } from '../wire/protocol.js';

/** @typedef {import('./snapshot.js').Pedido} Pedido */
/** @typedef {import('./snapshot.js').PedidoChange} PedidoChange */
/** @typedef {import('./snapshot.js').PedidosError} PedidosError */
/** @typedef {import('./snapshot.js').PedidosStore} PedidosStore */
/** @typedef {import('./snapshot.js').Snapshot} Snapshot */
/** @typedef {import('../wire/protocol.js').PedidoUpdateMessage} PedidoUpdateMessage */

/**
 * @typedef {object} Dependencies
 * @property {import('../api.js').Api} api
 * @property {import('../stream/tabs.js').SharedConnection} stream
 * @property {import('../environment.js').Clock} clock
 * @property {() => number} random
 * @property {string} clientId
 */

/** @param {Dependencies} dependencies @returns {PedidosStore} */
export function createStore(dependencies) {
  const { api } = dependencies;
  const state = new State(dependencies);
  const { loading, writes, outbox } = state;
  /** @param {import('./snapshot.js').WriteOptions} options */
  const withKey = (options) => ({ ...options, idempotencyKey: options.idempotencyKey || api.newKey() });

  return {
    subscribe: state.listeners.add,
    getSnapshot: () => state.snapshot(),
    onChange: state.changeListeners.add,
    onError: state.errorListeners.add,
    load: (query) => loading.load(query),
    update: (id, changes, options = {}) =>
      writes.update({ id, changes, fields: Object.keys(changes), options: withKey(options) }),
    create: (dados, options = {}) => state.creations.create(dados, options),
    remove: (id, options = {}) =>
      quiet(writes.remove({ id, changes: {}, fields: [WHOLE_ORDER], options: withKey(options) }).then(() => undefined)),
    retry: (id, field) => quiet(writes.retry(id, field)),
    dismissError: (id, field) =>
      outbox.transition(() => {
        writes.dismiss(id, field);
        state.commit();
      }),
    async fetchById(id) {
      const pedido = await api.get(id);
      outbox.transition(() => state.applyFetched(pedido));
      return pedido;
    },
    search: async (q, filters = {}) => (await api.list({ limite: 50, ...filters, q })).pedidos,
    historico: (id) => api.historico(id),
    close: () => state.close(),
  };
}

class State {
  /** @param {Dependencies} dependencies */
  constructor({ api, stream, clock, random, clientId }) {
    this.stream = stream;
    this.clock = clock;
    this.clientId = clientId;
    this.outbox = createOutbox();
    const { transition } = this.outbox;
    this.listeners = /** @type {import('../listeners.js').Listeners<[]>} */ (this.outbox.listeners());
    this.changeListeners = /** @type {import('../listeners.js').Listeners<[PedidoChange]>} */ (this.outbox.listeners());
    this.errorListeners = /** @type {import('../listeners.js').Listeners<[PedidosError]>} */ (this.outbox.listeners());
    this.table = new Table();
    this.remote = new RemoteChanges();
    this.log = createSyncLog(clock);
    /** @type {number | null} */
    this.lastSync = null;
    /** @type {Snapshot | null} */
    this.current = null;
    this.wasConnected = false;

    const table = this.table;
    const log = this.log;
    const commit = () => this.commit();
    const loads = () => this.loading.count;
    this.loading = new Loading({ api, stream, clock, random, table, log, owner: this.loadingOwner(commit) });
    this.writes = new Writes({ api, clock, table, owner: this.writesOwner(commit, loads) });
    this.creations = createCreations({
      api,
      loads,
      onAnswer: (pedido, before) =>
        transition(() => {
          this.applyAnswer(pedido, 'create', before);
          commit();
        }),
      onFailed: (failure) =>
        transition(() => {
          this.noteFailure('Pedido novo', failure);
          commit();
        }),
    });
    this.expected = createExpectedEvents({
      clock,
      onLate: () => !this.loading.isUnderWay() && stream.deliveryIsLate(),
    });
    this.off = [
      stream.onMessage((message) => transition(() => this.loading.onMessage(message))),
      stream.subscribe(() => transition(() => this.onConnectionChange())),
    ];
  }

  /** @param {() => void} commit @returns {import('./loading.js').Owner} */
  loadingOwner(commit) {
    return {
      transition: this.outbox.transition,
      commit,
      applyEvent: (message) => this.applyEvent(message),
      applyList: (list, answers, isOther, isFirst) => this.applyList(list, answers, isOther, isFirst),
      onFailed: this.errorListeners.tell,
    };
  }

  /** @param {() => void} commit @param {() => number} loads @returns {import('./writes.js').Owner} */
  writesOwner(commit, loads) {
    return {
      transition: this.outbox.transition,
      commit,
      loads,
      applyAnswer: (pedido, action, before) => this.applyAnswer(pedido, action, before),
      applyRemoval: (id) => this.applyRemoval(id),
      onFailed: (id, failure) => {
        const known = this.table.get(id);
        this.noteFailure(`Pedido ${known ? known.numero : id}`, failure);
      },
    };
  }

  close() {
    this.loading.close();
    this.expected.clear();
    this.off.splice(0).forEach((undo) => undo());
  }

  // ---- snapshots -----------------------------------------------------------------------------

  commit() {
    this.current = null;
    this.listeners.tell();
  }

  snapshot() {
    if (this.current === null) this.current = this.buildSnapshot();
    return this.current;
  }

  /** @returns {Snapshot} */
  buildSnapshot() {
    const connection = this.stream.getState();
    const { list } = this.table;
    const { applied, error } = this.loading;
    const isLoading = this.loading.isUnderWay();
    /** @type {Map<number, Pedido> | null} */
    let byId = null;
    return Object.freeze({
      pedidos: list,
      // Built only when asked for: a change a hundred times a second should not copy 2,000 entries.
      get byId() {
        if (byId === null) byId = new Map(list.map((pedido) => [pedido.id, pedido]));
        return byId;
      },
      pending: this.writes.pending,
      errors: this.writes.errors,
      remoteChanges: this.remote.all,
      connection,
      serverVersion: connection.serverVersion,
      cursor: applied,
      lastSync: this.lastSync,
      syncLog: this.log.entries(),
      isLoading: isLoading && applied === null,
      isReloading: isLoading && applied !== null,
      error,
    });
  }

  // ---- what changes an order -----------------------------------------------------------------

  /** @param {Pedido} pedido */
  put(pedido) {
    this.table.put(pedido);
    this.loading.stateChanged();
    this.writes.onOrder(pedido);
  }

  /** @param {number} id */
  drop(id) {
    this.loading.stateChanged();
    const wasThere = this.table.get(id) !== null;
    this.table.drop(id);
    if (!wasThere) return;
    this.remote.forget(id);
    this.writes.onRemoved(id);
  }

  /**
   * An order that came as the answer to this client's own write.
   * @param {Pedido} pedido
   * @param {'create' | 'update'} action
   * @param {number} loadsBefore how many lists were loaded when the write was sent
   */
  applyAnswer(pedido, action, loadsBefore) {
    const previous = this.table.get(pedido.id);
    if (!previous && (this.loading.isUnderWay() || this.loading.count !== loadsBefore)) return;
    this.loading.keepAnswer(pedido);
    if (!this.table.isNews(pedido)) return;
    this.put(pedido);
    this.expectEvent(pedido.id, pedido.versao);
    this.lastSync = this.clock.now();
    this.announce(action, pedido.id, pedido, previous, {
      timestamp: pedido.ultima_atualizacao,
      own: true,
      source: 'answer',
    });
  }

  /** This client's removal was answered. @param {number} id */
  applyRemoval(id) {
    const previous = this.table.get(id);
    this.drop(id);
    this.lastSync = this.clock.now();
    if (!previous) return;
    this.expectEvent(id, previous.versao + 1);
    this.announce('delete', id, null, previous, { own: true, source: 'answer' });
  }

  /** @param {PedidoUpdateMessage} message the next one */
  applyEvent(message) {
    const { action, pedido_id: id, data, autor, timestamp } = message;
    const own = message.origem === this.clientId;
    const previous = this.table.get(id);
    this.lastSync = this.clock.now();
    this.expected.arrived(id, message.versao);
    if (own) this.settleByEvent(message);
    else if (action !== 'delete') this.remote.note(message, previous, this.clock.now());
    const isNews = data ? this.table.isNews(data) : previous !== null;
    if (data && isNews) this.put(data);
    if (!data) this.drop(id);
    this.log.add('event', describeChange(message, previous));
    if (!isNews) return;
    const changed = message.changed || [];
    this.announce(action, id, data, previous, { changed, autor, timestamp, own, source: 'event' });
  }

  /** @param {PedidoUpdateMessage} message this client's own */
  settleByEvent(message) {
    if (message.action !== 'create') this.writes.onEvent(message);
    else if (message.data) this.creations.onEvent(message.data);
  }

  /** @type {import('./loading.js').Owner['applyList']} */
  applyList(list, answers, isOther, isFirst) {
    this.expected.clear();
    this.lastSync = this.clock.now();
    const before = this.table.replace(list, isOther);
    for (const pedido of answers) {
      if (this.table.get(pedido.id) && this.table.isNews(pedido)) this.put(pedido);
    }
    this.table.list.forEach((pedido) => this.writes.onOrder(pedido));
    if (!isFirst) this.announceReload(before);
  }

  /** One that was asked for by itself; kept only where the order is in the state. @param {Pedido} pedido */
  applyFetched(pedido) {
    if (!this.table.get(pedido.id) || !this.table.isNews(pedido)) return;
    this.loading.keepAnswer(pedido);
    this.put(pedido);
    this.commit();
  }

  /** @param {number} id @param {number} versao */
  expectEvent(id, versao) {
    if (this.loading.isUnderWay() || this.stream.getState().status !== 'connected') return;
    this.expected.expect(id, versao);
  }

  // ---- what is told --------------------------------------------------------------------------

  /**
   * @param {PedidoChange['action']} action
   * @param {number} id
   * @param {Pedido | null} pedido
   * @param {Pedido | null} previous
   * @param {Pick<PedidoChange, 'own' | 'source'> & Partial<PedidoChange>} rest `changed`: worked out where it is not given
   */
  announce(action, id, pedido, previous, rest) {
    const changed = rest.changed || changedFields(previous, pedido);
    const change = { action, pedido_id: id, pedido, previous, autor: null, timestamp: null, ...rest, changed };
    this.changeListeners.tell(change);
  }

  /** What a reload changed. @param {Map<number, Pedido>} before */
  announceReload(before) {
    const rest = { own: false, source: /** @type {const} */ ('reload') };
    before.forEach((previous, id) => {
      if (!this.table.get(id)) this.announce('delete', id, null, previous, rest);
    });
    this.table.orders.forEach((pedido, id) => {
      const previous = before.get(id) || null;
      if (previous === pedido) return;
      const changed = changedFields(previous, pedido);
      if (changed.length === 0) return;
      this.announce(previous ? 'update' : 'create', id, pedido, previous, { ...rest, changed });
    });
  }

  /** @param {string} what @param {PedidosError} failure of a write */
  noteFailure(what, failure) {
    this.log.add('error', `${what}: ${failure.message}`);
    this.errorListeners.tell(failure);
  }

  onConnectionChange() {
    const connection = this.stream.getState();
    const isConnected = connection.status === 'connected';
    // The list could not be loaded before; now the server is there.
    // Also after a refusal: whoever signed in again in another tab has brought this one along.
    if (isConnected && !this.wasConnected && this.loading.error) this.loading.reload();
    this.wasConnected = isConnected;
    this.log.connection(connection);
    this.commit();
  }
}
