/** A code that this device shows: drawn here, as a picture and never as markup. */
import { useEffect, useState } from "preact/hooks";

/** Show a text as a code. What draws it is loaded when it is first needed. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const [svg, setSvg] = useState("");
  useEffect(() => {
    void import("qr").then(({ default: encodeQR }) => setSvg(encodeQR(text, "svg", { ecc: "medium", border: 4 })));
  }, [text]);
  if (svg === "") return null;
  return <img className="qr" src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`} alt={label} />;
}
