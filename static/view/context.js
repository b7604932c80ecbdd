// What the shell hands to each view. A view is a module that exports
// `mount(element, context)` and returns a function that takes it down again.

/**
 * @typedef {object} Context
 * @property {import('../client/index.js').PedidosClient} client
 * @property {import('../client/index.js').PedidosStore} store
 * @property {import('../client/index.js').Api} api
 * @property {import('./shell/router.js').Route} route
 * @property {(path: string) => void} navigate to `/lista`, `/pedido/12`, …
 * @property {(text: string) => void} announce the result of one's own doing, for those who do not see it
 * @property {(text: string, link?: {href: string, text: string}) => () => void} notify says it over whatever view is open, until it
 *   is dismissed, or by the function that is returned
 * @property {import('./session.js').Session} session
 * @property {import('./settings.js').Settings} settings
 * @property {import('./storage.js').KeyStorage} storage
 * @property {() => number} now ms
 * @property {(listener: () => void) => () => void} everySecond
 * @property {(title: string) => void} setTitle
 * @property {() => () => void} holdReload while something is being typed the page does not reload itself;
 *   the function that is returned lets go
 * @property {import('./order/ticks.js').Ticks} ticks
 */

/** @typedef {(element: HTMLElement, context: Context) => () => void} Mount */

export {};
