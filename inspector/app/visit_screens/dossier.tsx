/** The site dossier: how one link for everyone who may see the site is made of visits. */
import { Plain } from "../parts/plain.tsx";
import { say } from "../session/texts.ts";
import type { PartProps } from "./visit.tsx";

export function DossierPart({ visit }: PartProps) {
  return (
    <>
      <h2>{say("screen.dossier")}</h2>
      <p><Plain text={visit.opened.site.name} /></p>
      <p>{say("screen.dossier.none")}</p>
      <p>{say("screen.dossier.hint")}</p>
    </>
  );
}
