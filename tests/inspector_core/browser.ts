/** The operations of the foundation for a page: `answer(line)` is put where a test can call it. */

import { answer } from "./answering.ts";
import { operations } from "./operations/foundation.ts";

const known = new Map(Object.entries(operations));
Object.assign(globalThis, { answer: (line: string) => answer(known, line) });
