// Two writes to one field go one after the other, or the network could turn the user's last word into the first one. Writes to
// different fields do not wait for each other.

export function createTurns() {
  /** The last write of each name that is not done yet. @type {Map<string, Promise<void>>} */
  const ends = new Map();

  return {
    /**
     * @param {readonly string[]} names of what is written
     * @param {Promise<unknown>} done settled when the next one may go
     * @param {() => void} send now, or when those before it are done
     */
    take(names, done, send) {
      const before = names.map((name) => ends.get(name)).filter(Boolean);
      const settled = done.then(
        () => undefined,
        () => undefined,
      );
      names.forEach((name) => ends.set(name, settled));
      settled.then(() => {
        names.forEach((name) => ends.get(name) === settled && ends.delete(name));
      });
      if (before.length === 0) send();
      else Promise.all(before).then(send);
    },
  };
}
