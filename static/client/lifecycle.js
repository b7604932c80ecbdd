// What happens to the page around the connection: it is hidden and shown, frozen, kept by the
// back button, and the machine under it sleeps and wakes.

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
  /** @type {Set<(event: LifecycleEvent) => void>} */
  const listeners = new Set();
  /** @type {(() => void)[]} */
  const undo = [];
  /** @type {unknown} */
  let tick = null;

  /** @param {LifecycleEvent} event */
  function emit(event) {
    for (const listener of Array.from(listeners)) listener(event);
  }

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
      if (clock.now() - due > LATE) emit('wake');
      watchForSleep();
    }, TICK);
  }

  listen(window, 'online', () => emit('online'));
  // Only asks for a look: on a LAN without internet `offline` says nothing about the server.
  listen(window, 'offline', () => emit('wake'));
  listen(window, 'pagehide', () => emit('leave'));
  listen(window, 'pageshow', (event) => event.persisted && emit('return'));
  listen(document, 'freeze', () => emit('leave'));
  listen(document, 'resume', () => emit('return'));
  listen(document, 'visibilitychange', () => {
    emit(isVisible() ? 'visible' : 'hidden');
    if (isVisible()) emit('wake');
  });

  return {
    isVisible,
    subscribe(listener) {
      listeners.add(listener);
      if (tick === null) watchForSleep();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clock.clearTimeout(tick);
        tick = null;
      };
    },
    close() {
      undo.splice(0).forEach((off) => off());
      listeners.clear();
      clock.clearTimeout(tick);
      tick = null;
    },
  };
}
