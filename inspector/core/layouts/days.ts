/** Days of the calendar as text, `YYYY-MM-DD`: such texts compare as the days do. */

export type Day = string;

const FULL_DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const SECONDS_PER_DAY = 86_400;
/** The last second of the year 9999. */
export const LATEST = 253_402_300_799;

/** Tell whether a value is a day of the calendar. Spec: RFC 3339 §5.6 */
export function isDay(value: unknown): value is Day {
  if (typeof value !== "string" || !FULL_DATE.test(value) || value.startsWith("0000")) return false;
  const at = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === value;
}

/** Return the day of a time in epoch seconds, in UTC. */
export function utcDay(seconds: number): Day {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** Return a time as text, a dash for none. */
export function momentText(seconds: number | null): string {
  return seconds === null ? "-" : `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Return the day so many days later (or earlier, for a negative count). */
export function daysAfter(day: Day, count: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * SECONDS_PER_DAY * 1000).toISOString().slice(0, 10);
}

/** Return how many days lie between two days. */
export function daysBetween(first: Day, last: Day): number {
  return Math.round(
    (Date.parse(`${last}T00:00:00Z`) - Date.parse(`${first}T00:00:00Z`)) / (SECONDS_PER_DAY * 1000),
  );
}
