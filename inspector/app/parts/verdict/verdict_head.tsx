/**
 * The verdict: a mark of its own shape, a word, a sentence, a reason, what to do; read out and brought into focus.
 */
import { useEffect, useRef } from "preact/hooks";

import type { Wording } from "../../scans/wording.ts";
import { say } from "../../words/texts.ts";
import { Mark } from "../icons.tsx";

interface HeadProps {
  wording: Wording;
  subject: string;
  /** Which work was asked about; empty for none. */
  work: string;
}

/** Draw the verdict; the focus moves to its heading when it is new. */
export function VerdictHead({ wording, subject, work }: HeadProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [wording.headline]);
  return (
    <div className={`verdict-head tone-${wording.colour}`} role="status">
      <div className="verdict-sign">
        <Mark colour={wording.colour} />
        <p className="verdict-word">{say(`colour.${wording.colour}`)}</p>
      </div>
      <h1 ref={heading} tabIndex={-1}>{wording.headline}</h1>
      <p className="verdict-subject">{subject}</p>
      {work === "" ? null : <p className="verdict-subject">{work}</p>}
      <p className="verdict-sentence">{wording.sentence}</p>
      {wording.reason === "" ? null : <p className="verdict-reason">{wording.reason}</p>}
      <p className="verdict-action">{wording.action}</p>
    </div>
  );
}
