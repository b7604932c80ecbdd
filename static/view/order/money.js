// Money as the server keeps it: a string holding an exact decimal. Sums are made in whole cents (BigInt):
// 0.1 + 0.2 is not 0.3 in floating point.

/**
 * `"1.234,56"` and `"1234.56"` alike: with a comma, the comma is the decimal mark; without one, the point is.
 * @param {string | null | undefined} text
 * @returns {bigint | null} cents; null for what is no amount
 */
export function toCents(text) {
  let plain = String(text === null || text === undefined ? '' : text).replace(/^\s*R\$\s*|\s+/g, '');
  if (plain === '') return 0n;
  if (plain.includes(',')) {
    if (!/^-?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}$/.test(plain)) return null;
    plain = plain.replace(/\./g, '').replace(',', '.');
  }
  const match = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(plain);
  if (!match) return null;
  const cents = BigInt(match[2]) * 100n + BigInt((match[3] || '').padEnd(2, '0'));
  return match[1] ? -cents : cents;
}

/** `"1234.56"`, as the server writes it. @param {bigint} cents */
export function toAmount(cents) {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** `1.234,56`, as people here write it. @param {string | null | undefined} amount what is no amount stays as it is */
export function readable(amount) {
  const cents = toCents(amount);
  if (cents === null) return String(amount);
  const [whole, rest] = toAmount(cents).split('.');
  return `${whole.replace(/\B(?=(\d{3})+$)/g, '.')},${rest}`;
}

/** `R$ 1.234,56`, kept on one line. @param {string | null | undefined} amount */
export const currency = (amount) => `R$\u00a0${readable(amount)}`;

/**
 * One item: its price, and its eyelets where it has them.
 * @param {import('../../client/index.js').ItemPedido} item
 * @returns {bigint} cents; what is no amount (yet) counts as nothing
 */
export function itemCents(item) {
  const unit = toCents(item.valor_unitario) || 0n;
  if (!item.acabamento || !item.acabamento.ilhos) return unit;
  const count = /^\s*\d{1,9}\s*$/.test(item.ilhos_qtd || '') ? BigInt((item.ilhos_qtd || '').trim()) : 0n;
  return unit + count * (toCents(item.ilhos_valor_unitario) || 0n);
}

/** @param {readonly import('../../client/index.js').ItemPedido[]} items @returns {bigint} cents */
export const sumOfItems = (items) => items.reduce((sum, item) => sum + itemCents(item), 0n);
