/** A link as text, for whoever cannot scan it: copied by a tap, and said whether that worked. */
import { useState } from "preact/hooks";

import { say } from "../words/texts.ts";
import { Button } from "./forms.tsx";

/** Draw the button. */
export function CopyButton({ text }: { text: string }) {
  const [told, setTold] = useState("");
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setTold(say("note.copied")),
      () => setTold(say("note.not_copied")),
    );
  };
  return (
    <>
      <Button icon="copy" onClick={copy}>{say("button.copy_link")}</Button>
      <span role="status">{told}</span>
    </>
  );
}
