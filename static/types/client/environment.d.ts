/**
 * @typedef {object} Clock
 * @property {() => number} now wall-clock ms, for what is shown and to notice sleep: it may jump, back too
 * @property {() => number} monotonic ms, for durations: it never goes back
 * @property {(callback: () => void, ms: number) => unknown} setTimeout
 * @property {(timer: any) => void} clearTimeout
 */
/**
 * The part of BroadcastChannel that is used.
 * @typedef {object} Channel
 * @property {(data: any) => void} postMessage
 * @property {((event: {data: any}) => void) | null} onmessage
 * @property {() => void} close
 */
/**
 * @typedef {object} Environment
 * @property {typeof fetch} fetch
 * @property {(new (url: string, protocols?: string | string[]) => WebSocket) | null} WebSocket
 * @property {((name: string) => Channel | null) | null} openChannel null where tabs cannot talk to each other
 * @property {Storage | null} storage what outlives the page; null where it may not be used
 * @property {Clock} clock
 * @property {() => number} random in [0, 1), for jitter only
 * @property {() => string} randomId 128 bits, hexadecimal
 * @property {EventTarget | null} window
 * @property {(EventTarget & {visibilityState: string}) | null} document
 * @property {string} origin where the page came from, '' outside of a page
 */
/** @returns {Environment} */
export function browserEnvironment(): Environment;
export type Clock = {
    /**
     * wall-clock ms, for what is shown and to notice sleep: it may jump, back too
     */
    now: () => number;
    /**
     * ms, for durations: it never goes back
     */
    monotonic: () => number;
    setTimeout: (callback: () => void, ms: number) => unknown;
    clearTimeout: (timer: any) => void;
};
/**
 * The part of BroadcastChannel that is used.
 */
export type Channel = {
    postMessage: (data: any) => void;
    onmessage: ((event: {
        data: any;
    }) => void) | null;
    close: () => void;
};
export type Environment = {
    fetch: typeof fetch;
    WebSocket: (new (url: string, protocols?: string | string[]) => WebSocket) | null;
    /**
     * null where tabs cannot talk to each other
     */
    openChannel: ((name: string) => Channel | null) | null;
    /**
     * what outlives the page; null where it may not be used
     */
    storage: Storage | null;
    clock: Clock;
    /**
     * in [0, 1), for jitter only
     */
    random: () => number;
    /**
     * 128 bits, hexadecimal
     */
    randomId: () => string;
    window: EventTarget | null;
    document: (EventTarget & {
        visibilityState: string;
    }) | null;
    /**
     * where the page came from, '' outside of a page
     */
    origin: string;
};
