// The confirmed orders, and what is under way on them.
//
// Rules:
// 1. The state never runs ahead of the server. An edit is `pending` on its field until its answer or
//    its event arrives; the order itself shows the server's value.
// 2. `applied` is the cursor up to which the state is complete. An event is applied when it is the next
//    one; one that was seen is skipped; one further on shows a gap, and the state is loaded anew.
// 3. Within an order, `versao` decides: an answer may come before its event or after it.
// 4. While a list is being loaded, events wait. The list says which cursor it includes; what waited and
//    lies behind it comes on top. So it does not matter whether the stream or the list began first.
// 5. A deleted order does not come back. Its id is remembered, for an older answer may still be on its way;
//    and an answer adds an order only when no list is under way or was loaded since its write was sent: the
//    list may have left it out because it was deleted meanwhile. Where it was not, its event brings it.
// 6. An edit is settled once, by whatever confirms it first: its answer, its own event, or a list that shows it done.

import { NO_SUCH_ORDER, PedidosError } from './api.js';
import { withJitter } from './backoff.js';
import { createOutbox, report } from './listeners.js';
import { WHOLE_ORDER, cursorNumber } from './protocol.js';
import { isDoneIn } from './same-value.js';
import { createSyncLog, describeChange } from './sync-log.js';

/** @typedef {import('./protocol.js').Pedido} Pedido */
/** @typedef {import('./protocol.js').PedidoChanges} PedidoChanges */
/** @typedef {import('./protocol.js').PedidoUpdateMessage} PedidoUpdateMessage */
/** @typedef {import('./api.js').WriteOptions} WriteOptions */
/** @typedef {import('./api.js').ListQuery} ListQuery */
/** @typedef {import('./sync-log.js').SyncLogEntry} SyncLogEntry */

/**
 * A write on its way, as its control shows it.
 * @typedef {object} PendingEdit
 * @property {any} value what was asked for
 * @property {number} since ms
 * @property {string} key its Idempotency-Key
 */

/**
 * A write that did not get through; it stays until `retry`, `dismissError` or the next `update` of the field.
 * @typedef {object} EditError
 * @property {any} value what was asked for
 * @property {number} at ms
 * @property {string} key its Idempotency-Key
 * @property {import('./api.js').PedidosErrorKind} kind
 * @property {string} message for the user; the field's own where the server gave one
 * @property {number} status
 * @property {boolean} retryable
 * @property {Pedido | null} current on `conflict`: the order as it is now
 */

/**
 * What somebody else changed last on a field.
 * @typedef {object} RemoteChange
 * @property {string | null} autor
 * @property {string} timestamp the server's, ISO 8601
 * @property {number} receivedAt ms
 * @property {string} cursor
 * @property {any} before
 */

/**
 * A change that was just applied, once each.
 * @typedef {object} PedidoChange
 * @property {'create' | 'update' | 'delete'} action
 * @property {number} pedido_id
 * @property {Pedido | null} pedido null on delete
 * @property {Pedido | null} previous null where it was not in the state
 * @property {string[]} changed names of fields
 * @property {string | null} autor
 * @property {string | null} timestamp null where it was found by a reload
 * @property {boolean} own written by this client
 * @property {'event' | 'answer' | 'reload'} source
 */

/** By order, then by field; `'*'` (WHOLE_ORDER) is the order itself: its creation or removal.
 * @template T
 * @typedef {Readonly<Record<number, Readonly<Record<string, T>>>>} ByField */

/**
 * @typedef {object} Snapshot
 * @property {readonly Pedido[]} pedidos newest first; the same object as before where an order did not change
 * @property {ReadonlyMap<number, Pedido>} byId
 * @property {ByField<PendingEdit>} pending
 * @property {ByField<EditError>} errors
 * @property {ByField<RemoteChange>} remoteChanges
 * @property {import('./tabs.js').SharedState} connection
 * @property {string | null} serverVersion
 * @property {string | null} cursor up to which the state is complete
 * @property {number | null} lastSync ms; when the state last changed or was confirmed
 * @property {readonly SyncLogEntry[]} syncLog newest first, at most 50
 * @property {boolean} isLoading the first list is on its way
 * @property {boolean} isReloading a further list is on its way
 * @property {PedidosError | null} error of the last load
 */

/**
 * @typedef {object} PedidosStore
 * @property {(listener: () => void) => () => void} subscribe
 * @property {() => Snapshot} getSnapshot immutable, and the same object until something changes
 * @property {(listener: (change: PedidoChange) => void) => () => void} onChange
 * @property {(listener: (error: PedidosError) => void) => () => void} onError each failed load and write
 * @property {(query?: {recentes?: number}) => Promise<void>} load the list, then the stream behind it;
 *   never rejects: see `error`
 * @property {(id: number, changes: PedidoChanges, options?: WriteOptions) => Promise<Pedido>} update
 * @property {(dados: PedidoChanges & {cliente: string}, options?: WriteOptions) => Promise<Pedido>} create
 * @property {(id: number, options?: WriteOptions) => Promise<void>} remove
 * @property {(id: number, field: string) => Promise<void>} retry the write that failed on this field, with its own key
 * @property {(id: number, field: string) => void} dismissError of the whole write that failed on this field
 * @property {(id: number) => Promise<Pedido>} fetchById one order from the server; not kept in the state
 *   unless it is there already
 * @property {(q: string, query?: ListQuery) => Promise<Pedido[]>} search beyond what is loaded; not kept in the state
 * @property {(id: number) => Promise<import('./api.js').HistoricoEntry[]>} historico
 * @property {() => void} close
 */

/**
 * One PATCH or DELETE, from the click until it is settled.
 * @typedef {object} Write
 * @property {number} id
 * @property {PedidoChanges} changes
 * @property {string[]} fields
 * @property {WriteOptions & {idempotencyKey: string}} options
 */
/**
 * A write that was started: what its caller waits for.
 * @typedef {object} Started
 * @property {Write} edit
 * @property {boolean} sent false while it waits for an earlier one on the same field
 * @property {boolean} settled
 * @property {(value: any) => void} resolve
 * @property {(failure: PedidosError) => void} reject
 */
/** A POST on its way. @typedef {{dados: PedidoChanges, resolve: (pedido: Pedido) => void}} Creation */

const MAX_WAITING = 5_000;
const MAX_REMEMBERED = 1_000;
const MAX_REMOTE_ORDERS = 500;
const RELOAD_RETRY = 3_000;
/** ms that the event of an own change may come behind its answer, before the network is asked to hurry. */
export const EVENT_DEADLINE = 1_500;

/**
 * @param {object} dependencies
 * @param {import('./api.js').Api} dependencies.api
 * @param {import('./tabs.js').SharedConnection} dependencies.stream
 * @param {import('./environment.js').Clock} dependencies.clock
 * @param {() => number} dependencies.random
 * @param {string} dependencies.clientId
 * @returns {PedidosStore}
 */
export function createStore({ api, stream, clock, random, clientId }) {
  const outbox = createOutbox();
  const { transition } = outbox;
  const listeners = /** @type {import('./listeners.js').Listeners<[]>} */ (outbox.listeners());
  const changeListeners = /** @type {import('./listeners.js').Listeners<[PedidoChange]>} */ (outbox.listeners());
  const errorListeners = /** @type {import('./listeners.js').Listeners<[PedidosError]>} */ (outbox.listeners());

  /** Newest first; replaced, never changed, so that snapshots may share it. @type {readonly Pedido[]} */
  let pedidos = Object.freeze([]);
  /** @type {Map<number, Pedido>} */
  let orders = new Map();
  /** @type {string | null} */
  let applied = null;
  /** @type {Set<number>} */
  const deleted = new Set();

  /** @type {Map<string, Started>} the writes on their way or failed, by key */
  const writes = new Map();
  /** @type {Set<Creation>} */
  const creations = new Set();
  /** What was answered, and whose event has yet to come, by order. @type {Map<number, {versao: number, timer: unknown}>} */
  const awaited = new Map();
  /** The end of the queue of each order's field. @type {Map<string, Promise<unknown>>} */
  const queues = new Map();
  /** @type {ByField<PendingEdit>} */
  let pending = Object.freeze({});
  /** @type {ByField<EditError>} */
  let errors = Object.freeze({});
  /** @type {ByField<RemoteChange>} */
  let remoteChanges = Object.freeze({});

  /** @type {{recentes?: number}} */
  let query = {};
  /** The list that the state still is, to the letter, for a 304. Its orders are the state's: kept for themselves
   * they would be a second copy of all of them as soon as they change. @type {{key: string, etag: string} | null} */
  let lastList = null;
  /** What came in during a load; null while none is under way. @type {(PedidoUpdateMessage | Pedido)[] | null} */
  let waiting = null;
  /** How many lists were loaded. */
  let loads = 0;
  /** The stream began anew: what we have may be of another history. */
  let otherHistory = false;
  /** @type {Promise<void> | null} */
  let loading = null;
  let loadWanted = false;
  /** @type {unknown} */
  let reloadTimer = null;
  /** @type {PedidosError | null} */
  let error = null;
  /** @type {number | null} */
  let lastSync = null;
  let closed = false;

  const log = createSyncLog(clock);
  /** @type {Snapshot | null} */
  let snapshot = null;

  // ---- snapshots -----------------------------------------------------------------------------

  /** @returns {Snapshot} */
  function buildSnapshot() {
    const connection = stream.getState();
    const list = pedidos;
    /** @type {Map<number, Pedido> | null} */
    let map = null;
    return Object.freeze({
      pedidos: list,
      // Built only when asked for: a change a hundred times a second should not copy 2,000 entries.
      get byId() {
        if (map === null) map = new Map(list.map((pedido) => [pedido.id, pedido]));
        return map;
      },
      pending,
      errors,
      remoteChanges,
      connection,
      serverVersion: connection.serverVersion,
      cursor: applied,
      lastSync,
      syncLog: log.entries(),
      isLoading: waiting !== null && applied === null,
      isReloading: waiting !== null && applied !== null,
      error,
    });
  }

  function commit() {
    snapshot = null;
    listeners.tell();
  }

  const announce = changeListeners.tell;
  const announceError = errorListeners.tell;

  // ---- orders --------------------------------------------------------------------------------

  /** Where `id` stands in the list, or would stand. @param {number} id */
  function indexOf(id) {
    let low = 0;
    let high = pedidos.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pedidos[middle].id > id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @param {Pedido} pedido */
  function put(pedido) {
    const index = indexOf(pedido.id);
    const list = pedidos.slice();
    list.splice(index, orders.has(pedido.id) ? 1 : 0, pedido);
    pedidos = Object.freeze(list);
    orders.set(pedido.id, pedido);
    lastList = null;
    settleUnconfirmed(pedido);
  }

  /** @param {number} id */
  function drop(id) {
    lastList = null;
    deleted.add(id);
    if (deleted.size > MAX_REMEMBERED) deleted.delete(deleted.values().next().value || 0);
    if (!orders.delete(id)) return;
    const list = pedidos.slice();
    list.splice(indexOf(id), 1);
    pedidos = Object.freeze(list);
    remoteChanges = without(remoteChanges, id);
    for (const [field, entry] of Object.entries(errors[id] || {})) forget(entry.key, id, field);
  }

  /** @param {Pedido} pedido */
  function isNews(pedido) {
    const known = orders.get(pedido.id);
    return !deleted.has(pedido.id) && (!known || pedido.versao > known.versao);
  }

  /**
   * An order that came as the answer to this client's own write.
   * @param {Pedido} pedido
   * @param {'create' | 'update'} action
   * @param {number} loadsBefore how many lists were loaded when the write was sent
   */
  function applyAnswer(pedido, action, loadsBefore) {
    if (!orders.has(pedido.id) && (waiting !== null || loads !== loadsBefore)) return;
    // The list under way may be older than this answer.
    if (waiting !== null) waiting.push(pedido);
    if (!isNews(pedido)) return;
    const previous = orders.get(pedido.id) || null;
    put(pedido);
    awaitEvent(pedido.id, pedido.versao);
    lastSync = clock.now();
    announce({
      action,
      pedido_id: pedido.id,
      pedido,
      previous,
      changed: previous ? differences(previous, pedido) : Object.keys(pedido),
      autor: null,
      timestamp: pedido.ultima_atualizacao,
      own: true,
      source: 'answer',
    });
  }

  /** @param {PedidoUpdateMessage} message */
  function applyEvent(message) {
    const { action, pedido_id: id, data, autor, timestamp } = message;
    const own = message.origem === clientId;
    const previous = orders.get(id) || null;
    applied = message.cursor;
    lastSync = clock.now();
    const late = awaited.get(id);
    if (late && message.versao >= late.versao) forgetAwaited(id);
    if (own) settleByEvent(message);
    if (!own && action !== 'delete') {
      noteRemoteChange(id, action === 'create' ? [WHOLE_ORDER] : message.changed, message, previous);
    }
    const news = data ? isNews(data) : previous !== null;
    if (data && news) put(data);
    if (!data) drop(id);
    log.add('event', describeChange(message, previous));
    if (!news) return;
    const changed = message.changed || [];
    announce({
      action,
      pedido_id: id,
      pedido: data,
      previous,
      changed,
      autor,
      timestamp,
      own,
      source: 'event',
    });
  }

  /**
   * The event of a change is sent before its answer, or at once after it. One that does not come is held back on its way.
   * @param {number} id @param {number} versao
   */
  function awaitEvent(id, versao) {
    if (waiting !== null || stream.getState().status !== 'connected') return;
    forgetAwaited(id);
    const timer = clock.setTimeout(() => {
      awaited.delete(id);
      if (waiting === null) stream.deliveryIsLate();
    }, EVENT_DEADLINE);
    awaited.set(id, { versao, timer });
  }

  /** @param {number} id */
  function forgetAwaited(id) {
    const late = awaited.get(id);
    if (late) clock.clearTimeout(late.timer);
    awaited.delete(id);
  }

  /**
   * @param {number} id
   * @param {string[]} fields
   * @param {PedidoUpdateMessage} message
   * @param {Pedido | null} previous
   */
  function noteRemoteChange(id, fields, message, previous) {
    const { autor, timestamp, cursor } = message;
    const now = clock.now();
    for (const field of fields || []) {
      const before = previous ? /** @type {any} */ (previous)[field] : undefined;
      remoteChanges = withField(remoteChanges, id, field, {
        autor,
        timestamp,
        receivedAt: now,
        cursor,
        before,
      });
    }
    const ids = Object.keys(remoteChanges);
    if (ids.length <= MAX_REMOTE_ORDERS) return;
    // Painels run for months: forget the order whose last change is the oldest.
    /** @param {string} key */
    const age = (key) => Math.max(...Object.values(remoteChanges[Number(key)]).map((c) => c.receivedAt));
    remoteChanges = without(remoteChanges, Number(ids.reduce((a, b) => (age(a) <= age(b) ? a : b))));
  }

  // ---- the stream ----------------------------------------------------------------------------

  /** @param {import('./protocol.js').ServerMessage} message */
  function onMessage(message) {
    if (message.type === 'refresh_required') {
      // With a cursor: our position was not in the server's log, perhaps it is another history.
      if (message.cursor) otherHistory = true;
      log.add('reload', 'O servidor pediu para recarregar.');
      reload();
    } else if (message.type === 'connection') {
      // A stream that began further on than our list: it was opened before there was one.
      const ahead = cursorNumber(message.cursor) > cursorNumber(applied);
      if (ahead && applied !== null && waiting === null) reload();
    } else if (message.type === 'pedido_update') {
      onEvent(message);
    }
  }

  /** @param {PedidoUpdateMessage} message */
  function onEvent(message) {
    if (waiting !== null || applied === null) {
      if (waiting === null) return; // nothing is loaded, so nothing can be missed
      waiting.push(message);
      // Dropped ones show as a gap when the list is there, and it is loaded again.
      if (waiting.length > MAX_WAITING) waiting.shift();
      return;
    }
    const step = cursorNumber(message.cursor) - cursorNumber(applied);
    if (step <= 0) return;
    if (step > 1) {
      log.add('reload', 'Faltaram mudanças; recarregando.');
      reload();
      onEvent(message);
      return;
    }
    applyEvent(message);
    commit();
  }

  let wasConnected = false;
  let lastLogged = '';
  function onConnectionChange() {
    const connection = stream.getState();
    const isConnected = connection.status === 'connected';
    // The list could not be loaded before; now the server is there.
    // Also after a refusal: whoever signed in again in another tab has brought this one along.
    if (isConnected && !wasConnected && error) reload();
    wasConnected = isConnected;
    logConnection(connection);
    commit();
  }

  /** Once for each outage, not for each attempt. @param {import('./tabs.js').SharedState} connection */
  function logConnection({ status, transport, error: problem }) {
    if (status === 'connecting') return;
    if (status === 'disconnected' && !problem && lastLogged === '') return;
    const text =
      status === 'connected'
        ? `Conectado por ${transport === 'sse' ? 'SSE' : 'WebSocket'}.`
        : problem
          ? problem.message
          : 'Sem conexão; tentando de novo.';
    if (text === lastLogged) return;
    lastLogged = text;
    log.add(status, text);
  }

  // ---- loading -------------------------------------------------------------------------------

  function reload() {
    if (closed) return;
    clock.clearTimeout(reloadTimer);
    if (waiting === null) waiting = [];
    // What is under way may have been read before that which is missing now: once more, behind it.
    if (loading) {
      loadWanted = true;
      return;
    }
    loading = loadOnce()
      .catch(report)
      .then(() => {
        loading = null;
        if (loadWanted) {
          loadWanted = false;
          reload();
        }
      });
  }

  async function loadOnce() {
    const fresh = otherHistory;
    otherHistory = false;
    if (fresh) deleted.clear();
    waiting = waiting || [];
    commit();
    const key = JSON.stringify(query);
    const etag = lastList && lastList.key === key ? lastList.etag : null;
    let answer;
    try {
      answer = await api.list(query, { etag });
    } catch (failure) {
      if (closed) return;
      otherHistory = otherHistory || fresh;
      transition(() => onLoadFailed(/** @type {PedidosError} */ (failure)));
      return;
    }
    if (closed) return;
    const list = answer.notModified ? pedidos : answer.pedidos;
    if (!answer.notModified) {
      const isWhole = !list.some((pedido) => deleted.has(pedido.id));
      lastList = answer.etag && isWhole ? { key, etag: answer.etag } : null;
    }
    transition(() => onLoaded(list, answer.cursor, fresh, answer.notModified));
  }

  /** @param {PedidosError} failure */
  function onLoadFailed(failure) {
    error = failure;
    log.add('error', `Não foi possível carregar: ${failure.message}`);
    announceError(failure);
    // The events that waited are not lost: without a list in between they show as a gap.
    if (applied === null || failure.kind === 'denied') waiting = null;
    // Also without a list: the stream tells when the server is back.
    if (failure.kind !== 'denied') stream.start();
    if (failure.kind !== 'denied') {
      reloadTimer = clock.setTimeout(() => transition(reload), withJitter(failure.retryAfter || RELOAD_RETRY, random));
    }
    commit();
  }

  /**
   * @param {readonly Pedido[]} list
   * @param {string | null} cursor
   * @param {boolean} fresh of another history, perhaps
   * @param {boolean} notModified
   */
  function onLoaded(list, cursor, fresh, notModified) {
    const events = waiting || [];
    const first = applied === null;
    const before = orders;
    waiting = null;
    error = null;
    Array.from(awaited.keys()).forEach(forgetAwaited);
    applied = cursor;
    lastSync = clock.now();
    loads += 1;
    const rows = list.filter((pedido) => !deleted.has(pedido.id));
    orders = new Map();
    for (const pedido of rows) {
      const known = before.get(pedido.id);
      const same =
        known &&
        !fresh &&
        known.versao === pedido.versao &&
        known.ultima_atualizacao === pedido.ultima_atualizacao;
      orders.set(pedido.id, same ? known : pedido);
    }
    pedidos = Object.freeze(Array.from(orders.values()).sort((a, b) => b.id - a.id));
    for (const item of events) {
      if (!('type' in item) && orders.has(item.id) && isNews(item)) put(item);
    }
    orders.forEach(settleUnconfirmed);
    if (!first) announceReload(before);
    log.add('reload', notModified ? 'Nada mudou.' : `${list.length} pedidos carregados.`);
    for (const item of events) {
      if (!('type' in item)) continue;
      const step = cursorNumber(item.cursor) - cursorNumber(applied);
      if (step === 1) applyEvent(item);
      else if (step > 1) {
        // The list is older than the stream: it was answered before the stream began.
        waiting = events.slice(events.indexOf(item));
        loadWanted = true;
        break;
      }
    }
    stream.start(applied);
    commit();
  }

  /** What a reload changed. @param {Map<number, Pedido>} before */
  function announceReload(before) {
    const rest = { autor: null, timestamp: null, own: false, source: /** @type {const} */ ('reload') };
    before.forEach((previous, id) => {
      if (orders.has(id)) return;
      announce({ action: 'delete', pedido_id: id, pedido: null, previous, changed: [], ...rest });
    });
    orders.forEach((pedido, id) => {
      const previous = before.get(id) || null;
      if (previous === pedido) return;
      const changed = previous ? differences(previous, pedido) : Object.keys(pedido);
      if (previous && changed.length === 0) return;
      announce({ action: previous ? 'update' : 'create', pedido_id: id, pedido, previous, changed, ...rest });
    });
  }

  // ---- writes --------------------------------------------------------------------------------

  /**
   * Two writes to one field go one after the other, or the network could turn the user's last
   * word into the first one. Writes to different fields do not wait for each other.
   * @param {Write} edit
   * @param {Promise<unknown>} done settled when the next one may go
   * @param {() => void} send
   */
  function inTurn(edit, done, send) {
    const names = edit.fields.map((field) => `${edit.id} ${field}`);
    const before = names.map((name) => queues.get(name)).filter(Boolean);
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    names.forEach((name) => queues.set(name, settled));
    settled.then(() => {
      names.forEach((name) => queues.get(name) === settled && queues.delete(name));
    });
    if (before.length === 0) send();
    else Promise.all(before).then(send);
  }

  /**
   * @template T
   * @param {Write} edit
   * @param {() => Promise<T>} send
   * @param {(answer: T, loadsBefore: number) => void} onAnswer
   * @returns {Promise<T>}
   */
  function run(edit, send, onAnswer) {
    const { id, fields, options } = edit;
    const key = options.idempotencyKey;
    const since = clock.now();
    /** @type {Started} */
    const started = { edit, sent: false, settled: false, resolve: () => undefined, reject: () => undefined };
    /** @type {Promise<T>} */
    const done = new Promise((resolve, reject) => Object.assign(started, { resolve, reject }));
    const loadsBefore = loads;
    const start = () => {
      started.sent = true;
      send().then(
        (answer) =>
          transition(() => {
            settle(started, answer);
            onAnswer(answer, loadsBefore);
            commit();
          }),
        (failure) => transition(() => onWriteFailed(started, failure)),
      );
    };
    transition(() => {
      writes.set(key, started);
      for (const field of fields) {
        const failed = errors[id] && errors[id][field];
        if (failed && failed.key !== key) forget(failed.key, id, field);
        errors = without(errors, id, field);
        pending = withField(pending, id, field, { value: valueOf(edit, field), since, key });
      }
      commit();
      inTurn(edit, done, start);
    });
    return quiet(done);
  }

  /** @param {Write} edit @param {string} field */
  function valueOf(edit, field) {
    return field === WHOLE_ORDER ? null : /** @type {any} */ (edit.changes)[field];
  }

  /**
   * An edit is done: nothing of it is pending any more, and nothing of it is wrong.
   * @param {Started} started
   * @param {any} value for its caller
   */
  function settle(started, value) {
    const { id, fields, options } = started.edit;
    const key = options.idempotencyKey;
    started.settled = true;
    clearPending(started.edit);
    for (const field of fields) {
      const failed = errors[id] && errors[id][field];
      if (failed && failed.key === key) errors = without(errors, id, field);
    }
    // The same edit may be under way once more, by `retry`.
    if (writes.get(key) === started) writes.delete(key);
    started.resolve(value);
  }

  /** Whether a change of fields is in the order already. @param {Write} edit @param {Pedido} pedido */
  function isDone({ fields, changes }, pedido) {
    return !fields.includes(WHOLE_ORDER) && isDoneIn(changes, fields, pedido);
  }

  /** @param {Write} edit */
  function clearPending({ id, fields, options }) {
    for (const field of fields) {
      const entry = pending[id] && pending[id][field];
      if (entry && entry.key === options.idempotencyKey) pending = without(pending, id, field);
    }
  }

  /** @param {Started} started @param {PedidosError} failure */
  function onWriteFailed(started, failure) {
    const { edit } = started;
    const { id, fields, options } = edit;
    const key = options.idempotencyKey;
    // Its own event was here before.
    if (started.settled) return;
    if (failure.pedido && orders.has(id)) applyAnswer(failure.pedido, 'update', loads);
    const known = orders.get(id);
    if (failure.kind === 'unconfirmed' && known && isDone(edit, known)) {
      settle(started, known);
      commit();
      return;
    }
    const stillPending = fields.filter(
      (field) => pending[id] && pending[id][field] && pending[id][field].key === key,
    );
    clearPending(edit);
    const common = {
      at: clock.now(),
      key,
      kind: failure.kind,
      status: failure.status,
      retryable: failure.retryable,
      current: failure.pedido,
    };
    // A field that was edited again since has nothing to complain of, nor one that is as it was asked for.
    for (const field of deleted.has(id) ? [] : stillPending) {
      if (failure.kind === 'unconfirmed' && known && isDone({ ...edit, fields: [field] }, known)) continue;
      errors = withField(errors, id, field, {
        value: valueOf(edit, field),
        message: failure.fieldErrors[field] || failure.message,
        ...common,
      });
    }
    if (!hasError(id, key) && writes.get(key) === started) writes.delete(key);
    log.add('error', `Pedido ${known ? known.numero : id}: ${failure.message}`);
    announceError(failure);
    started.reject(failure);
    commit();
  }

  /** @param {number} id @param {string} key */
  function hasError(id, key) {
    return Object.values(errors[id] || {}).some((entry) => entry.key === key);
  }

  /** @param {string} key @param {number} id @param {string} field */
  function forget(key, id, field) {
    errors = without(errors, id, field);
    if (!hasError(id, key)) writes.delete(key);
  }

  /**
   * This client's own change came by the stream: as good as the answer, also where that was given up.
   * @param {PedidoUpdateMessage} message
   */
  function settleByEvent({ action, pedido_id: id, data }) {
    if (action === 'create') {
      const made = Array.from(creations).find(({ dados }) => data && isDoneIn(dados, Object.keys(dados), data));
      if (made && data) made.resolve(data);
      return;
    }
    for (const started of Array.from(writes.values())) {
      const { edit, sent } = started;
      if (edit.id !== id || !sent) continue;
      const isRemoval = edit.fields.includes(WHOLE_ORDER);
      if (data === null ? isRemoval : isDone(edit, data)) settle(started, data);
    }
  }

  /** What is as it was asked for needs no confirmation any more. @param {Pedido} pedido */
  function settleUnconfirmed(pedido) {
    const failed = errors[pedido.id];
    if (!failed) return;
    for (const [field, entry] of Object.entries(failed)) {
      if (entry.kind !== 'unconfirmed' || field === WHOLE_ORDER) continue;
      if (isDoneIn({ [field]: entry.value }, [field], pedido)) forget(entry.key, pedido.id, field);
    }
  }

  /** @param {Write} edit */
  function sendUpdate(edit) {
    return run(
      edit,
      () => api.patch(edit.id, edit.changes, edit.options),
      (pedido, loadsBefore) => applyAnswer(pedido, 'update', loadsBefore),
    );
  }

  /** @param {Write} edit */
  function sendRemoval(edit) {
    return run(
      edit,
      // Gone already is what was wanted: another tab's hand, or the first of two tries.
      () =>
        api.remove(edit.id, edit.options).catch((failure) => {
          if (failure.type !== NO_SUCH_ORDER) throw failure;
        }),
      () => {
        const previous = orders.get(edit.id) || null;
        drop(edit.id);
        lastSync = clock.now();
        if (!previous) return;
        awaitEvent(edit.id, previous.versao + 1);
        const rest = { autor: null, timestamp: null, own: true, source: /** @type {const} */ ('answer') };
        announce({ action: 'delete', pedido_id: edit.id, pedido: null, previous, changed: [], ...rest });
      },
    );
  }

  /**
   * @param {PedidoChanges & {cliente: string}} dados
   * @param {WriteOptions} options
   * @returns {Promise<Pedido>}
   */
  async function createOrder(dados, options) {
    const loadsBefore = loads;
    /** @type {Creation} */
    const creation = { dados, resolve: () => undefined };
    /** @type {Promise<Pedido>} */
    const event = new Promise((resolve) => Object.assign(creation, { resolve }));
    creations.add(creation);
    try {
      const answer = api.create(dados, options).then((pedido) => {
        transition(() => {
          applyAnswer(pedido, 'create', loadsBefore);
          commit();
        });
        return pedido;
      });
      return await Promise.race([answer, event]);
    } catch (failure) {
      const problem = /** @type {PedidosError} */ (failure);
      transition(() => {
        log.add('error', `Pedido novo: ${problem.message}`);
        announceError(problem);
        commit();
      });
      throw failure;
    } finally {
      creations.delete(creation);
    }
  }

  /** @param {number} id @param {string} field */
  async function retry(id, field) {
    const entry = errors[id] && errors[id][field];
    const started = entry && writes.get(entry.key);
    if (!started) return;
    const { edit } = started;
    if (field === WHOLE_ORDER) {
      await sendRemoval(edit);
      return;
    }
    // A field that was edited again since must not go back: then the rest is a write of its own.
    const fields = edit.fields.filter((name) => errors[id][name] && errors[id][name].key === entry.key);
    if (fields.length === edit.fields.length) {
      await sendUpdate(edit);
      return;
    }
    const rest = Object.fromEntries(Object.entries(edit.changes).filter(([name]) => fields.includes(name)));
    const options = { ...edit.options, idempotencyKey: api.newKey() };
    await sendUpdate({ id, changes: rest, fields, options });
  }

  // ---- wiring --------------------------------------------------------------------------------

  const off = [
    stream.onMessage((message) => transition(() => onMessage(message))),
    stream.subscribe(() => transition(onConnectionChange)),
  ];

  return {
    subscribe: listeners.add,
    getSnapshot() {
      if (snapshot === null) snapshot = buildSnapshot();
      return snapshot;
    },
    onChange: changeListeners.add,
    onError: errorListeners.add,

    async load(next) {
      if (next) query = { ...next };
      transition(reload);
      while (loading) await loading;
    },

    update(id, changes, options = {}) {
      const idempotencyKey = options.idempotencyKey || api.newKey();
      return sendUpdate({
        id,
        changes,
        fields: Object.keys(changes),
        options: { ...options, idempotencyKey },
      });
    },

    create: (dados, options = {}) => createOrder(dados, options),

    remove(id, options = {}) {
      const idempotencyKey = options.idempotencyKey || api.newKey();
      const edit = { id, changes: {}, fields: [WHOLE_ORDER], options: { ...options, idempotencyKey } };
      return quiet(sendRemoval(edit).then(() => undefined));
    },

    retry: (id, field) => quiet(retry(id, field)),

    dismissError: (id, field) => transition(() => {
      const entry = errors[id] && errors[id][field];
      const started = entry && writes.get(entry.key);
      for (const name of started ? started.edit.fields : [field]) {
        const other = errors[id] && errors[id][name];
        if (entry && other && other.key === entry.key) forget(entry.key, id, name);
      }
      commit();
    }),

    async fetchById(id) {
      const pedido = await api.get(id);
      if (orders.has(id) && isNews(pedido)) {
        if (waiting !== null) waiting.push(pedido);
        transition(() => {
          put(pedido);
          commit();
        });
      }
      return pedido;
    },

    async search(q, filters = {}) {
      return (await api.list({ limite: 50, ...filters, q })).pedidos;
    },

    historico: (id) => api.historico(id),

    close() {
      closed = true;
      clock.clearTimeout(reloadTimer);
      Array.from(awaited.keys()).forEach(forgetAwaited);
      off.splice(0).forEach((undo) => undo());
    },
  };
}

// ---- small helpers -----------------------------------------------------------------------------

/**
 * The error of a write is on its field: a caller who does not look at the promise is no fault.
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
function quiet(promise) {
  promise.catch(() => undefined);
  return promise;
}

/**
 * @template T
 * @param {ByField<T>} map
 * @param {number} id @param {string} field @param {T} value
 * @returns {ByField<T>}
 */
function withField(map, id, field, value) {
  return Object.freeze({ ...map, [id]: Object.freeze({ ...map[id], [field]: value }) });
}

/**
 * @template T
 * @param {ByField<T>} map
 * @param {number} id @param {string} [field] without one, all of the order
 * @returns {ByField<T>}
 */
function without(map, id, field) {
  if (!map[id] || (field !== undefined && !(field in map[id]))) return map;
  const copy = { ...map };
  const rest = field === undefined ? {} : { ...map[id] };
  if (field !== undefined) delete rest[field];
  if (Object.keys(rest).length === 0) delete copy[id];
  else copy[id] = Object.freeze(rest);
  return Object.freeze(copy);
}

/** Of values that came as JSON. @param {any} a @param {any} b */
function equal(a, b) {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** @param {any} previous @param {any} next @returns {string[]} */
function differences(previous, next) {
  const ignored = new Set(['versao', 'ultima_atualizacao']);
  return Object.keys(next).filter((field) => !ignored.has(field) && !equal(previous[field], next[field]));
}
