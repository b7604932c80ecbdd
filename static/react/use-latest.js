import { useLayoutEffect, useRef } from 'react';

/**
 * A ref that always holds the last rendered value: callbacks may change between renders without
 * anything being subscribed anew.
 * @template T
 * @param {T} value
 * @returns {{readonly current: T}}
 */
export function useLatest(value) {
  const ref = useRef(value);
  useLayoutEffect(() => {
    ref.current = value;
  });
  return ref;
}
