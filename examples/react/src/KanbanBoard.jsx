import { SETORES } from 'pedidos-client';
import { usePedidosSync } from 'pedidos-client/react';

/** A card stands under the first sector that is not ticked. */
function columnOf(pedido) {
  return SETORES.find((setor) => !pedido[setor]) || 'pronto';
}

export function KanbanBoard({ serverUrl }) {
  const { pedidos, pending, remoteChanges, updatePedido } = usePedidosSync({ serverUrl, recentes: 30 });
  return (
    <div className="quadro">
      {[...SETORES, 'pronto'].map((column) => (
        <section key={column} aria-label={column}>
          <h2>{column}</h2>
          {pedidos
            .filter((pedido) => columnOf(pedido) === column)
            .map((pedido) => {
              const other = remoteChanges[pedido.id] && Object.values(remoteChanges[pedido.id]).pop();
              return (
                <article key={pedido.id} data-id={pedido.id} aria-busy={Boolean(pending[pedido.id])}>
                  <b>{pedido.numero}</b> {pedido.cliente}
                  {other && other.autor && <small> · {other.autor}</small>}
                  {column !== 'pronto' && (
                    <button
                      disabled={Boolean(pending[pedido.id])}
                      onClick={() => updatePedido(pedido.id, { [column]: true })}
                    >
                      Concluir {column}
                    </button>
                  )}
                </article>
              );
            })}
        </section>
      ))}
    </div>
  );
}
