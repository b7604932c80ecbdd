// What has to work before the page's modules, and without them: the chosen colours, and a way on where one of the page's files
// did not come, or threw. A classic script: it runs before the first paint, and comes where a proxy has modules refused. And the
// sheets of the view that is shown first, of which the page would learn late, are asked for at once.
//
// Rule: the page is loaded anew only when the server answers for it. A browser's own error page would stay for ever.

{
  const SETTINGS = 'pedidos.ajustes';
  const TRIES = 'pedidos.tentativas';
  const FIRST_WAIT = 2_000;
  const LONGEST_WAIT = 60_000;
  const TROUBLE = 'A página não veio inteira: o servidor não respondeu, ou outra coisa respondeu no lugar dele. Tentando de novo sozinho…';

  let isDark = window.matchMedia('(prefers-color-scheme: dark)').matches;
  try {
    const { tema } = JSON.parse(localStorage.getItem(SETTINGS) || '{}');
    if (tema === 'claro' || tema === 'escuro') isDark = tema === 'escuro';
  } catch (error) {
    // Nothing kept, or nothing may be read: the system's colours.
  }
  document.documentElement.dataset.tema = isDark ? 'escuro' : 'claro';

  // Only where the address names no other view: the server cannot know that.
  const { sheets } = /** @type {HTMLScriptElement} */ (document.currentScript).dataset;
  if (sheets && /^(#\/?(lista\b.*)?)?$/.test(location.hash)) {
    sheets.split(' ').forEach((href) => {
      document.head.append(Object.assign(document.createElement('link'), { rel: 'preload', as: 'style', href }));
    });
  }

  /** The page has taken the place of its first words. */
  const isUp = () => document.readyState !== 'loading' && document.querySelector('.boot') === null;

  /** How often it was loaded anew without success. @param {number} [count] */
  function tries(count) {
    try {
      if (count !== undefined) sessionStorage.setItem(TRIES, String(count));
      return Number(sessionStorage.getItem(TRIES)) || 0;
    } catch (error) {
      return 2;
    }
  }

  /** Whether the server answers with its own page, or its sign-in page, and with the page's script. */
  async function answers() {
    const script = /** @type {HTMLScriptElement | null} */ (document.querySelector('script[type="module"]'));
    try {
      const page = await fetch(location.href, { cache: 'no-store' });
      if (!page.ok || !/name="pedidos-versao"|<form id="entrar"/.test(await page.text())) return false;
      const module = script && (await fetch(script.src, { cache: 'reload' }));
      // One of another version is gone: the page that was just fetched names the right one.
      return !module || module.status === 404 || (module.headers.get('Content-Type') || '').startsWith('text/javascript');
    } catch (error) {
      return false;
    }
  }

  let recovering = false;
  async function recover() {
    if (recovering || isUp()) return;
    recovering = true;
    const words = document.querySelector('.boot');
    if (words) words.textContent = TROUBLE;
    for (let count = tries(); ; count += 1) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(FIRST_WAIT * 2 ** count, LONGEST_WAIT)));
      if (isUp()) return;
      if (!(await answers())) continue;
      tries(count + 1);
      location.reload();
      return;
    }
  }

  // Of a script or style sheet that did not come the event does not bubble.
  window.addEventListener('error', recover, true);
  window.addEventListener('unhandledrejection', recover);
  window.addEventListener('load', () => setTimeout(() => isUp() && tries(0), FIRST_WAIT));
}
