// Others' changes that one should not miss: their number in a hidden tab's title, and a chime for new urgent orders.

/** @typedef {import('../../client/index.js').PedidoChange} PedidoChange */

/** @param {PedidoChange} change whether an order has just become urgent, by somebody else's hand */
export function isNewUrgent({ action, own, pedido, previous, source }) {
  if (own || source === 'reload' || !pedido || pedido.prioridade !== 'ALTA') return false;
  return action === 'create' || (previous !== null && previous.prioridade !== 'ALTA');
}

/** Counts the orders that changed while nobody looked. */
export function createTitle() {
  /** @type {Set<number>} */
  const unseen = new Set();
  let title = 'Pedidos';

  function show() {
    const text = unseen.size > 0 ? `(${unseen.size}) ${title}` : title;
    if (document.title !== text) document.title = text;
  }

  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') return;
    unseen.clear();
    show();
  });

  return {
    /** @param {string} text */
    set(text) {
      title = text;
      show();
    },
    /** @param {PedidoChange} change */
    note(change) {
      if (change.own || document.visibilityState !== 'hidden') return;
      unseen.add(change.pedido_id);
      show();
    },
  };
}

/** Orders that come together ring once. */
export const CHIME_GROUP = 1_500;
export const CHIME_PAUSE = 10_000;

/**
 * @param {object} dependencies
 * @param {() => boolean} dependencies.isOn
 * @param {() => void} dependencies.play
 * @param {() => number} dependencies.now
 */
export function createChime({ isOn, play, now }) {
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  let last = -Infinity;

  return {
    /** @param {PedidoChange} change */
    note(change) {
      if (timer !== null || !isOn() || !isNewUrgent(change)) return;
      timer = setTimeout(
        () => {
          timer = null;
          last = now();
          if (isOn()) play();
        },
        Math.max(CHIME_GROUP, last + CHIME_PAUSE - now()),
      );
    },
  };
}

/** Two soft tones. A browser lets a page sound only after a gesture, so it wakes with the first one. */
export function createBell() {
  /** @type {AudioContext | null} */
  let audio = null;

  function wake() {
    const Audio = window.AudioContext;
    if (!Audio) return null;
    try {
      if (audio === null) audio = new Audio();
    } catch (error) {
      return null; // as many as the browser lets a computer have
    }
    if (audio.state === 'suspended') audio.resume().catch(() => undefined);
    return audio;
  }

  return {
    wake,
    play() {
      const context = wake();
      if (context === null) return;
      [659.26, 987.77].forEach((frequency, index) => {
        const start = context.currentTime + index * 0.18;
        const tone = context.createOscillator();
        const volume = context.createGain();
        tone.frequency.value = frequency;
        volume.gain.setValueAtTime(0, start);
        volume.gain.linearRampToValueAtTime(0.18, start + 0.02);
        volume.gain.exponentialRampToValueAtTime(0.001, start + 0.9);
        tone.connect(volume).connect(context.destination);
        tone.start(start);
        tone.stop(start + 1);
      });
    },
  };
}
