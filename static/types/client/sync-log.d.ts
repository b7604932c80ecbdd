/** @param {import('./environment.js').Clock} clock */
export function createSyncLog(clock: import("./environment.js").Clock): {
    entries: () => readonly SyncLogEntry[];
    /** @param {SyncLogKind} kind @param {string} text */
    add(kind: SyncLogKind, text: string): void;
};
/**
 * @param {import('./protocol.js').PedidoUpdateMessage} message
 * @param {import('./protocol.js').Pedido | null} previous
 * @returns {string}
 */
export function describeChange(message: import("./protocol.js").PedidoUpdateMessage, previous: import("./protocol.js").Pedido | null): string;
export type SyncLogKind = "connected" | "disconnected" | "reload" | "event" | "error";
export type SyncLogEntry = {
    /**
     * grows
     */
    id: number;
    /**
     * ms
     */
    at: number;
    kind: SyncLogKind;
    text: string;
};
