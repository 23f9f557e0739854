/** A list of declared workers as people have it: lines of a spreadsheet, pasted or from a CSV file. */
import { isDay } from "../../../core/layouts/days.ts";
import type { DeclaredWorker } from "../../../core/index.ts";
import { columnsOf, employerOf, USUAL_ORDER } from "./columns.ts";
import type { Column } from "./columns.ts";

export const MOST_WORKERS = 2000;
const LONGEST_FIELD = 200;
const LONGEST_LIST = 1_000_000;
const LEAST_COLUMNS = 2;
const DAY_FIRST = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$/;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

export type LineProblem = "columns" | "name" | "date" | "period" | "too_long" | "repeated";

/** A line that cannot be read; lines count from 1. */
export interface UnreadLine {
  readonly line: number;
  readonly problem: LineProblem;
}

export interface ReadList {
  readonly workers: readonly DeclaredWorker[];
  readonly unread: readonly UnreadLine[];
  readonly tooMany: boolean;
}

/**
 * Read one worker a line: surname; forenames; date of birth; employer; A1 number; first day; last day; or in the
 * order that headings give, which may tell the name of an employer from its identifier.
 *
 * Columns are separated by tabs, semicolons or commas, whichever the first line has first in this order. A first
 * line without any date is taken for headings also when the lines below have dates. Nothing is guessed: a line
 * that cannot be read is told, and never half taken.
 */
export function readRoster(text: string): ReadList {
  const lines = text
    .slice(0, LONGEST_LIST)
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/);
  const separator = ["\t", ";", ","].find((each) => lines[0]?.includes(each)) ?? ";";
  const rows = lines
    .map((line, index) => ({ line: index + 1, fields: fieldsOf(line, separator) }))
    .filter(({ fields }) => fields.some((field) => field !== ""));
  const columns = columnsOf(rows[0]?.fields ?? []);
  const isHeaded = columns !== null || hasHeadings(rows.map(({ fields }) => fields));
  const wanted = isHeaded ? rows.slice(1) : rows;
  const workers: DeclaredWorker[] = [];
  const unread: UnreadLine[] = [];
  const seen = new Set<string>();
  for (const { line, fields } of wanted.slice(0, MOST_WORKERS)) {
    const read = workerOf(fields, columns ?? USUAL_ORDER, `w${line}`);
    const key = JSON.stringify(fields);
    if (typeof read === "string") unread.push({ line, problem: read });
    else if (seen.has(key)) unread.push({ line, problem: "repeated" });
    else workers.push(read);
    seen.add(key);
  }
  return { workers, unread, tooMany: wanted.length > MOST_WORKERS || text.length > LONGEST_LIST };
}

function hasHeadings(rows: readonly (readonly string[])[]): boolean {
  const [first, ...others] = rows;
  const dated = (fields: readonly string[]) => fields.some((field) => dayOf(field) !== null);
  return first !== undefined && !dated(first) && others.some(dated);
}

function workerOf(
  fields: readonly string[],
  columns: readonly Column[],
  id: string,
): DeclaredWorker | LineProblem {
  if (fields.length < LEAST_COLUMNS || fields.length > columns.length) return "columns";
  if (fields.some((field) => field.length > LONGEST_FIELD || CONTROL.test(field))) return "too_long";
  const named: Partial<Record<Column, string>> = Object.fromEntries(
    fields.map((field, at) => [columns[at], field]),
  );
  const {
    surname = "",
    forenames = "",
    birthDate: birth = "",
    number = "",
    first: from = "",
    last: to = "",
  } = named;
  const { employerId, employerName } = employerOf(named);
  if (surname === "") return "name";
  const [birthDate, first, last] = [birth, from, to].map((field) => (field === "" ? "" : dayOf(field)));
  if (birthDate === null || first === null || last === null) return "date";
  if (first && last && last < first) return "period";
  return {
    id,
    surname,
    forenames,
    ...(birthDate ? { birthDate } : {}),
    ...(employerId ? { employerId } : {}),
    ...(employerName ? { employerName } : {}),
    ...(number ? { number } : {}),
    ...(first ? { first } : {}),
    ...(last ? { last } : {}),
  };
}

/** Return the day that a field names (2026-03-31, 31.03.2026 or 31/03/2026), null when it names none. */
function dayOf(field: string): string | null {
  const parts = DAY_FIRST.exec(field);
  const iso = parts === null ? field : `${parts[3]}-${pad(parts[2])}-${pad(parts[1])}`;
  return isDay(iso) ? iso : null;
}

const pad = (digits: string | undefined): string => (digits ?? "").padStart(2, "0");

/** Return the fields of a line; a field may stand in double quotes, with a quote in it doubled. */
function fieldsOf(line: string, separator: string): string[] {
  const fields: string[] = [];
  let [field, quoted] = ["", false];
  for (let place = 0; place < line.length; place += 1) {
    const sign = line[place] ?? "";
    if (quoted && sign === '"' && line[place + 1] === '"') {
      field += '"';
      place += 1;
    } else if (sign === '"' && (quoted || field === "")) quoted = !quoted;
    else if (sign === separator && !quoted) {
      fields.push(field.trim());
      field = "";
    } else field += sign;
  }
  return [...fields, field.trim()];
}
