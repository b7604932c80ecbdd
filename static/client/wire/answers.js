// Whose answer is it? A portal, a proxy or an antivirus may answer in the server's place, with any status.
//
// Rule: an error is the server's when it is a problem (RFC 9457) of its own type; a success, when it has the shape of what was
// asked for. All else says nothing about the order: it is treated as a lost connection.

import { cursorNumber } from './protocol.js';

/** What the `type` of each of the server's problems begins with. */
export const PROBLEM_TYPE = 'urn:pedidos:problema:';

/** Not signed in, not allowed, or a name that is not this server's: to try again changes nothing. */
export const DENIALS = Object.freeze([401, 403, 421]);

/** @param {any} value */
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/**
 * @param {Response} response
 * @param {any} body parsed; undefined where it is no JSON
 */
export function isOurProblem(response, body) {
  const type = response.headers.get('Content-Type') || '';
  if (!/^application\/problem\+json\b/i.test(type) || !isObject(body)) return false;
  return typeof body.type === 'string' && body.type.startsWith(PROBLEM_TYPE);
}

/** @param {any} body */
export function isPedido(body) {
  return (
    isObject(body) && Number.isInteger(body.id) && typeof body.numero === 'string' && Number.isInteger(body.versao)
  );
}

/**
 * A page of orders, or the 304 that stands for one.
 * @param {any} body
 * @param {Response} response
 */
export function isList(body, response) {
  if (cursorNumber(response.headers.get('X-Pedidos-Cursor')) < 0) return false;
  return response.status === 304 || (Array.isArray(body) && body.every(isPedido));
}

/** Of a DELETE. @param {any} body */
export function isDeletion(body) {
  return isObject(body) && typeof body.message === 'string';
}

/** @param {any} body */
export function isHistorico(body) {
  return Array.isArray(body) && body.every((entry) => isObject(entry) && typeof entry.acao === 'string');
}

/** @param {any} body */
export function isNextNumber(body) {
  return isObject(body) && Number.isInteger(body.proximo_numero);
}

/** `/health`, also while the database cannot be written. @param {any} body */
export function isHealth(body) {
  return isObject(body) && (body.status === 'healthy' || body.status === 'unhealthy');
}

/** @param {string} text @returns {any} undefined where it is no JSON */
export function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    return undefined;
  }
}
