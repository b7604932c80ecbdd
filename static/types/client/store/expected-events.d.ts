/**
 * @param {object} dependencies
 * @param {import('../environment.js').Clock} dependencies.clock
 * @param {() => void} dependencies.onLate
 */
export function createExpectedEvents({ clock, onLate }: {
    clock: import("../environment.js").Clock;
    onLate: () => void;
}): {
    /** @param {number} id @param {number} versao */
    expect(id: number, versao: number): void;
    /** @param {number} id @param {number} versao */
    arrived(id: number, versao: number): void;
    clear: () => void;
};
/** ms that the event of an own change may come behind its answer, before the network is asked to hurry. */
export const EVENT_DEADLINE: 1500;
export type ExpectedEvents = ReturnType<typeof createExpectedEvents>;
