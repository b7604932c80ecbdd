// What tabs say to each other, and who of two leads.

/** @typedef {import('./connection-state.js').ConnectionState} ConnectionState */
/** @typedef {import('./connection-state.js').TransportPreference} TransportPreference */
/** @typedef {import('../wire/protocol.js').ServerMessage} ServerMessage */

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

/**
 * @param {Claim} one @param {Claim} other
 * @returns {boolean} whether `one` leads before `other`
 */
export function outranks(one, other) {
  if (one.term !== other.term) return one.term > other.term;
  if (one.visible !== other.visible) return one.visible;
  return one.tab < other.tab;
}
