// What was typed and not saved, kept in this browser. Each form has its own draft: two tabs with a new order, or with
// the same one, must not write over each other's.
//
// Rules:
// 1. A draft belongs to who was signed in: nobody else is offered it, and its key is not used under another's token.
// 2. A tab finds its own draft again after a reload: which one it is stands in its sessionStorage.
// 3. What a tab that crashed or was closed has left goes to the next form that is opened for the same order.
// 4. What another tab is still at work on is left alone. Tabs ask each other; Web Locks would know by themselves,
//    but a shop's LAN is plain http, where there are none. A tab that is frozen does not answer: then its draft
//    goes to whoever asked, and what it shows itself is not lost either, for it writes it anew.
// 5. What does not fit on the disk is kept in the page's memory: going to another page of it loses nothing, and the
//    browser asks before it closes it.

import { browserEnvironment } from '../../client/index.js';
import { guardLeaving } from '../dom/leave-guard.js';
import { createStorage } from '../storage.js';

/** @typedef {import('../storage.js').KeyStorage} KeyStorage */
/** @typedef {import('./order-edit.js').Draft} Draft */

/** How long tabs are given to say that a draft is theirs; ms. */
const PATIENCE = 300;
const CHANNEL = 'pedidos rascunhos';
/** Of whoever is signed in, when that could not be learnt. Such a draft is found again by its own tab only. */
const NOBODY_KNOWN = '?';

/** Drafts that did not fit, by key. @type {Map<string, Draft>} */
const inMemory = new Map();
/** Which draft is this tab's, by place: also where sessionStorage may not be used. @type {Map<string, string>} */
const ownForms = new Map();

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {string | null} owner a name, `''` on an open server, null where it is not known @param {string} name */
function placeOf(owner, name) {
  const whose = owner === null ? NOBODY_KNOWN : encodeURIComponent(owner).replace(/\./g, '%2E');
  return `rascunho.${whose}.${name}`;
}

/** @returns {KeyStorage} */
function tabStorage() {
  try {
    return createStorage(window.sessionStorage);
  } catch (error) {
    return createStorage(null);
  }
}

/** @param {string} place @param {string} form */
function own(place, form) {
  ownForms.set(place, form);
  tabStorage().write(place, form);
}

/** @param {KeyStorage} storage @param {string} key @param {Draft} draft @returns {boolean} whether it is on the disk */
function keep(storage, key, draft) {
  const kept = storage.write(key, draft);
  if (kept) inMemory.delete(key);
  else inMemory.set(key, draft);
  return kept;
}

/** @param {KeyStorage} storage @param {string} key */
function drop(storage, key) {
  inMemory.delete(key);
  storage.remove(key);
}

guardLeaving(() => inMemory.size > 0);

/**
 * Leaves a draft for the form that this tab opens next; the one that it had stays for later.
 * @param {KeyStorage} storage @param {string | null} owner @param {string} name of the order: its id, or `novo` @param {Draft} draft
 */
export function leaveDraft(storage, owner, name, draft) {
  const place = placeOf(owner, name);
  const form = newId();
  keep(storage, `${place}.${form}`, draft);
  own(place, form);
}

/** To the other tabs; null where they cannot talk to each other. */
function openTabs() {
  const { openChannel } = browserEnvironment();
  return openChannel ? openChannel(CHANNEL) : null;
}

/** @param {ReturnType<typeof openTabs>} channel @param {object} note */
function post(channel, note) {
  try {
    if (channel !== null) channel.postMessage(note);
  } catch (error) {
    // Closed by the browser, or forbidden: as with a tab that is frozen (rule 4).
  }
}

/** @param {KeyStorage} storage @param {readonly string[]} keys @returns {{key: string, draft: Draft} | null} */
function newest(storage, keys) {
  /** @type {{key: string, draft: Draft} | null} */
  let found = null;
  for (const key of keys) {
    /** @type {Draft | null} */
    const draft = storage.read(key);
    if (draft && (found === null || draft.at > found.draft.at)) found = { key, draft };
  }
  return found;
}

/**
 * The draft of a form that is open.
 * @param {KeyStorage} storage @param {string | null} owner as for `placeOf` @param {string} name
 */
export function openDraft(storage, owner, name) {
  const place = placeOf(owner, name);
  const self = newId();
  let key = '';
  let closed = false;
  /** The drafts that others have said are theirs. @type {Set<string>} */
  const taken = new Set();

  /** @param {string} form */
  function use(form) {
    key = `${place}.${form}`;
    own(place, form);
  }
  use(ownForms.get(place) || tabStorage().read(place) || newId());

  /** @returns {Draft | null} */
  const read = () => inMemory.get(key) || storage.read(key);

  const channel = openTabs();
  if (channel !== null) {
    channel.onmessage = ({ data: { asked, from, answered, to } }) => {
      if (asked && asked.includes(key)) post(channel, { answered: key, to: from });
      if (to === self) taken.add(answered);
    };
  }

  return {
    read,
    /** @param {Draft} draft @returns {boolean} whether it outlives the page */
    write: (draft) => keep(storage, key, draft),
    remove: () => drop(storage, key),
    /** The draft needs more rights than there are now: it stays for later. */
    setAside: () => use(newId()),

    /**
     * What was sent under `sent` was answered after its form was closed. What was typed since, in a form that was
     * opened for the same draft meanwhile, stays.
     * @param {string} sent its key @param {Record<string, any>} touched what the form held when it was closed @param {boolean} saved
     */
    settle(sent, touched, saved) {
      const draft = read();
      if (draft === null) return;
      if (saved && JSON.stringify(draft.touched) === JSON.stringify(touched)) drop(storage, key);
      else if (draft.sent && draft.sent.key === sent) keep(storage, key, { ...draft, sent: null });
    },

    /**
     * Offers the newest draft that nobody is at work on any more; `take` says whether it is taken over.
     * @param {(draft: Draft) => boolean} take
     */
    async offerLeft(take) {
      const keys = owner === null ? [] : storage.keys(`${place}.`);
      if (keys.length === 0) return;
      post(channel, { asked: keys, from: self });
      await new Promise((resolve) => setTimeout(resolve, PATIENCE));
      if (closed) return;
      // A tab that was duplicated has its twin's sessionStorage.
      if (taken.has(key)) {
        const draft = read();
        use(newId());
        if (draft) keep(storage, key, draft);
      }
      const left = newest(storage, keys.filter((other) => other !== key && !taken.has(other)));
      if (left !== null && take(left.draft)) storage.remove(left.key);
    },

    close() {
      closed = true;
      if (channel !== null) channel.close();
    },
  };
}
