// What slides in from the side: the connection with its log, and the choices kept on this browser.

import { SETORES } from '../../client/index.js';
import { createWayBack } from '../connection/connection-bar.js';
import { momentOf, timeOf } from '../order/dates.js';
import { h, icon, setText } from '../dom/dom.js';
import { STAGE_NAMES } from '../order/orders.js';

const CLOSE = 'M6 6l12 12M18 6L6 18';

/** @param {string} id @param {string} title @param {(Node | string)[]} content */
function drawer(id, title, ...content) {
  const dialog = h('dialog', { class: 'drawer', id, 'aria-labelledby': `${id}-titulo` });
  const close = h(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': 'Fechar', onclick: () => dialog.close() },
    icon(CLOSE),
  );
  dialog.append(h('div', { class: 'drawer__head' }, h('h2', { id: `${id}-titulo` }, title), close), ...content);
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  return dialog;
}

/**
 * @param {object} dependencies
 * @param {import('../../client/index.js').PedidosClient} dependencies.client
 * @param {import('../settings.js').Settings} dependencies.settings
 * @param {() => import('../connection/connection-view.js').ConnectionView} dependencies.view
 * @param {() => number} dependencies.now
 * @param {string} dependencies.version
 */
export function createConnectionDrawer({ client, settings, view, now, version }) {
  const facts = h('dl', { class: 'facts' });
  const wayBack = createWayBack(client);
  const log = h('ol', { class: 'log' });
  const choice = h(
    'select',
    { class: 'input', id: 'transporte' },
    h('option', { value: 'auto' }, 'Automático'),
    h('option', { value: 'websocket' }, 'Só WebSocket'),
    h('option', { value: 'sse' }, 'Só SSE'),
  );
  choice.addEventListener('change', () => {
    const transport = /** @type {'auto' | 'websocket' | 'sse'} */ (choice.value);
    settings.set('transporte', transport);
    client.connection.setTransport(transport);
  });
  const dialog = drawer(
    'gaveta-conexao',
    'Conexão',
    facts,
    wayBack.element,
    h(
      'section',
      null,
      h(
        'div',
        { class: 'field' },
        h('label', { for: 'transporte' }, 'Transporte'),
        choice,
        h('p', { class: 'field__hint' }, 'No automático, o sistema usa SSE onde a rede bloqueia WebSocket.'),
      ),
    ),
    h('section', null, h('h3', null, 'Últimos acontecimentos'), log),
  );

  /** @type {readonly import('../../client/index.js').SyncLogEntry[]} */
  let shown = [];

  function draw() {
    if (!dialog.open) return;
    const { connection, lastSync, syncLog, serverVersion, pedidos } = client.store.getSnapshot();
    const { text } = view();
    choice.value = connection.preference;
    wayBack.draw();
    const rows = [
      ['Estado', text],
      ['Transporte', connection.transport === 'sse' ? 'SSE' : connection.transport ? 'WebSocket' : 'nenhum'],
      ['Última mudança', lastSync === null ? 'nenhuma' : momentOf(lastSync, now())],
      ['Sinal do servidor', connection.lastHeardAt === null ? 'nenhum' : timeOf(connection.lastHeardAt)],
      ['Nesta aba', connection.role === 'leader' ? 'mantém a conexão' : 'usa a conexão de outra aba'],
      ['Pedidos carregados', String(pedidos.length)],
      ['Versão', serverVersion === null || serverVersion === version ? version : `${version} (servidor: ${serverVersion})`],
    ];
    if (facts.children.length === 0) {
      for (const [name] of rows) facts.append(h('dt', null, name), h('dd', null));
    }
    rows.forEach(([, value], index) => setText(facts.children[index * 2 + 1], value));
    if (shown === syncLog) return;
    shown = syncLog;
    log.replaceChildren(
      ...syncLog.map((entry) =>
        h('li', { dataset: { kind: entry.kind } }, h('time', null, timeOf(entry.at)), h('span', null, entry.text)),
      ),
    );
  }

  return {
    element: dialog,
    draw,
    open() {
      dialog.showModal();
      draw();
    },
  };
}

/** Who is signed in, and the way out. @param {import('../session.js').Session} session */
function createAccount(session) {
  const nome = h('dd', null);
  const papel = h('dd', null);
  const trouble = h('p', { class: 'field__error', role: 'alert' });
  const leave = h('button', { type: 'button', class: 'button', id: 'sair' }, 'Sair');
  leave.addEventListener('click', async () => {
    setText(trouble, '');
    try {
      await session.leave();
    } catch (error) {
      setText(trouble, 'Não foi possível sair: o servidor não respondeu. Tente de novo.');
    }
  });
  return {
    element: h(
      'div',
      { class: 'field', hidden: true },
      h('dl', { class: 'facts' }, h('dt', null, 'Nome'), nome, h('dt', null, 'Acesso'), papel),
      h('p', { class: 'field__hint' }, 'O nome é o do token com que você entrou: aparece para os colegas junto do que você muda.'),
      trouble,
      leave,
    ),
    draw() {
      setText(nome, session.nome() || '');
      setText(papel, session.papel());
    },
  };
}

/**
 * @param {object} dependencies
 * @param {import('../session.js').Session} dependencies.session
 * @param {import('../settings.js').Settings} dependencies.settings
 * @param {() => void} dependencies.tryBell
 */
export function createSettingsDrawer({ session, settings, tryBell }) {
  const autor = h('input', { class: 'input', id: 'autor', autocomplete: 'name', maxlength: '80' });
  const setor = h(
    'select',
    { class: 'input', id: 'meu-setor' },
    h('option', { value: '' }, 'Nenhum'),
    ...SETORES.map((name) => h('option', { value: name }, STAGE_NAMES[name])),
  );
  const tema = h(
    'select',
    { class: 'input', id: 'tema' },
    h('option', { value: 'auto' }, 'Como o computador'),
    h('option', { value: 'claro' }, 'Claro'),
    h('option', { value: 'escuro' }, 'Escuro'),
  );
  const som = h('input', { type: 'checkbox', id: 'som' });

  autor.addEventListener('change', () => settings.set('autor', autor.value.trim()));
  autor.addEventListener('keydown', (event) => event.key === 'Enter' && !event.isComposing && dialog.close());
  setor.addEventListener('change', () => settings.set('meuSetor', setor.value));
  tema.addEventListener('change', () => settings.set('tema', /** @type {any} */ (tema.value)));
  som.addEventListener('change', () => {
    settings.set('som', som.checked);
    if (som.checked) tryBell();
  });

  const account = createAccount(session);
  const name = h(
    'div',
    { class: 'field' },
    h('label', { for: 'autor' }, 'Seu nome'),
    autor,
    h('p', { class: 'field__hint' }, 'Aparece para os colegas junto do que você muda.'),
  );
  const dialog = drawer(
    'gaveta-ajustes',
    'Ajustes deste aparelho',
    account.element,
    name,
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'meu-setor' }, 'Meu setor'),
      setor,
      h('p', { class: 'field__hint' }, 'O que espera por este setor fica no topo da lista.'),
    ),
    h('div', { class: 'field' }, h('label', { for: 'tema' }, 'Cores'), tema),
    h('label', { class: 'check' }, som, 'Tocar um aviso quando chegar um pedido urgente'),
  );
  dialog.addEventListener('close', () => settings.set('autor', autor.value.trim()));

  return {
    element: dialog,
    open() {
      autor.value = settings.get('autor');
      setor.value = settings.get('meuSetor');
      tema.value = settings.get('tema');
      som.checked = settings.get('som');
      // The server goes by the token, not by a name that is typed.
      name.hidden = session.nome() !== null;
      account.element.hidden = !name.hidden;
      account.draw();
      dialog.showModal();
      if (!name.hidden) autor.focus();
    },
  };
}
