export function createTurns(): {
    /**
     * @param {readonly string[]} names of what is written
     * @param {Promise<unknown>} done settled when the next one may go
     * @param {() => void} send now, or when those before it are done
     */
    take(names: readonly string[], done: Promise<unknown>, send: () => void): void;
};
