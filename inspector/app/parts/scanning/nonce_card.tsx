/**
 * A number that this device shows to a phone without network: what the phone signs then was signed now, for us.
 */
import { useEffect } from "preact/hooks";

import { useHand } from "../../scans/context.ts";
import { say } from "../../words/texts.ts";
import { useWatched } from "../../session/watching.ts";
import { Button } from "../forms.tsx";
import { QrCode } from "../qr_code.tsx";

/** Draw the number as a code and as letters, when somebody wants it. */
export function NonceCard() {
  const { challenge } = useHand().scans;
  const nonce = useWatched(challenge);
  useEffect(() => () => challenge.hide(), [challenge]);
  if (nonce === null)
    return (
      <Button kind="quiet" icon="phone" onClick={() => challenge.show()}>
        {say("button.phone_offline")}
      </Button>
    );
  return (
    <section className="block nonce">
      <h2>{say("screen.nonce")}</h2>
      <p>{say("screen.nonce.hint")}</p>
      <QrCode text={`PXN1:${nonce}`} label={say("screen.nonce.code")} />
      <p className="code-letters"><bdi>{nonce.match(/.{1,4}/g)?.join(" ")}</bdi></p>
      <Button onClick={() => challenge.hide()}>{say("button.close")}</Button>
    </section>
  );
}
