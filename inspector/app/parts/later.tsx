/** Screens that few need at once are loaded when they are opened; they are on the device already by then. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { say } from "../words/texts.ts";

export type Screen = ComponentType<{ rest: string }>;

/** Return a screen that loads the real one when it is first drawn. */
export function later(load: () => Promise<Screen>): Screen {
  let held: Screen | null = null;
  return function Later({ rest }: { rest: string }) {
    const [Found, setFound] = useState<Screen | null>(() => held);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (held !== null) return;
      load().then(
        (found) => {
          held = found;
          setFound(() => found);
        },
        () => setFailed(true),
      );
    }, []);
    if (failed) return <p className="warning" role="alert">{say("problem.internal")}</p>;
    return Found === null ? null : <Found rest={rest} />;
  };
}
