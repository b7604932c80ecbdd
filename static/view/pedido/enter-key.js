// Enter in a field goes to the next one, as in the programs that shops know, and as scanners take it, which end with it.
// It never saves: half an order would be created.

/** @param {HTMLElement} form */
export function moveOnEnter(form) {
  form.addEventListener('keydown', (event) => {
    const { target } = event;
    if (event.key !== 'Enter' || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(target instanceof HTMLInputElement || target instanceof HTMLSelectElement)) return;
    event.preventDefault();
    const controls = /** @type {HTMLInputElement[]} */ (Array.from(form.querySelectorAll('input, select, textarea')));
    const next = controls.slice(controls.indexOf(/** @type {any} */ (target)) + 1).find((control) => !control.disabled && control.offsetParent !== null);
    if (next) next.focus();
  });
}
