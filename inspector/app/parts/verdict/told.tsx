/** What was scanned and is no attestation: named honestly, shown as text, never opened (K01, K03). */
import { useEffect, useRef } from "preact/hooks";

import type { LinkFacts, Recognised } from "../../../core/index.ts";
import { day, has, say } from "../../words/texts.ts";
import { Plain } from "../plain.tsx";

/** Draw what it is. */
export function Told({ recognised }: { recognised: Recognised }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const { kind } = recognised;
  return (
    <section className="block told" role="status">
      <h1 ref={heading} tabIndex={-1}>{say(has(`told.${kind}`) ? `told.${kind}` : "told.text")}</h1>
      <p>{say(has(`told.${kind}.note`) ? `told.${kind}.note` : "told.text.note")}</p>
      {"host" in recognised ? <Host link={recognised} /> : null}
      {"scheme" in recognised ? <Named label={say("field.scheme")} value={recognised.scheme} /> : null}
      {"unverifiedFacts" in recognised ? <Read facts={recognised.unverifiedFacts} /> : null}
      {recognised.unverifiedText === "" ? null : (
        <>
          <h2>{say("field.content")}</h2>
          <p className="content"><Plain text={recognised.unverifiedText} longest={400} /></p>
        </>
      )}
    </section>
  );
}

/** Show the host in full, and everything about it that is made to deceive. */
export function Host({ link }: { link: LinkFacts }) {
  return (
    <div className="host">
      <Named label={say("field.host")} value={link.host} />
      {link.unicodeHost === link.host ? null : (
        <Named label={say("field.host_letters")} value={link.unicodeHost} />
      )}
      <ul className="flags">
        {link.flags.map((flag) => <li key={flag}>{say(`flag.${flag}`)}</li>)}
      </ul>
    </div>
  );
}

function Named({ label, value }: { label: string; value: string }) {
  return (
    <dl className="facts">
      <div className="fact">
        <dt>{label}</dt>
        <dd className="host-name"><Plain text={value} longest={300} /></dd>
      </div>
    </dl>
  );
}

/** Show what can be read of a foreign code without any key: none of it is verified, and that is said. */
function Read({ facts }: { facts: Readonly<Record<string, string>> }) {
  const found = Object.entries(facts);
  if (found.length === 0) return null;
  return (
    <>
      <h2>{say("note.unverified")}</h2>
      <dl className="facts">
        {found.map(([name, value]) => (
          <div className="fact" key={name}>
            <dt>{has(`foreign.${name}`) ? say(`foreign.${name}`) : <Plain text={name} longest={60} />}</dt>
            <dd><Plain text={day(value)} /></dd>
          </div>
        ))}
      </dl>
    </>
  );
}
