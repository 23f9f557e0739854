/** The employer in question: typed here, or of the open visit; every document is asked whether it names it. */
import { useHand } from "../scans/context.ts";
import { identifierOf } from "../session/question.ts";
import { useWatched } from "../session/watching.ts";
import { say } from "../words/texts.ts";
import { TextField } from "./forms.tsx";

/** Draw the field; what is typed holds at once, until the visit ends or the device locks. */
export function EmployerAsked() {
  const { scans } = useHand();
  const employer = useWatched(scans.employer);
  return (
    <TextField
      label={say("field.employer_asked")}
      hint={say("field.employer_asked.hint")}
      fault={identifierFault(employer)}
      value={employer}
      onValue={(typed) => scans.employer.set(typed)}
      maxLength={100}
    />
  );
}

/** Say that an entry is no identifier: no document is held against a name. */
export function identifierFault(entry: string): string | undefined {
  return entry.trim() === "" || identifierOf(entry) !== "" ? undefined : say("note.no_identifier");
}
