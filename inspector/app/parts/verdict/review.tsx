/** In doubt about a genuine A1: whom to ask for a review, by what right. */
import type { Facts } from "../../scans/facts.ts";
import { country, say } from "../../words/texts.ts";
import { Plain } from "../plain.tsx";

/** Draw how a review is requested. */
export function Review({ facts }: { facts: Facts | undefined }) {
  if (facts === undefined) return null;
  return (
    <details className="block review">
      <summary>{say("button.review")}</summary>
      <p>{say("note.review")}</p>
      <dl className="facts">
        <div className="fact">
          <dt>{say("field.institution")}</dt>
          <dd>
            <Plain text={facts.institution.name} />{" "}
            <span className="soft">
              <Plain text={facts.institutionId} />
            </span>
            {facts.institution.country === "" ? null : (
              <span className="soft"> {country(facts.institution.country)}</span>
            )}
          </dd>
        </div>
        {facts.number === "" ? null : (
          <div className="fact">
            <dt>{say("field.document_number")}</dt>
            <dd><Plain text={facts.number} /></dd>
          </div>
        )}
        <div className="fact">
          <dt>{say("field.legal_basis")}</dt>
          <dd>{say("value.review_basis")}</dd>
        </div>
      </dl>
    </details>
  );
}
