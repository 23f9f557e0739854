/** The reader of codes, off the main thread: pictures in, contents of codes out. Its wasm is our own copy. */
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import type { ReaderOptions, ReadResult } from "zxing-wasm/reader";

import type { DecodeAnswer, DecodeOrder, FoundCode, ReaderAddress } from "./decoding.ts";

const LIVE: ReaderOptions = {
  formats: ["QRCode", "DataMatrix", "Aztec", "PDF417"],
  tryHarder: false,
  tryRotate: true,
  tryInvert: false,
  tryDownscale: false,
  maxNumberOfSymbols: 2,
};
const THOROUGH: ReaderOptions = {
  ...LIVE,
  tryHarder: true,
  tryInvert: true,
  tryDownscale: true,
  tryDenoise: true,
  maxNumberOfSymbols: 8,
};
const HIDDEN_CONTENT = /[\u0000-\u0008\u000b\u000c\u000e-\u001c\u007f]|\ufffd/;

self.addEventListener("message", (event: MessageEvent<DecodeOrder | ReaderAddress>) => {
  if ("wasm" in event.data) prepare(event.data.wasm);
  else void answer(event.data).then((answered) => self.postMessage(answered));
});

/** Start loading at once, so that the first picture does not wait for it. A failure shows with that picture. */
function prepare(wasm: string): void {
  const overrides = { locateFile: (): string => wasm };
  prepareZXingModule({ overrides, fireImmediately: true }).catch(() => undefined);
}

async function answer({ id, picture, thorough }: DecodeOrder): Promise<DecodeAnswer> {
  try {
    const results = await readBarcodes(picture, thorough ? THOROUGH : LIVE);
    return { id, found: results.filter((each) => each.isValid).map(found), fault: "" };
  } catch (error) {
    return { id, found: [], fault: error instanceof Error ? error.message : "decoder_unavailable" };
  }
}

/** Return the content as text, or as bytes where it is none: GS and RS separate the fields of a 2D-DOC's text. */
function found(result: ReadResult): FoundCode {
  const isText = result.contentType !== "Binary" && !HIDDEN_CONTENT.test(result.text);
  return { symbology: result.symbology, unverified: isText ? result.text : result.bytes };
}
