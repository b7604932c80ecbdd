/**
 * `interval` ms, more or less a third. Without jitter a restarted server would be met by all its
 * clients in the same instant. It does not grow: these are twenty desktops on one LAN, and the
 * first one who sees the server again should not have to wait a minute for it.
 * @param {number} interval ms
 * @param {() => number} random in [0, 1)
 * @returns {number} ms
 */
export function withJitter(interval: number, random: () => number): number;
