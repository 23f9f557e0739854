/**
 * A photo of the paper, to read from while typing: looked through for a code first, never sent, gone with the
 * page.
 */
import { useEffect, useState } from "preact/hooks";

import { codesInPhoto } from "../../scanner/photo.ts";
import { useHand } from "../../scans/context.ts";
import { go } from "../../session/routes.ts";
import { useStillShown } from "../../session/watching.ts";
import { say } from "../../words/texts.ts";

/** Offer the photo. A code that is found on it is judged in place of the form. */
export function PhotoToRead() {
  const { scans } = useHand();
  const [address, setAddress] = useState("");
  const [note, setNote] = useState("");
  const isShown = useStillShown();
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setAddress(URL.createObjectURL(file));
    try {
      const [found] = await codesInPhoto(file);
      if (!isShown()) return;
      if (found === undefined) setNote("photo_no_code");
      else go(`verdict/${scans.take(found.unverified, "photo")}`);
    } catch {
      setNote("file_unreadable");
    }
  };
  return (
    <section className="block">
      <label className="button file-button">
        <input
          type="file"
          accept="image/*"
          capture="environment"
          onChange={(event) => void take(event.currentTarget.files?.[0])}
        />
        <span>{say("button.photograph")}</span>
      </label>
      <p role="status">{note === "" ? "" : say(`note.${note}`)}</p>
      {address === "" ? null : <img className="photo" src={address} alt={say("field.photo_of_paper")} />}
    </section>
  );
}
