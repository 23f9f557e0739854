import assert from "node:assert/strict";
import { test } from "node:test";

import { visible } from "../words/visible.ts";

test("k04 marks that turn the direction of reading show as marks", () => {
  assert.equal(visible("A1\u202e4271\u2066x"), "A1\ufffd4271\ufffdx");
});

test("k04 letters without width, tags and lone halves of letters show as marks", () => {
  assert.equal(visible("a\u200bb\ufeffc\u{e0041}d\ud800"), "a\ufffdb\ufffdc\ufffdd\ufffd");
});

test("k04 controls show as marks, ends of lines and tabs stay", () => {
  assert.equal(visible("a\u0000b\r\nc\td\u001be"), "a\ufffdb\nc\td\ufffde");
});

test("letters of the languages of the Union and of others stay as they are", () => {
  const text = "Éléonore Inès Þórsdóttir Ștefan Żółć Αθήνα София עברית 𝒜 👩";
  assert.equal(visible(text), text);
});
