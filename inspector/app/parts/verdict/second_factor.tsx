/** A verification code: what else stands on the paper, so that nobody gets the data by the code alone. */
import { useState } from "preact/hooks";

import { useDevice, useHand } from "../../scans/context.ts";
import type { Scan } from "../../scans/scans.ts";
import { say } from "../../words/texts.ts";
import { problemOf } from "../../scans/wording.ts";
import { Button, TextField } from "../forms.tsx";
import { Host } from "./told.tsx";

/** A code that was typed without its address: ask at whom it is looked up. */
export function WhichIssuer({ scan, code, hosts }: { scan: Scan; code: string; hosts: readonly string[] }) {
  const { scans } = useHand();
  return (
    <section className="block">
      <h1 tabIndex={-1}>{say("screen.code")}</h1>
      <p><code>{code.match(/.{4}/g)?.join("-") ?? code}</code></p>
      <p>{say("screen.code.which")}</p>
      <ul className="presets">
        {hosts.map((host) => (
          <li key={host}>
            <button type="button" className="preset" onClick={() => scans.chooseIssuer(scan.id, host)}>
              <strong><bdi>{host}</bdi></strong>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Ask for it; the answer is a seal, which is judged on this device. */
export function SecondFactor({ scan, problem }: { scan: Scan; problem: string }) {
  const { scans } = useHand();
  const { online } = useDevice();
  const [second, setSecond] = useState("");
  const { recognised } = scan;
  if (recognised.kind !== "verification_url") return null;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (second.trim() !== "") void scans.giveSecondFactor(scan.id, second.trim());
  };
  const fault = problem === "" ? undefined : problemOf(problem, "code_refused");
  return (
    <section className="block">
      <h1 tabIndex={-1}>{say("screen.code")}</h1>
      <p>{say("screen.code.hint")}</p>
      <Host link={recognised} />
      {recognised.codeFits ? null : <p className="warning">{say("note.code_mistyped")}</p>}
      {online ? null : <p className="warning">{say("note.code_offline")}</p>}
      <form onSubmit={submit}>
        <TextField
          label={say("field.second_factor")}
          hint={say("field.second_factor.hint")}
          value={second}
          onValue={setSecond}
          fault={fault}
          maxLength={60}
        />
        <Button type="submit" kind="first" disabled={!online}>
          {say("button.check_code")}
        </Button>
      </form>
    </section>
  );
}
