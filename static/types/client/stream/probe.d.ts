/**
 * @param {{baseUrl: string, token: string | null, fetch: typeof fetch, clock: import('../environment.js').Clock}} options
 * @returns {() => Promise<ProbeResult>}
 */
export function createProbe({ baseUrl, token, fetch, clock }: {
    baseUrl: string;
    token: string | null;
    fetch: typeof globalThis.fetch;
    clock: import("../environment.js").Clock;
}): () => Promise<ProbeResult>;
/**
 * - `answers`: our server is there and would let us in: it is the network that refuses the stream;
 * - `denied`: our server is there and refuses us, in its own words;
 * - `foreign`: somebody else answers in its place: a portal, or a proxy while the server restarts;
 * - `unreachable`: no answer.
 */
export type ProbeResult = {
    verdict: "answers" | "foreign" | "unreachable";
} | {
    verdict: "denied";
    status: number;
    message: string;
};
