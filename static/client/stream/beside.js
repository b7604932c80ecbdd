// What is tried beside a live SSE stream, without interrupting it: WebSocket again, where it is SSE for want of it; and, where
// heartbeats come close together because the network held changes back, whether it still does.
//
// That shows on a second stream, with a heartbeat each five seconds. Its first one comes 1 to 6 s after the beginning. A network
// that holds each piece back until the next passes it on five seconds later, so not before the sixth second. An event on that
// stream would push on what came before it, so a trial in which one comes says nothing.

import { withJitter } from '../backoff.js';

/** @typedef {import('./transport.js').Transport} Transport */
/** @typedef {import('./opening.js').Outcome} Outcome */

/** ms between two trials of the delivery. */
export const DELIVERY_RETRY = 300_000;
/** ms until the next one, where an event came in between. */
const DISTURBED_RETRY = 30_000;
/** s between the heartbeats of a trial. */
export const TRIAL_HEARTBEAT = 5;
/** ms; a heartbeat that has come by then was not held back. */
const TRIAL = 5_500;
/** What comes so many ms after the first message belongs to it: a long beginning may come in pieces. */
const BEGINNING = 500;
/** ms in which the rest of a piece comes, and says whether it was an event. */
const REST = 200;

export class Beside {
  /**
   * @param {object} dependencies
   * @param {ReturnType<typeof import('./opening.js').createOpening>} dependencies.openStream
   * @param {Pick<Outcome, 'onActivity' | 'onMessage' | 'onEnd'>} dependencies.handlers of the stream in use
   * @param {import('./timers.js').Timers} dependencies.timers
   * @param {import('../environment.js').Clock} dependencies.clock
   * @param {() => number} dependencies.random
   * @param {import('./fallback.js').Fallback} dependencies.fallback
   * @param {import('./delivery.js').Delivery} dependencies.delivery
   * @param {() => string | null} dependencies.position
   * @param {(transport: Transport) => void} dependencies.takeOver from the stream in use
   */
  constructor({ openStream, handlers, timers, clock, random, fallback, delivery, position, takeOver }) {
    this.openStream = openStream;
    this.handlers = handlers;
    this.timers = timers;
    this.clock = clock;
    this.random = random;
    this.fallback = fallback;
    this.delivery = delivery;
    this.position = position;
    this.takeOver = takeOver;
    /** @type {Set<Transport>} */
    this.open = new Set();
  }

  /** Ends what is tried. The timers are the phase's. */
  close() {
    this.open.forEach((transport) => transport.close());
    this.open.clear();
  }

  /** @param {Transport} transport that takes over */
  chosen(transport) {
    this.open.delete(transport);
    this.takeOver(transport);
  }

  // ---- WebSocket -----------------------------------------------------------------------------

  scheduleUpgrade() {
    this.timers.set('upgrade', this.fallback.retryIn(), () => {
      const candidate = this.openStream('websocket', this.position(), null, {
        ...this.handlers,
        onReady: (transport) => this.chosen(transport),
        onFailure: () => {
          this.open.delete(candidate);
          this.fallback.toSse();
          this.scheduleUpgrade();
        },
      });
      this.open.add(candidate);
    });
  }

  // ---- delivery ------------------------------------------------------------------------------

  /** @param {number} [interval] ms */
  scheduleTrial(interval = DELIVERY_RETRY) {
    this.timers.set('trial', withJitter(interval, this.random), () => this.tryDelivery());
  }

  tryDelivery() {
    const openedAt = this.clock.monotonic();
    /** By the monotonic clock. @type {number | null} */
    let readyAt = null;
    let isDisturbed = false;

    const finish = () => {
      this.timers.clear('trial ends');
      this.timers.clear('trial verdict');
      this.open.delete(trial);
      trial.close();
      this.scheduleTrial(isDisturbed ? DISTURBED_RETRY : DELIVERY_RETRY);
    };
    const verdict = () => {
      if (isDisturbed || this.delivery.hasSleptSince(openedAt)) return finish();
      this.fallback.delivers();
      return this.chosen(trial);
    };
    const { onActivity, onMessage, onEnd } = this.handlers;
    const trial = this.openStream('sse', this.position(), TRIAL_HEARTBEAT, {
      onReady: () => {
        readyAt = this.clock.monotonic();
      },
      onFailure: finish,
      onActivity: (transport) => {
        if (!this.open.has(transport)) return onActivity(transport);
        if (readyAt === null || this.clock.monotonic() - readyAt < BEGINNING) return undefined;
        return this.timers.set('trial verdict', REST, verdict);
      },
      onMessage: (transport, message) => {
        if (!this.open.has(transport)) return onMessage(transport, message);
        if (message.type !== 'connection') isDisturbed = true;
        return undefined;
      },
      onEnd: (transport, end) => (this.open.has(transport) ? finish() : onEnd(transport, end)),
    });
    this.open.add(trial);
    this.timers.set('trial ends', TRIAL, finish);
  }
}
