// Changes and removals of orders, from the click until they are settled.
//
//                 ┌─────────┐ those before it  ┌──────┐ answer, own event, ┌─────────┐
//     start() ───▶│ waiting │ on its fields    │ sent │ or the order shows │ settled │
//                 └─────────┘ are done ───────▶└──────┘ it ───────────────▶└─────────┘
//                                                  │                            ▲
//                                          no, or no answer      the order shows it
//                                                  ▼                            │
//                    retry(): a new write,     ┌────────┐───────────────────────┘
//                    under the same key ◀──────│ failed │──▶ forgotten: dismissed, edited again, order gone
//                                              └────────┘
//
// Rule: `pending` and `errors` say what there is to say of each field, and belong to the write whose key they carry. An edit is
// settled by `settle`, and by nothing else, whatever confirms it.

import { NO_SUCH_ORDER } from '../api.js';
import { WHOLE_ORDER } from '../wire/protocol.js';
import { withField, without } from './by-field.js';
import { isDoneIn } from './same-value.js';
import { createTurns } from './turns.js';

/** @typedef {import('../wire/protocol.js').Pedido} Pedido */
/** @typedef {import('../wire/protocol.js').PedidoChanges} PedidoChanges */
/** @typedef {import('../wire/protocol.js').PedidoUpdateMessage} PedidoUpdateMessage */
/** @typedef {import('../api.js').PedidosError} PedidosError */
/** @typedef {import('../api.js').WriteOptions} WriteOptions */
/** @typedef {import('./snapshot.js').PendingEdit} PendingEdit */
/** @typedef {import('./snapshot.js').EditError} EditError */

/**
 * What is asked for.
 * @typedef {object} Edit
 * @property {number} id
 * @property {PedidoChanges} changes
 * @property {readonly string[]} fields
 * @property {WriteOptions & {idempotencyKey: string}} options
 */
/**
 * One try of an edit.
 * @typedef {object} Write
 * @property {Edit} edit
 * @property {'waiting' | 'sent' | 'failed' | 'settled'} state
 * @property {(value: any) => void} resolve
 * @property {(failure: PedidosError) => void} reject
 */
/**
 * Whose writes they are.
 * @typedef {object} Owner
 * @property {<T>(work: () => T) => T} transition
 * @property {() => void} commit
 * @property {() => number} loads how many lists were loaded so far
 * @property {(pedido: Pedido, action: 'update', loadsBefore: number) => void} applyAnswer
 * @property {(id: number) => void} applyRemoval
 * @property {(id: number, failure: PedidosError) => void} onFailed
 */

export class Writes {
  /**
   * @param {object} dependencies
   * @param {import('../api.js').Api} dependencies.api
   * @param {import('../environment.js').Clock} dependencies.clock
   * @param {import('./table.js').Table} dependencies.table
   * @param {Owner} dependencies.owner
   */
  constructor({ api, clock, table, owner }) {
    this.api = api;
    this.clock = clock;
    this.table = table;
    this.owner = owner;
    this.turns = createTurns();
    /** On their way or failed, by key. @type {Map<string, Write>} */
    this.known = new Map();
    /** @type {import('./by-field.js').ByField<PendingEdit>} */
    this.pending = Object.freeze({});
    /** @type {import('./by-field.js').ByField<EditError>} */
    this.errors = Object.freeze({});
  }

  // ---- sending -------------------------------------------------------------------------------

  /** @param {Edit} edit @returns {Promise<Pedido>} */
  update(edit) {
    const send = () => this.api.patch(edit.id, edit.changes, edit.options);
    return this.start(edit, send, (pedido, loadsBefore) => this.owner.applyAnswer(pedido, 'update', loadsBefore));
  }

  /** @param {Edit} edit @returns {Promise<unknown>} */
  remove(edit) {
    // Gone already is what was wanted: another tab's hand, or the first of two tries.
    const send = () =>
      this.api.remove(edit.id, edit.options).catch((failure) => {
        if (failure.type !== NO_SUCH_ORDER) throw failure;
      });
    return this.start(edit, send, () => this.owner.applyRemoval(edit.id));
  }

  /**
   * @template T
   * @param {Edit} edit
   * @param {() => Promise<T>} send
   * @param {(answer: T, loadsBefore: number) => void} onAnswer
   * @returns {Promise<T>}
   */
  start(edit, send, onAnswer) {
    const { id, fields } = edit;
    /** @type {Write} */
    const write = { edit, state: 'waiting', resolve: () => undefined, reject: () => undefined };
    /** @type {Promise<T>} */
    const done = new Promise((resolve, reject) => Object.assign(write, { resolve, reject }));
    const loadsBefore = this.owner.loads();
    const { transition } = this.owner;
    const go = () => {
      write.state = 'sent';
      send().then(
        (answer) =>
          transition(() => {
            this.settle(write, fields, answer);
            onAnswer(answer, loadsBefore);
            this.owner.commit();
          }),
        (failure) => transition(() => this.fail(write, failure)),
      );
    };
    transition(() => {
      this.note(write);
      this.owner.commit();
      const names = fields.map((field) => `${id} ${field}`);
      this.turns.take(names, done, go);
    });
    return quiet(done);
  }

  /** The fields of a new write are pending, and what was wrong with them is past. @param {Write} write */
  note(write) {
    const { edit } = write;
    const { id, options } = edit;
    const key = options.idempotencyKey;
    const since = this.clock.now();
    this.known.set(key, write);
    for (const field of edit.fields) {
      const failed = this.errorOf(id, field);
      if (failed && failed.key !== key) this.forget(id, field);
      this.errors = without(this.errors, id, field);
      this.pending = withField(this.pending, id, field, { value: valueOf(edit, field), since, key });
    }
  }

  // ---- the end of a write --------------------------------------------------------------------

  /**
   * An edit is done, as its answer, its own event or the order itself says: nothing of these fields is pending any more, nor
   * wrong. Once that holds for all of its fields, its caller has an answer.
   * @param {Write} write
   * @param {readonly string[]} fields of it
   * @param {any} value for its caller
   */
  settle(write, fields, value) {
    const { id, options } = write.edit;
    const key = options.idempotencyKey;
    this.clearPending(write, fields);
    for (const field of fields) if (this.isWrongUnder(key, id, field)) this.errors = without(this.errors, id, field);
    if (write.edit.fields.some((field) => this.isWrongUnder(key, id, field))) return;
    write.state = 'settled';
    // The same edit may be under way once more, by `retry`.
    if (this.known.get(key) === write) this.known.delete(key);
    write.resolve(value);
  }

  /** @param {Write} write @param {PedidosError} failure */
  fail(write, failure) {
    // Its own event was here before.
    if (write.state === 'settled') return;
    const { edit } = write;
    const { id, fields, options } = edit;
    const key = options.idempotencyKey;
    if (failure.pedido && this.table.get(id)) this.owner.applyAnswer(failure.pedido, 'update', this.owner.loads());
    const known = this.table.get(id);
    if (failure.kind === 'unconfirmed' && known && isDone(edit, fields, known)) {
      this.settle(write, fields, known);
      this.owner.commit();
      return;
    }
    write.state = 'failed';
    const stillPending = fields.filter((field) => this.isPendingUnder(key, id, field));
    this.clearPending(write, fields);
    // A field that was edited again since has nothing to complain of, nor one that is as it was asked for.
    for (const field of this.table.deleted.has(id) ? [] : stillPending) {
      if (failure.kind === 'unconfirmed' && known && isDone(edit, [field], known)) continue;
      this.errors = withField(this.errors, id, field, editError(edit, field, failure, this.clock.now()));
    }
    if (!this.hasError(id, key) && this.known.get(key) === write) this.known.delete(key);
    this.owner.onFailed(id, failure);
    write.reject(failure);
    this.owner.commit();
  }

  /**
   * This client's own change came by the stream: as good as the answer, also where that was given up.
   * @param {PedidoUpdateMessage} message of a change or a removal
   */
  onEvent({ pedido_id: id, data }) {
    for (const write of Array.from(this.known.values())) {
      const { edit, state } = write;
      if (edit.id !== id || state === 'waiting') continue;
      const isRemoval = edit.fields.includes(WHOLE_ORDER);
      if (data === null ? isRemoval : isDone(edit, edit.fields, data)) this.settle(write, edit.fields, data);
    }
  }

  /** What is as it was asked for needs no confirmation any more. @param {Pedido} pedido as it is now */
  onOrder(pedido) {
    for (const [field, entry] of Object.entries(this.errors[pedido.id] || {})) {
      const write = this.known.get(entry.key);
      if (entry.kind === 'unconfirmed' && write && isDone(write.edit, [field], pedido)) this.settle(write, [field], pedido);
    }
  }

  /** The order is gone, and with it what was wrong. @param {number} id */
  onRemoved(id) {
    for (const field of Object.keys(this.errors[id] || {})) this.forget(id, field);
  }

  // ---- what failed ---------------------------------------------------------------------------

  /** @param {number} id @param {string} field */
  async retry(id, field) {
    const entry = this.errorOf(id, field);
    const write = entry && this.known.get(entry.key);
    if (!entry || !write) return;
    const { edit } = write;
    if (field === WHOLE_ORDER) {
      await this.remove(edit);
      return;
    }
    // A field that was edited again since must not go back: then the rest is a write of its own.
    const fields = edit.fields.filter((name) => this.isWrongUnder(entry.key, id, name));
    if (fields.length === edit.fields.length) {
      await this.update(edit);
      return;
    }
    const changes = Object.fromEntries(Object.entries(edit.changes).filter(([name]) => fields.includes(name)));
    const options = { ...edit.options, idempotencyKey: this.api.newKey() };
    await this.update({ id, changes, fields, options });
  }

  /** All of the write that failed on this field. @param {number} id @param {string} field */
  dismiss(id, field) {
    const entry = this.errorOf(id, field);
    const write = entry && this.known.get(entry.key);
    if (!entry || !write) return;
    for (const name of write.edit.fields) if (this.isWrongUnder(entry.key, id, name)) this.forget(id, name);
  }

  /** @param {number} id @param {string} field */
  forget(id, field) {
    const entry = this.errorOf(id, field);
    this.errors = without(this.errors, id, field);
    if (entry && !this.hasError(id, entry.key)) this.known.delete(entry.key);
  }

  /** @param {Write} write @param {readonly string[]} fields */
  clearPending({ edit: { id, options } }, fields) {
    for (const field of fields) {
      if (this.isPendingUnder(options.idempotencyKey, id, field)) this.pending = without(this.pending, id, field);
    }
  }

  /** @param {number} id @param {string} field @returns {EditError | null} */
  errorOf(id, field) {
    return (this.errors[id] && this.errors[id][field]) || null;
  }

  /** @param {number} id @param {string} key */
  hasError(id, key) {
    return Object.values(this.errors[id] || {}).some((entry) => entry.key === key);
  }

  /** @param {string} key @param {number} id @param {string} field */
  isWrongUnder(key, id, field) {
    const entry = this.errorOf(id, field);
    return entry !== null && entry.key === key;
  }

  /** @param {string} key @param {number} id @param {string} field */
  isPendingUnder(key, id, field) {
    const entry = this.pending[id] && this.pending[id][field];
    return entry !== undefined && entry.key === key;
  }
}

/** @param {Edit} edit @param {string} field */
function valueOf(edit, field) {
  return field === WHOLE_ORDER ? null : /** @type {any} */ (edit.changes)[field];
}

/** Whether a change of fields is in the order already. @param {Edit} edit @param {readonly string[]} fields of it @param {Pedido} pedido */
function isDone({ changes }, fields, pedido) {
  return !fields.includes(WHOLE_ORDER) && isDoneIn(changes, fields, pedido);
}

/** @param {Edit} edit @param {string} field @param {PedidosError} failure @param {number} at ms @returns {EditError} */
function editError(edit, field, failure, at) {
  return {
    value: valueOf(edit, field),
    message: failure.fieldErrors[field] || failure.message,
    at,
    key: edit.options.idempotencyKey,
    kind: failure.kind,
    status: failure.status,
    byNetwork: failure.byNetwork,
    retryable: failure.retryable,
    current: failure.pedido,
  };
}

/**
 * The error of a write is on its field: a caller who does not look at the promise is no fault.
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export function quiet(promise) {
  promise.catch(() => undefined);
  return promise;
}
