/**
 * Sends what waits in the outbox: in order, by one tab at a time, and until the service acknowledged each entry.
 */
import type { Outbox, OutboxCount, Queued } from "./outbox.ts";

export type SyncState = "idle" | "sending" | "unreachable" | "not_registered";

export interface SyncStatus extends OutboxCount {
  readonly state: SyncState;
}

/** How the service answered: `digest` is what it acknowledges, `code` why it refuses. */
export type Answer =
  | { readonly kind: "acknowledged"; readonly digest: string }
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "not_registered" }
  | { readonly kind: "unreachable"; readonly afterS?: number };

export type Send = (entry: string, message: string) => Promise<Answer>;

const LOCK = "portadoc-outbox";
const FIRST_WAIT_S = 1;
const LONGEST_WAIT_S = 60;

/** Empties the outbox whenever it can. An entry leaves it only after an acknowledgement of its own digest. */
export class Synchroniser {
  readonly #outbox: Outbox;
  readonly #send: Send;
  readonly #told: () => void;
  #state: SyncState = "idle";
  #running = false;
  #wanted = false;
  #wait_s = FIRST_WAIT_S;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(outbox: Outbox, send: Send, told: () => void) {
    this.#outbox = outbox;
    this.#send = send;
    this.#told = told;
  }

  async status(): Promise<SyncStatus> {
    return { state: this.#state, ...(await this.#outbox.count()) };
  }

  /** Start over with what was refused as well, as the inspector asked. */
  async retryAll(): Promise<void> {
    await this.#outbox.reconsider();
    this.#wait_s = FIRST_WAIT_S;
    await this.nudge();
  }

  /** Send now what waits, unless another tab does so already. */
  async nudge(): Promise<void> {
    clearTimeout(this.#timer);
    this.#wanted = true;
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#wanted) {
        this.#wanted = false;
        await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
          if (lock === null) this.#later(FIRST_WAIT_S);
          else await this.#empty();
        });
      }
    } finally {
      this.#running = false;
    }
  }

  async #empty(): Promise<void> {
    let sent = await this.#outbox.next(0);
    while (sent !== null) {
      this.#tell("sending");
      const answer = await this.#send(sent.entry, sent.message);
      if (answer.kind === "not_registered") return this.#tell("not_registered");
      if (answer.kind === "unreachable") {
        this.#later(answer.afterS ?? this.#wait_s);
        this.#wait_s = Math.min(LONGEST_WAIT_S, this.#wait_s * 2);
        return this.#tell("unreachable");
      }
      await this.#settle(sent, answer);
      this.#wait_s = FIRST_WAIT_S;
      sent = await this.#outbox.next(sent.position);
    }
    this.#tell("idle");
  }

  async #settle(sent: Queued, answer: Answer & { kind: "acknowledged" | "refused" }): Promise<void> {
    if (answer.kind === "refused") await this.#outbox.refuse(sent, answer.code);
    else if (answer.digest !== sent.digest) await this.#outbox.refuse(sent, "acknowledgement_differs");
    else await this.#outbox.acknowledge(sent);
  }

  #later(seconds: number): void {
    clearTimeout(this.#timer);
    const spread = 0.75 + Math.random() / 2;
    this.#timer = setTimeout(() => void this.nudge(), seconds * spread * 1000);
  }

  #tell(state: SyncState): void {
    this.#state = state;
    this.#told();
  }
}

const KEPT_FOR_LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/** Send one entry to the service. Every failure is an answer; this never rejects. */
export async function putEntry(entry: string, message: string): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(`api/entries/${entry}`, {
      method: "PUT",
      headers: { "Content-Type": "application/jose", Accept: "application/json" },
      body: message,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
    });
  } catch {
    return { kind: "unreachable" };
  }
  return answerOf(response);
}

async function answerOf(response: Response): Promise<Answer> {
  const told = await membersOf(response);
  if (response.ok && typeof told["digest"] === "string") return { kind: "acknowledged", digest: told["digest"] };
  if (response.status === 401 || response.status === 403) return { kind: "not_registered" };
  if (response.ok || response.status >= 500 || KEPT_FOR_LATER.has(response.status)) {
    const after = Number(response.headers.get("Retry-After"));
    return after > 0 ? { kind: "unreachable", afterS: Math.min(after, 600) } : { kind: "unreachable" };
  }
  return { kind: "refused", code: typeof told["code"] === "string" ? told["code"] : String(response.status) };
}

async function membersOf(response: Response): Promise<Record<string, unknown>> {
  try {
    const told: unknown = await response.json();
    return typeof told === "object" && told !== null ? (told as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
