// What becomes of a stream that did not open, ended, or fell silent: whose fault it was, and what is tried next.

import { DENIALS } from '../wire/answers.js';
import { closeCode } from '../wire/protocol.js';
import { NETWORK_ANSWER, TEXT, blocked } from './connection-state.js';

/** @typedef {import('./connection-state.js').ConnectionError} ConnectionError */
/** @typedef {import('./connection-state.js').ConnectionState} ConnectionState */
/** @typedef {import('./probe.js').ProbeResult} ProbeResult */
/** @typedef {import('./transport.js').TransportName} TransportName */
/** @typedef {import('./transport.js').TransportEnd} TransportEnd */

/** ms; a first message that waits for the next heartbeat takes longer. */
const PROMPT = 700;

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
  constructor({ probe, fallback, liveness, owner }) {
    this.probe = probe;
    this.fallback = fallback;
    this.liveness = liveness;
    this.owner = owner;
    /** That the network holds pieces back was concluded from one stream alone that hung. It may just have been coming up. */
    this.isGuess = false;
  }

  /** @param {number} ms that the stream's first message took */
  opened(ms) {
    if (this.isGuess && ms < PROMPT) this.fallback.delivers();
    this.isGuess = false;
  }

  /** It did not open. @param {TransportName} name @param {'refused' | 'hung'} how @param {TransportEnd | null} end */
  failed(name, how, end) {
    if (isDenial(end)) return this.owner.deny(end.status, end.reason);
    // The server itself closed it (a restart, say), with a code of its own: no question of the network.
    if (end && end.code !== null && !closeCode(end.code).network) return this.owner.wait(0);
    this.owner.ask();
    return this.askWhy((result) => {
      if (result.verdict === 'denied') return this.owner.deny(result.status, result.message);
      if (result.verdict !== 'answers') {
        this.fallback.restartCounts();
        return this.owner.wait(0, result.verdict === 'foreign' ? NETWORK_ANSWER : null);
      }
      return name === 'websocket' ? this.websocketBlocked(how) : this.sseBlocked(how, end);
    });
  }

  /**
   * Asks what stands behind a stream that failed; nothing comes of it where the phase has changed meanwhile.
   * @param {(result: ProbeResult) => void} then
   */
  async askWhy(then) {
    const mine = this.owner.generation;
    const result = await this.probe();
    if (mine === this.owner.generation) this.owner.transition(() => then(result));
  }

  /** @param {'refused' | 'hung'} how */
  websocketBlocked(how) {
    const isBlocked = this.fallback.websocketFailed(how);
    if (this.owner.state.preference === 'websocket') return this.owner.wait(0, blocked(TEXT.websocketBlocked));
    if (isBlocked) this.fallback.toSse();
    return this.owner.attempt();
  }

  /** @param {'refused' | 'hung'} how @param {TransportEnd | null} end */
  sseBlocked(how, end) {
    // Its first message may wait for the next piece.
    if (how === 'hung' && !this.fallback.isHeldBack()) {
      this.fallback.holdsBack();
      this.isGuess = true;
      return this.owner.attempt();
    }
    this.fallback.fromTheTop();
    // The server itself said "not now" (503, 429): its words, and no reason to accuse the network.
    if (end && end.refusedBy === 'server') return this.owner.wait(end.retryAfter || 0, blocked(end.reason));
    return this.owner.wait(0, blocked(TEXT.blocked));
  }

  /** It had been open. @param {TransportEnd} end */
  lost(end) {
    const { fallback } = this;
    const { action, network } = closeCode(end.code);
    if (action === 'stop') return this.owner.deny(null, end.reason);
    const isWebSocket = this.owner.current !== null && this.owner.current.name === 'websocket';
    if (!isWebSocket || !this.liveness.isYoung() || !network) {
      fallback.restartYoungDeaths();
      return this.owner.wait(end.retryAfter || 0);
    }
    const isBlocked = fallback.diedYoung();
    // Shown as waiting while it is asked whose fault it is.
    if (!this.owner.wait(0)) return undefined;
    return this.askWhy((result) => {
      if (result.verdict === 'denied') return this.owner.deny(result.status, result.message);
      if (result.verdict === 'foreign') this.owner.publish({ error: NETWORK_ANSWER });
      if (result.verdict !== 'answers') fallback.restartYoungDeaths();
      else if (isBlocked && this.owner.state.preference === 'auto') {
        fallback.toSse();
        this.owner.attempt();
      }
      return undefined;
    });
  }

  /** It gives no sign of life any more. */
  silent() {
    const { fallback, liveness } = this;
    const { current } = this.owner;
    fallback.restartYoungDeaths();
    const hasSlept = liveness.hasSlept();
    if (this.owner.state.delayed && !hasSlept) {
      // Even a heartbeat each second does not get through.
      fallback.fromTheTop();
      this.owner.wait(0, blocked(TEXT.blocked));
      return;
    }
    // Not one heartbeat since it began: it is not the line that is dead.
    if (current && current.name === 'sse' && !liveness.hasBeat && !hasSlept) fallback.holdsBack();
    // Silence has cost enough time already, and it is each client's own: no jitter is needed.
    this.owner.publish({ reconnectAttempt: this.owner.state.reconnectAttempt + 1 });
    this.owner.attempt();
  }
}

/**
 * Whether the server itself refuses us, so that trying again changes nothing.
 * @param {TransportEnd | null} end
 * @returns {end is TransportEnd & {status: number}}
 */
function isDenial(end) {
  return end !== null && end.refusedBy === 'server' && DENIALS.includes(Number(end.status));
}
