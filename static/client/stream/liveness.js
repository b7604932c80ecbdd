// Whether the server is still there, as its signs of life on the open stream say: answers to pings on WebSocket, heartbeats on
// SSE.

import { TICK } from './delivery.js';

/** @typedef {import('./transport.js').Transport} Transport */

/** ms; how long the first messages of a stream may take to come. */
const BEGINNING = 2_000;
export const PONG_DEADLINE = 10_000;
export const WAKE_DEADLINE = 3_000;
/** The server gives a sign of life every 25 s at least. */
export const SSE_SILENCE = 35_000;
/** Where it gives one each second. */
export const CLOSE_SILENCE = 6_000;
/** A connection that lived shorter died young. */
export const YOUNG = 10_000;
/** A timer this late means that the machine slept, not that the server was silent. */
const LATE_TIMER = 5_000;

export class Liveness {
  /**
   * @param {object} dependencies
   * @param {import('../environment.js').Clock} dependencies.clock
   * @param {import('./timers.js').Timers} dependencies.timers
   * @param {import('./delivery.js').Delivery} dependencies.delivery
   * @param {Pick<import('./connection-state.js').ConnectionSettings, 'heartbeat' | 'heartbeatInterval'>} dependencies.settings
   * @param {() => boolean} dependencies.isDelayed whether SSE has a heartbeat each second
   * @param {() => void} dependencies.onSilent
   */
  constructor({ clock, timers, delivery, settings, isDelayed, onSilent }) {
    this.clock = clock;
    this.timers = timers;
    this.delivery = delivery;
    this.settings = settings;
    this.isDelayed = isDelayed;
    this.onSilent = onSilent;
    /** @type {Transport | null} */
    this.transport = null;
    /** By the wall clock, which also runs while the machine sleeps. */
    this.heardAt = 0;
    /** The same by the monotonic clock. */
    this.heardMonotonic = 0;
    /** By the monotonic clock. */
    this.openedAt = 0;
    /** Whether this stream has given a sign of life that did not come with its beginning. */
    this.hasBeat = false;
  }

  /** @param {Transport} transport that has just spoken for the first time */
  begin(transport) {
    this.transport = transport;
    this.heardAt = this.clock.now();
    this.openedAt = this.clock.monotonic();
    this.heardMonotonic = this.openedAt;
    this.hasBeat = false;
    this.delivery.begin();
    if (transport.name === 'websocket') this.keepPinging();
    else {
      this.expectSign(this.silenceLimit());
      this.keepTicking();
    }
  }

  /** A sign of life, whatever it says. */
  heard() {
    this.heardAt = this.clock.now();
    this.heardMonotonic = this.clock.monotonic();
    if (this.heardMonotonic - this.openedAt > BEGINNING) this.hasBeat = true;
    this.timers.clear('silence');
    if (this.transport && this.transport.name === 'sse') this.expectSign(this.silenceLimit());
  }

  /** After the page, the machine or the network woke. */
  look() {
    if (!this.transport) return;
    if (this.transport.name === 'websocket') this.ping(WAKE_DEADLINE);
    else if (this.clock.now() - this.heardAt > this.silenceLimit()) this.expectSign(WAKE_DEADLINE);
  }

  isYoung() {
    return this.clock.monotonic() - this.openedAt < YOUNG;
  }

  /** Whether the machine has slept, or the page has not run, since the last sign of life. */
  hasSlept() {
    return this.delivery.hasSleptSince(this.heardMonotonic);
  }

  silenceLimit() {
    return this.isDelayed() ? CLOSE_SILENCE : SSE_SILENCE;
  }

  keepTicking() {
    this.timers.set('tick', TICK, () => {
      this.delivery.tick();
      this.keepTicking();
    });
  }

  keepPinging() {
    if (!this.settings.heartbeat) return;
    this.timers.set('ping', this.settings.heartbeatInterval, () => {
      this.ping(PONG_DEADLINE);
      this.keepPinging();
    });
  }

  /** @param {number} deadline ms */
  ping(deadline) {
    if (this.transport && this.transport.send({ type: 'ping' })) this.expectSign(deadline);
    else this.onSilent();
  }

  /** No sign of life within so many ms means dead. @param {number} ms */
  expectSign(ms) {
    if (!this.settings.heartbeat) return;
    const due = this.clock.now() + ms;
    this.timers.set('silence', ms, () => {
      // The machine slept through the deadline: what the network has kept for us may still come in.
      if (this.clock.now() - due > LATE_TIMER) this.expectSign(WAKE_DEADLINE);
      else this.onSilent();
    });
  }
}
