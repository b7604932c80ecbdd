// Where the page begins: the board with its shell, or with `?painel=1` the panel alone.

import { createPedidosClient } from '../client/index.js';
import { loadStyle } from './dom/dom.js';
import { createSession } from './session.js';
import { createSettings } from './settings.js';
import { startShell } from './shell/shell.js';
import { browserStorage } from './storage.js';
import { followTheme } from './theme.js';

/** Closed orders of so many days are on the board; search reaches the others. */
const RECENT_DAYS = 30;

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
const meta = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="pedidos-versao"]'));
const version = meta ? meta.content : '';
const storage = browserStorage();
const settings = createSettings(storage);
const client = createPedidosClient({ autor: settings.get('autor') || null, transport: settings.get('transporte') });
const now = () => Date.now();

async function startPanel() {
  const [panel] = await Promise.all([
    import('./painel/painel.js'),
    loadStyle(new URL('./painel/painel.css', import.meta.url).href),
  ]);
  root.replaceChildren();
  panel.mount(root, { client, store: client.store, now });
}

function start() {
  if (new URLSearchParams(location.search).get('painel') === '1') {
    // What is thrown here boot.js hears.
    startPanel();
  } else {
    const session = createSession();
    session.load();
    startShell({ root, client, session, settings, storage, now, version });
  }
}

followTheme(settings);
client.store.load({ recentes: RECENT_DAYS });
// Not in the task that has evaluated all modules: together they can be felt.
setTimeout(start, 0);
