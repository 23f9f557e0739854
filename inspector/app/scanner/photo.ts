/** A photo or a picture file: the codes in it, looked for thoroughly and at more than one size. */
import type { FoundCode } from "./decoding.ts";
import { decoder } from "./decoding.ts";

/** Longest sides in pixels at which a photo is looked at, one after another until something is found. */
const SIDES = [1600, 3000, 900];

/** Return the codes in a picture. Rejects where it is no picture that the browser can read. */
export async function codesInPhoto(file: Blob): Promise<readonly FoundCode[]> {
  const bitmap = await createImageBitmap(file);
  try {
    for (const side of sidesFor(bitmap)) {
      const found = await decoder().decode(drawn(bitmap, side), true);
      if (found.length > 0) return found;
    }
    return [];
  } finally {
    bitmap.close();
  }
}

function sidesFor(bitmap: ImageBitmap): readonly number[] {
  const own = Math.max(bitmap.width, bitmap.height);
  return [...new Set(SIDES.map((side) => Math.min(side, own)))];
}

function drawn(bitmap: ImageBitmap, side: number): ImageData {
  const scale = side / Math.max(bitmap.width, bitmap.height);
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("canvas_unavailable");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}
