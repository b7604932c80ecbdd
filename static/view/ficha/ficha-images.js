// The pictures of a sheet: only from addresses that a picture may come from, and waited for before printing.

/** How long one picture may take, ms: a server that does not answer must not keep the paper from being printed. */
const DEADLINE = 20_000;

/**
 * The address to load a picture from, or null where `text` is none.
 * @param {string | null | undefined} text as it stands in the order, so not to be trusted
 * @param {string} base the page's own address
 * @returns {string | null}
 */
export function pictureAddress(text, base) {
  const trimmed = (text || '').trim();
  if (trimmed === '') return null;
  if (/^data:/i.test(trimmed)) return /^data:image\/[a-z0-9.+-]+[;,]/i.test(trimmed) ? trimmed : null;
  try {
    const url = new URL(trimmed, base);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
  } catch (error) {
    return null;
  }
}

/**
 * @typedef {object} Pictures
 * @property {() => {total: number, loaded: number, failed: number}} state
 * @property {Promise<void>} settled all are there, or are not to be had
 * @property {() => void} close
 */

/**
 * @param {readonly HTMLImageElement[]} images with their address set already
 * @param {(image: HTMLImageElement, good: boolean) => void} onSettled
 * @returns {Pictures}
 */
export function watchPictures(images, onSettled) {
  let loaded = 0;
  let failed = 0;
  let closed = false;

  /** @param {HTMLImageElement} image */
  async function watch(image) {
    /** @type {number | undefined} */
    let timer;
    const late = new Promise((_, reject) => {
      timer = window.setTimeout(() => reject(new Error('late')), DEADLINE);
    });
    // decode() and not the load event: what is loaded but not decoded may be missing on the paper.
    const good = await Promise.race([image.decode(), late]).then(
      () => true,
      () => false,
    );
    window.clearTimeout(timer);
    if (closed) return;
    if (good) loaded += 1;
    else failed += 1;
    onSettled(image, good);
  }

  return {
    state: () => ({ total: images.length, loaded, failed }),
    settled: Promise.all(images.map(watch)).then(() => undefined),
    close() {
      closed = true;
    },
  };
}
