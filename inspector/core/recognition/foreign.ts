/**
 * Codes of other systems: told by their form, and what can be read of them without any key. None of it is
 * verified.
 */

import { decodeBase64url } from "../encoding/base64url.ts";
import { isObject, loads } from "../encoding/strict_json.ts";
import { CoreError } from "../errors.ts";
import { memberOf } from "../layouts/claims.ts";
import { daysAfter } from "../layouts/days.ts";
import type { RecognisedForeign } from "./kinds.ts";
import { linkOf, schemeOf } from "./links.ts";

type Facts = Readonly<Record<string, string>>;
type Reader = (text: string) => RecognisedForeign | null;

const TWO_D_DOC = /^(DC0[1-4])([0-9A-Z]{4})([0-9A-Z]{4})([0-9A-F]{4})([0-9A-F]{4})([0-9A-Z]{2})/;
const NO_DATE = "FFFF";
const WALLET_SCHEMES: ReadonlySet<string> = new Set([
  "openid4vp", "eudi-openid4vp", "haip", "haip-vp", "mdoc-openid4vp", "openid",
]);
const OFFER_SCHEMES: ReadonlySet<string> = new Set(["openid-credential-offer", "haip-vci"]);
const JWT = /^[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;
const LONGEST_FACT = 256;

/** Return what a text is of another system; null for what is none that we know. */
export function foreignOf(text: string): RecognisedForeign | null {
  for (const reader of READERS) {
    const found = reader(text);
    if (found !== null) return found;
  }
  return null;
}

const READERS: readonly Reader[] = [
  twoDDoc,
  healthCertificate,
  smartHealthCard,
  mdoc,
  walletRequest,
  offer,
  vdsNc,
  jwt,
];

function foreign(kind: RecognisedForeign["kind"], unverifiedText: string, facts: Facts = {}): RecognisedForeign {
  const short = Object.entries(facts).filter(([, value]) => value !== "" && value.length <= LONGEST_FACT);
  return { kind, unverifiedText, unverifiedFacts: Object.fromEntries(short) };
}

/** A 2D-DOC (CEV) of France Titres: version, authority and certificate, days since 2000, type, then country. */
function twoDDoc(text: string): RecognisedForeign | null {
  const found = TWO_D_DOC.exec(text);
  if (found === null) return null;
  const [header, version = "", authority = "", certificate = "", issued = "", signed = "", documentType = ""] =
    found;
  const country = version === "DC04" ? (/^[0-9A-Z]{2}([A-Z]{2})/.exec(text.slice(header.length))?.[1] ?? "") : "";
  return foreign("two_d_doc", text, {
    version, authority, certificate, issued: dayOf(issued), signed: dayOf(signed), documentType, country,
  });
}

function dayOf(hexadecimal: string): string {
  return hexadecimal === NO_DATE ? "" : daysAfter("2000-01-01", parseInt(hexadecimal, 16));
}

function healthCertificate(text: string): RecognisedForeign | null {
  return text.startsWith("HC1:") ? foreign("hc1", text) : null;
}

/** A SMART Health Card: a JWS of which each letter is two digits. */
function smartHealthCard(text: string): RecognisedForeign | null {
  const digits = /^shc:\/(?:\d+\/\d+\/)?((?:\d\d)+)$/i.exec(text)?.[1];
  if (digits === undefined) return null;
  const letters = (digits.match(/\d\d/g) ?? []).map((pair) => String.fromCharCode(Number(pair) + 45));
  return foreign("shc", text, headerFacts(letters.join("")));
}

function mdoc(text: string): RecognisedForeign | null {
  return /^mdoc:/i.test(text) ? foreign("mdoc", text) : null;
}

function walletRequest(text: string): RecognisedForeign | null {
  if (!WALLET_SCHEMES.has(schemeOf(text)) || !text.includes("://")) return null;
  return foreign("openid4vp", text, parameterFacts(text, ["client_id", "request_uri"]));
}

function offer(text: string): RecognisedForeign | null {
  if (!OFFER_SCHEMES.has(schemeOf(text))) return null;
  return foreign("credential_offer", text, parameterFacts(text, ["credential_offer_uri"]));
}

/** Return parameters of a link of another app; of an address among them, the host. */
function parameterFacts(text: string, names: readonly string[]): Facts {
  const parameters = linkOf(text)?.searchParams;
  const facts: Record<string, string> = {};
  for (const name of names) {
    const value = parameters?.get(name) ?? "";
    facts[name] = linkOf(value)?.host || value;
  }
  return facts;
}

/** ICAO VDS-NC: JSON with a header that names type and issuer. */
function vdsNc(text: string): RecognisedForeign | null {
  const header = memberOf(memberOf(jsonOf(text), "data"), "hdr");
  const [type, issuer] = [memberOf(header, "t"), memberOf(header, "is")];
  if (typeof type !== "string" || typeof issuer !== "string") return null;
  return foreign("vds_nc", text, { type, issuer });
}

function jwt(text: string): RecognisedForeign | null {
  const facts = JWT.test(text) ? headerFacts(text) : {};
  return Object.keys(facts).length > 0 ? foreign("jwt", text, facts) : null;
}

function headerFacts(token: string): Facts {
  const header = jsonOf(bytesOf(token.split(".")[0] ?? ""));
  const named = ["alg", "typ", "kid"].map((name) => [name, memberOf(header, name)] as const);
  return Object.fromEntries(named.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function bytesOf(segment: string): Uint8Array {
  try {
    return decodeBase64url(segment);
  } catch (error) {
    if (error instanceof CoreError) return new Uint8Array();
    throw error;
  }
}

function jsonOf(raw: string | Uint8Array): ReturnType<typeof loads> {
  try {
    const value = loads(raw, { what: "code" });
    return isObject(value) ? value : null;
  } catch (error) {
    if (error instanceof CoreError) return null;
    throw error;
  }
}

/** Return an ICAO VDS (a binary seal that begins with 0xDC) with its issuing State; null for other bytes. */
export function vdsOf(bytes: Uint8Array): RecognisedForeign | null {
  const [magic, version, high, low] = bytes;
  if (magic !== 0xdc || (version !== 2 && version !== 3) || high === undefined || low === undefined) return null;
  return foreign("vds", "", { version: String(version + 1), country: fromC40(high, low) });
}

/** Return three letters of the C40 encoding. ISO/IEC 16022 §5.2.5. */
function fromC40(high: number, low: number): string {
  const packed = high * 256 + low - 1;
  const values = [Math.floor(packed / 1600), Math.floor((packed % 1600) / 40), packed % 40];
  const letters = values.map((value) => " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value - 3] ?? "");
  return letters.join("").trim();
}
