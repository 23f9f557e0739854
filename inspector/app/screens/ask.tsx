/** Ask the wallet: choose what for, show the code, compare the confirmation, and the answer becomes a verdict. */
import { useEffect, useState } from "preact/hooks";

import { CopyButton } from "../parts/copy_button.tsx";
import { Button } from "../parts/forms.tsx";
import { PairForm } from "../parts/pair_form.tsx";
import { QrCode } from "../parts/qr_code.tsx";
import type { Asked } from "../scans/asking.ts";
import { followQuestion, putQuestion } from "../scans/asking.ts";
import { useDevice, useHand } from "../scans/context.ts";
import { useBusy } from "../session/busy.ts";
import type { Configuration, Preset } from "../session/device.ts";
import type { Question } from "../session/question.ts";
import { dayAt, maySee, questionOf } from "../session/question.ts";
import { tellFault } from "../session/faults.ts";
import { go } from "../session/routes.ts";
import { ServiceProblem } from "../session/service.ts";
import { useWatched } from "../session/watching.ts";
import { say, spoken } from "../words/texts.ts";
import { problemOf } from "../scans/wording.ts";

/** Draw the question. */
export function Ask() {
  const { device, scans } = useHand();
  const { settings, configuration, paired, revoked, online } = useDevice();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [problem, setProblem] = useState("");
  const employer = useWatched(scans.employer);
  const onDate = scans.treatmentDay === "" ? dayAt(device.now()) : scans.treatmentDay;
  const question = questionOf(settings, onDate, employer);
  const [busy, once] = useBusy();
  if (paired === null || revoked) return <PairForm />;
  if (asked !== null) return <Shown asked={asked} question={question} onAgain={() => setAsked(null)} />;
  const put = async (preset: string): Promise<void> => {
    setProblem("");
    try {
      setAsked(await putQuestion(preset, question));
    } catch (error) {
      setProblem(error instanceof ServiceProblem ? error.code : "internal");
      await device.confirmRegistration();
    }
  };
  return (
    <>
      <h1>{say("screen.ask")}</h1>
      <p>{say("screen.ask.choose")}</p>
      {online ? null : (
        <p className="warning" role="status">
          {say("note.ask_offline")}
        </p>
      )}
      {problem === "" ? null : (
        <p className="warning" role="alert">
          {problemOf(problem)}
        </p>
      )}
      <Presets
        configuration={configuration}
        question={question}
        disabled={!online || busy}
        onChosen={(preset) => void once(() => put(preset))}
      />
    </>
  );
}

interface PresetsProps {
  configuration: Configuration | null;
  question: Question;
  disabled: boolean;
  onChosen: (preset: string) => void;
}

/** Offer the questions of this purpose: no other is put. */
function Presets({ configuration, question, disabled, onChosen }: PresetsProps) {
  const fitting = (configuration?.presets ?? []).filter((preset) =>
    preset.kinds.every((kind) => maySee(question.purpose, kind)),
  );
  if (fitting.length === 0) return <p>{say("note.no_presets")}</p>;
  return (
    <ul className="presets">
      {fitting.map((preset) => (
        <li key={preset.id}>
          <button type="button" className="preset" disabled={disabled} onClick={() => onChosen(preset.id)}>
            <strong>{titleOf(preset)}</strong>
            <span>{preset.kinds.map((kind) => say(`kind.${kind}`)).join(" + ")}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function titleOf(preset: Preset): string {
  return preset.titles[spoken()] ?? preset.titles["en"] ?? preset.id;
}

function Shown({ asked, question, onAgain }: { asked: Asked; question: Question; onAgain: () => void }) {
  const { scans, device } = useHand();
  const [end, setEnd] = useState<"" | "expired" | "declined">("");
  useEffect(() => {
    const stop = new AbortController();
    followQuestion(asked, question, () => device.state().clockOffset, stop.signal)
      .then((ended) => {
        if (ended.stage !== "answered") setEnd(ended.stage);
        else go(`verdict/${scans.answered(ended.judgement, asked.transaction, ended.receipt)}`, true);
      })
      .catch((fault: unknown) => {
        if (!stop.signal.aborted) tellFault(fault);
      });
    return () => stop.abort();
  }, [asked]);
  if (end !== "") {
    return (
      <section className="block">
        <h1>{say("screen.ask")}</h1>
        <p role="alert">{say(`note.wallet_${end}`)}</p>
        <Button kind="first" onClick={onAgain}>{say("button.retry")}</Button>
      </section>
    );
  }
  return (
    <section className="asked">
      <h1>{say("screen.ask.hint")}</h1>
      <QrCode text={asked.link} label={say("screen.ask.code")} />
      <p className="confirmation">
        <span>{say("note.confirmation")}</span>
        <strong className="code-letters"><bdi>{asked.confirmation}</bdi></strong>
      </p>
      <p className="soft">{say("note.confirmation_where")}</p>
      <Countdown until={asked.expiresAt} />
      <p role="status">{say("note.waiting_wallet")}</p>
      <details className="block">
        <summary>{say("screen.ask.as_link")}</summary>
        <p>{say("screen.ask.as_link_hint")}</p>
        <p className="content"><code>{asked.link}</code></p>
        <CopyButton text={asked.link} />
      </details>
      <Button onClick={onAgain}>{say("button.cancel")}</Button>
    </section>
  );
}

/** Show how long the code holds; read out only when its time is nearly over. */
function Countdown({ until }: { until: number }) {
  const left = (): number => Math.max(0, Math.round(until - Date.now() / 1000));
  const [seconds, setSeconds] = useState(left());
  useEffect(() => {
    const timer = setInterval(() => setSeconds(left()), 1000);
    return () => clearInterval(timer);
  }, [until]);
  const shown = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return <p className="countdown">{say("note.time_left", { time: shown })}</p>;
}
