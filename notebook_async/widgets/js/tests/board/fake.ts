/** A board as the kernel tells it, and a panel as a host shows it. */

import type { Board, BoardRow, Outgoing, Traits } from "../../src/board/model";
import boardPanel from "../../src/board_panel";
import { FakeHost } from "../fake_host";

export class FakeBoard extends FakeHost<Traits, Outgoing> {
  #seq = 0;

  constructor(rows: BoardRow[] = [], some: Partial<Board> = {}) {
    super({ board: { seq: 0, rows, some: false, ...some }, log: null });
  }

  /** The next piece. */
  tell(rows: BoardRow[], gone: number[] = [], seq = ++this.#seq): void {
    this.receive({ type: "rows", seq, rows, gone });
  }
}

export function job(id: number, some: Partial<BoardRow> = {}): BoardRow {
  return {
    id,
    title: `job ${id}`,
    cell: id,
    phase: "running",
    elapsed: 4.2,
    bar: null,
    now: "",
    failed: false,
    actions: ["cancel"],
    ...some,
  };
}

/** A panel as a host shows it: initialised once, rendered `views` times. */
export function show(model: FakeBoard, views = 1) {
  const panel = boardPanel();
  const stop = panel.initialize({ model });
  const hosts = Array.from({ length: views }, () => {
    const el = document.createElement("div");
    document.body.append(el);
    return { el, remove: panel.render({ model, el }) };
  });
  return { el: hosts[0]?.el as HTMLElement, hosts, stop };
}
