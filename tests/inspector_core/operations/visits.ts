/** What the app does with a scan on a visit: judged from the pack, written down, encrypted to the service. */

import { type Scan } from "../../../inspector/app/scans/scans.ts";
import { judgePresentation, judgeSeal } from "../../../inspector/app/scans/procedures.ts";
import { recordable } from "../../../inspector/app/visits/recorder.ts";
import { type Bytes, utf8 } from "../../../inspector/core/encoding/bytes.ts";
import { PackKnowledge, openTrustPack, recognise } from "../../../inspector/core/index.ts";
import { encryptFor } from "../../../inspector/core/jose/jwe_encrypt.ts";
import type { Operations } from "../harness.ts";

function bytes(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, "base64"));
}

export const operations: Operations = {
  /** Judge what was scanned as the app does, and return what it writes into a visit. */
  app_scan: async ({ pack, pins, operator, newest, now, text, question, nonce, visit, caution }) => {
    const terms = { pins: pins.map(bytes), operator, at: now, newestSequence: newest ?? 0 };
    const opened = await openTrustPack(bytes(pack), terms);
    const knowledge = new PackKnowledge(opened);
    const standing = { knowledge, now, caution: caution ?? null, packAsOf: opened.asOf, shownNonce: nonce ?? null };
    const recognised = recognise(text, { verificationHosts: [] });
    if (recognised.kind !== "seal" && recognised.kind !== "sd_jwt") return null;
    const judgement = recognised.kind === "seal"
      ? await judgeSeal(recognised.unverifiedText, question, standing)
      : await judgePresentation(recognised.unverifiedText, recognised.bound, question, standing);
    const scan: Scan = {
      id: crypto.randomUUID(),
      at: now,
      source: "camera",
      recognised,
      question,
      outcome: { state: "judged", judgement },
      judgedText: recognised.unverifiedText,
      nonce: nonce ?? null,
      transaction: null,
      compared: null,
      receipt: null,
    };
    return { ...(await recordable(scan, visit)), sequence: opened.sequence };
  },
  app_seals_entry: ({ key, entry }) => encryptFor(key, utf8(JSON.stringify(entry))),
};
