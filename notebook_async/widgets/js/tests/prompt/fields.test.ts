import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FieldData, Plain } from "../../src/prompt/model";
import { seen, text } from "../fake";
import {
  click,
  find,
  form,
  one,
  press,
  setUp,
  show,
  submitted,
  tearDown,
  tick,
  type,
} from "./fake";

beforeEach(setUp);
afterEach(tearDown);

/** What an untouched field of a form sends. */
function untouched(field: Partial<FieldData>): unknown {
  const { el, model } = show(form([{ name: "x", kind: "text", ...field }]));
  return (submitted(el, model) as { x?: Plain }).x;
}

describe("one line", () => {
  test.each([
    ["text", "textarea", undefined],
    ["integer", "input", "number"],
    ["number", "input", "number"],
    ["date", "input", "date"],
    ["datetime", "input", "datetime-local"],
    ["time", "input", "time"],
    ["path", "input", "text"],
  ])("%s has its own field, under a real label", (kind, tag, kept) => {
    const { el } = show(form([{ name: "x", kind, label: "That" }]));
    const input = find(el, ".na-input");
    expect(input.localName).toBe(tag);
    if (kept) expect(input.type).toBe(kept);
    expect(find<HTMLLabelElement>(el, "label").htmlFor).toBe(input.id);
    expect(text(el, "label")).toBe("That");
  });

  test("a number has its bounds, and goes as its digits", () => {
    const field = { kind: "integer", minimum: 1, maximum: 10, default: 3 };
    const { el, model } = show(one(field));
    const input = find(el, "input");
    expect([input.min, input.max, input.step, input.value]).toEqual([
      "1",
      "10",
      "1",
      "3",
    ]);
    type(input, "12345678901234567890");
    expect(submitted(el, model)).toBe("12345678901234567890");
  });

  test("a bound that is outside is the next number inside", () => {
    const { el } = show(one({ kind: "integer", above: 0, below: 10 }));
    expect([find(el, "input").min, find(el, "input").max]).toEqual(["1", "9"]);
  });

  test("a secret shows dots and is offered to no password store", () => {
    const { el } = show(one({ secret: true }));
    const input = find(el, "input");
    expect([input.type, input.autocomplete]).toEqual(["password", "new-password"]);
  });

  test("a moment that the browser cannot show stands as text", () => {
    const { el } = show(
      one({ kind: "datetime", default: "2024-12-31T18:30:00+01:00" }),
    );
    const input = find(el, "input");
    expect([input.type, input.value]).toEqual(["text", "2024-12-31T18:30:00+01:00"]);
  });

  test("a refused time may be written as text, with its zone", () => {
    const { el, model } = show(one({ kind: "datetime" }));
    type(find(el, "input"), "2024-12-31T18:30");
    model.refuse({ "": "should have a time zone" });
    expect(find(el, "input").type).toBe("text");
    expect(find(el, "input").value).toBe("2024-12-31T18:30");
  });

  test("text of more lines grows, and Enter makes lines in it", () => {
    const { el, model } = show(one({ default: "a\nb" }));
    const area = find<HTMLTextAreaElement>(el, "textarea");
    expect(Number(area.rows)).toBe(3);
    press(area, "Enter");
    expect(model.told).toEqual([]);
    press(area, "Enter", { ctrlKey: true });
    expect(model.told).toEqual([{ type: "answer", value: "a\nb" }]);
  });

  test("Enter submits one line, Shift+Enter begins another", () => {
    const { el, model } = show();
    const area = find<HTMLTextAreaElement>(el, "textarea");
    type(area, "Ada");
    expect(press(area, "Enter", { shiftKey: true }).defaultPrevented).toBe(false);
    press(area, "Enter", { isComposing: true });
    expect(model.told.filter(({ type }) => type === "answer")).toEqual([]);
    press(area, "Enter");
    expect(model.told.at(-1)).toEqual({ type: "answer", value: "Ada" });
  });
});

describe("what an untouched field says", () => {
  test.each<[string, Partial<FieldData>, unknown]>([
    ["a text", {}, ""],
    ["a text that may be left out", { required: false }, undefined],
    ["a text with a default", { required: false, default: "a" }, "a"],
    ["a text that may be nothing", { optional: true }, null],
    ["a number", { kind: "integer" }, ""],
    ["a box", { kind: "boolean", default: false }, false],
    ["yes or no", { kind: "boolean" }, null],
    ["a choice", { kind: "choice", options: ["a", "b"] }, null],
    ["some choices", { kind: "choice", options: ["a"], many: true }, []],
    ["a list", { kind: "list", item: { name: "", kind: "text" } }, []],
    ["a mapping", { kind: "mapping", item: { name: "", kind: "text" } }, {}],
    ["a file", { kind: "file" }, null],
    [
      "a group that may be nothing",
      { kind: "group", fields: [], optional: true },
      null,
    ],
  ])("%s", (_, field, value) => {
    expect(untouched(field)).toEqual(value);
  });
});

describe("choices", () => {
  const letters = (n: number) => Array.from({ length: n }, (_, i) => `Option ${i}`);

  test("few are in sight, chosen by a click or a number", () => {
    const { el, model } = show(one({ kind: "choice", options: letters(5) }));
    const radios = [...el.querySelectorAll<HTMLInputElement>("input[type=radio]")];
    expect(radios).toHaveLength(5);
    tick(radios[3] as HTMLInputElement);
    expect(submitted(el, model)).toBe("Option 3");
    press(radios[0] as Element, "2");
    model.refuse({});
    expect(submitted(el, model)).toBe("Option 1");
  });

  test("some are in a menu", () => {
    const { el, model } = show(one({ kind: "choice", options: letters(6) }));
    const menu = find<HTMLSelectElement>(el, "select");
    expect(menu.options).toHaveLength(7);
    menu.value = "4";
    menu.dispatchEvent(new Event("change", { bubbles: true }));
    expect(submitted(el, model)).toBe("Option 4");
  });

  test("any number of some are boxes", () => {
    const field = { kind: "choice", options: letters(3), many: true };
    const { el, model } = show(one({ ...field, default: ["Option 2"] }));
    tick(find(el, "input"));
    expect(submitted(el, model)).toEqual(["Option 0", "Option 2"]);
  });

  test("yes or no is asked, unless one of them is there", () => {
    const { el, model } = show(one({ kind: "boolean" }));
    tick(el.querySelectorAll<HTMLElement>("input")[1] as HTMLElement);
    expect(submitted(el, model)).toBe(false);
    const second = show(one({ kind: "boolean", default: true }));
    expect(submitted(second.el, second.model)).toBe(true);
  });

  test("an optional one offers nothing as well", () => {
    const field = { kind: "choice", options: ["a", "b"], optional: true, default: "b" };
    const { el, model } = show(one(field));
    tick(el.querySelectorAll<HTMLElement>("input")[2] as HTMLElement);
    expect(submitted(el, model)).toBe(null);
  });

  test("many are searched, and picked by keys", () => {
    const { el, model } = show(one({ kind: "choice", options: letters(30) }));
    const box = find(el, "input[role=combobox]");
    expect(el.querySelectorAll("[role=option]")).toHaveLength(30);
    type(box, "ion 2");
    expect(text(el, ".na-search-told")).toBe("11 of 30");
    press(box, "ArrowDown");
    const active = box.getAttribute("aria-activedescendant");
    expect(find(el, `#${active}`).textContent).toBe("Option 20");
    press(box, "Enter");
    expect(model.told.filter(({ type }) => type === "answer")).toEqual([]);
    expect(text(el, "[aria-selected=true]")).toBe("✓Option 20");
    press(box, "Enter");
    expect(model.told.at(-1)).toEqual({ type: "answer", value: "Option 20" });
  });

  test("Escape clears the search, and keeps what is chosen", () => {
    const field = { kind: "choice", options: letters(300), many: true };
    const { el, model } = show(one(field));
    const box = find(el, "input[role=combobox]");
    expect(el.querySelectorAll("[role=option]")).toHaveLength(200);
    for (const wanted of ["299", "298"]) {
      type(box, wanted);
      find(el, "[role=option]").click();
    }
    press(box, "Escape");
    expect(box.value).toBe("");
    expect(submitted(el, model)).toEqual(["Option 298", "Option 299"]);
  });
});

describe("fields of fields", () => {
  const person: FieldData = {
    name: "boss",
    kind: "group",
    label: "Boss",
    fields: [{ name: "name", kind: "text", label: "Name" }],
  };

  test("a group is a dict", () => {
    const { el, model } = show(form([person]));
    type(find(el, "textarea"), "Bo");
    expect(submitted(el, model)).toEqual({ boss: { name: "Bo" } });
    const group = find(el, ".na-group");
    expect(text(el, `#${group.getAttribute("aria-labelledby")}`)).toBe("Boss");
  });

  test("one that may be nothing is opened by a box", () => {
    const { el, model } = show(form([{ ...person, optional: true }]));
    expect(seen(el, "textarea")).toBe("");
    tick(find(el, "input[type=checkbox]"));
    type(find(el, "textarea"), "Bo");
    expect(submitted(el, model)).toEqual({ boss: { name: "Bo" } });
  });

  test("a list is added to, moved in and taken from, by buttons with names", () => {
    const item = { name: "", kind: "text" };
    const { el, model } = show(
      form([{ name: "tags", kind: "list", label: "Tags", item, default: ["a", "b"] }]),
    );
    click(el, "add to tags");
    const areas = () => [...el.querySelectorAll("textarea")];
    expect(document.activeElement).toBe(areas()[2]);
    type(areas()[2] as HTMLElement, "c");
    click(el, "move up Tags 3");
    expect(document.activeElement?.getAttribute("aria-label")).toBe("move up Tags 2");
    click(el, "remove Tags 1");
    expect(areas().map((area) => area.value)).toEqual(["c", "b"]);
    expect(submitted(el, model)).toEqual({ tags: ["c", "b"] });
  });

  test("a mapping is names with a value each, every name once", () => {
    const item = { name: "", kind: "integer" };
    const { el, model } = show(
      one({ kind: "mapping", label: "Prices", item, default: { a: 1 } }),
    );
    click(el, "add to prices");
    const rows = [...el.querySelectorAll(".na-row")];
    type(find(rows[1] as Element, ".na-name"), "a");
    type(find(rows[1] as Element, "[type=number]"), "2");
    click(el, "Submit");
    expect(model.told.filter(({ type }) => type === "answer")).toEqual([]);
    expect(seen(el, ".na-field-error")).toContain("must have each name once");
    type(find(rows[1] as Element, ".na-name"), "b");
    expect(submitted(el, model)).toEqual({ a: "1", b: "2" });
  });
});
