/** A PDF: what is attached to it and the codes on its pages. This module is loaded when a PDF is opened. */
import { getDocument, GlobalWorkerOptions, PDFWorker } from "pdfjs-dist";
import type { PDFDocumentProxy, PDFPageProxy } from "pdfjs-dist";
import PDF_WORKER from "pdfjs-dist/build/pdf.worker.min.mjs?file";

import type { FoundCode } from "./decoding.ts";
import { decoder } from "./decoding.ts";

const MAX_PAGES = 12;
const MAX_ATTACHMENTS = 16;
const MAX_ATTACHMENT_BYTES = 256 * 1024;
const POINTS_PER_INCH = 72;
/** Dots per inch at which a page is looked at, one after another until something is found. */
const RESOLUTIONS = [150, 220];
const MAX_SIDE = 4000;
/** Pixels of one picture in a PDF: a scanned page at 600 dots per inch has fewer. */
const MAX_IMAGE_PIXELS = 64_000_000;
/** Time for a page, and for what comes before the first: what takes longer was made to. */
const MAX_PAGE_MS = 10_000;

export interface PdfContent {
  /** Texts of attached files, none verified. */
  readonly unverifiedAttachments: readonly string[];
  readonly codes: readonly FoundCode[];
}

/**
 * Return what a PDF carries. Rejects where it is no PDF that can be read, such as one under a password, and where
 * a page takes too long.
 */
export async function readPdf(bytes: Uint8Array): Promise<PdfContent> {
  GlobalWorkerOptions.workerSrc = PDF_WORKER;
  const bounds = { maxImageSize: MAX_IMAGE_PIXELS, canvasMaxAreaInBytes: 4 * MAX_SIDE * MAX_SIDE };
  const worker = new PDFWorker();
  const use = { enableXfa: false, useWasm: false, useWorkerFetch: false, worker, ...bounds };
  const loading = getDocument({ data: bytes, ...use });
  try {
    const pdf: PDFDocumentProxy = await inTime(loading.promise);
    return { unverifiedAttachments: await inTime(attachedTexts(pdf)), codes: await codesOnPages(pdf) };
  } finally {
    void loading.destroy().catch(() => undefined); // cancels the drawing; a worker that hangs never answers
    worker.destroy();
  }
}

/** Wait for one part of the work, but not for ever. Rejects when its time is over. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer = 0;
  const tooLate = new Promise<never>((_, reject) => {
    timer = window.setTimeout(() => reject(new Error("pdf_takes_too_long")), MAX_PAGE_MS);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    window.clearTimeout(timer);
  }
}

async function attachedTexts(pdf: PDFDocumentProxy): Promise<readonly string[]> {
  const attached = await pdf.getAttachments();
  const texts: string[] = [];
  for (const id of [...(attached?.keys() ?? [])].slice(0, MAX_ATTACHMENTS)) {
    const content: unknown = await pdf.getAttachmentContent(id);
    if (content instanceof Uint8Array && content.length <= MAX_ATTACHMENT_BYTES) {
      texts.push(new TextDecoder("utf-8").decode(content));
    }
  }
  return texts;
}

async function codesOnPages(pdf: PDFDocumentProxy): Promise<readonly FoundCode[]> {
  const codes: FoundCode[] = [];
  for (let number = 1; number <= Math.min(pdf.numPages, MAX_PAGES); number++) {
    codes.push(...(await inTime(pdf.getPage(number).then(codesOnPage))));
  }
  return codes;
}

async function codesOnPage(page: PDFPageProxy): Promise<readonly FoundCode[]> {
  try {
    for (const resolution of RESOLUTIONS) {
      const codes = await decoder().decode(await rasterised(page, resolution), true);
      if (codes.length > 0) return codes;
    }
    return [];
  } finally {
    page.cleanup();
  }
}

async function rasterised(page: PDFPageProxy, resolution: number): Promise<ImageData> {
  const natural = page.getViewport({ scale: 1 });
  const most = MAX_SIDE / Math.max(natural.width, natural.height);
  const viewport = page.getViewport({ scale: Math.min(resolution / POINTS_PER_INCH, most) });
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(viewport.width);
  canvas.height = Math.ceil(viewport.height);
  await page.render({ canvas, viewport, background: "#ffffff" }).promise;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("canvas_unavailable");
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
