/**
 * The connection whose streams they were.
 * @typedef {object} Owner
 * @property {<T>(work: () => T) => T} transition
 * @property {ConnectionState} state
 * @property {import('./transport.js').Transport | null} current
 * @property {number} generation
 * @property {() => void} attempt
 * @property {(atLeast: number, error?: ConnectionError | null) => boolean} wait false where it stopped instead
 * @property {(status: number | null, message: string) => void} deny
 * @property {() => void} ask shows that it is being asked why
 * @property {(change: Partial<ConnectionState>) => void} publish
 */
export class Failures {
    /**
     * @param {object} dependencies
     * @param {() => Promise<ProbeResult>} dependencies.probe
     * @param {import('./fallback.js').Fallback} dependencies.fallback
     * @param {import('./liveness.js').Liveness} dependencies.liveness
     * @param {Owner} dependencies.owner
     */
    constructor({ probe, fallback, liveness, owner }: {
        probe: () => Promise<ProbeResult>;
        fallback: import("./fallback.js").Fallback;
        liveness: import("./liveness.js").Liveness;
        owner: Owner;
    });
    probe: () => Promise<ProbeResult>;
    fallback: import("./fallback.js").Fallback;
    liveness: import("./liveness.js").Liveness;
    owner: Owner;
    /** That the network holds pieces back was concluded from one stream alone that hung. It may just have been coming up. */
    isGuess: boolean;
    /** @param {number} ms that the stream's first message took */
    opened(ms: number): void;
    /** It did not open. @param {TransportName} name @param {'refused' | 'hung'} how @param {TransportEnd | null} end */
    failed(name: TransportName, how: "refused" | "hung", end: TransportEnd | null): boolean | void | Promise<void>;
    /**
     * Asks what stands behind a stream that failed; nothing comes of it where the phase has changed meanwhile.
     * @param {(result: ProbeResult) => void} then
     */
    askWhy(then: (result: ProbeResult) => void): Promise<void>;
    /** @param {'refused' | 'hung'} how */
    websocketBlocked(how: "refused" | "hung"): boolean | void;
    /** @param {'refused' | 'hung'} how @param {TransportEnd | null} end */
    sseBlocked(how: "refused" | "hung", end: TransportEnd | null): boolean | void;
    /** It had been open. @param {TransportEnd} end */
    lost(end: TransportEnd): boolean | void | Promise<void>;
    /** It gives no sign of life any more. */
    silent(): void;
}
export type ConnectionError = import("./connection-state.js").ConnectionError;
export type ConnectionState = import("./connection-state.js").ConnectionState;
export type ProbeResult = import("./probe.js").ProbeResult;
export type TransportName = import("./transport.js").TransportName;
export type TransportEnd = import("./transport.js").TransportEnd;
/**
 * The connection whose streams they were.
 */
export type Owner = {
    transition: <T>(work: () => T) => T;
    state: ConnectionState;
    current: import("./transport.js").Transport | null;
    generation: number;
    attempt: () => void;
    /**
     * false where it stopped instead
     */
    wait: (atLeast: number, error?: ConnectionError | null) => boolean;
    deny: (status: number | null, message: string) => void;
    /**
     * shows that it is being asked why
     */
    ask: () => void;
    publish: (change: Partial<ConnectionState>) => void;
};
