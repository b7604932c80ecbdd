// What happens to the page around the connection: it is hidden and shown, frozen, kept by the
// back button, and the machine under it sleeps and wakes.

import { createOutbox } from './listeners.js';

/** @typedef {import('./environment.js').Environment} Environment */
/**
 * - `online`: the network changed; `wake`: look at the connection now;
 * - `visible`, `hidden`: what the user sees changed;
 * - `leave`: the page is closed, frozen or put into the back-forward cache; `return`: it is back.
 * @typedef {'online' | 'wake' | 'visible' | 'hidden' | 'leave' | 'return'} LifecycleEvent
 */
/**
 * @typedef {object} Lifecycle
 * @property {() => boolean} isVisible
 * @property {(listener: (event: LifecycleEvent) => void) => () => void} subscribe
 * @property {() => void} close
 */

// No event tells that a laptop slept under a visible page. A timer that is this late does.
const TICK = 5_000;
const LATE = 10_000;

/**
 * @param {Pick<Environment, 'window' | 'document' | 'clock'>} environment
 * @returns {Lifecycle}
 */
export function createLifecycle({ window, document, clock }) {
  const listeners = /** @type {import('./listeners.js').Listeners<[LifecycleEvent]>} */ (createOutbox().listeners());
  /** @type {(() => void)[]} */
  const undo = [];
  /** @type {unknown} */
  let tick = null;

  /**
   * @param {EventTarget | null} target
   * @param {string} name
   * @param {(event: any) => void} handler
   */
  function listen(target, name, handler) {
    if (!target) return;
    target.addEventListener(name, handler);
    undo.push(() => target.removeEventListener(name, handler));
  }

  const isVisible = () => !document || document.visibilityState !== 'hidden';

  function watchForSleep() {
    const due = clock.now() + TICK;
    tick = clock.setTimeout(() => {
      const late = clock.now() - due;
      // First: whoever is told may close all this.
      watchForSleep();
      if (late > LATE) listeners.tell('wake');
    }, TICK);
  }

  listen(window, 'online', () => listeners.tell('online'));
  // Only asks for a look: on a LAN without internet `offline` says nothing about the server.
  listen(window, 'offline', () => listeners.tell('wake'));
  listen(window, 'pagehide', () => listeners.tell('leave'));
  listen(window, 'pageshow', (event) => event.persisted && listeners.tell('return'));
  listen(document, 'freeze', () => listeners.tell('leave'));
  listen(document, 'resume', () => listeners.tell('return'));
  listen(document, 'visibilitychange', () => {
    listeners.tell(isVisible() ? 'visible' : 'hidden');
    if (isVisible()) listeners.tell('wake');
  });

  return {
    isVisible,
    subscribe(listener) {
      const remove = listeners.add(listener);
      if (tick === null) watchForSleep();
      return () => {
        remove();
        if (listeners.size() > 0) return;
        clock.clearTimeout(tick);
        tick = null;
      };
    },
    close() {
      undo.splice(0).forEach((off) => off());
      clock.clearTimeout(tick);
      tick = null;
    },
  };
}
