/** Name constraints: which names the certificates below an authority may carry. RFC 5280 §4.2.1.10. */

import { type Bytes, equalBytes } from "../encoding/bytes.ts";
import type { NameConstraints } from "./extensions.ts";
import type { GeneralName } from "./names.ts";

type Subtree = "permitted" | "excluded";

/** Thrown for a constraint or a name that nobody can compare; both refuse the path. */
class NotComparable extends Error {}

/** Whether every one of the names is within the constraints; a pair that cannot be compared is not. */
export function areWithin(names: readonly GeneralName[], constraints: NameConstraints): boolean {
  try {
    return names.every(
      (name) => isPermitted(name, constraints.permitted) && !isExcluded(name, constraints.excluded),
    );
  } catch (error) {
    if (error instanceof NotComparable) return false;
    throw error;
  }
}

/** A name of a form that no constraint speaks of is permitted. */
function isPermitted(name: GeneralName, permitted: readonly GeneralName[]): boolean {
  const ofItsForm = permitted.filter(({ kind }) => kind === name.kind);
  return ofItsForm.length === 0 || ofItsForm.some((constraint) => matches(constraint, name, "permitted"));
}

function isExcluded(name: GeneralName, excluded: readonly GeneralName[]): boolean {
  return excluded.some((constraint) => constraint.kind === name.kind && matches(constraint, name, "excluded"));
}

function matches(constraint: GeneralName, name: GeneralName, subtree: Subtree): boolean {
  if (constraint.kind === "dns") return matchesHost(constraint.text, name.text, subtree);
  if (constraint.kind === "ip") return matchesAddress(constraint.bytes, name.bytes);
  if (constraint.kind === "mail") return matchesMailbox(constraint.text, name.text);
  if (constraint.kind === "directory" && subtree === "excluded") return false;
  throw new NotComparable();
}

const LABEL = "(?!-)[A-Za-z0-9-]{1,63}(?<!-)";
const HOST = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`);

function host(text: string): string {
  if (!HOST.test(text)) throw new NotComparable();
  return text.toLowerCase();
}

function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

/** A wildcard stands for many names: all have to be permitted, and none may be excluded. */
function matchesHost(constraint: string, name: string, subtree: Subtree): boolean {
  const isWildcard = name.startsWith("*.");
  const [domain, bare] = [host(constraint), host(isWildcard ? name.slice(2) : name)];
  if (isWithin(bare, domain)) return true;
  const isOneLabelBelow = isWildcard && domain.slice(domain.indexOf(".") + 1) === bare && domain !== bare;
  return subtree === "excluded" && isOneLabelBelow;
}

const MAILBOX = /^((?:[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+\.)*[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)@(.*)$/s;

function mailbox(text: string): readonly [string, string] | null {
  const [, local, domain] = MAILBOX.exec(text) ?? [];
  return local === undefined || domain === undefined || !HOST.test(domain) ? null : [local, domain.toLowerCase()];
}

/** One mailbox, every mailbox of a host, or with a dot in front every mailbox below a host. */
function matchesMailbox(constraint: string, name: string): boolean {
  const found = mailbox(name);
  if (found === null) throw new NotComparable();
  const [local, domain] = found;
  if (constraint.startsWith(".")) return domain.endsWith(`.${host(constraint.slice(1))}`);
  const exact = mailbox(constraint);
  return exact === null ? domain === host(constraint) : exact[0] === local && exact[1] === domain;
}

function matchesAddress(network: Bytes, address: Bytes): boolean {
  const size = network.length / 2;
  const mask = network.subarray(size);
  const ones = Array.from(mask, (byte) => byte.toString(2).padStart(8, "0")).join("");
  if (ones.includes("01") || (address.length !== 4 && address.length !== 16)) throw new NotComparable();
  const masked = (bytes: Bytes): Bytes => bytes.map((byte, at) => byte & (mask[at] ?? 0));
  return address.length === size && equalBytes(masked(address), masked(network.subarray(0, size)));
}
