// The sign-in page: trades a token for a session, and goes back to where one came from.

const form = /** @type {HTMLFormElement} */ (document.getElementById('entrar'));
const input = /** @type {HTMLInputElement} */ (document.getElementById('token'));
const fault = /** @type {HTMLElement} */ (document.getElementById('erro'));
const button = /** @type {HTMLButtonElement} */ (form.querySelector('button'));

/** Where to go on: a place of this server alone, whatever the address says. Given whole: the path of `/.//x` is `//x`,
 * which by itself names another server. */
function destination() {
  try {
    const url = new URL(new URLSearchParams(location.search).get('voltar') || '/', location.origin);
    return url.origin === location.origin ? url.href : '/';
  } catch (error) {
    return '/';
  }
}

/** @param {string} message */
function show(message) {
  fault.textContent = message;
  fault.hidden = false;
  input.setAttribute('aria-invalid', 'true');
  input.focus();
}

/** @param {Response} response @returns {Promise<string>} */
async function reason(response) {
  const body = await response.json().catch(() => null);
  return body && typeof body.detail === 'string' ? body.detail : `O servidor respondeu ${response.status}.`;
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

// A link on another site opens the page without its cookie (SameSite=Strict); a request of our own has it.
fetch('/api/v1/sessao')
  .then((response) => response.json())
  .then((session) => {
    if (session.nome || session.aberto) location.replace(destination());
    else input.focus();
  })
  .catch(() => input.focus());
