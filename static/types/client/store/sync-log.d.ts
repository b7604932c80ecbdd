/** @param {import('../environment.js').Clock} clock */
export function createSyncLog(clock: import("../environment.js").Clock): {
    entries: () => readonly SyncLogEntry[];
    add: (kind: SyncLogKind, text: string) => void;
    /** Once for each outage, not for each attempt. @param {import('../stream/tabs.js').SharedState} connection */
    connection({ status, transport, error }: import("../stream/tabs.js").SharedState): void;
};
/**
 * @param {import('../wire/protocol.js').PedidoUpdateMessage} message
 * @param {import('../wire/protocol.js').Pedido | null} previous
 * @returns {string}
 */
export function describeChange(message: import("../wire/protocol.js").PedidoUpdateMessage, previous: import("../wire/protocol.js").Pedido | null): string;
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
export type SyncLog = ReturnType<typeof createSyncLog>;
