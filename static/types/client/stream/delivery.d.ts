/** @param {{clock: import('../environment.js').Clock}} dependencies */
export function createDelivery({ clock }: {
    clock: import("../environment.js").Clock;
}): {
    /** To be called each `TICK` while a stream is open. */
    tick: () => void;
    /** Another stream is open. */
    begin(): void;
    /** Whether the page has not run for a while since then. @param {number} moment by the monotonic clock */
    hasSleptSince(moment: number): boolean;
    /**
     * Takes note of a message. What was missed before the stream began is older than it, and says nothing.
     * @param {string} timestamp ISO 8601, by the server's clock
     * @returns {boolean} whether it was held back
     */
    isLate(timestamp: string): boolean;
};
/** An event that comes so many ms later than the stream's first message did was held back. */
export const LATE_EVENT: 3000;
/** ms between two ticks. */
export const TICK: 1000;
export type Delivery = ReturnType<typeof createDelivery>;
