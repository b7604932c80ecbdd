/**
 * @param {object} changes what was asked for
 * @param {readonly string[]} fields of them
 * @param {object} pedido as the server has it
 */
export function isDoneIn(changes: object, fields: readonly string[], pedido: object): boolean;
