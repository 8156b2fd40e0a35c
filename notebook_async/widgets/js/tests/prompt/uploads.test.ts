import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { bytes } from "../../src/prompt/file";
import { PIECE } from "../../src/prompt/uploads";
import { seen } from "../fake";
import {
  answers,
  click,
  type FakePrompt,
  find,
  one,
  setUp,
  show,
  tearDown,
} from "./fake";

beforeEach(setUp);
afterEach(tearDown);

type Piece = { upload: string; at: number; size: number; name: string };

const pieces = (model: FakePrompt): Piece[] =>
  model.told.filter(({ type }) => type === "piece") as unknown as Piece[];

async function choose(el: Element, size: number, name = "a.bin"): Promise<File> {
  const file = new File([new Uint8Array(size)], name, { type: "text/plain" });
  const input = find(el, "input[type=file]");
  Object.defineProperty(input, "files", { value: [file], configurable: true });
  input.dispatchEvent(new Event("change", { bubbles: true }));
  await vi.advanceTimersByTimeAsync(5);
  return file;
}

/** Let the kernel say that it has so many bytes. */
async function got(model: FakePrompt, n: number, refused = {}): Promise<void> {
  const key = pieces(model).at(-1)?.upload ?? "";
  model.receive({ type: "uploads", got: { [key]: n }, refused });
  await vi.advanceTimersByTimeAsync(5);
}

describe("a file", () => {
  test("goes in pieces, each after the one before has come", async () => {
    const { el, model } = show(one({ kind: "file" }));
    await choose(el, PIECE * 2 + 5);
    expect(pieces(model).map(({ at }) => at)).toEqual([0]);
    expect(pieces(model)[0]).toMatchObject({
      name: "a.bin",
      media_type: "text/plain",
      size: PIECE * 2 + 5,
    });
    await got(model, PIECE);
    await got(model, PIECE);
    expect(pieces(model).map(({ at }) => at)).toEqual([0, PIECE]);
    expect(seen(el, ".na-file-chosen .na-dim")).toBe("1 MB of 2 MB");
    await got(model, PIECE * 2);
    await got(model, PIECE * 2 + 5);
    expect(pieces(model).map(({ at }) => at)).toEqual([0, PIECE, PIECE * 2]);
    const sizes = model.buffers.flatMap((each) => each?.map((b) => b.byteLength) ?? []);
    expect(sizes).toEqual([PIECE, PIECE, 5]);
    expect(seen(el, ".na-file-chosen .na-dim")).toBe("2 MB");
    click(el, "Submit");
    expect(answers(model)).toEqual([{ upload: pieces(model)[0]?.upload }]);
  });

  test("that is on its way holds the answer until it is there", async () => {
    const { el, model } = show(one({ kind: "file" }));
    await choose(el, 9);
    click(el, "Submit");
    expect(answers(model)).toEqual([]);
    expect(find(el, ".na-primary").textContent).toBe("uploading …");
    await got(model, 9);
    expect(answers(model)).toHaveLength(1);
  });

  test("without bytes is a file", async () => {
    const { el, model } = show(one({ kind: "file" }));
    await choose(el, 0);
    await got(model, 0);
    click(el, "Submit");
    expect(answers(model)).toHaveLength(1);
  });

  test("that is too large is not sent at all", async () => {
    const { el, model } = show(one({ kind: "file", max_bytes: 10 }));
    await choose(el, 11);
    expect(model.told.filter(({ type }) => type === "piece")).toEqual([]);
    expect(seen(el, ".na-file-chosen")).toContain("must not be larger than 10 bytes");
    click(el, "Submit");
    expect(answers(model)).toEqual([]);
  });

  test("that the kernel refuses says so, and may be taken back", async () => {
    const { el, model } = show(one({ kind: "file" }));
    await choose(el, 9);
    const key = pieces(model)[0]?.upload as string;
    model.receive({ type: "uploads", got: {}, refused: { [key]: "too many files" } });
    expect(seen(el, ".na-file-chosen")).toContain("too many files");
    click(el, "take this file back");
    expect(model.told).toContainEqual({ type: "drop", upload: key });
    expect(seen(el, ".na-file-chosen")).toBe("");
  });

  test("of the kernel's that nobody knows changes nothing", () => {
    const { el, model } = show(one({ kind: "file" }));
    for (const odd of [null, 3, {}, { type: "uploads" }, { type: "x" }])
      model.receive(odd);
    model.receive({ type: "uploads", got: { x: 3 }, refused: { y: "no" } });
    expect(seen(el, ".na-file-chosen")).toBe("");
  });

  test("its name is text", async () => {
    const { el } = show(one({ kind: "file" }));
    await choose(el, 9, "<img src=x>");
    expect(el.querySelectorAll("img")).toHaveLength(0);
    expect(seen(el, ".na-file-name")).toBe("<img src=x>");
  });
});

test("bytes are told as the kernel tells them", () => {
  expect([999, 12_300, 10_000_000].map(bytes)).toEqual([
    "999 bytes",
    "12.3 kB",
    "10 MB",
  ]);
});
