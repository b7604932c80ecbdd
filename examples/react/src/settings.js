// Where the server is. A desktop app is not served by it, so it has to be told: at build time
// (VITE_PEDIDOS_URL), or by the user, which is remembered.

const KEY = 'pedidos.servidor';

export function readServerUrl() {
  return localStorage.getItem(KEY) || import.meta.env.VITE_PEDIDOS_URL || 'http://127.0.0.1:8000';
}

export function saveServerUrl(url) {
  localStorage.setItem(KEY, url);
}
