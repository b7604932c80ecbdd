/**
 * @param {{baseUrl: string, token: string | null, fetch: typeof fetch, clock: import('./environment.js').Clock}} options
 * @returns {() => Promise<ProbeResult>}
 */
export function createProbe({ baseUrl, token, fetch, clock }: {
    baseUrl: string;
    token: string | null;
    fetch: typeof globalThis.fetch;
    clock: import("./environment.js").Clock;
}): () => Promise<ProbeResult>;
/**
 * - `answers`: our server is there and would let us in: it is the network that refuses the stream;
 * - `denied`: our server is there and refuses us (401, 403);
 * - `unreachable`: no answer, or somebody else's: a proxy says 502 while the server restarts, and
 *   a restarting server is not a blocked network.
 */
export type ProbeResult = {
    verdict: "answers" | "unreachable";
} | {
    verdict: "denied";
    status: number;
    message: string;
};
