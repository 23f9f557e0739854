/** Marks drawn in the colour of the text. The three of a verdict differ in outline: circle, triangle, octagon. */
import type { ComponentChildren } from "preact";

import type { Colour } from "../../core/index.ts";

type IconName =
  | "scan" | "wallet" | "paper" | "import" | "settings" | "back" | "torch" | "turn" | "pause" | "check" | "cross"
  | "clock" | "list" | "link" | "phone" | "person" | "home" | "more" | "network"
  | "lock" | "print" | "copy" | "warning";

const PATHS: Readonly<Record<IconName, string>> = {
  scan: "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M4 12h16",
  wallet: "M4 7h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2zM4 7a2 2 0 0 1 2-2h10v2M15.5 13.5h.01",
  paper: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  import: "M12 4v11M7.5 10.5 12 15l4.5-4.5M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
  back: "M15 5l-7 7 7 7",
  torch: "M13 3 5 14h6l-1 7 8-11h-6z",
  turn: "M4 9a8 8 0 0 1 14-3l2 2M20 4v4h-4M20 15a8 8 0 0 1-14 3l-2-2M4 20v-4h4",
  pause: "M8 5v14M16 5v14",
  check: "M5 12.5 10 17 19 7",
  cross: "M6 6l12 12M18 6 6 18",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4l3 2",
  list: "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  phone: "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM11 18h2",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.5 20a7.5 7.5 0 0 1 15 0",
  home: "M4 11l8-7 8 7M6 10v10h12V10",
  more: "M6 9l6 6 6-6",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  print: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  warning: "M12 4 22 20H2zM12 10v4M12 17h.01",
  network: "M4 10a12 12 0 0 1 16 0M7 13.5a7.5 7.5 0 0 1 10 0M10 17a3 3 0 0 1 4 0",
};

/** Draw an icon; the word beside it says what it means. */
export function Icon({ name }: { name: IconName }) {
  return (
    <Drawing className="icon">
      <path d={PATHS[name]} />
    </Drawing>
  );
}

const OUTLINES: Readonly<Record<Colour, string>> = {
  green: "M24 3a21 21 0 1 0 0 42 21 21 0 0 0 0-42z",
  amber: "M24 4 46 44H2z",
  red: "M15 3h18l12 12v18L33 45H15L3 33V15z",
};
const SIGNS: Readonly<Record<Colour, string>> = {
  green: "M14 25l7 7 14-15",
  amber: "M24 18v12M24 36.5v.5",
  red: "M16.5 16.5l15 15M31.5 16.5l-15 15",
};

/** Draw the mark of a colour. */
export function Mark({ colour }: { colour: Colour }) {
  return (
    <svg className="mark" viewBox="0 0 48 48" aria-hidden="true" focusable="false">
      <path className="mark-outline" d={OUTLINES[colour]} />
      <path className="mark-sign" d={SIGNS[colour]} />
    </svg>
  );
}

function Drawing({ className, children }: { className: string; children: ComponentChildren }) {
  return (
    <svg className={className} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}
