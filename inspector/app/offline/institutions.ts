/** The institutions that a trust pack names as issuers: for a paper without a code. */
import type { KnownInstitution } from "../../core/index.ts";
import type { TrustPack } from "../../core/pack/trust_pack.ts";

/** Return each issuing institution once, with every credential type that it may issue; by its identifier. */
export function institutionsOf(pack: TrustPack): readonly KnownInstitution[] {
  const found = new Map<string, KnownInstitution>();
  for (const each of pack.trust.authorisations) {
    if (each.credentialTypes.size === 0) continue;
    const before = found.get(each.institution)?.credentialTypes ?? [];
    const credentialTypes = [...new Set([...before, ...each.credentialTypes])].sort();
    found.set(each.institution, { id: each.institution, name: each.name, country: each.country, credentialTypes });
  }
  return [...found.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
}
