import { useState } from 'react';
import { SyncStatusIndicator, usePedidosSync } from 'pedidos-client/react';

import { KanbanBoard } from './KanbanBoard.jsx';
import { ListaPedidos } from './ListaPedidos.jsx';
import { readServerUrl, saveServerUrl } from './settings.js';

export function App() {
  const [serverUrl, setServerUrl] = useState(readServerUrl);
  const [view, setView] = useState('lista');
  // The views call the hook too: however many components do, it is one connection.
  const sync = usePedidosSync({ serverUrl, recentes: 30 });

  function changeServer(event) {
    event.preventDefault();
    const url = new FormData(event.currentTarget).get('servidor').trim();
    saveServerUrl(url);
    setServerUrl(url);
  }

  return (
    <>
      <header>
        <h1>Pedidos</h1>
        <nav>
          <button aria-pressed={view === 'lista'} onClick={() => setView('lista')}>
            Lista
          </button>
          <button aria-pressed={view === 'quadro'} onClick={() => setView('quadro')}>
            Quadro
          </button>
        </nav>
        <SyncStatusIndicator {...sync} />
        <form onSubmit={changeServer}>
          <label>
            Servidor <input name="servidor" defaultValue={serverUrl} />
          </label>
          <button>Usar</button>
        </form>
      </header>
      {sync.error && <p role="alert">{sync.error.message}</p>}
      <main>
        {view === 'lista' ? <ListaPedidos serverUrl={serverUrl} /> : <KanbanBoard serverUrl={serverUrl} />}
      </main>
    </>
  );
}
