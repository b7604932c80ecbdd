// The shop's own number of an order, as it is typed or scanned.

/** A number so far above the highest does not move the sequence: the server keeps it as it is. */
const FURTHEST = 10_000n;

/**
 * Whether it is likely no number of an order, but a barcode.
 * @param {string} numero as typed @param {number} next what the server would give
 */
export function isFarAhead(numero, next) {
  return /^\d+$/.test(numero.trim()) && BigInt(numero.trim()) > BigInt(next) - 1n + FURTHEST;
}
