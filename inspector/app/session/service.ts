/** The inspector's service over HTTP: every request goes to the app's own origin, every refusal is a problem. */

/** The service refused, or could not be reached (`code` "service_unreachable"). */
export class ServiceProblem extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, detail = "") {
    super(detail === "" ? code : detail);
    this.code = code;
    this.status = status;
  }
}

const BASE = "api/";
const MAX_ANSWER_CHARS = 8 * 1024 * 1024;

export interface Call {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  body?: unknown;
  bearer?: string;
  signal?: AbortSignal;
}

/** Return the JSON answer of the service. Rejects with ServiceProblem; an abort passes through as it is. */
export async function ask<Answer>(path: string, call: Call = {}): Promise<Answer> {
  const response = await send(path, call);
  const text = await response.text();
  if (text.length > MAX_ANSWER_CHARS) throw new ServiceProblem("service_answer_too_large", response.status);
  const answer = parsed(text, response.status);
  if (!response.ok) throw problemOf(answer, response.status);
  return answer as Answer;
}

async function send(path: string, call: Call): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (call.body !== undefined) headers["Content-Type"] = "application/json";
  if (call.bearer !== undefined) headers["Authorization"] = `Bearer ${call.bearer}`;
  try {
    return await fetch(BASE + path, {
      method: call.method ?? "GET",
      headers,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ServiceProblem("service_unreachable", 0);
  }
}

function parsed(text: string, status: number): unknown {
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new ServiceProblem("service_answer_unreadable", status);
  }
}

function problemOf(answer: unknown, status: number): ServiceProblem {
  const problem = typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>) : {};
  const code = typeof problem["code"] === "string" ? problem["code"] : "service_refused";
  const detail = typeof problem["detail"] === "string" ? problem["detail"].slice(0, 300) : "";
  return new ServiceProblem(code, status, detail);
}
