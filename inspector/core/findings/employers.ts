/** Who employs a declared worker: identifiers are compared with identifiers, names with names. */
import { levelled } from "../judging/policy.ts";
import { plain } from "./sites.ts";

export interface Employer {
  readonly id: string;
  readonly name: string;
}

export type EmployerFits = "agrees" | "differs" | "not_compared" | "not_said";

/** Compare identifiers where both have one, else names where both have one; never one with the other. */
export function employerFits(
  declared: Employer,
  document: { readonly employerIds: readonly string[]; readonly employerNames: readonly string[] },
): EmployerFits {
  const ids = document.employerIds.map(levelled).filter((each) => each !== "");
  const names = document.employerNames.map(plain).filter((each) => each !== "");
  const [id, name] = [levelled(declared.id), plain(declared.name)];
  if (id !== "" && ids.length > 0) return ids.includes(id) ? "agrees" : "differs";
  if (name !== "" && names.length > 0) return names.includes(name) ? "agrees" : "differs";
  const isSaid = (id !== "" || name !== "") && ids.length + names.length > 0;
  return isSaid ? "not_compared" : "not_said";
}

/** Return the declared employer; what reads like a name is one, wherever it was written. */
export function declaredEmployer(employerId: string, employerName: string): Employer {
  if (!isEmployerName(employerId)) return { id: employerId, name: employerName };
  return { id: "", name: employerName || employerId };
}

/** Tell whether an entry names an employer: without digits, or of words with more letters than digits. */
export function isEmployerName(entry: string): boolean {
  const letters = entry.match(/\p{L}/gu)?.length ?? 0;
  const digits = entry.match(/\p{N}/gu)?.length ?? 0;
  return letters > 0 && (digits === 0 || (letters > digits && /\s/u.test(entry.trim())));
}
