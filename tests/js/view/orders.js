// Orders for the tests of the views.

let last = 0;

/** @param {Record<string, any>} fields */
export function pedido(fields = {}) {
  last += 1;
  return {
    id: last,
    numero: String(1000 + last),
    cliente: 'Ana Lima',
    data_entrega: null,
    prioridade: 'NORMAL',
    status: 'pendente',
    financeiro: false,
    conferencia: false,
    sublimacao: false,
    costura: false,
    expedicao: false,
    data_criacao: '2026-11-20T12:00:00.000Z',
    ultima_atualizacao: '2026-11-20T12:00:00.000Z',
    versao: 1,
    items: [],
    ...fields,
  };
}

/** The boxes of the first `count` sectors. @param {number} count */
export function ticked(count) {
  const setores = ['financeiro', 'conferencia', 'sublimacao', 'costura', 'expedicao'];
  return Object.fromEntries(setores.map((setor, index) => [setor, index < count]));
}
