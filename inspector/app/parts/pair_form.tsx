/** Register this device: the office reads out a code, which holds once and for ten minutes. */
import { useState } from "preact/hooks";

import { useDevice, useHand } from "../scans/context.ts";
import { useBusy } from "../session/busy.ts";
import { ServiceProblem } from "../session/service.ts";
import { say } from "../words/texts.ts";
import { problemOf } from "../scans/wording.ts";
import { Button, TextField } from "./forms.tsx";

/** Draw the form. */
export function PairForm() {
  const { device } = useHand();
  const { online, revoked } = useDevice();
  const [code, setCode] = useState("");
  const [name, setName] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, once] = useBusy();
  const pair = async (): Promise<void> => {
    setProblem("");
    try {
      await device.pair(code.replace(/[\s-]/g, "").toUpperCase(), name.trim());
    } catch (error) {
      setProblem(error instanceof ServiceProblem ? error.code : "internal");
    }
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    void once(pair);
  };
  const isReady = online && code.trim() !== "" && name.trim() !== "";
  const fault = problem === "" ? undefined : problemOf(problem, "pairing");
  return (
    <form className="block" onSubmit={submit}>
      <h1>{say("screen.pair")}</h1>
      {revoked ? <p className="warning" role="status">{say("note.revoked")}</p> : null}
      <p>{say("screen.pair.why")}</p>
      {online ? null : <p className="warning" role="status">{say("note.pair_offline")}</p>}
      <TextField
        label={say("screen.pair.code")}
        hint={say("screen.pair.code_hint")}
        value={code}
        onValue={setCode}
        fault={fault}
        maxLength={20}
      />
      <TextField
        label={say("screen.pair.name")}
        hint={say("screen.pair.name_hint")}
        value={name}
        onValue={setName}
        maxLength={60}
      />
      <Button type="submit" kind="first" busy={busy} disabled={!isReady}>
        {say("button.pair")}
      </Button>
    </form>
  );
}
