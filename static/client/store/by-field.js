// Maps by order, then by field. They are replaced, never changed, so that snapshots may share them.

/** `'*'` (WHOLE_ORDER) stands for the order itself: its creation or removal.
 * @template T
 * @typedef {Readonly<Record<number, Readonly<Record<string, T>>>>} ByField */

/**
 * @template T
 * @param {ByField<T>} map
 * @param {number} id @param {string} field @param {T} value
 * @returns {ByField<T>}
 */
export function withField(map, id, field, value) {
  return Object.freeze({ ...map, [id]: Object.freeze({ ...map[id], [field]: value }) });
}

/**
 * @template T
 * @param {ByField<T>} map
 * @param {number} id @param {string} [field] without one, all of the order
 * @returns {ByField<T>} the same one where there was nothing
 */
export function without(map, id, field) {
  if (!map[id] || (field !== undefined && !(field in map[id]))) return map;
  const copy = { ...map };
  const rest = field === undefined ? {} : { ...map[id] };
  if (field !== undefined) delete rest[field];
  if (Object.keys(rest).length === 0) delete copy[id];
  else copy[id] = Object.freeze(rest);
  return Object.freeze(copy);
}
