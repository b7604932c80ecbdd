import { memo, useState } from 'react';
import { SETORES } from 'pedidos-client';
import { usePedidosSync } from 'pedidos-client/react';

export function ListaPedidos({ serverUrl }) {
  const { pedidos, isLoading, pending, errors, updatePedido, createPedido, deletePedido, retry } =
    usePedidosSync({
      serverUrl,
      recentes: 30,
    });
  if (isLoading) return <p>Carregando…</p>;
  return (
    <>
      <NovoPedido createPedido={createPedido} />
      <table>
        <thead>
          <tr>
            <th>Número</th>
            <th>Cliente</th>
            {SETORES.map((setor) => (
              <th key={setor}>{setor}</th>
            ))}
            <th />
          </tr>
        </thead>
        <tbody>
          {pedidos.map((pedido) => (
            <Linha
              key={pedido.id}
              pedido={pedido}
              pending={pending[pedido.id]}
              errors={errors[pedido.id]}
              updatePedido={updatePedido}
              deletePedido={deletePedido}
              retry={retry}
            />
          ))}
        </tbody>
      </table>
    </>
  );
}

// An order that did not change is the same object as before: memo draws one row for one change.
const Linha = memo(function Linha({ pedido, pending = {}, errors = {}, updatePedido, deletePedido, retry }) {
  return (
    <tr data-id={pedido.id}>
      <td>{pedido.numero}</td>
      <td>{pedido.cliente}</td>
      {SETORES.map((setor) => (
        <td key={setor}>
          <input
            type="checkbox"
            aria-label={`${setor} do pedido ${pedido.numero}`}
            checked={pedido[setor]}
            aria-busy={Boolean(pending[setor])}
            disabled={Boolean(pending[setor])}
            onChange={() => updatePedido(pedido.id, { [setor]: !pedido[setor] })}
          />
          {errors[setor] && (
            <button title={errors[setor].message} onClick={() => retry(pedido.id, setor)}>
              Repetir
            </button>
          )}
        </td>
      ))}
      <td>
        <button onClick={() => deletePedido(pedido.id)}>Excluir</button>
      </td>
    </tr>
  );
});

function NovoPedido({ createPedido }) {
  const [message, setMessage] = useState('');
  // After a failure the same key is sent again: a lost answer makes no second order.
  const [idempotencyKey, setKey] = useState(undefined);

  async function submit(event) {
    event.preventDefault();
    const form = event.currentTarget;
    try {
      await createPedido({ cliente: form.elements.cliente.value }, { idempotencyKey });
      setKey(undefined);
      setMessage('');
      form.reset();
    } catch (error) {
      setKey(error.retryable ? error.idempotencyKey : undefined);
      setMessage(error.fieldErrors.cliente || error.message);
    }
  }

  return (
    <form onSubmit={submit}>
      <label>
        Cliente <input name="cliente" required />
      </label>
      <button>Criar pedido</button>
      <span role="alert">{message}</span>
    </form>
  );
}
