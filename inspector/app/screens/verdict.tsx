/** The verdict of one scan: what it is, why, who it speaks of, what it says, and how old the knowledge is. */
import { useEffect } from "preact/hooks";

import { Ages, Technical } from "../parts/verdict/ages.tsx";
import { Button } from "../parts/forms.tsx";
import { DocumentFacts } from "../parts/verdict/document_facts.tsx";
import { Identity } from "../parts/verdict/identity.tsx";
import { Receipt } from "../parts/verdict/receipt.tsx";
import { Review } from "../parts/verdict/review.tsx";
import { SecondFactor, WhichIssuer } from "../parts/verdict/second_factor.tsx";
import { Told } from "../parts/verdict/told.tsx";
import { VerdictHead } from "../parts/verdict/verdict_head.tsx";
import { useDevice, useHand } from "../scans/context.ts";
import { factsOf, namesNobody } from "../scans/facts.ts";
import type { Facts } from "../scans/facts.ts";
import type { Judgement } from "../scans/judging.ts";
import { comparable } from "../scans/judging.ts";
import type { Question } from "../session/question.ts";
import { dayAt } from "../session/question.ts";
import { go } from "../session/routes.ts";
import type { Scan } from "../scans/scans.ts";
import { signal } from "../session/signals.ts";
import { country, day, has, listed, say } from "../words/texts.ts";
import { visible } from "../words/visible.ts";
import { useWatched } from "../session/watching.ts";
import { wordingOf } from "../scans/wording.ts";

/** Draw the verdict of the scan that the address names, and of no other (K08). */
export function VerdictScreen({ rest }: { rest: string }) {
  const { scans } = useHand();
  const scan = useWatched(scans).find((each) => each.id === rest);
  if (scan === undefined) {
    return (
      <>
        <h1>{say("screen.result")}</h1>
        <p>{say("note.scan_gone")}</p>
        <Button icon="back" onClick={() => history.back()}>{say("button.back")}</Button>
        <NextButtons />
      </>
    );
  }
  return (
    <article className="verdict" key={scan.id}>
      <Result scan={scan} />
      <NextButtons />
    </article>
  );
}

function Result({ scan }: { scan: Scan }) {
  const { outcome } = scan;
  switch (outcome.state) {
    case "judging":
      return <p className="judging" role="status">{say("note.judging")}</p>;
    case "judged":
      return <Judged scan={scan} judgement={outcome.judgement} />;
    case "second_factor":
      return <SecondFactor scan={scan} problem={outcome.problem} />;
    case "which_issuer":
      return <WhichIssuer scan={scan} code={outcome.code} hosts={outcome.hosts} />;
    case "hidden":
      return <Hidden kind={outcome.kind} purpose={scan.question.purpose} />;
    case "failed":
      return <Failed code={outcome.code} />;
    case "told":
      return <Told recognised={scan.recognised} />;
  }
}

function Judged({ scan, judgement }: { scan: Scan; judgement: Judgement }) {
  const { device, scans } = useHand();
  const { settings } = useDevice();
  const wording = wordingOf(scan, judgement);
  const facts = judgement.reports.map(factsOf);
  useEffect(() => signal(wording.colour, settings), [wording.headline]);
  const compare = comparable(judgement) && scan.compared === null;
  const isGenuine = judgement.verdict !== "not_authentic";
  const person = facts.find((each) => !namesNobody(each)) ?? facts[0];
  return (
    <>
      <VerdictHead
        wording={wording}
        subject={subjectOf(facts, judgement)}
        work={facts.some((each) => each.kind === "pda1") ? askedOf(judgement.question) : ""}
      />
      {isCut(judgement) ? <p className="block">{say("note.seal_cut")}</p> : null}
      {isGenuine && person !== undefined ? (
        <Identity facts={person} onCompared={compare ? (answer) => scans.compare(scan.id, answer) : null} />
      ) : null}
      {isGenuine ? facts.filter((each) => each.kind !== "pid").map((each) => (
        <DocumentFacts key={each.number} facts={each} question={judgement.question} today={dayAt(device.now())} />
      )) : null}
      {judgement.question.purpose === "care" ? <Receipt scan={scan} judgement={judgement} /> : null}
      <Ages judgement={judgement} at={scan.at} />
      {isGenuine && facts.some((each) => each.kind === "pda1") ? <Review facts={facts[0]} /> : null}
      <Technical judgement={judgement} />
    </>
  );
}

/** Tell whether a seal is not even whole: it may have been scanned in part. */
function isCut({ reports }: Judgement): boolean {
  return reports.some(({ carrier, decidingCheck }) => carrier === "seal" && decidingCheck?.id === "structure");
}

/** Say what was judged, and for which day. */
function subjectOf(facts: readonly Facts[], judgement: Judgement): string {
  const kinds = [...new Set(facts.map((each) => each.kind).filter((kind) => has(`kind.${kind}`)))];
  const names = kinds.length === 0 ? say("kind.unknown") : listed(kinds.map((kind) => say(`kind.${kind}`)));
  return say("note.judged_for", { kind: names, day: day(judgement.question.onDate) });
}

/** Say about which work was asked; empty where about none. */
function askedOf({ state, employer }: Question): string {
  const named = employer === "" ? "" : say("value.employer_asked", { employer: visible(employer) });
  const work = [state === "" ? "" : country(state), named].filter((each) => each !== "");
  return work.length === 0 ? "" : say("note.work_asked", { work: listed(work) });
}

/** Refuse to show what this purpose may not see: nothing of the document is drawn. */
function Hidden({ kind, purpose }: { kind: string; purpose: string }) {
  return (
    <section className="block" role="status">
      <h1 tabIndex={-1}>{say(purpose === "care" ? "screen.hidden.care" : "screen.hidden.inspection")}</h1>
      <p>{say("note.hidden", { kind: say(has(`kind.${kind}`) ? `kind.${kind}` : "kind.unknown") })}</p>
    </section>
  );
}

function Failed({ code }: { code: string }) {
  const isKnown = has(`note.failed.${code}`);
  return (
    <section className="block" role="status">
      <h1 tabIndex={-1}>{say("screen.failed")}</h1>
      <p>{say(isKnown ? `note.failed.${code}` : "note.failed")}</p>
      <p className="soft"><code>{code}</code></p>
    </section>
  );
}

function NextButtons() {
  return (
    <div className="next-buttons">
      <Button kind="first" icon="scan" onClick={() => go("scan", true)}>{say("button.scan_next")}</Button>
      <Button icon="home" onClick={() => go("")}>{say("screen.home_short")}</Button>
    </div>
  );
}
