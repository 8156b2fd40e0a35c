/** What the views of one question share: what is typed, what was refused, the files. */

import { Audience, listen, post } from "../host";
import { type Throttle, throttle } from "../throttle";
import {
  type Outgoing,
  ofFields,
  type Plain,
  type PromptModel,
  readQuestion,
  type UploadsMessage,
  withoutSecrets,
} from "./model";
import { Uploads } from "./uploads";

/** After so long without an answer a form may be sent again. */
export const PATIENCE_MS = 3000;
const DRAFT_MS = 1000;

export interface Watcher {
  /** Something to be drawn has changed. */
  changed(): void;
  /** Another view has typed. */
  typed(): void;
}

export class PromptState {
  readonly audience = new Audience();
  readonly watchers = new Set<Watcher>();
  readonly uploads: Uploads;
  /** What is typed; undefined before anything is. */
  draft: Plain | undefined;
  errors: Record<string, string> = {};
  /** Counts what was refused, here or in the kernel. */
  refusals = 0;
  /** Which view has sent the form last, for it is told what is wrong. */
  sender: unknown = null;
  /** Whether the form waits for its files to be sent. */
  waits = false;
  unreachable = false;
  /** Whether a view has taken the focus when the question appeared. */
  greeted = false;
  readonly #model: PromptModel;
  readonly #drafts: Throttle = throttle(DRAFT_MS);
  #receivedAt = performance.now();
  #busy: ReturnType<typeof setTimeout> | null = null;

  constructor(model: PromptModel) {
    this.#model = model;
    this.uploads = new Uploads(model, () => this.notify());
    this.draft = readQuestion(model)?.draft ?? undefined;
  }

  /** Follow the model; returns the way to stop. */
  attach(): () => void {
    const stop = listen(this.#model, {
      "change:question": () => {
        this.#receivedAt = performance.now();
        this.notify();
      },
      "change:refused": () => {
        const { errors, n } = this.#model.get("refused") ?? {};
        if (n !== undefined) this.refuse(errors ?? {});
      },
      "change:record": () => this.#end(),
      "msg:custom": (message) => this.#receive(message),
      comm_live_update: () => {
        this.unreachable = false;
        this.#rest();
        this.notify();
      },
    });
    return () => {
      this.#rest();
      this.#drafts.dispose();
      stop();
    };
  }

  /** Seconds that are left, by our clock. */
  get remaining(): number | null {
    const left = readQuestion(this.#model)?.remaining ?? null;
    if (left === null) return null;
    return Math.max(0, left - (performance.now() - this.#receivedAt) / 1000);
  }

  get busy(): boolean {
    return this.#busy !== null;
  }

  /** Take what a view has typed, and show it in the others. */
  type(value: Plain, by: Watcher): void {
    this.draft = value;
    for (const each of this.watchers) if (each !== by) each.typed();
    this.#drafts.run(() => {
      const question = readQuestion(this.#model);
      if (!question) return;
      const { single, fields } = question.form;
      const [field] = fields;
      const kept =
        single && field
          ? withoutSecrets(field, value)
          : ofFields(fields, value as { [name: string]: Plain });
      post<Outgoing>(this.#model, { type: "draft", value: kept });
    });
  }

  /** Send an answer, or say that there is none. */
  send(message: Outgoing, sender: unknown): void {
    if (this.busy) return;
    this.sender = sender;
    this.#drafts.dispose();
    this.unreachable = !post(this.#model, message);
    if (!this.unreachable)
      this.#busy = setTimeout(() => {
        // Perhaps the answer has come and the record was lost on its way.
        this.#rest();
        post<Outgoing>(this.#model, { type: "resync" });
        this.notify();
      }, PATIENCE_MS);
    this.notify();
  }

  refuse(errors: Record<string, string>): void {
    this.#rest();
    this.errors = errors;
    this.refusals += 1;
    this.notify();
  }

  notify(): void {
    for (const watcher of this.watchers) watcher.changed();
  }

  #receive(message: unknown): void {
    const { type } = (message ?? {}) as { type?: unknown };
    if (type === "uploads") this.uploads.receive(message as UploadsMessage);
  }

  #end(): void {
    this.#rest();
    this.#drafts.dispose();
    this.draft = undefined;
    this.uploads.clear();
    this.notify();
  }

  #rest(): void {
    if (this.#busy !== null) clearTimeout(this.#busy);
    this.#busy = null;
  }
}
