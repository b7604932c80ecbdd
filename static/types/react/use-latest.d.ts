/**
 * A ref that always holds the last rendered value: callbacks may change between renders without
 * anything being subscribed anew.
 * @template T
 * @param {T} value
 * @returns {{readonly current: T}}
 */
export function useLatest<T>(value: T): {
    readonly current: T;
};
