// Whether an order is as an edit asked for. The server writes some values its own way: text without the blanks around it,
// money as `"450.00"`, an empty date as null, items with all their fields.

/**
 * @param {object} changes what was asked for
 * @param {readonly string[]} fields of them
 * @param {object} pedido as the server has it
 */
export function isDoneIn(changes, fields, pedido) {
  return fields.every((field) => holds(/** @type {any} */ (changes)[field], /** @type {any} */ (pedido)[field]));
}

/** @param {any} asked @param {any} stored @returns {boolean} */
function holds(asked, stored) {
  if (asked === stored) return true;
  if (isObject(asked) && isObject(stored)) return Object.keys(asked).every((key) => holds(asked[key], stored[key]));
  if (Array.isArray(asked) && Array.isArray(stored)) {
    return asked.length === stored.length && asked.every((value, index) => holds(value, stored[index]));
  }
  if (typeof asked === 'boolean' || typeof stored === 'boolean') return false;
  if (isObject(asked) || isObject(stored) || Array.isArray(asked) || Array.isArray(stored)) return false;
  const one = textOf(asked);
  const other = textOf(stored);
  return one === other || (one !== '' && other !== '' && numberOf(one) === numberOf(other));
}

/** @param {any} value */
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** @param {any} value */
const textOf = (value) => (value === null || value === undefined ? '' : String(value).trim());

/** With a comma, that is the decimal mark, and points group thousands. @param {string} text NaN where it is no number */
const numberOf = (text) => Number(text.includes(',') ? text.replace(/\./g, '').replace(',', '.') : text);
