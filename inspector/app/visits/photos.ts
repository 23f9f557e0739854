/**
 * Photos of a visit: drawn anew, so that neither place, time nor device of the file travels; small enough to send.
 */

export const MOST_BYTES = 600_000;
const MOST_FILE_BYTES = 40_000_000;
const EDGES = [1600, 1280, 1024, 800, 640] as const;
const QUALITIES = [0.82, 0.66, 0.5] as const;

export type PhotoFault = "photo_unreadable" | "photo_too_large";

export class PhotoProblem extends Error {
  readonly code: PhotoFault;

  constructor(code: PhotoFault) {
    super(code);
    this.code = code;
  }
}

/** Return a picture as a JPEG of at most 600 kB without metadata. Rejects with PhotoProblem. */
export async function smallPhoto(file: Blob): Promise<Blob> {
  if (file.size > MOST_FILE_BYTES) throw new PhotoProblem("photo_too_large");
  const picture = await decoded(file);
  try {
    for (const edge of EDGES) {
      for (const quality of QUALITIES) {
        const photo = await drawn(picture, edge, quality);
        if (photo.size <= MOST_BYTES) return photo;
      }
    }
  } finally {
    picture.close();
  }
  throw new PhotoProblem("photo_too_large");
}

async function decoded(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new PhotoProblem("photo_unreadable");
  }
}

async function drawn(picture: ImageBitmap, edge: number, quality: number): Promise<Blob> {
  const scale = Math.min(1, edge / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(picture.width * scale)),
    Math.max(1, Math.round(picture.height * scale)),
  );
  const brush = canvas.getContext("2d");
  if (brush === null) throw new PhotoProblem("photo_unreadable");
  brush.fillStyle = "white";
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality });
}

/** Return the bytes of a blob as base64. */
export async function base64Of(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; start += 0x8000) {
    pieces.push(String.fromCharCode(...bytes.subarray(start, start + 0x8000)));
  }
  return btoa(pieces.join(""));
}
