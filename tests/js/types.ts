// What a TypeScript user sees of the declarations; compiled, not run.

import { createPedidosClient, PedidosError, SETORES, type Pedido, type Snapshot } from 'pedidos-client';
import { SyncStatusIndicator, usePedidosSync, useWebSocket } from 'pedidos-client/react';

const client = createPedidosClient({ baseUrl: 'http://192.168.0.10:8000', autor: 'Ana', transport: 'auto' });
const snapshot: Snapshot = client.store.getSnapshot();
const first: Pedido | undefined = snapshot.pedidos[0];
export const total: string | undefined = first?.valor_total;
export const sectors: readonly string[] = SETORES;
// @ts-expect-error an order is never changed in place
snapshot.pedidos.push(first);
// @ts-expect-error no such field
client.store.update(1, { costurado: true });
// @ts-expect-error cliente is the one field that create needs
client.store.create({ observacao: 'x' });

export async function tick(id: number): Promise<Pedido | null> {
  try {
    return await client.store.update(id, { costura: true }, { ifMatch: 7 });
  } catch (error) {
    if (error instanceof PedidosError && error.kind === 'conflict') return error.pedido;
    throw error;
  }
}

export function useBoard() {
  const sync = usePedidosSync({
    serverUrl: 'http://192.168.0.10:8000',
    onPedidoUpdate: (pedido) => console.log(pedido.numero),
    onStatusUpdate: (id, field, value) => console.log(id, field, value),
  });
  const socket = useWebSocket('ws://192.168.0.10:8000/ws/pedidos', { maxReconnectAttempts: 5 });
  const state: 'connecting' | 'connected' | 'disconnected' | 'error' = sync.wsState;
  return { state, indicator: SyncStatusIndicator(sync), message: socket.lastMessage?.type };
}
