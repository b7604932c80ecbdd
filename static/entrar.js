// The sign-in page: trades a token for a session, and goes back to where one came from.

const form = /** @type {HTMLFormElement} */ (document.getElementById('entrar'));
const input = /** @type {HTMLInputElement} */ (document.getElementById('token'));
const fault = /** @type {HTMLElement} */ (document.getElementById('erro'));
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button'));

/** Where to go on: a place of this server alone, whatever the address says. Given whole: the path of `/.//x` is `//x`,
 * which by itself names another server. What stands behind `#` no server sees; a browser keeps it over the way here. */
function destination() {
  try {
    const url = new URL(new URLSearchParams(location.search).get('voltar') || '/', location.origin);
    if (url.origin !== location.origin || url.pathname === location.pathname) return '/';
    if (url.hash === '') url.hash = location.hash;
    return url.href;
  } catch (error) {
    return '/';
  }
}

const NETWORK = 'A rede respondeu no lugar do servidor (portal, proxy ou antivírus). Confira a rede e tente de novo.';

/**
 * Who is signed in, as the server says it; null where it is not the server that answers.
 * @param {Response} response @returns {Promise<{aberto: boolean, nome: string | null} | null>}
 */
async function sessionOf(response) {
  const body = await response.json().catch(() => null);
  return response.ok && body && typeof body.aberto === 'boolean' ? body : null;
}

/** @param {string} message */
function show(message) {
  fault.textContent = message;
  fault.hidden = false;
  input.setAttribute('aria-invalid', 'true');
  input.focus();
}

/** Why it was refused. @param {Response} response @returns {Promise<string>} */
async function reason(response) {
  const isProblem = (response.headers.get('Content-Type') || '').startsWith('application/problem+json');
  const body = isProblem ? await response.json().catch(() => null) : null;
  return body && typeof body.detail === 'string' ? body.detail : NETWORK;
}

async function signIn() {
  const token = input.value.trim();
  if (!token) return show('Digite o token.');
  fault.hidden = true;
  button.disabled = true;
  try {
    const response = await fetch('/entrar', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    if (!response.ok) return show(await reason(response));
    if ((await sessionOf(response)) === null) return show(NETWORK);
    input.value = '';
    location.replace(destination());
  } catch (error) {
    show('O servidor não respondeu. Confira a rede e tente de novo.');
  } finally {
    button.disabled = false;
  }
  return undefined;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  signIn();
});

const stuck = document.getElementById('parado');
if (stuck) stuck.remove();
button.disabled = false;

// A link on another site opens the page without its cookie (SameSite=Strict); a request of our own has it.
fetch('/api/v1/sessao')
  .then(sessionOf)
  .then((session) => {
    if (session && (session.nome || session.aberto)) location.replace(destination());
    else input.focus();
  })
  .catch(() => input.focus());
