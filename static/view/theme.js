// The colours: chosen, or the system's. `boot.js` does the same before the first paint.

/** @param {'auto' | 'claro' | 'escuro'} chosen */
function show(chosen) {
  const isDark = chosen === 'auto' ? system.matches : chosen === 'escuro';
  document.documentElement.dataset.tema = isDark ? 'escuro' : 'claro';
}

const system = window.matchMedia('(prefers-color-scheme: dark)');

/** Follows the choice, and the system where it decides. @param {import('./settings.js').Settings} settings */
export function followTheme(settings) {
  const draw = () => show(settings.get('tema'));
  draw();
  settings.subscribe(draw);
  system.addEventListener('change', draw);
}
