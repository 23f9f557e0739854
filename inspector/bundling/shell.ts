/** What stands around the script: the page, the web app manifest. */
import { BASE } from "./places.ts";
import { ICONS } from "./icons.ts";

const GROUND = "#0b5563";
/** The policy that the server sends as well, but for what only a header can say: no altered copy is without it. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; " +
  "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'";

/** A file of the build with the hash by which a page may demand exactly it. */
export interface Demanded {
  path: string;
  sha256: string;
}

/** Return the page: one script, one style sheet, each only as it was built. */
export function page(script: Demanded, styles: readonly Demanded[]): string {
  const sheets = styles.map(
    (each) => `<link rel="stylesheet" href="${BASE}${each.path}" integrity="${integrity(each)}">\n`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>Portadoc Inspector</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="theme-color" content="${GROUND}">
<meta name="format-detection" content="telephone=no">
<link rel="manifest" href="${BASE}manifest.webmanifest">
<link rel="icon" href="${BASE}icon.svg" type="image/svg+xml">
<link rel="apple-touch-icon" href="${BASE}icon-apple-180.png">
${sheets.join("")}<script type="module" src="${BASE}${script.path}" integrity="${integrity(script)}"></script>
</head>
<body>
<div id="app"></div>
<noscript>This app judges documents on the device itself and needs JavaScript.</noscript>
</body>
</html>
`;
}

/** Return the web app manifest. */
export function manifest(): string {
  const icons = ICONS.filter((icon) => icon.pixels !== 180).map((icon) => ({
    src: BASE + icon.name,
    sizes: `${icon.pixels}x${icon.pixels}`,
    type: "image/png",
    purpose: icon.maskable ? "maskable" : "any",
  }));
  const described = {
    id: BASE,
    name: "Portadoc Inspector",
    short_name: "Inspector",
    description: "Scan an attestation, believe it, also where there is no network.",
    start_url: BASE,
    scope: BASE,
    display: "standalone",
    background_color: GROUND,
    theme_color: GROUND,
    icons: [...icons, { src: `${BASE}icon.svg`, sizes: "any", type: "image/svg+xml", purpose: "any" }],
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}

const integrity = (file: Demanded): string => `sha256-${Buffer.from(file.sha256, "hex").toString("base64")}`;
