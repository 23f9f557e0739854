import assert from "node:assert/strict";
import { test } from "node:test";

import { isOver } from "../scans/asking.ts";

const EXPIRES = { expiresAt: 1_000_000 };

test("a question is over some seconds after the service closes it", () => {
  assert.equal(isOver(EXPIRES, 1_000_010, 0), false);
  assert.equal(isOver(EXPIRES, 1_000_030, null), true);
});

test("k09 a clock that is ahead gives up no question that is still open", () => {
  assert.equal(isOver(EXPIRES, 1_000_000 - 100 + 3600, 3600), false);
});

test("k09 a clock that is behind waits for no question that is over", () => {
  assert.equal(isOver(EXPIRES, 1_000_030 - 3600, -3600), true);
});
