/** One question of Python's to the TypeScript core, answered: the same under Node and in a browser. */

import { latin1Text } from "../../inspector/core/encoding/bytes.ts";
import { CoreError } from "../../inspector/core/errors.ts";

/** One question; bytes travel as base64. */
export type Question = Readonly<Record<string, any>>;
export type Operation = (question: Question) => unknown;
export type Operations = Readonly<Record<string, Operation>>;

/**
 * Return the answer to a line of JSON: `{"ok": ...}`, or `{"error": {"code", "reason", ...}}`, as a line of JSON.
 */
export async function answer(operations: ReadonlyMap<string, Operation>, line: string): Promise<string> {
  const question = JSON.parse(line) as Question;
  const operation = operations.get(question["op"]);
  if (operation === undefined) throw new Error(`no operation ${question["op"]}`);
  try {
    return JSON.stringify({ ok: (await operation(question)) ?? null }, plain);
  } catch (error) {
    if (!(error instanceof CoreError)) throw error;
    const { code, family, params } = error;
    return JSON.stringify({ error: { code, family, params, reason: params["reason"] ?? null } });
  }
}

/** What JSON has no form for: big numbers as texts, bytes as base64, maps as lists of entries. */
function plain(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return { bigint: value.toString() };
  if (value instanceof Uint8Array) return { bytes: btoa(latin1Text(value)) };
  if (value instanceof Map) return { entries: [...value] };
  if (value instanceof Set) return [...value].sort();
  return value;
}
