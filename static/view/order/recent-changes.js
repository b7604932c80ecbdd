// What others changed: it lights up for 3 s, then a chip says what, who and when for a while.

import { timeOf } from './dates.js';
import { STAGE_NAMES, STATUS_NAMES, describeTick, fieldName } from './orders.js';

/** @typedef {import('../../client/index.js').RemoteChange} RemoteChange */
/** @typedef {import('./orders.js').Pedido} Pedido */
/**
 * @typedef {object} RecentChange
 * @property {string} cursor of the newest change
 * @property {'a' | 'b' | null} light while it is fresh; another one than the change before had, so that a second lights up anew
 * @property {string} text
 */

export const FRESH = 3_000;
export const CHIP = 180_000;
const MOST_NAMES = 2;

/** What one change says in a few words. @param {string} field @param {Pedido} pedido */
function describeField(field, pedido) {
  const value = /** @type {any} */ (pedido)[field];
  if (field === '*') return 'Novo';
  if (field in STAGE_NAMES) return value ? fieldName(field) : describeTick(field, false);
  if (field === 'status') return STATUS_NAMES[value] || value;
  if (field === 'prioridade') return value === 'ALTA' ? 'Urgente' : 'Sem urgência';
  return fieldName(field);
}

/**
 * The newest change that others made to an order, if it is recent.
 * @param {Readonly<Record<string, RemoteChange>> | undefined} changes by field
 * @param {Pedido} pedido
 * @param {number} now ms
 * @returns {RecentChange | null}
 */
export function recentChange(changes, pedido, now) {
  if (!changes) return null;
  /** @type {RemoteChange | null} */
  let newest = null;
  for (const change of Object.values(changes)) {
    if (newest === null || change.receivedAt >= newest.receivedAt) newest = change;
  }
  if (newest === null || now - newest.receivedAt >= CHIP) return null;
  const { cursor, autor, timestamp, receivedAt } = newest;
  const fields = Object.keys(changes).filter((field) => changes[field].cursor === cursor);
  const names = fields.map((field) => describeField(field, pedido));
  const what = names.length > MOST_NAMES ? `${names.length} campos` : names.join(', ');
  const text = [what, autor, timeOf(Date.parse(timestamp))].filter(Boolean).join(' · ');
  const light = Number.parseInt(cursor, 10) % 2 === 0 ? 'a' : 'b';
  return { cursor, light: now - receivedAt < FRESH ? light : null, text };
}
