// A picture from this machine as a data URI that the server takes, small enough to travel with the order.
//
// What a file is called says little: its first bytes say what it is. The server takes PNG, JPEG, WebP and GIF; whatever
// else the browser can show becomes a JPEG here.

/** Longest side of what is converted; pixels. */
const LONGEST_SIDE = 1_600;
/** A file of a kind that the server takes is left as it is up to here; bytes. */
const SMALL = 300 * 1024;
/** A drawing without a size of its own, or a very small one, is made this large; pixels. */
const DRAWING_SIDE = 1_024;
const JPEG_QUALITY = 0.85;

/** What the server takes as a data URI. */
export const ACCEPTED = /^data:image\/(png|jpeg|webp|gif);base64,/i;

/** @typedef {'png' | 'jpeg' | 'webp' | 'gif' | 'avif' | 'heic' | 'bmp' | 'svg' | 'tiff' | 'psd'} PictureKind */

/** @type {ReadonlySet<string>} */
const TAKEN = new Set(['png', 'jpeg', 'webp', 'gif']);

/** How files begin. @type {readonly (readonly [PictureKind, RegExp])[]} */
const BEGINNINGS = [
  ['png', /^\x89PNG\r\n\x1a\n/],
  ['jpeg', /^\xff\xd8\xff/],
  ['webp', /^RIFF[^]{4}WEBP/],
  ['gif', /^GIF8[79]a/],
  ['avif', /^[^]{4}ftypavi[fs]/],
  ['heic', /^[^]{4}ftyp(hei[cmsx]|hev[cmx]|mif1|msf1)/],
  ['bmp', /^BM/],
  ['tiff', /^(II\*\0|MM\0\*)/],
  ['psd', /^8BPS/],
  ['svg', /^(\xef\xbb\xbf)?\s*<(svg|\?xml[^]*<svg|!--[^]*<svg|!doctype svg)/i],
];

/** What is said of a kind that could not be shown. @type {Readonly<Record<string, string>>} */
const WHY_NOT = Object.freeze({
  heic: 'Esta foto está em HEIC, que este navegador não abre. Envie-a como JPEG: no iPhone, Ajustes › Câmera › Formatos › Mais compatível.',
  tiff: 'Esta imagem está em TIFF, que este navegador não abre. Salve-a como JPEG ou PNG.',
  psd: 'Este é um arquivo do Photoshop. Exporte-o como JPEG ou PNG.',
  avif: 'Esta imagem está em AVIF, que este navegador não abre. Salve-a como JPEG ou PNG.',
});
const NO_PICTURE = 'Escolha uma imagem: JPEG, PNG, WebP ou GIF.';
const BROKEN = 'Esta imagem não pôde ser aberta.';

/** @param {string} beginning the file's first bytes, a character each @returns {PictureKind | null} */
export function pictureKind(beginning) {
  const found = BEGINNINGS.find(([, pattern]) => pattern.test(beginning));
  return found ? found[0] : null;
}

/**
 * Why an address that was typed cannot be used; null where it can.
 * @param {string} address
 */
export function whyNotAddress(address) {
  if (!/^\s*data:/i.test(address) || ACCEPTED.test(address)) return null;
  return 'Esta imagem não pode ser usada: o servidor aceita JPEG, PNG, WebP e GIF. Escolha o arquivo em vez de colar.';
}

/** @param {Blob} blob @param {'readAsDataURL' | 'readAsBinaryString'} how @returns {Promise<string>} */
function read(blob, how) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(String(reader.result)));
    reader.addEventListener('error', () => reject(new Error('O arquivo não pôde ser lido.')));
    reader[how](blob);
  });
}

/** @param {Blob} blob of a type that the browser believes @returns {Promise<HTMLImageElement>} */
function decode(blob) {
  return new Promise((resolve, reject) => {
    const picture = new Image();
    const address = URL.createObjectURL(blob);
    picture.addEventListener('load', () => resolve(picture));
    picture.addEventListener('error', () => reject(new Error(BROKEN)));
    // Not before it was drawn: see imageFromFile.
    picture.dataset.address = address;
    picture.src = address;
  });
}

/** @param {HTMLImageElement} picture @param {PictureKind} kind @returns {string} a data URI */
function toJpeg(picture, kind) {
  const width = picture.naturalWidth || DRAWING_SIDE;
  const height = picture.naturalHeight || DRAWING_SIDE;
  const longest = Math.max(width, height);
  const wanted = kind === 'svg' ? Math.max(longest, DRAWING_SIDE) : longest;
  const scale = Math.min(wanted, LONGEST_SIDE) / longest;
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const drawing = canvas.getContext('2d');
  if (drawing === null) throw new Error(BROKEN);
  // What is transparent would turn black.
  drawing.fillStyle = '#fff';
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const address = canvas.toDataURL('image/jpeg', JPEG_QUALITY);
  if (!ACCEPTED.test(address)) throw new Error(BROKEN);
  return address;
}

/** @param {Blob} file @returns {Promise<string>} a data URI of a kind the server takes; rejects with words for the user */
export async function imageFromFile(file) {
  const kind = pictureKind(await read(file.slice(0, 1_024), 'readAsBinaryString'));
  if (kind === null) throw new Error(NO_PICTURE);
  const typed = new Blob([file], { type: kind === 'svg' ? 'image/svg+xml' : `image/${kind}` });
  /** @type {HTMLImageElement} */
  let picture;
  try {
    picture = await decode(typed);
  } catch (error) {
    throw new Error(WHY_NOT[kind] || BROKEN);
  }
  try {
    return TAKEN.has(kind) && file.size <= SMALL ? await read(typed, 'readAsDataURL') : toJpeg(picture, kind);
  } finally {
    URL.revokeObjectURL(picture.dataset.address || '');
  }
}
