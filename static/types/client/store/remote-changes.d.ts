export class RemoteChanges {
    /** @type {import('./by-field.js').ByField<RemoteChange>} */
    all: import("./by-field.js").ByField<RemoteChange>;
    /**
     * @param {PedidoUpdateMessage} message of a creation or a change
     * @param {Pedido | null} previous the order before it
     * @param {number} receivedAt ms
     */
    note(message: PedidoUpdateMessage, previous: Pedido | null, receivedAt: number): void;
    /** @param {number} id */
    forget(id: number): void;
    /** Forgets the order whose last change is the oldest. */
    bound(): void;
}
export type Pedido = import("../wire/protocol.js").Pedido;
export type PedidoUpdateMessage = import("../wire/protocol.js").PedidoUpdateMessage;
export type RemoteChange = import("./snapshot.js").RemoteChange;
