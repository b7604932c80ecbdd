/**
 * @param {Pick<Environment, 'window' | 'document' | 'clock'>} environment
 * @returns {Lifecycle}
 */
export function createLifecycle({ window, document, clock }: Pick<Environment, "window" | "document" | "clock">): Lifecycle;
export type Environment = import("./environment.js").Environment;
/**
 * - `online`: the network changed; `wake`: look at the connection now;
 * - `visible`, `hidden`: what the user sees changed;
 * - `leave`: the page is closed, frozen or put into the back-forward cache; `return`: it is back.
 */
export type LifecycleEvent = "online" | "wake" | "visible" | "hidden" | "leave" | "return";
export type Lifecycle = {
    isVisible: () => boolean;
    subscribe: (listener: (event: LifecycleEvent) => void) => () => void;
    close: () => void;
};
