/** The receipt for billing: made and signed by the service, kept as a file by the care desk. */
import { useState } from "preact/hooks";

import { useDevice, useHand } from "../../scans/context.ts";
import type { Judgement } from "../../scans/judging.ts";
import type { KeptReceipt, Scan } from "../../scans/scans.ts";
import { useBusy } from "../../session/busy.ts";
import { ask, ServiceProblem } from "../../session/service.ts";
import { receiptFile } from "../../words/naming.ts";
import { say } from "../../words/texts.ts";
import { problemOf } from "../../scans/wording.ts";
import { Button } from "../forms.tsx";

/** Offer the receipt; it needs the network, since the service judges again what it signs. */
export function Receipt({ scan, judgement }: { scan: Scan; judgement: Judgement }) {
  const { scans } = useHand();
  const { online, configuration, paired } = useDevice();
  const [problem, setProblem] = useState("");
  const [busy, once] = useBusy();
  const preset = configuration?.presets.find((each) => each.kinds.includes("ehic"))?.id ?? "";
  const isOffered = judgement.colour !== "red" && (scan.receipt !== null || scan.judgedText !== "");
  if (!isOffered) return null;
  const file = receiptFile(judgement.question.onDate, scan.at);
  const fetchReceipt = async (): Promise<void> => {
    setProblem("");
    try {
      const body = { text: scan.judgedText, onDate: judgement.question.onDate, preset };
      const { receipt, nonce } = await ask<Required<KeptReceipt>>("receipts", { method: "POST", body });
      scans.keepReceipt(scan.id, { receipt, nonce });
      download({ receipt, nonce }, file);
    } catch (error) {
      setProblem(error instanceof ServiceProblem ? error.code : "internal");
    }
  };
  const { receipt } = scan;
  return (
    <section className="block">
      <h2>{say("button.receipt")}</h2>
      <p>{say("note.receipt")}</p>
      {receipt !== null && receipt.nonce === undefined ? null : <p className="soft">{say("note.receipt_keep")}</p>}
      {paired === null ? <p className="warning">{say("note.not_paired")}</p> : null}
      {problem === "" ? null : <p className="warning" role="alert">{problemOf(problem)}</p>}
      {receipt === null ? (
        <Button
          icon="import"
          busy={busy}
          disabled={!online || paired === null}
          onClick={() => void once(fetchReceipt)}
        >
          {say("button.receipt")}
        </Button>
      ) : (
        <Button icon="import" onClick={() => download(receipt, file)}>
          {say("button.save_receipt")}
        </Button>
      )}
    </section>
  );
}

/** Hand a receipt to the person as a file, in the form that `portadoc receipt verify` reads. */
function download(kept: KeptReceipt, file: string): void {
  const address = URL.createObjectURL(new Blob([JSON.stringify(kept)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
