/** A question's panel: its form, and once it is closed one line that stays. */

import { announcer } from "./announcer";
import { glyph, h, setHidden, setText } from "./dom";
import { make } from "./make";
import { Countdown } from "./prompt/countdown";
import { Decision } from "./prompt/decision";
import { Form, ids } from "./prompt/form";
import {
  type Plain,
  type PromptModel,
  type Question,
  readQuestion,
  readRecord,
} from "./prompt/model";
import { body, footer, header, isTyping } from "./prompt/parts";
import { recordLine, recordWords } from "./prompt/record";
import { PromptState, type Watcher } from "./prompt/state";
import { type Stage, stage } from "./stage";

const TICK_MS = 250;

class PromptPanel implements Watcher {
  readonly #model: PromptModel;
  readonly #state: PromptState;
  readonly #root = h("div", "na-panel na-prompt");
  readonly #announcer = announcer();
  readonly #countdown = new Countdown((text) => this.#say(text));
  readonly #error = make("div", "na-error", { role: "alert" }, glyph("✕"));
  readonly #errorText = h("span");
  readonly #gone = h("span", "na-dim na-gone-words", "kernel gone");
  readonly #stage: Stage;
  readonly #id = ids();
  #question: Question | null = null;
  #form: Form | null = null;
  #decision: Decision | null = null;
  #body: HTMLElement | null = null;
  #footer: HTMLElement | null = null;
  #submit: HTMLButtonElement | null = null;
  #closed = false;
  #refusals = 0;
  #before: Element | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(model: PromptModel, host: HTMLElement, state: PromptState) {
    this.#model = model;
    this.#state = state;
    this.#refusals = state.refusals;
    this.#error.append(this.#errorText);
    this.#gone.title = "The kernel has ended: nobody waits for an answer any more.";
    this.#root.addEventListener("keydown", (event) => {
      if (!this.#decision?.key(event)) return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.#build();
    this.#stage = stage(model, host, this.#root, state.audience, () => this.changed());
    state.watchers.add(this);
    this.changed();
  }

  dispose(): void {
    this.#state.watchers.delete(this);
    this.#setTimer(false);
    this.#announcer.dispose();
    this.#stage.dispose();
  }

  // -- what is shown

  changed(): void {
    // The stage calls before it is there.
    if (!this.#stage || this.#closed) return;
    const record = readRecord(this.#model);
    if (record) {
      this.#close();
      return;
    }
    const gone = this.#stage.gone || this.#state.unreachable;
    this.#root.classList.toggle("na-gone", gone);
    setHidden(this.#gone, !gone);
    for (const part of [this.#body, this.#footer]) if (part) setHidden(part, gone);
    this.#paintErrors(gone);
    this.#form?.repaint();
    this.#paintSubmit();
    this.#tick();
    this.#setTimer(!gone && this.#question?.remaining !== null && this.#stage.visible);
    if (this.#stage.visible && !gone) this.#greet();
    this.#sendLater();
  }

  typed(): void {
    this.#form?.write(this.#state.draft);
    this.#decision?.write(this.#state.draft);
  }

  #build(): void {
    const record = readRecord(this.#model);
    const question = readQuestion(this.#model);
    if (record || !question) {
      if (record) this.#showRecord();
      return;
    }
    this.#question = question;
    const decides = question.kind === "approve";
    if (decides) this.#buildDecision();
    else this.#buildForm(question);
    this.#root.setAttribute("aria-label", `question: ${question.text}`);
    this.#body = body(question, this.#form?.node ?? null);
    setHidden(this.#error, true);
    const label = this.#form?.label ?? null;
    const head = header(question, label, this.#countdown.words, this.#gone);
    const parts = [head, this.#body, this.#error];
    if (this.#footer) parts.push(this.#footer);
    this.#root.append(this.#countdown.bar, ...parts, this.#announcer.node);
  }

  #buildForm(question: Question): void {
    const deeds = {
      typed: () => this.#typed(),
      submit: () => this.#send(),
      leave: () => this.#root.focus({ preventScroll: true }),
    };
    this.#form = new Form(question, this.#state, deeds, this.#id);
    const skip = (type: "default" | "decline") => this.#state.send({ type }, this);
    const { node, submit } = footer(question, deeds.submit, skip);
    this.#footer = node;
    this.#submit = submit;
  }

  #buildDecision(): void {
    this.#decision = new Decision(
      {
        typed: () => this.#typed(),
        decide: (value) => this.#state.send({ type: "answer", value }, this),
        leave: () => this.#root.focus({ preventScroll: true }),
      },
      this.#id,
    );
    this.#decision.write(this.#state.draft);
    this.#footer = this.#decision.node;
  }

  #paintErrors(gone: boolean): void {
    const { errors, refusals, sender } = this.#state;
    const fresh = refusals !== this.#refusals;
    if (fresh) {
      this.#refusals = refusals;
      const rest = this.#form?.setErrors(errors) ?? Object.values(errors);
      setText(this.#errorText, rest.join("; "));
      if (sender === this) this.#tellErrors(Object.values(errors));
    }
    setHidden(this.#error, gone || this.#errorText.textContent === "");
  }

  #tellErrors(whys: string[]): void {
    this.#form?.focusError();
    const more = whys.length > 1 ? ` (${whys.length} fields)` : "";
    this.#say(`not accepted${more}: ${whys.join("; ")}`);
  }

  #paintSubmit(): void {
    const { busy, waits } = this.#state;
    this.#root.setAttribute("aria-busy", String(busy || waits));
    if (!this.#submit) return;
    setText(this.#submit, waits ? "uploading …" : "Submit ⏎");
    this.#submit.setAttribute("aria-disabled", String(busy || waits));
  }

  #tick(): void {
    const { timeout = null, otherwise = "" } = this.#question ?? {};
    const gone = this.#root.classList.contains("na-gone");
    const left = this.#question && !gone ? this.#state.remaining : null;
    this.#countdown.update(left, timeout, otherwise);
  }

  #setTimer(on: boolean): void {
    if (on === (this.#timer !== null)) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => this.#tick(), TICK_MS) : null;
  }

  // -- what a person does

  #typed(): void {
    const value: Plain = this.#form?.read() ?? this.#decision?.read() ?? null;
    setText(this.#errorText, "");
    setHidden(this.#error, true);
    this.#state.waits = false;
    this.#state.type(value, this);
    this.#paintSubmit();
  }

  #send(): void {
    if (!this.#form || this.#state.busy) return;
    const problems = this.#form.problems();
    if (Object.keys(problems).length > 0) {
      this.#state.sender = this;
      this.#state.refuse(problems);
      return;
    }
    if (this.#state.uploads.busy) {
      this.#state.waits = true;
      this.#state.sender = this;
      this.#paintSubmit();
      return;
    }
    this.#state.send({ type: "answer", value: this.#form.read() }, this);
  }

  /** Send what waited for its files. */
  #sendLater(): void {
    const { waits, sender, uploads } = this.#state;
    if (!waits || sender !== this || uploads.busy) return;
    this.#state.waits = false;
    this.#send();
  }

  // -- focus and words

  /** Take the focus when the question appears, unless somebody types elsewhere. */
  #greet(): void {
    if (!this.#question || this.#state.greeted) return;
    this.#state.greeted = true;
    this.#say(`question: ${this.#question.text}`);
    const active = document.activeElement;
    if (!this.#question.fresh || isTyping(active)) return;
    this.#before = active;
    if (this.#form) this.#form.focus();
    else this.#root.focus({ preventScroll: true });
  }

  #say(text: string): void {
    this.#announcer.prime("");
    this.#announcer.sayNow(text);
  }

  // -- the end

  #close(): void {
    const focused = this.#root.contains(document.activeElement);
    this.#setTimer(false);
    this.#showRecord();
    const record = readRecord(this.#model);
    if (record) this.#say(recordWords(record));
    if (!focused) return;
    const back = this.#before?.isConnected ? this.#before : null;
    (back instanceof HTMLElement ? back : this.#root).focus({ preventScroll: true });
  }

  #showRecord(): void {
    const record = readRecord(this.#model);
    if (!record) return;
    this.#closed = true;
    this.#form = this.#decision = this.#footer = this.#submit = null;
    this.#root.setAttribute("aria-label", `answered question: ${record.text}`);
    this.#root.removeAttribute("aria-busy");
    this.#root.classList.remove("na-gone");
    this.#root.replaceChildren(recordLine(record), this.#announcer.node);
  }
}

/** One call per model: hosts may load the module once for several models. */
export default function promptPanel() {
  let state: PromptState | null = null;
  const shared = (model: PromptModel): PromptState => {
    state ??= new PromptState(model);
    return state;
  };
  return {
    initialize({ model }: { model: PromptModel }): () => void {
      return shared(model).attach();
    },
    render({ model, el }: { model: PromptModel; el: HTMLElement }): () => void {
      const panel = new PromptPanel(model, el, shared(model));
      return () => panel.dispose();
    },
  };
}
