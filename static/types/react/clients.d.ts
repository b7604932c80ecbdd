/** @typedef {import('../client/index.js').ClientOptions} ClientOptions */
/** @typedef {import('../client/index.js').PedidosClient} PedidosClient */
/**
 * @typedef {object} ClientRegistry
 * @property {(options: ClientOptions) => PedidosClient} acquire
 * @property {(options: ClientOptions) => void} release
 */
/**
 * @param {(options: ClientOptions) => PedidosClient} [create]
 * @returns {ClientRegistry}
 */
export function createClientRegistry(create?: (options: ClientOptions) => PedidosClient): ClientRegistry;
/**
 * The client while the component is mounted and `enabled`; null before. Rendering has no side effect: an
 * abandoned render leaves nothing open.
 * @param {ClientOptions} options
 * @param {boolean} [enabled]
 * @returns {PedidosClient | null}
 */
export function useClient(options: ClientOptions, enabled?: boolean): PedidosClient | null;
export const ClientRegistryContext: import("react").Context<ClientRegistry>;
export type ClientOptions = import("../client/index.js").ClientOptions;
export type PedidosClient = import("../client/index.js").PedidosClient;
export type ClientRegistry = {
    acquire: (options: ClientOptions) => PedidosClient;
    release: (options: ClientOptions) => void;
};
