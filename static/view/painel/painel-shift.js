// Against burn-in: the whole picture wanders by a few pixels, too slowly to be seen.

/** How long it stays where it is, ms. */
export const STAY = 60_000;
/** How far it goes from the middle, in hundredths of the screen's height. */
const REACH = 1;
const STEPS_X = 13;
const STEPS_Y = 11;

/**
 * Where the picture stands. Both ways go to and fro with different periods, so in some hours every place of a
 * grid of 13 by 11 is visited, and two places that follow each other are neighbours. By time alone: there is
 * nothing to keep.
 * @param {number} now ms
 * @returns {{x: number, y: number}} in hundredths of the screen's height, -1 to 1
 */
export function shiftAt(now) {
  const step = Math.floor(now / STAY);
  return { x: toAndFro(step, STEPS_X), y: toAndFro(step, STEPS_Y) };
}

/** @param {number} step @param {number} places */
function toAndFro(step, places) {
  const period = 2 * (places - 1);
  const at = ((step % period) + period) % period;
  const place = at < places ? at : period - at;
  return Math.round(((2 * place) / (places - 1) - 1) * REACH * 1000) / 1000;
}
