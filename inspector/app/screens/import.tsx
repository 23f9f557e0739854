/** A PDF, a photo or a text in place of the camera: equal in rank, and judged in the same way. */
import { useState } from "preact/hooks";

import { recognise } from "../../core/recognition/recognise.ts";
import { Button, FileButton, TextArea } from "../parts/forms.tsx";
import { codesInPhoto } from "../scanner/photo.ts";
import { useHand } from "../scans/context.ts";
import { go } from "../session/routes.ts";
import type { Scans, Source } from "../scans/scans.ts";
import { Series } from "../scans/series.ts";
import { useBusy } from "../session/busy.ts";
import { useStillShown } from "../session/watching.ts";
import { say } from "../words/texts.ts";

type Found = { readonly unverified: string | Uint8Array };
const SVG = /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]/i;
const MOST_BYTES = 32 * 1024 * 1024;
/** Kinds of text for which an attached file is worth a verdict of its own. */
const ATTESTATIONS: ReadonlySet<string> = new Set(["sd_jwt", "seal"]);

/** Draw the two ways: a file, a text. */
export function Import() {
  const { scans } = useHand();
  const [pasted, setPasted] = useState("");
  const [note, setNote] = useState("");
  const [isPart, setIsPart] = useState(false);
  const isShown = useStillShown();
  const [busy, once] = useBusy();
  const read = async (files: readonly File[]): Promise<void> => {
    setNote("reading");
    try {
      const read = await Promise.all(files.map(contentOf));
      const found = read.flatMap((each) => (typeof each === "string" ? [] : each));
      if (!isShown()) return;
      setNote(found.length > 0 ? "" : (read.find((each) => typeof each === "string") ?? "nothing_found"));
      const source = files[0]?.type.startsWith("image/") ? "photo" : "file";
      setIsPart(!(await judgeAll(scans, worthJudging(scans, found), source)) && found.length > 0);
    } catch {
      setNote("file_unreadable");
    }
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    if (pasted.trim() === "") return;
    void once(async () => setIsPart(!(await judgeAll(scans, [{ unverified: pasted.trim() }], "text"))));
  };
  return (
    <>
      <h1>{say("screen.import")}</h1>
      <section className="block">
        <h2>{say("screen.import.file")}</h2>
        <p>{say("screen.import.file_hint")}</p>
        <FileButton
          kind="first"
          multiple
          accept="application/pdf,image/*,text/plain,.sd-jwt,.jwt,.txt"
          busy={busy}
          onFiles={(files) => void once(() => read(files))}
        >
          {say("button.choose_file")}
        </FileButton>
        <p role="status">{note === "" ? "" : say(`note.${note}`)}</p>
        <p role="status">{isPart ? say("told.frame.note") : ""}</p>
      </section>
      <form className="block" onSubmit={submit}>
        <h2>{say("screen.paste")}</h2>
        <TextArea label={say("screen.paste.label")} value={pasted} onValue={setPasted} />
        <Button type="submit" kind="first">{say("button.check")}</Button>
      </form>
    </>
  );
}

/** Return what was found without the verification codes of papers whose seals were found as well. */
function worthJudging(scans: Scans, found: readonly Found[]): readonly Found[] {
  const kindOf = ({ unverified }: Found): string => recognise(unverified, scans.recognition()).kind;
  const isSealed = found.some((each) => ATTESTATIONS.has(kindOf(each)));
  return isSealed ? found.filter((each) => kindOf(each) !== "verification_url") : found;
}

/**
 * Judge all that was found: one leads to its verdict, several to the list; parts of a moving code lead nowhere.
 */
async function judgeAll(scans: Scans, found: readonly Found[], source: Source): Promise<boolean> {
  const series = new Series(scans);
  const begun: string[] = [];
  for (const each of found) {
    const id = await series.offer([{ symbology: "", unverified: each.unverified }], source);
    if (id !== null) begun.push(id);
  }
  const [first] = begun;
  if (begun.length > 1) go("history");
  else if (first !== undefined) go(`verdict/${first}`);
  return first !== undefined;
}

/** Why nothing was found in a file: the key of its words. */
type Nothing = "file_empty" | "picture_no_code" | "picture_drawn" | "file_no_text" | "file_too_large";

async function contentOf(file: File): Promise<readonly Found[] | Nothing> {
  if (file.size > MOST_BYTES) return "file_too_large";
  if (file.size === 0) return "file_empty";
  const bytes = new Uint8Array(await file.arrayBuffer());
  const recognised = recognise(bytes);
  if (recognised.kind === "image") {
    const codes = await codesInPhoto(new Blob([bytes], { type: recognised.mime }));
    return codes.length > 0 ? codes : "picture_no_code";
  }
  if (recognised.kind === "pdf") return contentOfPdf(bytes);
  if (recognised.kind === "binary") return "file_no_text";
  if (SVG.test(recognised.unverifiedText)) return "picture_drawn";
  if (recognised.unverifiedText.trim() === "") return "file_empty";
  return [{ unverified: recognised.unverifiedText }];
}

async function contentOfPdf(bytes: Uint8Array): Promise<readonly Found[]> {
  const { readPdf } = await import("../scanner/pdf.ts");
  const { unverifiedAttachments, codes } = await readPdf(bytes);
  const attached = unverifiedAttachments.filter((text) => ATTESTATIONS.has(recognise(text).kind));
  return [...codes, ...attached.map((unverified) => ({ unverified }))];
}
