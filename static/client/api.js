// The HTTP calls: timeouts, one Idempotency-Key per write, problem+json turned into errors.
//
// Only the server's own answers count (see answers.js). Where somebody else answers in its place, nothing is known of what was
// asked: a write goes on as after a lost connection.

import {
  PROBLEM_TYPE,
  isDeletion,
  isHistorico,
  isList,
  isNextNumber,
  isOurProblem,
  isPedido,
  parseJson,
} from './wire/answers.js';
import { PATHS } from './wire/protocol.js';
import { withTimeout } from './timeout.js';

/** @typedef {import('./wire/protocol.js').Pedido} Pedido */
/** @typedef {import('./wire/protocol.js').PedidoChanges} PedidoChanges */

/**
 * - `refused`: the server said no (4xx, 500); sending the same again gives the same;
 * - `conflict`: 412, another version; `pedido` is the current one;
 * - `denied`: 401, 403;
 * - `unavailable`: it was surely not done (429, 503), later it may be;
 * - `unconfirmed`: no answer of the server's came, or somebody else's in its place (`byNetwork`). It may have been done: try
 *   again with the same `idempotencyKey`.
 * @typedef {'refused' | 'conflict' | 'denied' | 'unavailable' | 'unconfirmed'} PedidosErrorKind
 */

export class PedidosError extends Error {
  /**
   * @param {PedidosErrorKind} kind
   * @param {string} message for the user, in Portuguese
   * @param {{status?: number, title?: string, type?: string, fieldErrors?: Record<string, string>,
   *          pedido?: Pedido | null, retryAfter?: number | null, byNetwork?: boolean}} [details]
   */
  constructor(kind, message, details = {}) {
    super(message);
    this.name = 'PedidosError';
    this.kind = kind;
    /** HTTP status, 0 where there was no answer of the server's. */
    this.status = details.status || 0;
    this.title = details.title || message;
    /** The problem's `type`, such as `urn:pedidos:problema:pedido-nao-encontrado`; '' where there was none. */
    this.type = details.type || '';
    /** Somebody else answered in the server's place: a portal, a proxy, an antivirus. */
    this.byNetwork = details.byNetwork === true;
    /** @type {Readonly<Record<string, string>>} the name of a field → what is wrong with it */
    this.fieldErrors = Object.freeze(details.fieldErrors || {});
    /** @type {Pedido | null} the current order, on `conflict` */
    this.pedido = details.pedido || null;
    /** ms, as the server asked; null where it did not */
    this.retryAfter = details.retryAfter || null;
    /** @type {string | null} of the write that failed */
    this.idempotencyKey = null;
  }

  /** Whether the same write may be sent again. */
  get retryable() {
    return this.kind === 'unconfirmed' || this.kind === 'unavailable';
  }
}

/**
 * @typedef {object} ListQuery
 * @property {number} [recentes] days: all open orders, and those changed within so many days
 * @property {string} [status]
 * @property {string} [setor]
 * @property {string} [prioridade]
 * @property {string} [q] number, client, town
 * @property {string} [atualizado_desde]
 * @property {number} [limite]
 * @property {string} [cursor] of the page
 */

/**
 * @typedef {object} ListAnswer
 * @property {boolean} notModified 304: `pedidos` is empty, what was answered under the ETag holds
 * @property {Pedido[]} pedidos
 * @property {string | null} etag
 * @property {string | null} cursor where in the stream this answer stands
 * @property {number | null} total
 * @property {string | null} next the address of the next page
 */

/**
 * @typedef {object} WriteOptions
 * @property {number | string} [ifMatch] a `versao`, or an ETag; another version answers `conflict`
 * @property {string} [idempotencyKey] of an earlier try of the same write
 */

/**
 * @typedef {object} HistoricoEntry
 * @property {string} cursor
 * @property {'create' | 'update' | 'delete'} acao
 * @property {string | null} autor
 * @property {string} timestamp
 * @property {Record<string, [any, any]>} mudancas
 */

/** @typedef {ReturnType<typeof createApi>} Api */

export const READ_TIMEOUT = 30_000;
/** All tries of one write together. */
export const WRITE_TIMEOUT = 10_000;
/** On top of it, for orders with images on a slow network: ms per KiB. */
const UPLOAD_ALLOWANCE = 20;
const FIRST_RETRY = 400;
const LONGEST_RETRY = 2_000;

const TEXT = {
  unconfirmed: 'Sem confirmação do servidor.',
  unreachable: 'O servidor não respondeu.',
  unavailable: 'O servidor está ocupado. Tente de novo.',
  denied: 'Sem permissão. Entre de novo.',
  network: 'A rede respondeu no lugar do servidor (portal, proxy ou antivírus).',
  conflict: 'Outra pessoa mudou este pedido.',
  refused: 'O servidor recusou.',
};

/** Whether it is what was asked for. @typedef {(value: any, response: Response) => boolean} IsOurs */
/** A success: what was answered, parsed. @typedef {{response: Response, value: any}} Answer */

/**
 * One call: its answer where it is the server's, else a PedidosError.
 * @param {{token: string | null, fetch: import('./environment.js').Environment['fetch'],
 *          clock: import('./environment.js').Clock}} dependencies
 */
function createExchange({ token, fetch, clock }) {
  const authorization = token ? { Authorization: `Bearer ${token}` } : null;

  /**
   * @param {string} url
   * @param {{method: string, headers: Record<string, string>, body?: string}} request
   * @param {number} timeout ms, for head and body together
   * @param {IsOurs} isOurs
   * @returns {Promise<Answer>}
   */
  return async function exchange(url, { method, headers, body }, timeout, isOurs) {
    const { signal, done } = withTimeout(clock, timeout);
    let response;
    let value;
    try {
      response = await fetch(url, {
        method,
        headers: { Accept: 'application/json', ...authorization, ...headers },
        body,
        cache: 'no-store',
        signal,
      });
      value = parseJson(await response.text());
    } catch (error) {
      throw new PedidosError('unconfirmed', method === 'GET' ? TEXT.unreachable : TEXT.unconfirmed);
    } finally {
      done();
    }
    if ((response.ok || response.status === 304) && isOurs(value, response)) return { response, value };
    if (isOurProblem(response, value)) throw toError(response, value);
    throw new PedidosError('unconfirmed', TEXT.network, { byNetwork: true });
  };
}

/**
 * @param {object} dependencies
 * @param {string} dependencies.baseUrl
 * @param {string | null} dependencies.token
 * @param {string} dependencies.clientId
 * @param {() => string | null} dependencies.autor
 * @param {import('./environment.js').Environment['fetch']} dependencies.fetch
 * @param {import('./environment.js').Clock} dependencies.clock
 * @param {() => string} dependencies.randomId
 */
export function createApi({ baseUrl, token, clientId, autor, fetch, clock, randomId }) {
  const exchange = createExchange({ token, fetch, clock });

  /** @param {string} path @param {IsOurs} isOurs @param {Record<string, string>} [headers] */
  function read(path, isOurs, headers = {}) {
    return exchange(baseUrl + path, { method: 'GET', headers }, READ_TIMEOUT, isOurs);
  }

  /**
   * Sends one write until it is answered or its time is up. Each try carries the same key, so the
   * server does it once, however many of them arrive.
   * @param {'POST' | 'PATCH' | 'DELETE'} method
   * @param {string} path
   * @param {PedidoChanges | undefined} data
   * @param {WriteOptions} options
   * @param {IsOurs} isOurs
   */
  async function write(method, path, data, options, isOurs) {
    const key = options.idempotencyKey || randomId();
    const body = data === undefined ? undefined : JSON.stringify(data);
    const headers = writeHeaders({ key, clientId, autor: autor(), hasBody: body !== undefined, ifMatch: options.ifMatch });
    const request = { method, headers, body };
    const allowance = body === undefined ? 0 : (body.length / 1024) * UPLOAD_ALLOWANCE;
    const deadline = clock.monotonic() + WRITE_TIMEOUT + allowance;
    for (let pause = FIRST_RETRY; ; pause = Math.min(pause * 2, LONGEST_RETRY)) {
      /** @type {PedidosError} */
      let failure;
      try {
        return await exchange(baseUrl + path, request, Math.max(1, deadline - clock.monotonic()), isOurs);
      } catch (error) {
        failure = /** @type {PedidosError} */ (error);
      }
      const wait = Math.max(pause, failure.retryAfter || 0);
      if (!failure.retryable || clock.monotonic() + wait >= deadline) {
        failure.idempotencyKey = key;
        throw failure;
      }
      await new Promise((resolve) => clock.setTimeout(() => resolve(undefined), wait));
    }
  }

  return { newKey: randomId, ...reads(read), ...writes(write) };
}

/** @param {(path: string, isOurs: IsOurs, headers?: Record<string, string>) => Promise<Answer>} read */
function reads(read) {
  return {
    /**
     * One page, or with no `limite` the whole list.
     * @param {ListQuery} [query]
     * @param {{etag?: string | null}} [options] answer 304 where nothing changed since
     * @returns {Promise<ListAnswer>}
     */
    async list(query = {}, { etag = null } = {}) {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
      }
      const path = PATHS.pedidos + (search.toString() ? `?${search}` : '');
      const { response, value } = await read(path, isList, etag ? { 'If-None-Match': etag } : {});
      const notModified = response.status === 304;
      const total = response.headers.get('X-Total-Count');
      const next = /<([^>]*)>\s*;\s*rel="?next"?/.exec(response.headers.get('Link') || '');
      return {
        notModified,
        pedidos: notModified ? [] : value,
        etag: response.headers.get('ETag') || etag,
        cursor: response.headers.get('X-Pedidos-Cursor'),
        total: total === null ? null : Number(total),
        next: next ? next[1] : null,
      };
    },

    /** @param {number} id @returns {Promise<Pedido>} */
    async get(id) {
      return (await read(pathOf(id), isPedido)).value;
    },

    /** @param {number} id @returns {Promise<HistoricoEntry[]>} */
    async historico(id) {
      return (await read(`${pathOf(id)}/historico`, isHistorico)).value;
    },

    /** @returns {Promise<{proximo_numero: number, total_pedidos: number}>} */
    async proximoNumero() {
      return (await read(`${PATHS.pedidos}proximo-numero`, isNextNumber)).value;
    },
  };
}

/**
 * @param {(method: 'POST' | 'PATCH' | 'DELETE', path: string, data: PedidoChanges | undefined, options: WriteOptions,
 *          isOurs: IsOurs) => Promise<Answer>} write
 */
function writes(write) {
  return {
    /**
     * @param {PedidoChanges & {cliente: string}} dados
     * @param {WriteOptions} [options]
     * @returns {Promise<Pedido>}
     */
    async create(dados, options = {}) {
      return (await write('POST', PATHS.pedidos, dados, options, isPedido)).value;
    },

    /**
     * @param {number} id
     * @param {PedidoChanges} changes only these fields change
     * @param {WriteOptions} [options]
     * @returns {Promise<Pedido>} the whole order after it
     */
    async patch(id, changes, options = {}) {
      return (await write('PATCH', pathOf(id), changes, options, isPedido)).value;
    },

    /**
     * @param {number} id
     * @param {WriteOptions} [options]
     * @returns {Promise<{message: string}>}
     */
    async remove(id, options = {}) {
      return (await write('DELETE', pathOf(id), undefined, options, isDeletion)).value;
    },
  };
}

/** @param {number} id */
const pathOf = (id) => PATHS.pedidos + encodeURIComponent(String(id));

/**
 * @param {{key: string, clientId: string, autor: string | null, hasBody: boolean, ifMatch: number | string | undefined}} write
 * @returns {Record<string, string>}
 */
function writeHeaders({ key, clientId, autor, hasBody, ifMatch }) {
  /** @type {Record<string, string>} */
  const headers = { 'Idempotency-Key': key, 'X-Pedidos-Cliente': clientId };
  if (autor) headers['X-Pedidos-Autor'] = encodeURIComponent(autor);
  if (hasBody) headers['Content-Type'] = 'application/json';
  if (ifMatch !== undefined) headers['If-Match'] = toEtag(ifMatch);
  return headers;
}

/** Of the 404 that says that there is no such order, and not that the address is wrong. */
export const NO_SUCH_ORDER = `${PROBLEM_TYPE}pedido-nao-encontrado`;

/** @param {number | string} ifMatch @returns {string} */
function toEtag(ifMatch) {
  return typeof ifMatch === 'number' ? `"${ifMatch}"` : ifMatch;
}

/**
 * @param {Response} response
 * @param {any} problem the server's own
 * @returns {PedidosError}
 */
function toError(response, problem) {
  const { status } = response;
  const seconds = Number(response.headers.get('Retry-After'));
  /** @type {Record<string, string>} */
  const fieldErrors = {};
  if (Array.isArray(problem.errors)) {
    for (const { campo, mensagem } of problem.errors) {
      fieldErrors[campo] = fieldErrors[campo] ? `${fieldErrors[campo]} ${mensagem}` : mensagem;
    }
  }
  const kind = kindOf(status);
  const title = typeof problem.title === 'string' ? problem.title : '';
  const detail = typeof problem.detail === 'string' ? problem.detail : '';
  return new PedidosError(kind, detail || title || TEXT[kind], {
    status,
    title,
    type: problem.type,
    fieldErrors,
    pedido: isPedido(problem.pedido) ? problem.pedido : null,
    retryAfter: seconds > 0 ? seconds * 1000 : null,
  });
}

/** @param {number} status of the server's own answer @returns {'denied' | 'conflict' | 'unavailable' | 'refused'} */
function kindOf(status) {
  if (status === 401 || status === 403) return 'denied';
  if (status === 412) return 'conflict';
  if (status === 429 || status === 503) return 'unavailable';
  return 'refused';
}
