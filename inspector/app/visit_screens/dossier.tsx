/** The site dossier: one link for everyone who may see the site; each role sees through it what it may. */
import { useState } from "preact/hooks";

import { CopyButton } from "../parts/copy_button.tsx";
import { Button } from "../parts/forms.tsx";
import { Plain } from "../parts/plain.tsx";
import { QrCode } from "../parts/qr_code.tsx";
import { useDevice } from "../scans/context.ts";
import { problemOf } from "../scans/wording.ts";
import { ask, ServiceProblem } from "../session/service.ts";
import { useBusy } from "../session/busy.ts";
import { useStillShown } from "../session/watching.ts";
import { useVisitsState } from "../visits/at_hand.ts";
import { moment, say } from "../words/texts.ts";
import type { PartProps } from "./visit.tsx";

/** What the service answers: the same link however often it is asked; `expiresAt` in epoch seconds. */
interface DossierLink {
  readonly link: string;
  readonly site: string;
  readonly expiresAt: number;
}

/** Make the link, show it, print it. It is held while the screen is open, and kept nowhere on the device. */
export function DossierPart({ visits, visit }: PartProps) {
  const { online } = useDevice();
  const { waiting } = useVisitsState(visits).sync;
  const [made, setMade] = useState<DossierLink | null>(null);
  const [problem, setProblem] = useState("");
  const isShown = useStillShown();
  const [busy, once] = useBusy();
  const make = async (): Promise<void> => {
    setProblem("");
    try {
      const link = await ask<DossierLink>(`visits/${visit.id}/dossier`, { method: "POST" });
      if (isShown()) setMade(link);
    } catch (error) {
      setProblem(error instanceof ServiceProblem ? codeOf(error) : "internal");
    }
  };
  return (
    <>
      <h2>{say("screen.dossier")}</h2>
      <p>{say("screen.dossier.hint")}</p>
      {waiting === 0 ? null : <p className="warning">{say("note.dossier_waiting")}</p>}
      {online ? null : <p className="warning">{say("note.dossier_offline")}</p>}
      {problem === "" ? null : <p className="warning" role="alert">{problemOf(problem)}</p>}
      {made === null ? (
        <Button kind="first" icon="link" busy={busy} disabled={!online} onClick={() => void once(make)}>
          {say("button.make_link")}
        </Button>
      ) : <Sheet made={made} />}
    </>
  );
}

/** What the service does not know of a visit that is here, it was not sent yet. */
const codeOf = ({ code }: ServiceProblem): string => (code === "visit_unknown" ? "visit_not_sent" : code);

/** The link as a code and in letters, for the screen and for paper. */
function Sheet({ made }: { made: DossierLink }) {
  const { configuration } = useDevice();
  return (
    <>
      <section className="block sheet">
        <p className="sheet-by">{configuration?.name ?? ""}</p>
        <h3>{say("screen.dossier")}</h3>
        <p className="sheet-site"><Plain text={made.site} /></p>
        <QrCode text={made.link} label={say("screen.dossier.code")} />
        <p className="sheet-link"><code>{made.link}</code></p>
        <p>{say("screen.dossier.use")}</p>
        <p className="soft">{say("note.dossier_until", { date: moment(made.expiresAt) })}</p>
      </section>
      <div className="visit-choices">
        <Button kind="first" icon="print" onClick={() => print()}>{say("button.print")}</Button>
        <CopyButton text={made.link} />
      </div>
      <p className="soft">{say("note.dossier_revoked")}</p>
    </>
  );
}
