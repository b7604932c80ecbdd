// What was typed and not saved, kept in this browser. Each form has its own draft: two tabs with a new order, or with
// the same one, must not write over each other's.
//
// Rules:
// 1. A tab finds its own draft again after a reload: which one it is stands in its sessionStorage.
// 2. What a tab that crashed or was closed has left goes to the next form that is opened for the same order.
// 3. What another tab is still at work on is left alone. Tabs ask each other; Web Locks would know by themselves,
//    but a shop's LAN is plain http, where there are none. A tab that is frozen does not answer: then its draft
//    goes to whoever asked, and what it shows itself is not lost either, for it writes it anew.

import { createStorage } from './storage.js';

/** @typedef {import('./storage.js').KeyStorage} KeyStorage */
/** @typedef {import('./order-edit.js').Draft} Draft */

/** How long tabs are given to say that a draft is theirs; ms. */
const PATIENCE = 300;
const CHANNEL = 'pedidos rascunhos';

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {string} name of the order: its id, or `novo` */
const placeOf = (name) => `rascunho.${name}`;

/** @returns {KeyStorage} */
function tabStorage() {
  try {
    return createStorage(window.sessionStorage);
  } catch (error) {
    return createStorage(null);
  }
}

/**
 * Leaves a draft for the form that this tab opens next; the one that it had stays for later.
 * @param {KeyStorage} storage @param {string} name @param {Draft} draft
 */
export function leaveDraft(storage, name, draft) {
  const form = newId();
  if (storage.write(`${placeOf(name)}.${form}`, draft)) tabStorage().write(placeOf(name), form);
}

/**
 * The draft of a form that is open.
 * @param {KeyStorage} storage @param {string} name
 */
export function openDraft(storage, name) {
  const tab = tabStorage();
  const place = placeOf(name);
  const self = newId();
  let key = '';
  let closed = false;
  /** The drafts that others have said are theirs. @type {Set<string>} */
  const taken = new Set();

  /** @param {string} form */
  function use(form) {
    key = `${place}.${form}`;
    tab.write(place, form);
  }
  use(tab.read(place) || newId());

  const channel = window.BroadcastChannel ? new BroadcastChannel(CHANNEL) : null;
  if (channel !== null) {
    channel.onmessage = ({ data: { asked, from, answered, to } }) => {
      if (asked && asked.includes(key)) channel.postMessage({ answered: key, to: from });
      if (to === self) taken.add(answered);
    };
  }

  return {
    /** @returns {Draft | null} */
    read: () => storage.read(key),
    /** @param {Draft} draft @returns {boolean} whether it was kept */
    write: (draft) => storage.write(key, draft),
    remove: () => storage.remove(key),
    /** The draft is somebody else's, who had more rights here: it stays for them. */
    setAside: () => use(newId()),

    /**
     * Offers the newest draft that nobody is at work on any more; `take` says whether it is taken over.
     * @param {(draft: Draft) => boolean} take
     */
    async offerLeft(take) {
      const keys = storage.keys(`${place}.`);
      if (keys.length === 0) return;
      if (channel !== null) channel.postMessage({ asked: keys, from: self });
      await new Promise((resolve) => setTimeout(resolve, PATIENCE));
      if (closed) return;
      // A tab that was duplicated has its twin's sessionStorage.
      if (taken.has(key)) {
        const draft = storage.read(key);
        use(newId());
        if (draft) storage.write(key, draft);
      }
      /** @type {[string, Draft][]} */
      const left = [];
      for (const other of keys) {
        const draft = other === key || taken.has(other) ? null : storage.read(other);
        if (draft) left.push([other, draft]);
      }
      left.sort(([, a], [, b]) => b.at - a.at);
      if (left.length > 0 && take(left[0][1])) storage.remove(left[0][0]);
    },

    close() {
      closed = true;
      if (channel !== null) channel.close();
    },
  };
}
