/** Where the sources of the app stand, and where the built app goes. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The path under which the service serves the app; the service worker's scope. */
export const BASE = "/inspect/";
/** The folder of files whose names change with their content. */
export const HASHED = "assets/";

export const ROOM = dirname(dirname(fileURLToPath(import.meta.url)));
export const APP = join(ROOM, "app");
export const BUILT = join(ROOM, "static");
/** Built aside, in a folder that git does not know, and moved in place as a whole. */
export const ASIDE = join(ROOM, "node_modules", `.static-${process.pid}`);
