/**
 * What did I scan? Told by form alone: nothing is verified, nothing is opened, nothing is run.
 *
 * What can be judged here comes first (seal, frame, presentation, verification code of a known host); then what
 * other systems make; then links with their host in full; then text. A scanned text never decides what is done
 * with it beyond that.
 */

import { utf8Text } from "../encoding/bytes.ts";
import { CoreError } from "../errors.ts";
import { FRAME_PREFIX } from "../proximity/frames.ts";
import { CHALLENGE_PREFIX, readChallenge } from "../proximity/challenge.ts";
import { foreignOf, vdsOf } from "./foreign.ts";
import type {
  LinkFacts,
  Recognised,
  RecogniseOptions,
  RecognisedFile,
  RecognisedVerificationUrl,
} from "./kinds.ts";
import { factsOf, linkOf, schemeOf } from "./links.ts";
import { checkFits, codeOf } from "./verification_code.ts";

export const SEAL_PREFIX = "PD1:";
/** Characters of a text that is shown and not judged. */
const LONGEST_SHOWN = 4096;
/** Characters beyond which no text is looked at. */
const LONGEST_READ = 512 * 1024;
const SD_JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*(?:~[A-Za-z0-9_-]+)*~(?:[A-Za-z0-9_.-]+)?$/;
const VERIFICATION_PATH = /\/v\/([0-9A-Za-z-]{16,24})\/?$/i;
const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** Schemes by which a text is run, or handed to another app. */
const RUN_OR_OPENED: ReadonlySet<string> = new Set([
  "javascript", "vbscript", "data", "blob", "file", "filesystem", "content", "about", "chrome", "view-source",
  "intent", "android-app", "market", "itms", "itms-apps", "itms-services", "ms-settings", "shlink",
  "tel", "sms", "smsto", "mms", "mailto", "facetime", "geo", "wifi", "upi", "bitcoin", "ethereum", "webcal",
]);

/** Return what a scanned code, a pasted text or a file is. Throws nothing. */
export function recognise(input: string | Uint8Array, options: RecogniseOptions = {}): Recognised {
  if (typeof input !== "string") return fileOf(input) ?? recognise(utf8Text(input), options);
  if (input.length > LONGEST_READ) return { kind: "text", unverifiedText: input.slice(0, LONGEST_SHOWN) };
  const spaced = input.replace(/^[\u0000-\u0020\ufeff]+/, "").replace(/[\t\r\n]+/g, "");
  return ownOf(spaced) ?? presentationOf(input) ?? linkedOf(spaced.trimEnd(), options) ?? textOf(input);
}

/** What our own printed and shown codes say; a space may be one of their letters. */
function ownOf(text: string): Recognised | null {
  if (text.startsWith(SEAL_PREFIX)) return { kind: "seal", unverifiedText: text };
  if (text.startsWith(FRAME_PREFIX)) return { kind: "frame", unverifiedText: text };
  if (!text.startsWith(CHALLENGE_PREFIX)) return null;
  try {
    return { kind: "proximity_nonce", unverifiedText: text, nonce: readChallenge(text) };
  } catch (error) {
    if (error instanceof CoreError) return null;
    throw error;
  }
}

function presentationOf(input: string): Recognised | null {
  const text = input.replace(/[\s\ufeff]+/g, "");
  return SD_JWT.test(text) ? { kind: "sd_jwt", unverifiedText: text, bound: !text.endsWith("~") } : null;
}

function linkedOf(text: string, { verificationHosts = [] }: RecogniseOptions): Recognised | null {
  const foreign = foreignOf(text);
  if (foreign !== null) return foreign;
  const scheme = schemeOf(text);
  if (scheme === "https" || scheme === "http") return webLinkOf(text, verificationHosts);
  if (!RUN_OR_OPENED.has(scheme) && !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return null;
  return { kind: "script", unverifiedText: text.slice(0, LONGEST_SHOWN), scheme };
}

function webLinkOf(text: string, hosts: readonly string[]): Recognised | null {
  const url = linkOf(text);
  if (url === null) return null;
  const facts = factsOf(url, text, hosts);
  const shown = text.slice(0, LONGEST_SHOWN);
  return verificationOf(url, shown, facts, hosts) ?? { kind: "link", unverifiedText: shown, ...facts };
}

/** A verification code counts at a host of the list, letter by letter, under nothing but its own address. */
function verificationOf(
  url: URL,
  unverifiedText: string,
  facts: LinkFacts,
  hosts: readonly string[],
): RecognisedVerificationUrl | null {
  const isOurs =
    hosts.includes(url.host) && !facts.flags.includes("userinfo") && url.search === "" && url.hash === "";
  const isSafe = url.protocol === "https:" || LOOPBACK.has(url.hostname);
  const code = codeOf(VERIFICATION_PATH.exec(url.pathname)?.[1] ?? "");
  if (!isOurs || !isSafe || code === null) return null;
  return {
    kind: "verification_url",
    unverifiedText,
    ...facts,
    code,
    origin: url.origin,
    codeFits: checkFits(code),
  };
}

function textOf(input: string): Recognised {
  return { kind: "text", unverifiedText: input.slice(0, LONGEST_SHOWN) };
}

const MAGIC: readonly (readonly [mime: string, at: number, bytes: readonly number[]])[] = [
  ["application/pdf", 0, [0x25, 0x50, 0x44, 0x46, 0x2d]],
  ["image/png", 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["image/jpeg", 0, [0xff, 0xd8, 0xff]],
  ["image/gif", 0, [0x47, 0x49, 0x46, 0x38]],
  ["image/webp", 8, [0x57, 0x45, 0x42, 0x50]],
  ["image/heic", 4, [0x66, 0x74, 0x79, 0x70, 0x68, 0x65]],
  ["image/avif", 4, [0x66, 0x74, 0x79, 0x70, 0x61, 0x76]],
  ["image/bmp", 0, [0x42, 0x4d]],
  ["image/tiff", 0, [0x49, 0x49, 0x2a, 0x00]],
  ["image/tiff", 0, [0x4d, 0x4d, 0x00, 0x2a]],
];

/** Return what bytes are by their first ones; null for text, which is read as such. */
function fileOf(bytes: Uint8Array): Recognised | null {
  const vds = vdsOf(bytes);
  if (vds !== null) return vds;
  const mime = MAGIC.find(([, at, magic]) => magic.every((byte, index) => bytes[at + index] === byte))?.[0];
  if (mime !== undefined) return file(mime === "application/pdf" ? "pdf" : "image", mime);
  return isText(bytes) ? null : file("binary", "application/octet-stream");
}

function file(kind: RecognisedFile["kind"], mime: string): RecognisedFile {
  return { kind, mime, unverifiedText: "" };
}

function isText(bytes: Uint8Array): boolean {
  try {
    return !utf8Text(bytes).includes("\u0000");
  } catch {
    return false;
  }
}
