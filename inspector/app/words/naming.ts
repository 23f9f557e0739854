/** Sentences about somebody: the name is text of others and is drawn apart, files have names that differ. */

/** Return what stands before the name, the name, and what stands after it; a sentence about nobody has no name. */
export function aroundName(
  sentence: string,
  name: string,
  unnamed: string,
): readonly [before: string, name: string, after: string] {
  const place = sentence.indexOf("{name}");
  if (place >= 0) return [sentence.slice(0, place), name || unnamed, sentence.slice(place + "{name}".length)];
  return name === "" ? [sentence, "", ""] : [`${sentence}: `, name, ""];
}

/** Return the name of a receipt's file: the day in question and the time of the scan (UTC), so each is its own. */
export function receiptFile(onDate: string, scannedAt: number): string {
  const time = new Date(scannedAt * 1000).toISOString().slice(0, 19).replace(/[-:]/g, "");
  return `receipt-${onDate}-scanned-${time}Z.json`;
}
