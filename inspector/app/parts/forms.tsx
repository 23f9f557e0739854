/**
 * Fields and buttons, alike on every screen: a visible label, its hint, its fault, a target of 48 pixels and more.
 */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

import { Icon } from "./icons.tsx";

interface FieldProps {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
}

interface TextFieldProps extends FieldProps {
  value: string;
  onValue: (value: string) => void;
  type?: "text" | "date";
  maxLength?: number;
}

/** A line of text, or a day. */
export function TextField({ label, hint, fault, value, onValue, type = "text", maxLength = 500 }: TextFieldProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} fault={fault}>
      <input
        id={id}
        type={type as "text"}
        value={value}
        {...described(id, hint, fault)}
        autocomplete="off"
        spellcheck={false}
        maxLength={maxLength}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </Labelled>
  );
}

interface TextAreaProps extends FieldProps {
  value: string;
  onValue: (value: string) => void;
}

/** Several lines of text. */
export function TextArea({ label, hint, fault, value, onValue }: TextAreaProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} fault={fault}>
      <textarea
        id={id}
        rows={5}
        value={value}
        {...described(id, hint, fault)}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </Labelled>
  );
}

export interface Option {
  readonly value: string;
  readonly label: string;
  readonly lang?: string;
}

interface ChoiceProps extends FieldProps {
  value: string;
  options: readonly Option[];
  onValue: (value: string) => void;
}

/** One of several, in a list. */
export function Choice({ label, hint, fault, value, options, onValue }: ChoiceProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} fault={fault}>
      <select
        id={id}
        value={value}
        {...described(id, hint, fault)}
        onChange={(event) => onValue(event.currentTarget.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} lang={option.lang}>
            {option.label}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

interface SwitchProps {
  label: string;
  checked: boolean;
  onValue: (value: boolean) => void;
}

/** Yes or no. */
export function Switch({ label, checked, onValue }: SwitchProps) {
  return (
    <label className="switch">
      <input type="checkbox" checked={checked} onChange={(event) => onValue(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

interface ButtonProps {
  children: ComponentChildren;
  onClick?: () => void;
  icon?: Parameters<typeof Icon>[0]["name"];
  kind?: "first" | "plain" | "quiet";
  type?: "button" | "submit";
  disabled?: boolean;
  /** What it begins is under way: it takes no tap, and keeps the focus. */
  busy?: boolean;
  pressed?: boolean;
}

/** A button with a word on it. */
export function Button({ children, onClick, icon, kind = "plain", type = "button", ...rest }: ButtonProps) {
  const { disabled = false, busy = false, pressed } = rest;
  const state = {
    ...(pressed === undefined ? {} : { "aria-pressed": pressed }),
    ...(busy ? { "aria-busy": true, "aria-disabled": true } : {}),
  };
  return (
    <button type={type} className={`button button-${kind}`} onClick={onClick} disabled={disabled} {...state}>
      {icon === undefined ? null : <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

interface FileButtonProps {
  children: ComponentChildren;
  accept: string;
  onFiles: (files: readonly File[]) => void;
  kind?: "first" | "plain";
  multiple?: boolean;
  capture?: "environment";
  busy?: boolean;
}

/** A button that opens the choice of files; the same file can be chosen again. */
export function FileButton({ children, accept, onFiles, kind = "plain", busy = false, ...rest }: FileButtonProps) {
  return (
    <label className={`button button-${kind} file-button`} aria-busy={busy}>
      <span>{children}</span>
      <input
        type="file"
        accept={accept}
        disabled={busy}
        {...rest}
        onChange={({ currentTarget: input }) => {
          onFiles([...(input.files ?? [])]);
          input.value = "";
        }}
      />
    </label>
  );
}

function Labelled({ id, label, hint, fault, children }: LabelledProps) {
  return (
    <div className={fault ? "field field-faulty" : "field"}>
      <label for={id}>{label}</label>
      {hint ? <p id={`${id}-hint`} className="field-hint">{hint}</p> : null}
      {fault ? <p id={`${id}-fault`} className="field-fault">{fault}</p> : null}
      {children}
    </div>
  );
}

interface LabelledProps {
  id: string;
  label: string;
  hint: string | undefined;
  fault: string | undefined;
  children: ComponentChildren;
}

interface Described {
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

function described(id: string, hint: string | undefined, fault: string | undefined): Described {
  const parts = [hint ? `${id}-hint` : "", fault ? `${id}-fault` : ""].filter((part) => part !== "");
  return {
    ...(parts.length === 0 ? {} : { "aria-describedby": parts.join(" ") }),
    ...(fault ? { "aria-invalid": true } : {}),
  };
}
