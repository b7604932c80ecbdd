// A picture from this machine as a data URI, small enough to travel with the order.

const LONGEST_SIDE = 1_600;
const SMALL = 300 * 1024;

/** @param {Blob} file @returns {Promise<string>} */
function read(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(String(reader.result)));
    reader.addEventListener('error', () => reject(new Error('O arquivo não pôde ser lido.')));
    reader.readAsDataURL(file);
  });
}

/** @param {File} file @returns {Promise<string>} rejects with words for the user */
export async function imageFromFile(file) {
  if (!/^image\//.test(file.type)) throw new Error('Escolha um arquivo de imagem.');
  if (file.size <= SMALL) return read(file);
  /** @type {ImageBitmap} */
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch (error) {
    throw new Error('Esta imagem não pôde ser aberta.');
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  const drawing = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  // What is transparent would turn black.
  drawing.fillStyle = '#fff';
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.toDataURL('image/jpeg', 0.85);
}
