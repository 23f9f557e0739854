/**
 * Which site a visit was on: told apart by name and address, however they are spelt. The server has the same rule.
 */

/** The place that is visited; `reference` is a name that the office gave it. */
export interface Site {
  readonly name: string;
  readonly address?: string;
  readonly town?: string;
  readonly country?: string;
  readonly reference?: string;
}

/** Return name and address in one line, as people read them. */
export function siteText({ name, address, town, country }: Site): string {
  return [name, address, town, country].filter(Boolean).join(", ");
}

/** Return what is the same for each spelling of one site: letters and digits, no accents, one case. */
export function siteKey(text: string): string {
  return plain(text) || text.trim().replace(/\s+/gu, " ");
}

/** Return the letters and digits of a name without accents, in one case. */
export function plain(text: string): string {
  return text.normalize("NFKD").replace(/[^\p{L}\p{N}]/gu, "").toUpperCase();
}
