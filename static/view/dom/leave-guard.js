// The browser asks before it closes the page while something would be lost by it.

import { callApart } from '../../client/index.js';

/** @type {Set<() => boolean>} */
const reasons = new Set();

/** @param {BeforeUnloadEvent} event */
function warn(event) {
  let anyLost = false;
  for (const isLost of Array.from(reasons)) {
    callApart(() => {
      anyLost = isLost() || anyLost;
    });
  }
  if (!anyLost) return;
  event.preventDefault();
  // Older browsers go by this.
  event.returnValue = '';
}

/**
 * @param {() => boolean} isLost whether something would be lost just now
 * @returns {() => void} lets go
 */
export function guardLeaving(isLost) {
  if (reasons.size === 0) window.addEventListener('beforeunload', warn);
  reasons.add(isLost);
  return () => {
    reasons.delete(isLost);
    // A page with a listener is not kept for going back to.
    if (reasons.size === 0) window.removeEventListener('beforeunload', warn);
  };
}
