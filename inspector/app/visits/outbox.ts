/** What waits for the service, in the order in which it was made: ciphertexts that this device cannot read. */
import type { VisitDatabase, Waiting } from "./tables.ts";

/** An entry in the outbox, with its place in the queue. */
export type Queued = Waiting & { readonly position: number };

/** `refusals` are the codes of the refusals, each once. */
export interface OutboxCount {
  readonly waiting: number;
  readonly refused: number;
  readonly refusals: readonly string[];
}

/** Reads and empties the outbox; nothing leaves it but what the service acknowledged. */
export class Outbox {
  readonly #database: () => Promise<VisitDatabase>;

  constructor(database: () => Promise<VisitDatabase>) {
    this.#database = database;
  }

  /** Return how many entries wait, and how many of them the service refused for good. */
  async count(): Promise<OutboxCount> {
    const rows = await (await this.#database()).getAll("outbox");
    const codes = rows.flatMap((row) => row.refused ?? []);
    return { waiting: rows.length, refused: codes.length, refusals: [...new Set(codes)].toSorted() };
  }

  /** Return the first entry behind a place in the queue that the service has not refused; null at the end. */
  async next(after: number): Promise<Queued | null> {
    const store = (await this.#database()).transaction("outbox").store;
    let cursor = await store.openCursor(IDBKeyRange.lowerBound(after, true));
    while (cursor !== null && cursor.value.refused !== undefined) cursor = await cursor.continue();
    return cursor === null ? null : { ...cursor.value, position: cursor.primaryKey };
  }

  /** Remove an entry that the service acknowledged, if it is still the one that was sent. */
  async acknowledge(sent: Queued): Promise<void> {
    const transaction = (await this.#database()).transaction("outbox", "readwrite");
    const held = await transaction.store.get(sent.position);
    if (held?.digest === sent.digest) await transaction.store.delete(sent.position);
    await transaction.done;
  }

  /** Keep an entry that the service refuses for good, with the code of the refusal. */
  async refuse(sent: Queued, code: string): Promise<void> {
    const transaction = (await this.#database()).transaction("outbox", "readwrite");
    const held = await transaction.store.get(sent.position);
    if (held?.digest === sent.digest) await transaction.store.put({ ...held, refused: code });
    await transaction.done;
  }

  /** Let refused entries be tried again. */
  async reconsider(): Promise<void> {
    const transaction = (await this.#database()).transaction("outbox", "readwrite");
    let cursor = await transaction.store.openCursor();
    while (cursor !== null) {
      const { refused, ...row } = cursor.value;
      if (refused !== undefined) await cursor.update(row);
      cursor = await cursor.continue();
    }
    await transaction.done;
  }
}
