/** The graph panel: one quiet frame with the steps of a run, what they do, and what came
 * along the edges; below them what is known of one step.
 *
 * The kernel sends what has changed at most ten times a second; every view of the model
 * draws it, once per animation frame.
 */

import { Announcer } from "./announcer";
import { glyph, h, setAttribute, setHidden, setText, suppressShortcuts } from "./dom";
import { copyText, mermaidText, svgText } from "./graph/copying";
import { DetailsView, REFRESH_MS } from "./graph/details";
import { type Action, Header } from "./graph/header";
import { nodeLook } from "./graph/look";
import { type GraphModel, isLive } from "./graph/model";
import { Picture } from "./graph/picture";
import { type Change, GraphStore } from "./graph/store";
import { summarise } from "./graph/words";
import { Connection, post } from "./host";
import { watchVisibility } from "./visibility";

class GraphPanel {
  readonly #model: GraphModel;
  readonly #host: HTMLElement;
  readonly #store: GraphStore;
  readonly #root = suppressShortcuts(h("div", "na-panel na-graph"));
  readonly #header = new Header((action) => this.#act(action));
  readonly #picture: Picture;
  readonly #errorText = h("span");
  readonly #error = h("div", "na-error", glyph("✕"), this.#errorText);
  readonly #details = new DetailsView(() => this.#close());
  readonly #announcer = new Announcer();
  readonly #connection: Connection;
  readonly #unwatch: () => void;
  readonly #watcher = (change: Change): void => this.#update(change);
  #open: number | null = null;
  #askedAt = 0;
  #refresh: ReturnType<typeof setTimeout> | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #far = false;
  #gone = false;
  #stillAt: number | null = null;

  constructor(model: GraphModel, host: HTMLElement, store: GraphStore) {
    this.#model = model;
    this.#host = host;
    this.#store = store;
    this.#picture = new Picture(
      store,
      (step) => this.#show(step),
      (far) => {
        this.#far = far;
        this.#tally();
      },
    );
    this.#connection = new Connection(model, host, () => this.#head());
    this.#build();
    store.watchers.add(this.#watcher);
    post(model, { type: "hello" });
    this.#unwatch = watchVisibility(this.#root, (visible) =>
      store.audience.set(model, this, visible),
    );
  }

  dispose(): void {
    this.#store.watchers.delete(this.#watcher);
    this.#unwatch();
    this.#store.audience.set(this.#model, this, false);
    this.#connection.dispose();
    this.#picture.dispose();
    this.#announcer.dispose();
    for (const timer of [this.#timer, this.#refresh])
      if (timer !== null) clearTimeout(timer);
    this.#host.classList.remove("na-host");
    this.#root.remove();
  }

  #build(): void {
    this.#root.setAttribute("role", "group");
    this.#root.tabIndex = -1;
    this.#root.append(
      this.#header.node,
      this.#error,
      this.#picture.node,
      this.#details.node,
      this.#announcer.node,
    );
    this.#root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.#open === null) return;
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    });
    // What had ended before anybody looked is no news.
    if (!isLive(this.#store.head.phase)) this.#announcer.prime(this.#summary());
    this.#host.classList.add("na-host");
    this.#host.append(this.#root);
    this.#head();
  }

  #update(change: Change): void {
    if (change.scene) this.#close(false);
    this.#picture.update(change);
    this.#head();
    const open = this.#open;
    if (open === null || ![...change.nodes].includes(open)) return;
    this.#details.update(nodeLook(this.#store, open));
    this.#refreshSoon();
  }

  /** Everything but the picture. */
  #head(): void {
    const { scene, head, cancelling, unreachable } = this.#store;
    this.#gone = this.#connection.gone || unreachable;
    const lost = this.#gone && isLive(head.phase);
    this.#root.classList.toggle("na-gone", lost);
    setAttribute(this.#root, "aria-label", `Graph of ${scene.title}`);
    setAttribute(this.#root, "data-phase", head.phase);
    this.#header.update(scene, head, cancelling, this.#gone);
    setText(this.#errorText, head.error ?? "");
    setHidden(this.#error, head.error === null);
    this.#tally();
    if (isLive(head.phase)) this.#announcer.say(this.#summary());
    else this.#announcer.sayNow(this.#summary());
    this.#tick();
  }

  #tally(): void {
    const { scene, steps } = this.#store;
    const phases = steps
      .filter((_, i) => scene.nodes[i]?.kind === "step")
      .map(({ phase }) => phase);
    this.#header.setTally(this.#far ? phases : null);
  }

  #summary(): string {
    const { scene, head, steps } = this.#store;
    const named = scene.nodes
      .map(({ kind, label }, i) => ({ kind, label, phase: steps[i]?.phase ?? "idle" }))
      .filter(({ kind }) => kind === "step");
    return summarise(scene.title, head, named);
  }

  /** Move the clocks on by themselves: nothing else changes between two updates. */
  #tick(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { head, elapsed } = this.#store;
    const runs = head.ticks && !this.#gone;
    // A clock that was moving when the kernel went stands still; it does not go back.
    if (!head.ticks) this.#stillAt = null;
    else if (runs) this.#stillAt = elapsed;
    this.#header.setElapsed(this.#stillAt ?? elapsed);
    if (!runs) return;
    this.#timer = setTimeout(
      () => {
        this.#picture.tick();
        this.#tick();
      },
      1000 - ((elapsed * 1000) % 1000),
    );
  }

  // -- what a person does

  #act(action: Action): void {
    if (action === "fit") this.#picture.fit();
    else if (action === "cancel") this.#store.cancel();
    else void this.#copy(action);
  }

  async #copy(action: "svg" | "mermaid"): Promise<void> {
    const text = action === "svg" ? this.#svg() : mermaidText(this.#store);
    this.#header.confirm(action, await copyText(text));
  }

  #svg(): string {
    const { svg, size, release } = this.#picture.svg();
    try {
      return svgText(svg, size);
    } finally {
      release();
    }
  }

  #show(step: number): void {
    const node = this.#store.scene.nodes[step];
    if (!node) return;
    this.#open = step;
    this.#details.open(node, nodeLook(this.#store, step));
    this.#picture.select(step);
    void this.#ask();
  }

  #close(focus = true): void {
    if (this.#open === null) return;
    const held = this.#root.contains(document.activeElement);
    this.#open = null;
    this.#details.node.hidden = true;
    this.#picture.select(null);
    if (focus && held) this.#picture.focus();
  }

  /** Ask anew, but not for every event that comes. */
  #refreshSoon(): void {
    const wait = this.#askedAt + REFRESH_MS - performance.now();
    this.#refresh ??= setTimeout(
      () => {
        this.#refresh = null;
        void this.#ask();
      },
      Math.max(0, wait),
    );
  }

  async #ask(): Promise<void> {
    const step = this.#open;
    if (step === null) return;
    this.#askedAt = performance.now();
    const message = this.#gone ? null : await this.#store.details(step);
    if (this.#open === step) this.#details.answer(message);
  }
}

/** One call per model: hosts may load the module once for several models. */
export default function graphPanel() {
  let store: GraphStore | null = null;
  return {
    initialize({ model }: { model: GraphModel }): () => void {
      store = new GraphStore(model);
      return store.attach();
    },
    render({ model, el }: { model: GraphModel; el: HTMLElement }): () => void {
      store ??= new GraphStore(model);
      const panel = new GraphPanel(model, el, store);
      return () => panel.dispose();
    },
  };
}
