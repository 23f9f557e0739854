/** Inflate one zlib stream (RFC 1950) within bounds, with nothing behind it. */

import type { Bytes } from "./bytes.ts";
import { concatBytes } from "./bytes.ts";

/** Thrown when the stream would inflate to more than its reader allows; nothing beyond the limit is kept. */
export class InflatesBeyondLimit extends Error {}

/** Thrown for what is no single, whole zlib stream. */
export class NotOneStream extends Error {}

/**
 * Return the content of exactly one zlib stream, at most `limit` bytes.
 *
 * Input is unverified. Throws `InflatesBeyondLimit` or `NotOneStream`, for callers to tell by their own codes.
 */
export async function inflate(compressed: Bytes, limit: number): Promise<Bytes> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = streamOf(compressed).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return concatBytes(...parts);
      size += value.length;
      if (size > limit) throw new InflatesBeyondLimit();
      parts.push(value);
    }
  } catch (error) {
    if (error instanceof InflatesBeyondLimit) throw error;
    throw new NotOneStream("not one zlib stream", { cause: error });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Bytes given to the platform at once: what they can inflate to is held before anybody can count it. */
const SLICE_BYTES = 4096;

function streamOf(compressed: Bytes): ReadableStream<Uint8Array> {
  let at = 0;
  const slices = new ReadableStream<Bytes>({
    pull(controller) {
      if (at >= compressed.length) return controller.close();
      controller.enqueue(compressed.subarray(at, at + SLICE_BYTES));
      at += SLICE_BYTES;
    },
  });
  return slices.pipeThrough(new DecompressionStream("deflate"));
}
