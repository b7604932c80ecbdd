// Which sheets were printed before. Kept by this browser: the server has no place for it, and a change of the
// order would make it look edited to everybody else. So it says "neste computador", and means it.

/** @typedef {import('../storage.js').KeyStorage} KeyStorage */
/**
 * @typedef {object} Printed
 * @property {number} times
 * @property {number} at ms; the last time
 * @property {number} versao of the order, then
 */

const KEY = 'fichas';
/** The oldest are forgotten first. */
const REMEMBERED = 1_000;

/** @param {KeyStorage} storage */
export function createPrints(storage) {
  /** @returns {Record<string, Printed>} */
  const read = () => storage.read(KEY) || {};

  return {
    /** @param {number} id @returns {Printed | null} */
    of: (id) => read()[id] || null,

    /**
     * @param {number} id @param {number} versao @param {number} at ms
     * @returns {() => void} takes it back: a browser does not tell whether the paper came
     */
    note(id, versao, at) {
      const before = read()[id] || null;
      /** @type {Record<string, Printed>} */
      const all = { ...read(), [id]: { times: (before ? before.times : 0) + 1, at, versao } };
      const ids = Object.keys(all).sort((a, b) => all[b].at - all[a].at);
      for (const old of ids.slice(REMEMBERED)) delete all[old];
      storage.write(KEY, all);
      return () => {
        const now = read();
        if (before) now[id] = before;
        else delete now[id];
        storage.write(KEY, now);
      };
    },
  };
}
