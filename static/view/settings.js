// What a person chose on this browser: kept, and shared by its tabs.

import { createOutbox } from '../client/index.js';

/** @typedef {import('./storage.js').KeyStorage} KeyStorage */
/**
 * @typedef {object} Choices
 * @property {string} autor who sits here
 * @property {string} meuSetor '' for none
 * @property {'auto' | 'claro' | 'escuro'} tema
 * @property {boolean} som a chime for new urgent orders
 * @property {'auto' | 'websocket' | 'sse'} transporte
 * @property {string} lista the filters of the list, as in the address
 */
/**
 * @typedef {object} Settings
 * @property {<Name extends keyof Choices>(name: Name) => Choices[Name]} get
 * @property {<Name extends keyof Choices>(name: Name, value: Choices[Name]) => void} set
 * @property {(listener: () => void) => () => void} subscribe
 */

/** @type {Choices} */
const DEFAULTS = { autor: '', meuSetor: '', tema: 'auto', som: false, transporte: 'auto', lista: '' };
const KEY = 'ajustes';

/** @param {KeyStorage} storage @returns {Settings} */
export function createSettings(storage) {
  const listeners = /** @type {import('../client/index.js').Listeners<[]>} */ (createOutbox().listeners());

  /** What was kept by another version, or by hand, counts only where it is of the right kind. @returns {Choices} */
  function read() {
    const kept = Object.entries(storage.read(KEY) || {});
    const usable = kept.filter(([name, value]) => typeof value === typeof /** @type {any} */ (DEFAULTS)[name]);
    return { ...DEFAULTS, ...Object.fromEntries(usable) };
  }

  let choices = read();

  window.addEventListener('storage', (event) => {
    if (event.key === null || !event.key.endsWith(KEY)) return;
    choices = read();
    listeners.tell();
  });

  return {
    get: (name) => choices[name],
    set(name, value) {
      if (choices[name] === value) return;
      // Read again: another tab may have changed another choice.
      choices = { ...read(), [name]: value };
      storage.write(KEY, choices);
      listeners.tell();
    },
    subscribe: listeners.add,
  };
}
