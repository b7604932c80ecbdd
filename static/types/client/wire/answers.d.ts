/**
 * @param {Response} response
 * @param {any} body parsed; undefined where it is no JSON
 */
export function isOurProblem(response: Response, body: any): any;
/** @param {any} body */
export function isPedido(body: any): boolean;
/**
 * A page of orders, or the 304 that stands for one.
 * @param {any} body
 * @param {Response} response
 */
export function isList(body: any, response: Response): boolean;
/** Of a DELETE. @param {any} body */
export function isDeletion(body: any): boolean;
/** @param {any} body */
export function isHistorico(body: any): boolean;
/** @param {any} body */
export function isNextNumber(body: any): boolean;
/** `/health`, also while the database cannot be written. @param {any} body */
export function isHealth(body: any): boolean;
/** @param {string} text @returns {any} undefined where it is no JSON */
export function parseJson(text: string): any;
/** What the `type` of each of the server's problems begins with. */
export const PROBLEM_TYPE: "urn:pedidos:problema:";
/** Not signed in, not allowed, or a name that is not this server's: to try again changes nothing. */
export const DENIALS: readonly number[];
