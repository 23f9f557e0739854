/** Two endings of imports that the bundler does not know by itself: both give the address of a built file. */
import { build, type OnLoadResult, type Plugin } from "esbuild";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";

const WORKER = /\?worker$/;
const FILE = /\?file$/;

/** `import url from "./decoder.ts?worker"`: the script of a worker, with all that it imports in one file. */
export const workers: Plugin = addresses("workers", WORKER, bundled);

/** `import url from "package/file.js?file"`: a file of a package, copied as it is. */
export const copies: Plugin = addresses("copies", FILE, async (place) => ({
  contents: await readFile(place),
  loader: "file",
}));

function addresses(name: string, ending: RegExp, load: (place: string) => Promise<OnLoadResult>): Plugin {
  return {
    name,
    setup(bundler) {
      bundler.onResolve({ filter: ending }, async ({ path, resolveDir }) => {
        const found = await bundler.resolve(path.replace(ending, ""), { resolveDir, kind: "import-statement" });
        if (found.errors.length > 0) return found;
        return { path: scriptName(found.path), namespace: name, pluginData: found.path };
      });
      bundler.onLoad({ filter: /./, namespace: name }, ({ pluginData }) => load(pluginData as string));
    },
  };
}

async function bundled(entry: string): Promise<OnLoadResult> {
  const made = await build({ ...SCRIPT, entryPoints: [entry], write: false, outdir: "worker", metafile: true });
  const [script, ...more] = made.outputFiles;
  if (script === undefined || more.length > 0) throw new Error(`${basename(entry)} has to become one script`);
  return { contents: script.contents, loader: "file", watchFiles: Object.keys(made.metafile.inputs) };
}

/** What the shell, the workers and the service worker are built with alike. */
export const SCRIPT = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2023",
  platform: "browser",
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".wasm": "file", ".svg": "file" },
  logLevel: "warning",
} as const;

/** Servers and browsers take a script by its ending. */
const scriptName = (path: string): string => basename(path).replace(/\.(?:tsx?|mjs|js)$/, ".js");
