/** @typedef {import('./transport.js').OpenTransport} OpenTransport */
/**
 * @param {{baseUrl: string, token: string | null, WebSocket: import('../environment.js').Environment['WebSocket']}} options
 * @returns {OpenTransport}
 */
export function webSocketTransport({ baseUrl, token, WebSocket }: {
    baseUrl: string;
    token: string | null;
    WebSocket: import("../environment.js").Environment["WebSocket"];
}): OpenTransport;
export type OpenTransport = import("./transport.js").OpenTransport;
