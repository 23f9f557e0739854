/** What was found about a paper without a code: never better than "cannot be authenticated here". */
import { useEffect, useRef } from "preact/hooks";

import type { PaperField, PaperFinding, PaperResult } from "../../../core/index.ts";
import { country, has, say } from "../../words/texts.ts";
import { Icon, Mark } from "../icons.tsx";
import { Plain } from "../plain.tsx";

/** Draw the result, and how to ask the institution. */
export function PaperFindings({ result }: { result: PaperResult }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [result]);
  return (
    <section className="verdict">
      <div className="verdict-head tone-amber" role="status">
        <div className="verdict-sign">
          <Mark colour="amber" />
          <p className="verdict-word">{say("colour.amber")}</p>
        </div>
        <h2 ref={heading} tabIndex={-1}>{say("verdict.paper.headline")}</h2>
        <p className="verdict-sentence">{say("note.cannot_authenticate")}</p>
        <p className="verdict-action">{say("verdict.paper.action")}</p>
      </div>
      <div className="block">
        <h3>{say("screen.paper.findings")}</h3>
        {result.findings.length === 0 ? <p>{say("note.paper_consistent")}</p> : null}
        <ul className="paper-findings">
          {result.findings.map((finding) => (
            <li key={`${finding.code}-${finding.field}`} className={finding.weight}>
              <Icon name={finding.weight === "problem" ? "cross" : "more"} />
              <span>
                <strong>{say(`weight.${finding.weight}`)}: </strong>
                {has(`paper.${finding.code}`) ? say(`paper.${finding.code}`, paramsOf(finding)) : finding.code}
              </span>
            </li>
          ))}
        </ul>
      </div>
      <AskIssuer result={result} />
    </section>
  );
}

const LABELS: Readonly<Record<PaperField, string>> = {
  kind: "kind",
  institutionId: "institution_id",
  institutionName: "institution",
  country: "issuing_state",
  number: "document_number",
  surname: "surnames",
  forenames: "forenames",
  birthDate: "date_of_birth",
  issued: "issued_on",
  first: "first_day",
  last: "last_day",
  statusCode: "situation",
  places: "states_of_work",
  employer: "employer",
};

function paramsOf(finding: PaperFinding): PaperFinding["params"] {
  return { ...finding.params, field: say(`field.${LABELS[finding.field]}`) };
}

function AskIssuer({ result }: { result: PaperResult }) {
  const { institutions, documentNumber, legalBasis } = result.askIssuer;
  return (
    <div className="block">
      <h3>{say("button.ask_issuer")}</h3>
      <p>{say("note.ask_issuer")}</p>
      {institutions.length === 0 ? <p>{say("note.issuer_unknown")}</p> : (
        <ul className="places">
          {institutions.map((each) => (
            <li key={each.id}>
              <strong><Plain text={each.name} /></strong>
              <span className="soft"><Plain text={each.id} /></span>
              <span className="soft">{country(each.country)}</span>
            </li>
          ))}
        </ul>
      )}
      {documentNumber === null ? null : <p>{say("field.document_number")}: <Plain text={documentNumber} /></p>}
      <p className="soft">{say("field.legal_basis")}: {legalBasis}</p>
    </div>
  );
}
