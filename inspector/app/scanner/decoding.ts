/** What goes between the screens and the decoder worker, and the one worker that all of them share. */
import READER_WASM from "zxing-wasm/reader/zxing_reader.wasm";

import DECODER_WORKER from "./decoder_worker.ts?worker";

/** The first word to the worker: where the reader's wasm is. */
export interface ReaderAddress {
  readonly wasm: string;
}

/** One picture to look at. `thorough` takes longer and finds more: for photos and pages, not for live frames. */
export interface DecodeOrder {
  readonly id: number;
  readonly picture: ImageData;
  readonly thorough: boolean;
}

/** A code in a picture; `bytes` where its content is no text. Nothing of it was verified. */
export interface FoundCode {
  readonly symbology: string;
  readonly unverified: string | Uint8Array;
}

export interface DecodeAnswer {
  readonly id: number;
  readonly found: readonly FoundCode[];
  /** Set where the reader itself could not be started. */
  readonly fault: string;
}

type Waiting = { resolve: (found: readonly FoundCode[]) => void; reject: (reason: Error) => void };

/** The decoder in its worker: answers carry the id of their picture, so that none is taken for another's (K08). */
export class Decoder {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor() {
    this.#worker = new Worker(DECODER_WORKER, { type: "module" });
    this.#worker.postMessage({ wasm: READER_WASM } satisfies ReaderAddress);
    this.#worker.addEventListener("message", (event: MessageEvent<DecodeAnswer>) => this.#settle(event.data));
    this.#worker.addEventListener("error", () => this.#failAll());
  }

  /** Return the codes in a picture. Rejects where the reader cannot run. */
  decode(picture: ImageData, thorough: boolean): Promise<readonly FoundCode[]> {
    const id = ++this.#last;
    const order: DecodeOrder = { id, picture, thorough };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(order, [picture.data.buffer]);
    });
  }

  #settle(answer: DecodeAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.fault === "") waiting?.resolve(answer.found);
    else waiting?.reject(new Error(answer.fault));
  }

  /** Give up this worker: the next picture gets a new one. */
  #failAll(): void {
    if (shared === this) shared = null;
    this.#worker.terminate();
    for (const waiting of this.#waiting.values()) waiting.reject(new Error("decoder_unavailable"));
    this.#waiting.clear();
  }
}

let shared: Decoder | null = null;

/** Return the decoder, started when it is first needed. */
export function decoder(): Decoder {
  shared ??= new Decoder();
  return shared;
}
