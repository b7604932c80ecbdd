/**
 * @param {Pedido | null} previous @param {Pedido | null} next null where there is none
 * @returns {string[]} the names of the fields that differ
 */
export function changedFields(previous: Pedido | null, next: Pedido | null): string[];
export class Table {
    /** Newest first; replaced, never changed, so that snapshots may share it. @type {readonly Pedido[]} */
    list: readonly Pedido[];
    /** @type {Map<number, Pedido>} */
    orders: Map<number, Pedido>;
    /** @type {Set<number>} */
    deleted: Set<number>;
    /** @param {number} id */
    get(id: number): import("../wire/protocol.js").Pedido | null;
    /** @param {Pedido} pedido @returns {boolean} whether it is newer than what is known */
    isNews(pedido: Pedido): boolean;
    /** @param {Pedido} pedido */
    put(pedido: Pedido): void;
    /** For good. @param {number} id */
    drop(id: number): void;
    /**
     * A whole list takes the place of what there was. An order that did not change stays the same object.
     * @param {readonly Pedido[]} list
     * @param {boolean} isOther of another history, perhaps: an equal version says nothing
     * @returns {Map<number, Pedido>} what there was before
     */
    replace(list: readonly Pedido[], isOther: boolean): Map<number, Pedido>;
    /** Where `id` stands in the list, or would stand. @param {number} id */
    indexOf(id: number): number;
}
export type Pedido = import("../wire/protocol.js").Pedido;
