/**
 * Text of others made harmless to the eye: nothing in it is hidden, and nothing turns the direction of reading
 * (K04).
 */

/** Marks that somebody could hide or turn a text with: controls, zero widths, directions, variations, tags. */
const HIDDEN = new RegExp(
  `[${[
    String.raw`\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f`,
    String.raw`\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}\p{Cs}`,
  ].join("")}]`,
  "gu",
);
const SHOWN_AS = "\ufffd";

/** Return a text in which what would not be seen shows as a mark; tabs and ends of lines stay. */
export function visible(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(HIDDEN, SHOWN_AS);
}
