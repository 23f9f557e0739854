/** What has to be known of this device before anything is believed, each with what to do about it. */
import type { ComponentChildren } from "preact";

import { installed, update } from "../offline/updates.ts";
import { CLOCK_TOLERANCE } from "../scans/caution.ts";
import { useDevice, useHand } from "../scans/context.ts";
import { problemOf } from "../scans/wording.ts";
import type { DeviceState } from "../session/device.ts";
import { faults } from "../session/faults.ts";
import { useWatched } from "../session/watching.ts";
import { duration, has, say } from "../words/texts.ts";
import { Button } from "./forms.tsx";
import { Icon } from "./icons.tsx";
import { Plain } from "./plain.tsx";

/** Draw the notices; nothing where there are none. */
export function Notices() {
  const device = useDevice();
  const { altered, newer } = useWatched(installed);
  const fault = useWatched(faults);
  const { online, problem } = device;
  return (
    <div className="notices" role="status">
      <Knowledge device={device} />
      {problem === "" || !online ? null : <Notice>{troubleOf(problem)}</Notice>}
      {altered === "" ? null : <Notice>{say("note.altered")} <code><Plain text={altered} /></code></Notice>}
      {fault === "" ? null : (
        <Notice act={<Button onClick={() => location.reload()}>{say("button.reload")}</Button>}>
          {problemOf("internal")} <code><Plain text={fault} /></code>
        </Notice>
      )}
      {newer ? (
        <Notice calm act={<Button onClick={() => void update()}>{say("button.update")}</Button>}>
          {say("note.newer")}
        </Notice>
      ) : null}
    </div>
  );
}

/** The clock, then the age of the trust data: a wrong clock makes any age wrong. */
function Knowledge({ device }: { device: DeviceState }) {
  const { device: hand } = useHand();
  const offset = Math.abs(device.clockOffset ?? 0);
  if (offset > CLOCK_TOLERANCE) return <Notice>{say("note.clock_wrong", { duration: duration(offset) })}</Notice>;
  if (device.pack === null) return <Notice>{say("note.no_pack")}</Notice>;
  return hand.now() > device.pack.nextUpdate ? <Notice>{say("note.stale")}</Notice> : null;
}

/** Say why there are no newer trust data; by its code where there are no words for it. */
function troubleOf(code: string): string {
  return say(has(`trouble.${code}`) ? `trouble.${code}` : "trouble.other", { code });
}

interface NoticeProps {
  children: ComponentChildren;
  act?: ComponentChildren;
  calm?: boolean;
}

function Notice({ children, act = null, calm = false }: NoticeProps) {
  return (
    <div className={calm ? "notice notice-calm" : "notice"}>
      <div className="notice-line">
        <Icon name={calm ? "turn" : "warning"} />
        <p>{children}</p>
        {act}
      </div>
    </div>
  );
}
