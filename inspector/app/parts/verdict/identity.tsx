/** The person of the document, large: to be compared with an identity document, name by name. */
import type { Facts } from "../../scans/facts.ts";
import { namesNobody } from "../../scans/facts.ts";
import { country, day, listed, say } from "../../words/texts.ts";
import { Button } from "../forms.tsx";
import { Plain } from "../plain.tsx";

interface IdentityProps {
  facts: Facts;
  /** Called with the person's answer; null where there is nothing to complete. */
  onCompared: ((answer: "same" | "different") => void) | null;
}

/**
 * Draw the identity, and ask whether it is the person where that completes the verdict; nobody named, nobody
 * compared.
 */
export function Identity({ facts, onCompared }: IdentityProps) {
  const { person, unreadable } = facts;
  if (namesNobody(facts)) {
    return (
      <section className="block">
        <h2>{say("section.person")}</h2>
        <p>{say(facts.nameless ? "note.nameless" : "note.person_not_shown")}</p>
        <a className="home-link" href="#/ask">{say("button.ask")}</a>
      </section>
    );
  }
  return (
    <section className="block identity">
      <h2>{say("section.person")}</h2>
      {unreadable.length === 0 ? null : (
        <p className="warning">
          {say("note.name_unreadable", { fields: listed(unreadable.map((name) => say(`field.${name}`))) })}
        </p>
      )}
      <dl className="identity-lines">
        <Line label={say("field.surnames")} value={person.surnames} large />
        <Line label={say("field.forenames")} value={person.forenames} large />
        <Line label={say("field.date_of_birth")} value={day(person.dateOfBirth)} large />
        <Line label={say("field.surname_at_birth")} value={person.surnameAtBirth} />
        <Line label={say("field.nationality")} value={listed(person.nationalities.map(country))} />
      </dl>
      {onCompared === null ? null : <Comparison onCompared={onCompared} />}
    </section>
  );
}

function Line({ label, value, large = false }: { label: string; value: string; large?: boolean }) {
  if (value === "") return null;
  return (
    <div className={large ? "identity-line identity-large" : "identity-line"}>
      <dt>{label}</dt>
      <dd><Plain text={value} /></dd>
    </div>
  );
}

function Comparison({ onCompared }: { onCompared: (answer: "same" | "different") => void }) {
  return (
    <div className="button-pair" role="group" aria-label={say("note.compare_identity")}>
      <Button kind="first" icon="check" onClick={() => onCompared("same")}>{say("button.same_person")}</Button>
      <Button icon="cross" onClick={() => onCompared("different")}>{say("button.different_person")}</Button>
    </div>
  );
}
