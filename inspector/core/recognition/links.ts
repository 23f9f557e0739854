/**
 * Links taken apart for showing. Nothing here opens one; a host that looks like another is told apart by letters.
 */

import type { LinkFacts, LinkFlag } from "./kinds.ts";

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;
const IP_ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;
const SCRIPTS = [
  "Latin",
  "Cyrillic",
  "Greek",
  "Armenian",
  "Hebrew",
  "Arabic",
  "Cherokee",
  "Han",
  "Hangul",
  "Thai",
];
/** Letters that pass for ASCII ones at a glance, and what for. */
const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    а: "a",
    е: "e",
    о: "o",
    р: "p",
    с: "c",
    х: "x",
    у: "y",
    і: "i",
    ј: "j",
    ѕ: "s",
    ԁ: "d",
    һ: "h",
    ӏ: "l",
    ο: "o",
    α: "a",
    ν: "v",
    ι: "i",
    ρ: "p",
    κ: "k",
    τ: "t",
    ı: "i",
    ł: "l",
    ø: "o",
    "0": "o",
    "1": "l",
    "5": "s",
  }),
);

/** Return the scheme of a text in lower case, empty for a text that begins with none. */
export function schemeOf(text: string): string {
  return (SCHEME.exec(text)?.[1] ?? "").toLowerCase();
}

/** Return a link as the network reads it; null for what is none. */
export function linkOf(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** Return what a person has to see of a link before thinking of opening it. */
export function factsOf(url: URL, text: string, ownHosts: readonly string[]): LinkFacts {
  const host = url.hostname;
  const unicodeHost = host.split(".").map(unicodeLabel).join(".");
  const flags: readonly (readonly [LinkFlag, boolean])[] = [
    ["not_https", url.protocol !== "https:"],
    ["userinfo", hasUserinfo(url, text)],
    ["port", url.port !== ""],
    ["ip_address", IP_ADDRESS.test(host)],
    ["punycode", host.split(".").some((label) => label.startsWith("xn--"))],
    ["mixed_script", unicodeHost.split(".").some((label) => scriptsOf(label).length > 1)],
    ["look_alike", looksLikeAny(unicodeHost, ownHosts)],
  ];
  return { host: url.host, unicodeHost, flags: flags.filter(([, is]) => is).map(([flag]) => flag) };
}

/** Tell whether the part before the path holds more than the host: what stands before an @ is no place. */
function hasUserinfo(url: URL, text: string): boolean {
  const authority =
    text
      .replace(SCHEME, "")
      .replace(/^[\\/]+/, "")
      .split(/[/\\?#]/, 1)[0] ?? "";
  return url.username !== "" || url.password !== "" || authority.includes("@");
}

function scriptsOf(label: string): readonly string[] {
  return SCRIPTS.filter((script) => new RegExp(`\\p{Script=${script}}`, "u").test(label));
}

/**
 * Tell whether a host is none of ours and reads like one: equal but for look-alikes, or ours with more around it.
 */
function looksLikeAny(unicodeHost: string, ownHosts: readonly string[]): boolean {
  return ownHosts.some((own) => {
    if (unicodeHost === own) return false;
    const isExtended = unicodeHost.startsWith(`${own}.`) || unicodeHost.includes(own.replaceAll(".", "-"));
    return isExtended || skeleton(unicodeHost) === skeleton(own) || isOneLetterOff(unicodeHost, own);
  });
}

function skeleton(host: string): string {
  const letters = [...host.normalize("NFKD").replace(/\p{M}/gu, "")].map(
    (letter) => LOOK_ALIKES.get(letter) ?? letter,
  );
  return letters.join("").replaceAll("rn", "m").replaceAll("vv", "w").replaceAll("-", "");
}

/** Tell whether one letter was changed, added, left out, or swapped with its neighbour. */
function isOneLetterOff(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  const [rest, ownRest] = [one.slice(start), other.slice(start)];
  const isSwapped = rest[0] === ownRest[1] && rest[1] === ownRest[0] && rest.slice(2) === ownRest.slice(2);
  const isChanged = rest.slice(1) === ownRest.slice(1);
  return isSwapped || isChanged || rest.slice(1) === ownRest || rest === ownRest.slice(1);
}

/** Return the letters that a label in punycode stands for; the label itself where it stands for none. RFC 3492. */
function unicodeLabel(label: string): string {
  if (!label.startsWith("xn--")) return label;
  try {
    return punycode(label.slice("xn--".length));
  } catch {
    return label;
  }
}

const [BASE, T_MIN, T_MAX, SKEW, DAMP] = [36, 1, 26, 38, 700];
const MOST_LETTERS = 63;

function punycode(encoded: string): string {
  const dash = encoded.lastIndexOf("-");
  const letters = Array.from(encoded.slice(0, Math.max(0, dash)), (letter) => letter.codePointAt(0) ?? 0);
  let [code, bias, place] = [128, 72, 0];
  for (let at = dash + 1; at < encoded.length;) {
    const before = place;
    for (let weight = 1, k = BASE; ; k += BASE, at += 1) {
      const digit = digitOf(encoded.charCodeAt(at));
      place += digit * weight;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < threshold) break;
      weight *= BASE - threshold;
    }
    at += 1;
    const count = letters.length + 1;
    if (count > MOST_LETTERS) throw new RangeError("too many letters");
    bias = adapted(place - before, count, before === 0);
    code += Math.floor(place / count);
    place %= count;
    letters.splice(place, 0, code);
    place += 1;
  }
  return String.fromCodePoint(...letters);
}

function digitOf(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30 + 26;
  if (unit >= 0x61 && unit <= 0x7a) return unit - 0x61;
  throw new RangeError("no digit of punycode");
}

function adapted(step: number, count: number, isFirst: boolean): number {
  let delta = isFirst ? Math.floor(step / DAMP) : step >> 1;
  delta += Math.floor(delta / count);
  let k = 0;
  for (; delta > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) delta = Math.floor(delta / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * delta) / (delta + SKEW));
}
