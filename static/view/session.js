// Who is signed in, and what they may change. On an open server nobody is, and everybody may change everything.
//
// Rule: it is the server that refuses. The page only does not offer what would be refused; where it could not learn
// who is signed in, it offers everything.

import { SETORES, createOutbox } from '../client/index.js';

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

const FIRST_RETRY = 2_000;
const LONGEST_RETRY = 60_000;

/** @typedef {{aberto: boolean, nome: string | null, papel: string}} Answer */

/**
 * @param {string} path @param {string} method
 * @returns {Promise<Answer | null>} null where the server did not answer: a portal or proxy that answers in its place counts as none
 */
async function ask(path, method) {
  try {
    const response = await fetch(path, { method, cache: 'no-store' });
    const answer = await response.json();
    return response.ok && answer !== null && typeof answer.aberto === 'boolean' ? answer : null;
  } catch (error) {
    return null;
  }
}

/** @param {Answer} answer @returns {string | null} as `owner` of a session */
const ownerOf = ({ aberto, nome }) => (aberto ? '' : nome || null);

/** The sign-in page, told to lead back to where one is. */
export function signInAddress() {
  return `/entrar?voltar=${encodeURIComponent(location.pathname + location.search + location.hash)}`;
}

export function createSession() {
  const listeners = /** @type {import('../client/index.js').Listeners<[]>} */ (createOutbox().listeners());
  /** @type {Person | null} */
  let person = null;
  /** The name of whoever is signed in, `''` on an open server, null where that is not known. @type {string | null} */
  let owner = null;
  /** @type {Promise<boolean>} */
  let known = Promise.resolve(false);

  /** @returns {Promise<boolean>} whether it was the server that answered */
  async function learn() {
    const answer = await ask('/api/v1/sessao', 'GET');
    if (answer === null) return false;
    owner = ownerOf(answer);
    person = !answer.aberto && answer.nome ? { nome: answer.nome, papel: answer.papel } : null;
    if (person !== null) listeners.tell();
    return true;
  }

  async function retry() {
    for (let wait = FIRST_RETRY; !(await known); wait = Math.min(wait * 2, LONGEST_RETRY)) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      known = learn();
    }
  }

  /** @returns {Access | undefined} */
  const access = () => (person === null ? undefined : ACCESS[person.papel]);

  return {
    /** Asks the server until it is the server that answers. */
    load() {
      known = learn();
      retry();
      return known;
    },

    /** Until it is known who is signed in, or that it cannot be known. */
    whenKnown: () => known,

    /** Whose drafts this page has: a name, `''` on an open server, null where it is not known. */
    owner: () => owner,

    /** Who is signed in by now, as `owner`: another tab may have changed it. */
    async ask() {
      const answer = await ask('/api/v1/sessao', 'GET');
      return answer === null ? null : ownerOf(answer);
    },

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
      if ((await ask('/sair', 'POST')) === null) throw new Error('/sair: no answer of the server');
      location.assign('/entrar');
    },

    /** Told once it is known who is signed in. */
    subscribe: listeners.add,
  };
}
