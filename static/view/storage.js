// What this browser keeps for itself. Where it may not (private windows, a full disk), nothing breaks.

/**
 * @typedef {object} KeyStorage
 * @property {(key: string) => any} read null where there is nothing, or nothing that can be read
 * @property {(key: string, value: any) => boolean} write whether it was kept
 * @property {(key: string) => void} remove
 * @property {(prefix: string) => string[]} keys
 */

const PREFIX = 'pedidos.';

/** @param {Storage | null} storage @returns {KeyStorage} */
export function createStorage(storage) {
  return {
    read(key) {
      try {
        const text = storage && storage.getItem(PREFIX + key);
        return text ? JSON.parse(text) : null;
      } catch (error) {
        return null;
      }
    },
    write(key, value) {
      try {
        if (!storage) return false;
        storage.setItem(PREFIX + key, JSON.stringify(value));
        return true;
      } catch (error) {
        return false;
      }
    },
    remove(key) {
      try {
        if (storage) storage.removeItem(PREFIX + key);
      } catch (error) {
        // Nothing was kept, so nothing is left behind.
      }
    },
    keys(prefix) {
      try {
        const length = storage ? storage.length : 0;
        const all = Array.from({ length }, (_, index) => (storage && storage.key(index)) || '');
        return all.filter((key) => key.startsWith(PREFIX + prefix)).map((key) => key.slice(PREFIX.length));
      } catch (error) {
        return [];
      }
    },
  };
}

/** @returns {KeyStorage} */
export function browserStorage() {
  try {
    return createStorage(window.localStorage);
  } catch (error) {
    return createStorage(null);
  }
}
