/**
 * Reads one frame. Null for what this client does not know: a newer server may say more than it.
 * @param {string} text
 * @returns {ServerMessage | null}
 */
export function parseMessage(text: string): ServerMessage | null;
/**
 * The number in a cursor such as `"1234-9f3a61c2"`; -1 for "no position yet" and for what is no cursor.
 * The tag behind the dash is the server's to judge: a client only ever gives it back.
 * @param {string | null | undefined} cursor
 * @returns {number}
 */
export function cursorNumber(cursor: string | null | undefined): number;
/**
 * Rule: numbers grow by exactly one per committed change, so a position and an event's cursor say
 * whether the event is the next one, a repeat, or shows that something between was missed.
 * @param {string | null} position the last cursor seen, or null when the stream may begin anywhere
 * @param {string} cursor
 * @returns {'next' | 'repeat' | 'gap'}
 */
export function comparePosition(position: string | null, cursor: string): "next" | "repeat" | "gap";
/**
 * @param {number | null} code null where there is none (SSE)
 * @returns {{name: string, action: 'retry' | 'stop', network: boolean}}
 */
export function closeCode(code: number | null): {
    name: string;
    action: "retry" | "stop";
    network: boolean;
};
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
export const SETORES: readonly Setor[];
/** Stands for the whole order where the name of a field is expected (a creation, a removal). */
export const WHOLE_ORDER: "*";
export const PATHS: Readonly<{
    pedidos: "/api/v1/pedidos/";
    websocket: "/ws/pedidos";
    sse: "/sse/pedidos";
    health: "/health";
}>;
/**
 * Every close code has a name, and says whether to come back or to stop.
 * A code that is not listed here means "retry": it comes from a proxy, or from a newer server.
 * @type {Readonly<Record<number, {name: string, action: 'retry' | 'stop', network: boolean}>>}
 * `network`: the death says something about the path between us, not about the server's wishes.
 */
export const CLOSE_CODES: Readonly<Record<number, {
    name: string;
    action: "retry" | "stop";
    network: boolean;
}>>;
export type Prioridade = "NORMAL" | "ALTA";
export type Status = "pendente" | "em_producao" | "pronto" | "entregue" | "cancelado";
export type Setor = "financeiro" | "conferencia" | "sublimacao" | "costura" | "expedicao";
export type ItemPedido = {
    id?: number | null | undefined;
    descricao: string;
    tipo_producao?: string | undefined;
    largura?: string | undefined;
    altura?: string | undefined;
    metro_quadrado?: string | undefined;
    vendedor?: string | undefined;
    designer?: string | undefined;
    tecido?: string | undefined;
    acabamento?: {
        overloque: boolean;
        elastico: boolean;
        ilhos: boolean;
    } | undefined;
    emenda?: "sem-emenda" | "com-emenda" | undefined;
    observacao?: string | null | undefined;
    valor_unitario?: string | undefined;
    imagem?: string | null | undefined;
    ilhos_qtd?: string | null | undefined;
    ilhos_valor_unitario?: string | null | undefined;
    ilhos_distancia?: string | null | undefined;
};
/**
 * An order as the server answers it. Money is a string holding an exact decimal, never a float.
 */
export type Pedido = {
    id: number;
    numero: string;
    cliente: string;
    telefone_cliente: string;
    cidade_cliente: string;
    data_entrada: string | null;
    data_entrega: string | null;
    prioridade: Prioridade;
    status: Status;
    financeiro: boolean;
    conferencia: boolean;
    sublimacao: boolean;
    costura: boolean;
    expedicao: boolean;
    observacao: string | null;
    valor_total: string;
    valor_frete: string;
    valor_itens: string;
    tipo_pagamento: string | null;
    obs_pagamento: string | null;
    forma_envio: string | null;
    forma_envio_id: number | null;
    items: ItemPedido[];
    data_criacao: string;
    ultima_atualizacao: string;
    versao: number;
};
/**
 * What a client may send of an order; a create needs `cliente`.
 */
export type PedidoChanges = Partial<Omit<Pedido, "id" | "versao" | "data_criacao" | "ultima_atualizacao">>;
export type ConnectionMessage = {
    type: "connection";
    status: string;
    message: string;
    timestamp: string;
    /**
     * where the stream begins
     */
    cursor: string;
    versao_servidor: string;
};
export type PedidoUpdateMessage = {
    type: "pedido_update";
    action: "create" | "update" | "delete";
    pedido_id: number;
    /**
     * the whole order; null on delete
     */
    data: Pedido | null;
    timestamp: string;
    cursor: string;
    versao: number;
    changed: string[];
    autor: string | null;
    /**
     * the `X-Pedidos-Cliente` of the writer
     */
    origem: string | null;
};
export type RefreshRequiredMessage = {
    type: "refresh_required";
    message: string;
    /**
     * only after a resume that could not be honoured: where the live stream begins
     */
    cursor?: string | undefined;
};
export type PongMessage = {
    type: "pong";
    timestamp: string;
};
export type ServerMessage = ConnectionMessage | PedidoUpdateMessage | RefreshRequiredMessage | PongMessage;
