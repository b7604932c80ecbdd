/** `'*'` (WHOLE_ORDER) stands for the order itself: its creation or removal.
 * @template T
 * @typedef {Readonly<Record<number, Readonly<Record<string, T>>>>} ByField */
/**
 * @template T
 * @param {ByField<T>} map
 * @param {number} id @param {string} field @param {T} value
 * @returns {ByField<T>}
 */
export function withField<T>(map: ByField<T>, id: number, field: string, value: T): ByField<T>;
/**
 * @template T
 * @param {ByField<T>} map
 * @param {number} id @param {string} [field] without one, all of the order
 * @returns {ByField<T>} the same one where there was nothing
 */
export function without<T>(map: ByField<T>, id: number, field?: string): ByField<T>;
/**
 * `'*'` (WHOLE_ORDER) stands for the order itself: its creation or removal.
 */
export type ByField<T> = Readonly<Record<number, Readonly<Record<string, T>>>>;
