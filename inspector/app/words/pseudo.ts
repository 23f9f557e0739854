/**
 * A language for tests: every text longer than in any real one, and marked, so that what overflows or is not in
 * the catalogue can be seen. Only on the developer's own machine, by `?language=pseudo`.
 */
const OWN_MACHINE: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
const LONGER = 0.4;
const ACCENTED: Readonly<Record<string, string>> = {
  a: "á",
  e: "ë",
  i: "ï",
  o: "ö",
  u: "ü",
  n: "ñ",
  A: "Å",
  E: "É",
  O: "Ö",
};
const PLACE = /(\{[a-z_]+\})/;

/** Tell whether the address asks for it, on a machine that may have it. */
export function isPseudoWished(address: Location = location): boolean {
  return OWN_MACHINE.has(address.hostname) && new URLSearchParams(address.search).get("language") === "pseudo";
}

/** Return a text with accents, two fifths longer, between marks; its places stay as they are. */
export function pseudo(text: string): string {
  const parts = text.split(PLACE).map((part) => (PLACE.test(part) ? part : part.replace(/[a-zA-Z]/g, accented)));
  return `⟦${parts.join("")}${"~".repeat(Math.ceil(text.length * LONGER))}⟧`;
}

const accented = (letter: string): string => ACCENTED[letter] ?? letter;
