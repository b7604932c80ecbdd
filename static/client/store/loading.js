// The list, and the events that follow it, in their order.
//
// Rules:
// 1. `applied` is the cursor up to which the state is complete. An event is applied when it is the next one; one that was seen
//    is skipped; one further on shows a gap, and the list is loaded anew.
// 2. While a list is being loaded, events wait. The list says which cursor it includes; what waited and lies behind it comes on
//    top. So it does not matter whether the stream or the list began first.

import { withJitter } from '../backoff.js';
import { report } from '../listeners.js';
import { comparePosition } from '../wire/protocol.js';

/** @typedef {import('../wire/protocol.js').Pedido} Pedido */
/** @typedef {import('../wire/protocol.js').PedidoUpdateMessage} PedidoUpdateMessage */
/** @typedef {import('../api.js').PedidosError} PedidosError */
/** @typedef {import('../api.js').ListAnswer} ListAnswer */

/**
 * Whose state it is.
 * @typedef {object} Owner
 * @property {<T>(work: () => T) => T} transition
 * @property {() => void} commit
 * @property {(message: PedidoUpdateMessage) => void} applyEvent the next one
 * @property {(list: readonly Pedido[], answers: readonly Pedido[], isOther: boolean, isFirst: boolean) => void} applyList
 *   `answers`: of own writes, that came meanwhile; `isOther`: of another history, perhaps
 * @property {(failure: PedidosError) => void} onFailed
 */

/** Events that wait for a list; those dropped show as a gap when it is there, and it is loaded again. */
const MAX_WAITING = 5_000;
/** ms */
const RETRY = 3_000;

export class Loading {
  /**
   * @param {object} dependencies
   * @param {import('../api.js').Api} dependencies.api
   * @param {import('../stream/tabs.js').SharedConnection} dependencies.stream
   * @param {import('../environment.js').Clock} dependencies.clock
   * @param {() => number} dependencies.random
   * @param {import('./table.js').Table} dependencies.table
   * @param {import('./sync-log.js').SyncLog} dependencies.log
   * @param {Owner} dependencies.owner
   */
  constructor({ api, stream, clock, random, table, log, owner }) {
    this.api = api;
    this.stream = stream;
    this.clock = clock;
    this.random = random;
    this.table = table;
    this.log = log;
    this.owner = owner;
    /** @type {{recentes?: number}} */
    this.query = {};
    /** @type {string | null} */
    this.applied = null;
    /** The list that the state still is, to the letter, for a 304. Its orders are the state's: kept for themselves they would be
     * a second copy of all of them as soon as they change. @type {{key: string, etag: string} | null} */
    this.lastList = null;
    /** What came in during a load; null while none is under way. @type {(PedidoUpdateMessage | Pedido)[] | null} */
    this.waiting = null;
    /** How many lists were loaded. */
    this.count = 0;
    /** The stream began anew: what we have may be of another history. */
    this.isOtherHistory = false;
    /** The request that is under way. @type {Promise<void> | null} */
    this.request = null;
    this.isWantedAgain = false;
    /** @type {unknown} */
    this.retryTimer = null;
    /** Of the last load. @type {PedidosError | null} */
    this.error = null;
    this.isClosed = false;
  }

  isUnderWay() {
    return this.waiting !== null;
  }

  /** The state is not the last list any more. */
  stateChanged() {
    this.lastList = null;
  }

  /** An order that was answered during a load, whose list may be older. @param {Pedido} pedido */
  keepAnswer(pedido) {
    if (this.waiting !== null) this.waiting.push(pedido);
  }

  /** @param {{recentes?: number}} [query] another filter */
  async load(query) {
    if (query) this.query = { ...query };
    this.owner.transition(() => this.reload());
    while (this.request) await this.request;
  }

  close() {
    this.isClosed = true;
    this.clock.clearTimeout(this.retryTimer);
  }

  // ---- events --------------------------------------------------------------------------------

  /** @param {import('../wire/protocol.js').ServerMessage} message */
  onMessage(message) {
    if (message.type === 'refresh_required') {
      // With a cursor: our position was not in the server's log, perhaps it is another history.
      if (message.cursor) this.isOtherHistory = true;
      this.log.add('reload', 'O servidor pediu para recarregar.');
      this.reload();
    } else if (message.type === 'connection') {
      this.onBeginning(message.cursor);
    } else if (message.type === 'pedido_update') {
      this.onEvent(message);
    }
  }

  /**
   * A stream that begins elsewhere than the list stands. Further on: it was opened before there was a list. Further back: what the
   * list knows beyond may be of a history that the server has no more, since a copy was put back meanwhile.
   * @param {string} cursor
   */
  onBeginning(cursor) {
    if (this.applied === null || this.waiting !== null || cursor === this.applied) return;
    if (comparePosition(this.applied, cursor) === 'repeat') {
      // Not honoured: then a `refresh_required` follows.
      if (this.stream.position() !== cursor) return;
      this.isOtherHistory = true;
    }
    this.reload();
  }

  /** @param {PedidoUpdateMessage} message */
  onEvent(message) {
    if (this.waiting !== null) {
      this.waiting.push(message);
      if (this.waiting.length > MAX_WAITING) this.waiting.shift();
      return;
    }
    // Nothing is loaded, so nothing can be missed.
    if (this.applied === null) return;
    const position = comparePosition(this.applied, message.cursor);
    if (position === 'repeat') return;
    if (position === 'gap') {
      this.log.add('reload', 'Faltaram mudanças; recarregando.');
      this.reload();
      this.onEvent(message);
      return;
    }
    this.apply(message);
    this.owner.commit();
  }

  /** @param {PedidoUpdateMessage} message the next one */
  apply(message) {
    this.applied = message.cursor;
    this.owner.applyEvent(message);
  }

  // ---- the list ------------------------------------------------------------------------------

  reload() {
    if (this.isClosed) return;
    this.clock.clearTimeout(this.retryTimer);
    if (this.waiting === null) this.waiting = [];
    // What is under way may have been read before that which is missing now: once more, behind it.
    if (this.request) {
      this.isWantedAgain = true;
      return;
    }
    this.request = this.loadOnce()
      .catch(report)
      .then(() => {
        this.request = null;
        if (!this.isWantedAgain) return;
        this.isWantedAgain = false;
        this.reload();
      });
  }

  async loadOnce() {
    const isOther = this.isOtherHistory;
    this.isOtherHistory = false;
    if (isOther) this.table.deleted.clear();
    this.waiting = this.waiting || [];
    this.owner.commit();
    const key = JSON.stringify(this.query);
    const etag = this.lastList && this.lastList.key === key ? this.lastList.etag : null;
    let answer;
    try {
      answer = await this.api.list(this.query, { etag });
    } catch (failure) {
      if (this.isClosed) return;
      this.isOtherHistory = this.isOtherHistory || isOther;
      this.owner.transition(() => this.onFailed(/** @type {PedidosError} */ (failure)));
      return;
    }
    if (this.isClosed) return;
    this.owner.transition(() => this.onLoaded(answer, key, isOther));
  }

  /** @param {PedidosError} failure */
  onFailed(failure) {
    const isFinal = failure.kind === 'denied';
    this.error = failure;
    this.log.add('error', `Não foi possível carregar: ${failure.message}`);
    this.owner.onFailed(failure);
    // The events that waited are not lost: without a list in between they show as a gap.
    if (this.applied === null || isFinal) this.waiting = null;
    if (!isFinal) {
      // Also without a list: the stream tells when the server is back.
      this.stream.start();
      const wait = withJitter(failure.retryAfter || RETRY, this.random);
      this.retryTimer = this.clock.setTimeout(() => this.owner.transition(() => this.reload()), wait);
    }
    this.owner.commit();
  }

  /** @param {ListAnswer} answer @param {string} key of its query @param {boolean} isOther of another history, perhaps */
  onLoaded({ pedidos, cursor, etag, notModified }, key, isOther) {
    const list = notModified ? this.table.list : pedidos;
    if (!notModified) {
      const isWhole = !list.some((pedido) => this.table.deleted.has(pedido.id));
      this.lastList = etag && isWhole ? { key, etag } : null;
    }
    const waited = this.waiting || [];
    const isFirst = this.applied === null;
    this.waiting = null;
    this.error = null;
    this.applied = cursor;
    this.count += 1;
    this.owner.applyList(list, waited.filter(isOrder), isOther, isFirst);
    this.log.add('reload', notModified ? 'Nada mudou.' : `${list.length} pedidos carregados.`);
    this.catchUp(/** @type {PedidoUpdateMessage[]} */ (waited.filter((item) => !isOrder(item))));
    this.stream.start(this.applied);
    this.owner.commit();
  }

  /** @param {PedidoUpdateMessage[]} events that waited for the list */
  catchUp(events) {
    for (const event of events) {
      const position = comparePosition(this.applied, event.cursor);
      if (position === 'next') this.apply(event);
      if (position !== 'gap') continue;
      // The list is older than the stream: it was answered before the stream began.
      this.waiting = events.slice(events.indexOf(event));
      this.isWantedAgain = true;
      return;
    }
  }
}

/** @param {PedidoUpdateMessage | Pedido} item @returns {item is Pedido} */
function isOrder(item) {
  return !('type' in item);
}
