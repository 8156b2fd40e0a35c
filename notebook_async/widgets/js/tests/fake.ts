/** A model as anywidget hands it over, without a kernel; and samples to put in it. */

import jobPanel from "../src/job_panel";
import type {
  Counts,
  LogTail,
  Model,
  Outgoing,
  PanelModel,
  Run,
  View,
} from "../src/model";
import { FakeHost } from "./fake_host";

export class FakeModel extends FakeHost<Model, Outgoing> implements PanelModel {
  constructor(some: Partial<View> = {}, tail: LogTail = log()) {
    super({ view: view(some), log: tail, rich: 0 });
  }
}

export function counts(some: Partial<Counts> = {}): Counts {
  const none = { done: 0, failed: 0, retried: 0, waiting: 0, running: 0, workers: 0 };
  return { ...none, total: null, rate: null, eta: null, ...some };
}

export function run(id: string, some: Partial<Run> = {}): Run {
  return { ...counts(), id, desc: id, phase: "running", actions: [], ...some };
}

export function view(some: Partial<View> = {}): View {
  return {
    seq: 1,
    title: "index-stdlib",
    job_id: 3,
    cell: 7,
    phase: "running",
    elapsed: 4.2,
    bar: counts(),
    runs: [],
    runs_total: some.runs?.length ?? 0,
    error: null,
    failures: [],
    failures_total: 0,
    actions: ["cancel"],
    ...some,
  };
}

/** A whole log that begins at `start`. */
export function log(chunks: LogTail["chunks"] = [], start = 0): LogTail {
  const length = chunks.reduce((n, [, text]) => n + Array.from(text).length, 0);
  return { start, end: start + length, chunks: [...chunks], dropped: 0 };
}

/** The message that brings `text` at the offset `start`. */
export function logMessage(text: string, start: number, stream = "stdout") {
  const end = start + Array.from(text).length;
  return { type: "log", start, end, chunks: [[stream, text]], dropped: 0 };
}

/** A panel as a host shows it: initialised once, rendered `views` times. */
export function show(model: FakeModel, views = 1) {
  const panel = jobPanel();
  const stop = panel.initialize({ model });
  const hosts = Array.from({ length: views }, () => {
    const el = document.createElement("div");
    document.body.append(el);
    return { el, remove: panel.render({ model, el }) };
  });
  const el = hosts[0]?.el as HTMLElement;
  return { el, hosts, stop };
}

export function text(root: Element, selector: string): string {
  return root.querySelector(selector)?.textContent ?? "";
}

/** The text of what is not hidden, as a person sees it. */
export function seen(root: Element, selector: string): string {
  const nodes = [...root.querySelectorAll<HTMLElement>(selector)];
  return nodes
    .filter((node) => !node.closest("[hidden]"))
    .map((node) => node.textContent)
    .join("|");
}
