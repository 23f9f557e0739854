/**
 * Asks the TypeScript core what Python asks of its own: one JSON line in, one JSON line out.
 *
 * `{"op", ...}` becomes `{"ok": ...}` or `{"error": {"code", "reason"}}`. Operations stand in `operations/`.
 */

import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";

import { type Operation, type Operations, answer } from "./answering.ts";

export type { Operations, Question } from "./answering.ts";

const operations = new Map<string, Operation>();
const folder = new URL("operations/", import.meta.url);
for (const name of readdirSync(folder).filter((each) => each.endsWith(".ts"))) {
  try {
    const module = (await import(new URL(name, folder).href)) as { readonly operations: Operations };
    for (const [op, operation] of Object.entries(module.operations)) operations.set(op, operation);
  } catch (error) {
    // In the way of nobody who asks for other operations.
    process.stderr.write(`${name}: ${String(error)}\n`);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${await answer(operations, line)}\n`);
}
