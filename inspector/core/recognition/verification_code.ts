/** The verification code of a sealed paper: fifteen of Crockford's characters and one that checks them. */

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE = /^[0-9A-HJKMNP-TV-Z]{16}$/;

/** Return a code as typed in canonical letters; null for what is none, whatever its check character. */
export function codeOf(typed: string): string | null {
  const letters = typed.toUpperCase().replace(/[- ]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  return CODE.test(letters) ? letters : null;
}

const GROUPED = /^[0-9A-Z]{4}(?:[- ][0-9A-Z]{4}){3}$/i;

/**
 * Return the code that a text is and nothing else; null for any other text. In four groups it is taken for a code
 * also where its check character does not fit: somebody mistyped it.
 */
export function codeAlone(text: string): string | null {
  const typed = text.trim();
  if (!GROUPED.test(typed) && !/^[0-9A-Z]{16}$/i.test(typed)) return null;
  const code = codeOf(typed);
  return code !== null && (GROUPED.test(typed) || checkFits(code)) ? code : null;
}

/**
 * Tell whether the check character fits: no single change and no exchange of two characters leaves it fitting.
 *
 * The word modulo x + a in the field of 32 is 0, a being a primitive element.
 */
export function checkFits(code: string): boolean {
  return [...code].reduce((remainder, letter) => doubled(remainder) ^ LETTERS.indexOf(letter), 0) === 0;
}

/** Return an element times a in the field of 32 (x^5 + x^2 + 1). */
function doubled(element: number): number {
  return (element << 1) ^ (element & 16 ? 0b100101 : 0);
}
