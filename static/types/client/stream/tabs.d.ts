/**
 * @typedef {object} Dependencies
 * @property {Connection} connection
 * @property {import('../environment.js').Channel | null} channel null: this tab is alone
 * @property {string} tab a random id
 * @property {import('../environment.js').Clock} clock
 * @property {() => number} random
 * @property {import('../lifecycle.js').Lifecycle} lifecycle
 */
/** @param {Dependencies} dependencies @returns {SharedConnection} */
export function createSharedConnection(dependencies: Dependencies): SharedConnection;
/** @typedef {import('./connection-state.js').Connection} Connection */
/** @typedef {import('./connection-state.js').ConnectionState} ConnectionState */
/** @typedef {import('./connection-state.js').TransportPreference} TransportPreference */
/** @typedef {import('../wire/protocol.js').ServerMessage} ServerMessage */
/** @typedef {import('./claims.js').Claim} Claim */
/** @typedef {import('./claims.js').TabNote} TabNote */
/** `leader` also where a tab is alone. @typedef {'leader' | 'follower'} Role */
/** @typedef {ConnectionState & {role: Role}} SharedState */
/** @typedef {Omit<Connection, 'getState'> & {getState: () => SharedState}} SharedConnection */
export const NOTE_INTERVAL: 1000;
export const LEASE: 3000;
export const HIDDEN_LEASE: 75000;
export const HELLO: 150;
export type Dependencies = {
    connection: Connection;
    /**
     * null: this tab is alone
     */
    channel: import("../environment.js").Channel | null;
    /**
     * a random id
     */
    tab: string;
    clock: import("../environment.js").Clock;
    random: () => number;
    lifecycle: import("../lifecycle.js").Lifecycle;
};
export type Connection = import("./connection-state.js").Connection;
export type ConnectionState = import("./connection-state.js").ConnectionState;
export type TransportPreference = import("./connection-state.js").TransportPreference;
export type ServerMessage = import("../wire/protocol.js").ServerMessage;
export type Claim = import("./claims.js").Claim;
export type TabNote = import("./claims.js").TabNote;
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
