/**
 * Frames of an animated code: collected in any order until the whole is there and its checksum fits.
 *
 * `PX1:I/N:CCCCCCCC:DATA`: place and number, the CRC-32 of the compressed text, and a piece of its base45.
 * Duplicates are fine. A frame of another set never mixes in and never clears what was collected: only `restart`
 * does, by somebody's wish. The checksum tells sets apart and finds errors of reading; it proves nothing.
 */

import { decodeBase45 } from "../encoding/base45.ts";
import { isAscii, latin1Text } from "../encoding/bytes.ts";
import { crc32 } from "../encoding/digest.ts";
import { InflatesBeyondLimit, NotOneStream, inflate } from "../encoding/inflate.ts";
import { CoreError, malformed } from "../errors.ts";

export const FRAME_PREFIX = "PX1:";
export const MAX_FRAMES = 40;
export const MAX_TEXT = 64 * 1024;
/** Characters of one frame: more than the largest code holds that people can scan off a screen. */
export const MAX_FRAME_CHARS = 1024;
const FORM = /^PX1:([1-9][0-9]?)\/([1-9][0-9]?):([0-9A-F]{8}):([0-9A-Z $%*+\-./:]+)$/;
const SPEC = "Animated QR";

/** One frame: `place` counts from 1 to `count`; `checksum` is that of the whole set. */
export interface Frame {
  readonly place: number;
  readonly count: number;
  readonly checksum: string;
  readonly piece: string;
}

/** What a frame was: new, seen already, of another set, in conflict with one held for the same place, or none. */
export type FrameKind = "new" | "duplicate" | "foreign" | "differs" | "malformed";

/** How far a collection is. */
export interface FrameProgress {
  readonly last: FrameKind;
  readonly held: number;
  /** How many frames there are; 0 before the first. */
  readonly total: number;
  /** Places from 1. */
  readonly missing: readonly number[];
  readonly complete: boolean;
}

/** Return a frame; nothing says yet that its piece is right. Throws frame_malformed (form, place, count). */
export function parseFrame(text: string): Frame {
  const found = text.length > MAX_FRAME_CHARS ? null : FORM.exec(text);
  if (found === null) throw malformedFrame("form");
  const [, place = "", count = "", checksum = "", piece = ""] = found;
  if (Number(count) > MAX_FRAMES) throw malformedFrame("count");
  if (Number(place) > Number(count)) throw malformedFrame("place");
  return { place: Number(place), count: Number(count), checksum, piece };
}

/** Collects the frames of one set. */
export class FrameCollector {
  #first: Frame | null = null;
  readonly #pieces = new Map<number, string>();
  #last: FrameKind = "new";

  /** Take a scanned text in and say how far the collection is. Throws nothing. */
  add(text: string): FrameProgress {
    this.#last = this.#take(text);
    return this.progress;
  }

  get progress(): FrameProgress {
    const total = this.#first?.count ?? 0;
    const places = Array.from({ length: total }, (_, index) => index + 1);
    const missing = places.filter((place) => !this.#pieces.has(place));
    const complete = total > 0 && missing.length === 0;
    return { last: this.#last, held: this.#pieces.size, total, missing, complete };
  }

  /** Forget what was collected, to begin with another set. */
  restart(): void {
    this.#first = null;
    this.#pieces.clear();
    this.#last = "new";
  }

  /**
   * Return the text of the whole set.
   *
   * Throws frame_malformed (missing, checksum, encoding, text), limit_exceeded; the collection stays as it is.
   */
  async whole(): Promise<string> {
    if (this.#first === null || !this.progress.complete) throw malformedFrame("missing");
    const pieces = [...this.#pieces].toSorted(([one], [other]) => one - other).map(([, piece]) => piece);
    return textOf(pieces.join(""), this.#first.checksum);
  }

  #take(text: string): FrameKind {
    const frame = frameOrNull(text);
    if (frame === null) return "malformed";
    const { place, count, checksum, piece } = frame;
    this.#first ??= frame;
    if (count !== this.#first.count || checksum !== this.#first.checksum) return "foreign";
    const held = this.#pieces.get(place);
    if (held !== undefined) return held === piece ? "duplicate" : "differs";
    this.#pieces.set(place, piece);
    return "new";
  }
}

function frameOrNull(text: string): Frame | null {
  try {
    return parseFrame(text);
  } catch (error) {
    if (error instanceof CoreError) return null;
    throw error;
  }
}

async function textOf(encoded: string, checksum: string): Promise<string> {
  const compressed = decoded(encoded);
  if (crc32(compressed) !== parseInt(checksum, 16)) throw malformedFrame("checksum");
  const text = await inflated(compressed);
  if (!isAscii(text)) throw malformedFrame("text");
  return latin1Text(text);
}

function decoded(encoded: string): Uint8Array<ArrayBuffer> {
  try {
    return decodeBase45(encoded);
  } catch (error) {
    throw error instanceof CoreError ? malformedFrame("encoding") : error;
  }
}

async function inflated(compressed: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  try {
    return await inflate(compressed, MAX_TEXT);
  } catch (error) {
    if (error instanceof InflatesBeyondLimit) {
      throw malformed("limit_exceeded", { what: "frames", limit: MAX_TEXT }, SPEC);
    }
    throw error instanceof NotOneStream ? malformedFrame("encoding") : error;
  }
}

function malformedFrame(reason: string): CoreError {
  return malformed("frame_malformed", { reason }, SPEC);
}
