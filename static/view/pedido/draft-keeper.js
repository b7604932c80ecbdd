// Keeps what is typed in an open form: on the disk a moment after each key, and the page from reloading itself meanwhile.

import { momentOf } from '../order/dates.js';

/** @typedef {import('./order-edit.js').Draft} Draft */
/** @typedef {import('./order-edit.js').Sent} Sent */

/** What may be sent again under its key, and what to say. @typedef {{sent: Sent | null, text: string}} Restored */

/** From a key to the draft on the disk; ms. */
const PAUSE = 250;
/** The server knows a key for a day; with a margin; ms. */
const KEY_LIFE = 23 * 3_600_000;

/**
 * @param {object} dependencies
 * @param {ReturnType<typeof import('./drafts.js').openDraft>} dependencies.kept
 * @param {ReturnType<typeof import('./order-edit.js').createEdit>} dependencies.edit
 * @param {() => Sent | null} dependencies.sent a new order that may be at the server without its answer here
 * @param {() => () => void} dependencies.holdReload
 * @param {() => number} dependencies.now ms
 * @param {() => void} dependencies.onKept
 */
export function createDraftKeeper({ kept, edit, sent, holdReload, now, onKept }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isKept = true;
  /** @type {(() => void) | null} */
  let release = null;

  function stop() {
    clearTimeout(timer);
    timer = undefined;
  }

  function keep() {
    stop();
    if (edit.isDirty()) isKept = kept.write(edit.draft(now(), sent()));
    else kept.remove();
    onKept();
  }

  function letGo() {
    if (release !== null) release();
    release = null;
  }

  function hold() {
    if (!edit.isDirty()) letGo();
    else if (release === null) release = holdReload();
  }

  return {
    /** Whether it outlives the page. */
    isKept: () => isKept,
    keep,
    hold,
    /** The page may reload itself. */
    letGo,

    /** Something was typed. */
    touched() {
      if (timer === undefined) timer = setTimeout(keep, PAUSE);
      hold();
    },

    /** What was typed in the last moment, before the page may be gone. */
    flush() {
      if (timer !== undefined) keep();
    },

    /** The text is saved, or somebody else's by now. */
    leave() {
      stop();
      kept.remove();
      letGo();
    },

    /**
     * Takes a draft of before into the form.
     * @param {Draft | null} draft
     * @param {readonly string[]} locked fields that whoever is signed in may not change
     * @param {(name: string) => import('./order-edit.js').Origin} originOf
     * @returns {Restored | null} null where there is nothing in it
     */
    restore(draft, locked, originOf) {
      if (draft === null || typeof draft.touched !== 'object') return null;
      if (Object.keys(draft.touched).some((name) => locked.includes(name))) {
        kept.setAside();
        return null;
      }
      edit.restore(draft, originOf);
      if (!edit.isDirty()) {
        kept.remove();
        return null;
      }
      hold();
      const before = draft.sent || null;
      const isOld = before !== null && now() - before.at >= KEY_LIFE;
      return { sent: isOld ? null : before, text: textFor(draft.at, now(), isOld) };
    },
  };
}

/** @param {number} at ms @param {number} now ms @param {boolean} isTooOld it was sent, and can no longer be repeated under its key */
function textFor(at, now, isTooOld) {
  const tooOld = isTooOld ? ' Ele já tinha sido enviado: veja na lista se existe.' : '';
  return `Rascunho de ${momentOf(at, now)} recuperado. Ele ainda não foi salvo.${tooOld}`;
}
