/** @typedef {import('./transport.js').OpenTransport} OpenTransport */
/**
 * @param {{baseUrl: string, token: string | null, fetch: typeof fetch}} options
 * @returns {OpenTransport}
 */
export function sseTransport({ baseUrl, token, fetch }: {
    baseUrl: string;
    token: string | null;
    fetch: typeof globalThis.fetch;
}): OpenTransport;
export type OpenTransport = import("./transport.js").OpenTransport;
