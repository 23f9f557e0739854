import assert from "node:assert/strict";
import { test } from "node:test";

import { SETTLED_MS, settling } from "../session/settling.ts";

test("the second click of a double click does not switch back, a later one does", () => {
  const may = settling();
  assert.equal(may(10), true);
  assert.equal(may(10 + SETTLED_MS - 1), false);
  assert.equal(may(10 + SETTLED_MS), true);
});
