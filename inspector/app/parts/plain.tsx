/** Text of others: never markup, never a link, its direction kept to itself, its length in view (K01, K04). */
import { useState } from "preact/hooks";

import { say } from "../words/texts.ts";
import { visible } from "../words/visible.ts";

const LONGEST = 160;
/** Show a text of others. What is cut off is said, and can be had. */
export function Plain({ text, longest = LONGEST }: { text: string; longest?: number }) {
  const [whole, setWhole] = useState(false);
  const letters = visible(text);
  if (letters.length <= longest || whole)
    return <bdi className={whole ? "plain plain-whole" : "plain"}>{letters}</bdi>;
  return (
    <span>
      <bdi className="plain">{letters.slice(0, longest)}…</bdi>{" "}
      <button type="button" className="inline-button" onClick={() => setWhole(true)}>
        {say("button.show_all", { count: letters.length })}
      </button>
    </span>
  );
}
