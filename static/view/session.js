// Who is signed in, and what they may change. On an open server nobody is, and everybody may change everything.
//
// Rule: it is the server that refuses. The page only does not offer what would be refused; where it could not learn
// who is signed in, it offers everything.

import { SETORES } from '../client/protocol.js';

/**
 * @typedef {object} Access
 * @property {string} text what the role may, for whoever has it
 * @property {readonly string[]} [fields] the only ones that it may change; all of them where there are none here
 * @property {string} [why] said of what it may not change
 */

/** @type {Readonly<Record<string, Access>>} */
const ACCESS = Object.freeze({
  leitura: { text: 'Leitura: só ver', fields: [], why: 'Seu acesso é só de leitura' },
  producao: {
    text: 'Produção: marcar setores e mudar a situação',
    fields: [...SETORES, 'status'],
    why: 'Seu acesso só muda os setores e a situação',
  },
  escrita: { text: 'Escrita: tudo nos pedidos' },
  admin: { text: 'Administração: tudo' },
});

/** @typedef {{nome: string, papel: string}} Person */
/** @typedef {ReturnType<typeof createSession>} Session */

export function createSession() {
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** @type {Person | null} */
  let person = null;
  /** The name of whoever is signed in, `''` on an open server, null where that is not known. @type {string | null} */
  let owner = null;
  /** @type {Promise<void>} */
  let known = Promise.resolve();

  /** @returns {Promise<{owner: string | null, person: Person | null}>} */
  async function ask() {
    try {
      const response = await fetch('/api/v1/sessao');
      const { aberto, nome, papel } = await response.json();
      if (!response.ok || typeof aberto !== 'boolean') return { owner: null, person: null };
      if (aberto || !nome) return { owner: aberto ? '' : null, person: null };
      return { owner: nome, person: { nome, papel } };
    } catch (error) {
      return { owner: null, person: null };
    }
  }

  async function load() {
    ({ owner, person } = await ask());
    if (person !== null) for (const listener of Array.from(listeners)) listener();
  }

  /** @returns {Access | undefined} */
  const access = () => (person === null ? undefined : ACCESS[person.papel]);

  return {
    /** Asks the server, once. */
    load() {
      known = load();
      return known;
    },

    /** Until it is known who is signed in, or that it cannot be known. */
    whenKnown: () => known,

    /** Whose drafts this page has: a name, `''` on an open server, null where it is not known. */
    owner: () => owner,

    /** Who is signed in by now, as `owner`: another tab may have changed it. */
    ask: async () => (await ask()).owner,

    /** @returns {string | null} null where nobody is signed in, or that is not known */
    nome: () => (person === null ? null : person.nome),

    /** What this person may, in words. */
    papel() {
      const known = access();
      return known ? known.text : person === null ? '' : person.papel;
    },

    /**
     * @param {string} field of an order, or WHOLE_ORDER: to create and to remove one
     * @returns {string | null} why this person may not change it; null where they may
     */
    whyNot(field) {
      const known = access();
      if (!known || !known.fields || known.fields.includes(field)) return null;
      return known.why || '';
    },

    /** Ends the session of this browser. Rejects where the server did not do it. */
    async leave() {
      const response = await fetch('/sair', { method: 'POST' });
      if (!response.ok) throw new Error(`/sair: ${response.status}`);
      location.assign('/entrar');
    },

    /** @param {() => void} listener called once it is known who is signed in */
    subscribe(listener) {
      listeners.add(listener);
    },
  };
}
