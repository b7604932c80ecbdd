// The wire's vocabulary: what the server says, how a stream position is compared, what a close code means.
// No I/O and no state here: each rule can be tested by itself.

/** @typedef {'NORMAL' | 'ALTA'} Prioridade */
/** @typedef {'pendente' | 'em_producao' | 'pronto' | 'entregue' | 'cancelado'} Status */
/** @typedef {'financeiro' | 'conferencia' | 'sublimacao' | 'costura' | 'expedicao'} Setor */

/**
 * @typedef {object} ItemPedido
 * @property {number | null} [id]
 * @property {string} descricao
 * @property {string} [tipo_producao]
 * @property {string} [largura]
 * @property {string} [altura]
 * @property {string} [metro_quadrado]
 * @property {string} [vendedor]
 * @property {string} [designer]
 * @property {string} [tecido]
 * @property {{overloque: boolean, elastico: boolean, ilhos: boolean}} [acabamento]
 * @property {'sem-emenda' | 'com-emenda'} [emenda]
 * @property {string | null} [observacao]
 * @property {string} [valor_unitario]
 * @property {string | null} [imagem]
 * @property {string | null} [ilhos_qtd]
 * @property {string | null} [ilhos_valor_unitario]
 * @property {string | null} [ilhos_distancia]
 */

/**
 * An order as the server answers it. Money is a string holding an exact decimal, never a float.
 * @typedef {object} Pedido
 * @property {number} id
 * @property {string} numero
 * @property {string} cliente
 * @property {string} telefone_cliente
 * @property {string} cidade_cliente
 * @property {string | null} data_entrada
 * @property {string | null} data_entrega
 * @property {Prioridade} prioridade
 * @property {Status} status
 * @property {boolean} financeiro
 * @property {boolean} conferencia
 * @property {boolean} sublimacao
 * @property {boolean} costura
 * @property {boolean} expedicao
 * @property {string | null} observacao
 * @property {string} valor_total
 * @property {string} valor_frete
 * @property {string} valor_itens
 * @property {string | null} tipo_pagamento
 * @property {string | null} obs_pagamento
 * @property {string | null} forma_envio
 * @property {number | null} forma_envio_id
 * @property {ItemPedido[]} items
 * @property {string} data_criacao
 * @property {string} ultima_atualizacao
 * @property {number} versao
 */

/** What a client may send of an order; a create needs `cliente`.
 * @typedef {Partial<Omit<Pedido, 'id' | 'versao' | 'data_criacao' | 'ultima_atualizacao'>>} PedidoChanges */

/**
 * @typedef {object} ConnectionMessage
 * @property {'connection'} type
 * @property {string} status
 * @property {string} message
 * @property {string} timestamp
 * @property {string} cursor where the stream begins
 * @property {string} versao_servidor
 */

/**
 * @typedef {object} PedidoUpdateMessage
 * @property {'pedido_update'} type
 * @property {'create' | 'update' | 'delete'} action
 * @property {number} pedido_id
 * @property {Pedido | null} data the whole order; null on delete
 * @property {string} timestamp
 * @property {string} cursor
 * @property {number} versao
 * @property {string[]} changed
 * @property {string | null} autor
 * @property {string | null} origem the `X-Pedidos-Cliente` of the writer
 */

/**
 * @typedef {object} RefreshRequiredMessage
 * @property {'refresh_required'} type
 * @property {string} message
 * @property {string} [cursor] only after a resume that could not be honoured: where the live stream begins
 */

/**
 * @typedef {object} PongMessage
 * @property {'pong'} type
 * @property {string} timestamp
 */

/** @typedef {ConnectionMessage | PedidoUpdateMessage | RefreshRequiredMessage | PongMessage} ServerMessage */

/** The five sectors, in the order in which an order walks through them.
 * @type {readonly Setor[]} */
export const SETORES = Object.freeze(
  /** @type {Setor[]} */ (['financeiro', 'conferencia', 'sublimacao', 'costura', 'expedicao']),
);

/** Stands for the whole order where the name of a field is expected (a creation, a removal). */
export const WHOLE_ORDER = '*';

export const PATHS = Object.freeze({
  pedidos: '/api/v1/pedidos/',
  websocket: '/ws/pedidos',
  sse: '/sse/pedidos',
  health: '/health',
});

const KNOWN_TYPES = new Set(['connection', 'pedido_update', 'refresh_required', 'pong']);

/**
 * Reads one frame. Null for what this client does not know: a newer server may say more than it.
 * @param {string} text
 * @returns {ServerMessage | null}
 */
export function parseMessage(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return null;
  }
  if (value === null || typeof value !== 'object' || !KNOWN_TYPES.has(value.type)) return null;
  return value;
}

/**
 * The number in a cursor such as `"1234-9f3a61c2"`; -1 for "no position yet" and for what is no cursor.
 * The tag behind the dash is the server's to judge: a client only ever gives it back.
 * @param {string | null | undefined} cursor
 * @returns {number}
 */
export function cursorNumber(cursor) {
  const match = /^(\d+)-/.exec(cursor || '');
  return match ? Number(match[1]) : -1;
}

/**
 * Rule: numbers grow by exactly one per committed change, so a position and an event's cursor say
 * whether the event is the next one, a repeat, or shows that something between was missed.
 * @param {string | null} position the last cursor seen, or null when the stream may begin anywhere
 * @param {string} cursor
 * @returns {'next' | 'repeat' | 'gap'}
 */
export function comparePosition(position, cursor) {
  if (position === null) return 'next';
  const step = cursorNumber(cursor) - cursorNumber(position);
  if (step <= 0) return 'repeat';
  return step === 1 ? 'next' : 'gap';
}

/**
 * Every close code has a name, and says whether to come back or to stop.
 * A code that is not listed here means "retry": it comes from a proxy, or from a newer server.
 * @type {Readonly<Record<number, {name: string, action: 'retry' | 'stop', network: boolean}>>}
 * `network`: the death says something about the path between us, not about the server's wishes.
 */
export const CLOSE_CODES = Object.freeze({
  1000: { name: 'normal', action: 'retry', network: false },
  1001: { name: 'going_away', action: 'retry', network: false },
  // A browser sends no broken frame: something between us mangles them. The server says stop to
  // whoever wrote the frame; we go on, by SSE after three times.
  1002: { name: 'protocol_error', action: 'retry', network: true },
  1003: { name: 'unsupported_data', action: 'stop', network: false },
  1005: { name: 'no_status', action: 'retry', network: true },
  1006: { name: 'abnormal', action: 'retry', network: true },
  1007: { name: 'invalid_data', action: 'stop', network: false },
  // The server never sends it: something between us does.
  1008: { name: 'policy', action: 'retry', network: true },
  1009: { name: 'too_big', action: 'stop', network: false },
  1011: { name: 'server_error', action: 'retry', network: false },
  1012: { name: 'restart', action: 'retry', network: false },
  1013: { name: 'slow', action: 'retry', network: false },
  1015: { name: 'tls', action: 'retry', network: true },
  4401: { name: 'not_allowed', action: 'stop', network: false },
});

/**
 * @param {number | null} code null where there is none (SSE)
 * @returns {{name: string, action: 'retry' | 'stop', network: boolean}}
 */
export function closeCode(code) {
  if (code !== null && CLOSE_CODES[code]) return CLOSE_CODES[code];
  return { name: code === null ? 'ended' : `code_${code}`, action: 'retry', network: code === null };
}
