/**
 * Returns a function that takes the next piece of text and gives the `data` of each event that it
 * completes. Comments, `id`, `event` and `retry` are passed over: our messages carry their cursor
 * themselves, and how long to wait is the connection's setting.
 * @returns {(text: string) => string[]}
 */
export function createSseParser(): (text: string) => string[];
