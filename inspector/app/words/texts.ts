/** Every word that people read, from the one catalogue; days, times and countries by Intl in the same language. */
import english from "../../../portadoc/catalogue/texts/en.json" with { type: "json" };
import { isPseudoWished, pseudo } from "./pseudo.ts";
import { visible } from "./visible.ts";

type Catalogue = Readonly<Record<string, string | boolean>>;
export type Params = Readonly<Record<string, string | number>>;

const ENGLISH = english as Catalogue;
const HELD = new Map<string, Catalogue>([["en", ENGLISH]]);
const PLACEHOLDER = /\{([a-z_]+)\}/g;
const RIGHT_TO_LEFT: ReadonlySet<string> = new Set();

/** English is written as it is in the Union: the day before the month. */
const LOCALES: Readonly<Record<string, string>> = { en: "en-GB" };

let language = "en";
let locale = "en-GB";
let catalogue: Catalogue = ENGLISH;

/** Speak a language from now on. One that has no catalogue yet is spoken in English, and `spokenFully` says so. */
export async function speak(wished: string): Promise<void> {
  if (isPseudoWished()) {
    catalogue = Object.fromEntries(Object.entries(ENGLISH).map(([key, text]) => [key, pseudo(String(text))]));
    return;
  }
  const held = HELD.get(wished) ?? (await load(wished));
  language = wished;
  locale = LOCALES[wished] ?? wished;
  catalogue = held;
  document.documentElement.lang = held === ENGLISH ? "en" : wished;
  document.documentElement.dir = RIGHT_TO_LEFT.has(wished) ? "rtl" : "ltr";
}

async function load(wished: string): Promise<Catalogue> {
  try {
    const found = (await import(`../../../portadoc/catalogue/texts/${wished}.json`, {
      with: { type: "json" },
    })) as { default: Catalogue };
    HELD.set(wished, found.default);
    return found.default;
  } catch {
    return ENGLISH;
  }
}

/** Return the language that is spoken now. */
export const spoken = (): string => language;

/** Tell whether a speaker of the language reviewed its texts, and whether there are any. */
export const reviewed = (): boolean => catalogue["_reviewed_by_speaker"] === true;
export const spokenFully = (): boolean => language === "en" || catalogue !== ENGLISH;

/** Tell whether the catalogue has a text. */
export const has = (key: string): boolean =>
  typeof catalogue[key] === "string" || typeof ENGLISH[key] === "string";

/**
 * Return a text with its places filled; in English where the language lacks it, and the key where nobody has it.
 */
export function say(key: string, params: Params = {}): string {
  const own = catalogue[key];
  const text = typeof own === "string" ? own : ENGLISH[key];
  if (typeof text !== "string") return key;
  return text.replace(PLACEHOLDER, (place, name: string) => (name in params ? String(params[name]) : place));
}

/** Return the first of some texts that the catalogue has. */
export function sayFirst(keys: readonly string[], params: Params = {}): string {
  return say(keys.find(has) ?? keys[keys.length - 1] ?? "", params);
}

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Return a calendar day in words; what is not a day stays as it is. */
export function day(iso: string): string {
  const parts = DAY.exec(iso);
  if (parts === null) return iso;
  const at = new Date(Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])));
  return Number.isNaN(at.getTime())
    ? iso
    : at.toLocaleDateString(locale, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

/** Return a point in time, in the time of the place where the device is. */
export function moment(epoch: number): string {
  return new Date(epoch * 1000).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
}

/** Return the time of day of a point in time. */
export function clock(epoch: number): string {
  return new Date(epoch * 1000).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
}

const UNITS: readonly (readonly [number, string])[] = [
  [172_800, "day"],
  [5_400, "hour"],
  [60, "minute"],
  [0, "second"],
];
const SECONDS: Readonly<Record<string, number>> = { day: 86_400, hour: 3_600, minute: 60, second: 1 };

/** Return a length of time in its largest fitting unit. */
export function duration(seconds: number): string {
  const length = Math.max(0, Math.round(seconds));
  const unit = UNITS.find(([least]) => length >= least)?.[1] ?? "second";
  const count = Math.floor(length / (SECONDS[unit] ?? 1));
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** Return the name of a country; a code that nobody knows stays as it is. */
export function country(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return visible(code);
  try {
    return new Intl.DisplayNames([locale, "en"], { type: "region", fallback: "code" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Names that browsers do not have in the language itself. */
const OWN_NAMES: Readonly<Record<string, string>> = { ga: "Gaeilge", mt: "Malti" };
/** Languages whose texts are complete; English stands in for the others. */
const WITH_TEXTS: ReadonlySet<string> = new Set(["en", "fr", "de", "pl", "ro", "pt", "es", "it"]);

/** Return languages to choose from: first those that have texts, then the others, marked. */
export function languageOptions(
  codes: readonly string[],
): readonly { value: string; label: string; lang: string }[] {
  const named = (code: string, label: string) => ({ value: code, label, lang: code });
  return [
    ...codes.filter((code) => WITH_TEXTS.has(code)).map((code) => named(code, ownName(code))),
    ...codes.filter((code) => !WITH_TEXTS.has(code)).map((code) => named(code, `${ownName(code)} (English)`)),
  ];
}

/** Return the name of a language in that language itself. */
export function ownName(code: string): string {
  const own = OWN_NAMES[code];
  if (own !== undefined) return own;
  const name = new Intl.DisplayNames([code], { type: "language", fallback: "code" }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
}

/** Return a list of words as the language joins them. */
export function listed(words: readonly string[]): string {
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(words);
}
