/**
 * @param {Claim} one @param {Claim} other
 * @returns {boolean} whether `one` leads before `other`
 */
export function outranks(one: Claim, other: Claim): boolean;
/**
 * @param {object} dependencies
 * @param {Connection} dependencies.connection
 * @param {import('./environment.js').Channel | null} dependencies.channel null: this tab is alone
 * @param {string} dependencies.tab a random id
 * @param {import('./environment.js').Clock} dependencies.clock
 * @param {() => number} dependencies.random
 * @param {import('./lifecycle.js').Lifecycle} dependencies.lifecycle
 * @returns {SharedConnection}
 */
export function createSharedConnection({ connection, channel, tab, clock, random, lifecycle }: {
    connection: Connection;
    channel: import("./environment.js").Channel | null;
    tab: string;
    clock: import("./environment.js").Clock;
    random: () => number;
    lifecycle: import("./lifecycle.js").Lifecycle;
}): SharedConnection;
/** @typedef {import('./connection.js').Connection} Connection */
/** @typedef {import('./connection.js').ConnectionState} ConnectionState */
/** @typedef {import('./connection.js').TransportPreference} TransportPreference */
/** @typedef {import('./protocol.js').ServerMessage} ServerMessage */
/** `leader` also where a tab is alone. @typedef {'leader' | 'follower'} Role */
/** @typedef {ConnectionState & {role: Role}} SharedState */
/** @typedef {Omit<Connection, 'getState'> & {getState: () => SharedState}} SharedConnection */
/**
 * What tabs say to each other. `refused`: how the stream of the one that resigns ended for good; `late`: an event that must have
 * been sent has not come.
 * @typedef {{kind: 'hello', tab: string}
 *   | {kind: 'lead', tab: string, term: number, visible: boolean, state: ConnectionState, cursor: string | null}
 *   | {kind: 'resign', tab: string, term: number, refused?: ConnectionState}
 *   | {kind: 'message', tab: string, term: number, message: ServerMessage}
 *   | {kind: 'reconnect', tab: string}
 *   | {kind: 'late', tab: string}
 *   | {kind: 'transport', tab: string, preference: TransportPreference}} TabNote
 */
/** @typedef {{tab: string, term: number, visible: boolean}} Claim */
export const NOTE_INTERVAL: 1000;
export const LEASE: 3000;
export const HIDDEN_LEASE: 75000;
export const HELLO: 150;
export type Connection = import("./connection.js").Connection;
export type ConnectionState = import("./connection.js").ConnectionState;
export type TransportPreference = import("./connection.js").TransportPreference;
export type ServerMessage = import("./protocol.js").ServerMessage;
/**
 * `leader` also where a tab is alone.
 */
export type Role = "leader" | "follower";
export type SharedState = ConnectionState & {
    role: Role;
};
export type SharedConnection = Omit<Connection, "getState"> & {
    getState: () => SharedState;
};
/**
 * What tabs say to each other. `refused`: how the stream of the one that resigns ended for good; `late`: an event that must have
 * been sent has not come.
 */
export type TabNote = {
    kind: "hello";
    tab: string;
} | {
    kind: "lead";
    tab: string;
    term: number;
    visible: boolean;
    state: ConnectionState;
    cursor: string | null;
} | {
    kind: "resign";
    tab: string;
    term: number;
    refused?: ConnectionState;
} | {
    kind: "message";
    tab: string;
    term: number;
    message: ServerMessage;
} | {
    kind: "reconnect";
    tab: string;
} | {
    kind: "late";
    tab: string;
} | {
    kind: "transport";
    tab: string;
    preference: TransportPreference;
};
export type Claim = {
    tab: string;
    term: number;
    visible: boolean;
};
