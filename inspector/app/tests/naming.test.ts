import assert from "node:assert/strict";
import { test } from "node:test";

import { aroundName, receiptFile } from "../words/naming.ts";

test("a sentence with a place for a name has the name there, or that none is stated", () => {
  const about = (name: string) => aroundName("The A1 of {name} ended.", name, "not stated");
  assert.deepEqual(about("Eva"), ["The A1 of ", "Eva", " ended."]);
  assert.deepEqual(about(""), ["The A1 of ", "not stated", " ended."]);
});

test("a sentence without a place for a name stands alone, or is parted from the name", () => {
  const own = (name: string) => aroundName("Finding of the inspector", name, "not stated");
  assert.deepEqual(own(""), ["Finding of the inspector", "", ""]);
  assert.deepEqual(own("Eva"), ["Finding of the inspector: ", "Eva", ""]);
});

test("receipts of one day are files of their own, and a receipt keeps its name", () => {
  const first = receiptFile("2026-11-22", 1_795_343_400);
  assert.equal(first, "receipt-2026-11-22-scanned-20261122T103000Z.json");
  assert.notEqual(receiptFile("2026-11-22", 1_795_343_401), first);
});
