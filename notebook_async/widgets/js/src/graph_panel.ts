/** The graph panel: one quiet frame with the steps of a run, what they do, and what came
 * along the edges; below them what is known of one step.
 *
 * The kernel sends what has changed at most ten times a second; every view of the model
 * draws it, once per animation frame.
 */

import { announcer } from "./announcer";
import { copyText } from "./clipboard";
import { FrameGate, glyph, h, setAttribute, setHidden, setText } from "./dom";
import { mermaidText, svgText } from "./graph/copying";
import { DetailsView, REFRESH_MS } from "./graph/details";
import { type Action, Header } from "./graph/header";
import { nodeLook } from "./graph/look";
import { type GraphModel, isLive } from "./graph/model";
import { picture } from "./graph/picture";
import { type Change, GraphStore } from "./graph/store";
import { summarise } from "./graph/words";
import { stage } from "./stage";
import { throttle } from "./throttle";

/** Show a graph in an element; returns the way to end that. */
function panelView(model: GraphModel, host: HTMLElement, store: GraphStore) {
  /** The step whose details are shown. */
  let open: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let far = false;
  let stillAt: number | null = null;
  const header = new Header(act);
  const drawn = picture(store, show, (now) => {
    far = now;
    tally();
  });
  const errorText = h("span");
  const error = h("div", "na-error", glyph("✕"), errorText);
  const details = new DetailsView(close);
  const voice = announcer();
  const gate = new FrameGate(paint);
  const refresh = throttle(REFRESH_MS);

  const gone = (): boolean => page.gone || store.unreachable;

  function update(change: Change): void {
    if (change.scene) close(false);
    drawn.update(change);
    paint();
    if (open === null || ![...change.nodes].includes(open)) return;
    details.update(nodeLook(store, open));
    // Not for every event that comes.
    refresh.run(ask);
  }

  /** Draw everything but the picture. */
  function paint(): void {
    const { scene, head, cancelling } = store;
    root.classList.toggle("na-gone", gone() && isLive(head.phase));
    setAttribute(root, "aria-label", `Graph of ${scene.title}`);
    setAttribute(root, "data-phase", head.phase);
    header.update(scene, head, cancelling, gone());
    setText(errorText, head.error ?? "");
    setHidden(error, head.error === null);
    tally();
    if (isLive(head.phase)) voice.say(summary());
    else voice.sayNow(summary());
    tick();
  }

  function tally(): void {
    const { scene, steps } = store;
    const phases = steps
      .filter((_, i) => scene.nodes[i]?.kind === "step")
      .map(({ phase }) => phase);
    header.setTally(far ? phases : null);
  }

  function summary(): string {
    const { scene, head, steps } = store;
    const named = scene.nodes
      .map(({ kind, label }, i) => ({ kind, label, phase: steps[i]?.phase ?? "idle" }))
      .filter(({ kind }) => kind === "step");
    return summarise(scene.title, head, named);
  }

  /** Move the clocks on by themselves: nothing else changes between two updates. */
  function tick(): void {
    clearTimeout(timer);
    const { head, elapsed } = store;
    const runs = head.ticks && !gone();
    // A clock that was moving when the kernel went stands still; it does not go back.
    if (!head.ticks) stillAt = null;
    else if (runs) stillAt = elapsed;
    header.setElapsed(stillAt ?? elapsed);
    if (!runs) return;
    const next = (): void => {
      drawn.tick();
      tick();
    };
    timer = setTimeout(next, 1000 - ((elapsed * 1000) % 1000));
  }

  // -- what a person does

  function act(action: Action): void {
    if (action === "fit") drawn.fit();
    else if (action === "cancel") store.cancel();
    else void copy(action);
  }

  async function copy(action: "svg" | "mermaid"): Promise<void> {
    const text = action === "svg" ? svg() : mermaidText(store);
    header.confirm(action, await copyText(text));
  }

  function svg(): string {
    const { svg, size, release } = drawn.svg();
    try {
      return svgText(svg, size);
    } finally {
      release();
    }
  }

  function show(step: number): void {
    const node = store.scene.nodes[step];
    if (!node) return;
    open = step;
    details.open(node, nodeLook(store, step));
    drawn.select(step);
    refresh.dispose();
    refresh.run(ask);
  }

  function close(focus = true): void {
    if (open === null) return;
    const held = root.contains(document.activeElement);
    open = null;
    details.node.hidden = true;
    drawn.select(null);
    if (focus && held) drawn.focus();
  }

  async function ask(): Promise<void> {
    const step = open;
    if (step === null) return;
    const message = gone() ? null : await store.details(step);
    if (open === step) details.answer(message);
  }

  const parts = [header, { node: error }, drawn, details, voice];
  const root = h("div", "na-panel na-graph", ...parts.map(({ node }) => node));
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || open === null) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  });
  // What had ended before anybody looked is no news.
  if (!isLive(store.head.phase)) voice.prime(summary());
  const page = stage(model, host, root, store.audience, () => gate.request());
  paint();
  store.watchers.add(update);

  return (): void => {
    store.watchers.delete(update);
    for (const part of [page, drawn, voice, refresh]) part.dispose();
    gate.cancel();
    clearTimeout(timer);
  };
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
      return panelView(model, el, store);
    },
  };
}
