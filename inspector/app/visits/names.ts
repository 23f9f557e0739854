/** Names of entries that are the same wherever they are made: what was recorded once is not recorded twice. */
import { sha256 } from "../../core/encoding/digest.ts";
import { utf8 } from "../../core/encoding/bytes.ts";

/** Return the UUID (version 8) that some texts together always have. */
export async function nameOf(...texts: readonly string[]): Promise<string> {
  const bytes = (await sha256(utf8(JSON.stringify(texts)))).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
