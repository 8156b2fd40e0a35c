import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PATIENCE_MS } from "../../src/prompt/state";
import { seen, text } from "../fake";
import { FakeKernel, FakeObserver, notebook } from "../fake_host";
import {
  answers,
  click,
  FakePrompt,
  find,
  form,
  one,
  press,
  setUp,
  show,
  submitted,
  tearDown,
  type,
} from "./fake";

const EVIL = "<img src=x onerror=alert(1)>";
const FIELDS = [
  { name: "title", kind: "text", label: "Title" },
  {
    name: "homes",
    kind: "list",
    label: "Homes",
    default: [{ street: "a" }],
    item: {
      name: "",
      kind: "group",
      fields: [{ name: "street", kind: "text", label: "Street" }],
    },
  },
];

beforeEach(setUp);
afterEach(tearDown);

describe("a question", () => {
  test("is the label of its only field", () => {
    const { el } = show();
    const label = find<HTMLLabelElement>(el, "label.na-question");
    expect(label.textContent).toBe("Name?");
    expect(label.htmlFor).toBe(find(el, "textarea").id);
  });

  test("shows its words, and all of them as text", () => {
    const words = { text: EVIL, help: EVIL, asker: EVIL, detail: EVIL };
    const fields = [{ name: "a", kind: "text", label: EVIL, help: EVIL }];
    const { el, model } = show(form(fields, words));
    model.refuse({ a: EVIL, "": EVIL });
    expect(el.querySelectorAll("img")).toHaveLength(0);
    expect(el.textContent?.split(EVIL).length).toBeGreaterThan(6);
    model.close({ text: EVIL, shown: EVIL, how: EVIL });
    expect(el.querySelectorAll("img")).toHaveLength(0);
    expect(text(el, ".na-answer")).toBe(EVIL);
  });

  test("of which the kernel says too little is drawn all the same", () => {
    const model = new FakePrompt();
    model.set("question", { id: "prompt-1", text: "Name?" });
    const { el } = show(model);
    expect(text(el, ".na-question")).toBe("Name?");
  });

  test("declines, or takes its default", () => {
    const first = show();
    click(first.el, "decline");
    expect(first.model.told).toEqual([{ type: "decline" }]);
    const second = show(one({ default: "a" }, { has_default: true }));
    click(second.el, "use the default");
    expect(second.model.told).toEqual([{ type: "default" }]);
  });
});

describe("what is wrong", () => {
  test("stands beside its field, is tied to it, and has the focus", () => {
    const { el, model } = show(form(FIELDS));
    type(find(el, "textarea"), "x");
    click(el, "Submit");
    model.refuse({ "homes.0.street": "needs an answer", title: "is too short" });
    const [title, street] = [...el.querySelectorAll("textarea")];
    expect(title?.value).toBe("x");
    for (const [node, why] of [
      [title, "is too short"],
      [street, "needs an answer"],
    ] as const) {
      const id = node?.getAttribute("aria-describedby") ?? "";
      expect(text(el, `#${id.split(" ")[0]}`)).toBe(why);
      expect(node?.getAttribute("aria-invalid")).toBe("true");
    }
    expect(document.activeElement).toBe(title);
    expect(text(el, "[role=status]")).toBe(
      "not accepted (2 fields): needs an answer; is too short",
    );
  });

  test("goes once the field is changed, and may come again", () => {
    const { el, model } = show();
    const area = find(el, "textarea");
    for (const _ of [1, 2]) {
      click(el, "Submit");
      model.refuse({ "": "needs an answer" });
      expect(seen(el, ".na-field-error")).toBe("needs an answer");
      type(area, "x");
      expect(seen(el, ".na-field-error")).toBe("");
      expect(area.hasAttribute("aria-invalid")).toBe(false);
    }
  });

  test("with the whole, or with what is no field, is told below", () => {
    const { el, model } = show(form(FIELDS));
    model.refuse({ "": "is not accepted", other: "is odd" });
    expect(seen(el, ".na-error")).toBe("✕is not accepted; other: is odd");
  });

  test("is not asked of the kernel where the browser knows", () => {
    const { el, model } = show(one({ kind: "integer" }));
    const input = find(el, "input");
    Object.defineProperty(input, "validity", { value: { badInput: true } });
    click(el, "Submit");
    expect(answers(model)).toEqual([]);
    expect(seen(el, ".na-field-error")).toBe("must be a whole number");
  });
});

describe("sending", () => {
  test("happens once, until the kernel has said something", () => {
    const { el, model } = show();
    click(el, "Submit");
    click(el, "Submit");
    expect(answers(model)).toEqual([""]);
    expect(find(el, ".na-primary").getAttribute("aria-disabled")).toBe("true");
    model.refuse({ "": "no" });
    click(el, "Submit");
    expect(answers(model)).toEqual(["", ""]);
  });

  test("without an answer asks what became of it, and may be done again", () => {
    const { el, model } = show();
    click(el, "Submit");
    vi.advanceTimersByTime(PATIENCE_MS + 10);
    expect(model.told.at(-1)).toEqual({ type: "resync" });
    click(el, "Submit");
    expect(answers(model)).toHaveLength(2);
  });

  test("to nobody says that the kernel is gone", () => {
    const { el, model } = show();
    model.dead = true;
    click(el, "Submit");
    expect(seen(el, ".na-gone-words")).toBe("kernel gone");
  });
});

describe("a decision", () => {
  const decide = () => show(new FakePrompt({ kind: "approve", text: "Send?" }));

  test("is one press, with a reason if there is one", () => {
    const { el, model } = decide();
    type(find(el, "input"), " looks right ");
    click(el, "Approve");
    const value = { approved: true, reason: "looks right" };
    expect(answers(model)).toEqual([value]);
  });

  test("is made by a number, but not while a reason is typed", () => {
    const { el, model } = decide();
    press(find(el, "input"), "2");
    expect(answers(model)).toEqual([]);
    press(find(el, ".na-panel"), "2", { ctrlKey: true });
    press(find(el, ".na-panel"), "2", { repeat: true });
    expect(answers(model)).toEqual([]);
    press(find(el, ".na-panel"), "2");
    expect(answers(model)).toEqual([{ approved: false, reason: null }]);
  });

  test("is not made by Enter in its reason, which Escape clears", () => {
    const { el, model } = decide();
    const reason = find(el, "input");
    type(reason, "x");
    press(reason, "Escape");
    expect(reason.value).toBe("");
    press(reason, "Enter");
    expect(answers(model)).toEqual([]);
    expect(document.activeElement?.textContent).toBe("1✓ Approve");
  });

  test("does not put the focus where Enter would decide", () => {
    const { el } = decide();
    expect(document.activeElement).toBe(find(el, ".na-panel"));
  });
});

describe("the countdown", () => {
  const timed = (seconds: number, timeout = 60) =>
    show(
      new FakePrompt({ timeout, remaining: seconds, otherwise: "else the default: 3" }),
    );

  test("shows what is left and what happens then", () => {
    const { el } = timed(45);
    expect(seen(el, ".na-due")).toBe("answer within 0:45, else the default: 3");
    vi.advanceTimersByTime(15_000);
    expect(seen(el, ".na-due")).toBe("answer within 0:30, else the default: 3");
    expect(find(el, ".na-countdown > i").style.width).toBe("50.00%");
    vi.advanceTimersByTime(60_000);
    expect(seen(el, ".na-due")).toBe("time is over, else the default: 3");
  });

  test("tells a screen reader once, shortly before the end", () => {
    const { el } = timed(12);
    expect(text(el, "[role=status]")).toBe("question: Name?");
    vi.advanceTimersByTime(2500);
    expect(text(el, "[role=status]")).toBe("10 seconds left, else the default: 3");
  });

  test("is not there where there is all the time", () => {
    const { el } = show();
    expect(seen(el, ".na-due, .na-countdown")).toBe("");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("rests while nobody looks", () => {
    timed(45);
    expect(vi.getTimerCount()).toBe(1);
    FakeObserver.all[0]?.move(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("keys", () => {
  test("Escape puts back what there was, then leaves the form", () => {
    const { el } = show(one({ default: "a" }));
    const area = find(el, "textarea");
    area.focus();
    type(area, "abc");
    press(area, "Escape");
    expect(area.value).toBe("a");
    press(area, "Escape");
    expect(document.activeElement).toBe(find(el, ".na-panel"));
  });

  test("Escape touches the field that it is pressed in alone", () => {
    const { el, model } = show(form(FIELDS));
    const [title, street] = [...el.querySelectorAll("textarea")];
    type(title as HTMLElement, "x");
    type(street as HTMLElement, "y");
    press(street as Element, "Escape");
    expect(submitted(el, model)).toEqual({ title: "x", homes: [{ street: "a" }] });
  });
});

describe("focus", () => {
  test("goes to the first field, and back when that is answered", () => {
    const before = document.createElement("div");
    before.tabIndex = 0;
    document.body.append(before);
    before.focus();
    const { el, model } = show();
    expect(document.activeElement).toBe(find(el, "textarea"));
    model.close();
    expect(document.activeElement).toBe(before);
  });

  test("stays where somebody types, and after a reload", () => {
    const input = document.createElement("input");
    document.body.append(input);
    input.focus();
    show();
    expect(document.activeElement).toBe(input);
    input.blur();
    show(new FakePrompt({ fresh: false }));
    expect(document.activeElement).toBe(document.body);
  });
});

describe("two views", () => {
  test("show what is typed in either, and keep it on record once", () => {
    const { hosts, model } = show(new FakePrompt(), 2);
    const [one, two] = hosts.map(({ el }) => find(el, "textarea"));
    type(one as HTMLElement, "Ad");
    expect(two?.value).toBe("Ad");
    type(two as HTMLElement, "Ada");
    expect(one?.value).toBe("Ada");
    vi.advanceTimersByTime(1100);
    expect(model.told).toEqual([
      { type: "draft", value: "Ad" },
      { type: "draft", value: "Ada" },
    ]);
    click(hosts[0]?.el as Element, "Submit");
    model.refuse({ "": "no" });
    for (const { el } of hosts) expect(seen(el, ".na-field-error")).toBe("no");
    model.close();
    for (const { el } of hosts) expect(text(el, ".na-answer")).toBe("Ada");
  });

  test("begin with what was typed before the page was loaded", () => {
    const { el } = show(new FakePrompt({ draft: "Ad" }));
    expect(find(el, "textarea").value).toBe("Ad");
  });
});

describe("secrets", () => {
  test("are in the answer alone", () => {
    const fields = [{ name: "key", kind: "text", secret: true, label: "Key" }];
    const { el, model } = show(form([...fields, ...FIELDS]));
    type(find(el, "input[type=password]"), "hunter2");
    vi.advanceTimersByTime(1100);
    expect(JSON.stringify(model.told)).not.toContain("hunter2");
    click(el, "Submit");
    expect(answers(model)).toMatchObject([{ key: "hunter2" }]);
  });
});

describe("the record", () => {
  test("is one line, in the place of the form", () => {
    const { el, model } = show();
    model.close();
    expect(seen(el, ".na-record > *")).toBe(
      "✓|Name?|Ada|typed · 14:02:11 · after 0:42",
    );
    expect(el.querySelectorAll("textarea, button, label")).toHaveLength(0);
    expect(text(el, "[role=status]")).toBe("Name? answered: Ada");
  });

  test.each([
    ["rejected", "✕", "cancelled"],
    ["default", "✓", "done"],
    ["timeout", "✕", "failed"],
    ["cancelled", "■", "cancelled"],
    ["strange", "✓", "done"],
  ])("of one that ended by %s has its sign", (end, sign, phase) => {
    const { el, model } = show();
    model.close({ end: end as "timeout" });
    const mark = find<HTMLElement>(el, ".na-glyph");
    expect([mark.textContent, mark.dataset.phase]).toEqual([sign, phase]);
  });

  test("is all that a page shows which is loaded later", () => {
    const model = new FakePrompt();
    model.close();
    const { el } = show(model);
    expect(seen(el, ".na-record .na-answer")).toBe("Ada");
    expect(text(el, "[role=status]")).toBe("");
  });

  test("stays when the kernel is gone", () => {
    const kernel = new FakeKernel();
    const model = Object.assign(new FakePrompt(), { widget_manager: { kernel } });
    const { el } = show(model);
    model.close();
    kernel.become("dead");
    expect(seen(el, ".na-record .na-answer")).toBe("Ada");
    expect(seen(el, ".na-gone-words")).toBe("");
  });
});

describe("when the kernel is gone", () => {
  test("it says so, and offers nothing", () => {
    const kernel = new FakeKernel();
    const model = Object.assign(new FakePrompt({ timeout: 9, remaining: 9 }), {
      widget_manager: { kernel },
    });
    const { el } = show(model);
    kernel.become("restarting");
    expect(seen(el, ".na-gone-words")).toBe("kernel gone");
    expect(seen(el, "textarea, button, .na-due")).toBe("");
    expect(text(el, ".na-question")).toBe("Name?");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("accessibility and cleanup", () => {
  test("every stop keeps the notebook's shortcuts off, and has a name", () => {
    const options = Array.from({ length: 20 }, (_, i) => `${i}`);
    const fields = [
      ...FIELDS,
      { name: "a", kind: "choice", options: ["x", "y"], label: "A" },
      { name: "b", kind: "choice", options: options.slice(0, 8), label: "B" },
      { name: "c", kind: "choice", options, label: "C" },
      { name: "d", kind: "boolean", default: true, label: "D" },
      { name: "e", kind: "file", label: "E" },
      {
        name: "f",
        kind: "mapping",
        label: "F",
        default: { a: "b" },
        item: { name: "", kind: "text" },
      },
    ];
    const { el } = show(form(fields));
    const stops = [...el.querySelectorAll("button, input, select, textarea")];
    expect(stops.length).toBeGreaterThan(15);
    for (const node of stops) {
      expect(node.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
      const id = node.id && el.querySelector(`label[for="${node.id}"]`)?.textContent;
      const name = node.getAttribute("aria-label") || id || node.closest("label");
      expect(name).toBeTruthy();
    }
    const ids = [...el.querySelectorAll("[id]")].map((node) => node.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("two questions on a page share no id", () => {
    const ids = [show(), show()].map(({ el }) =>
      [...el.querySelectorAll("[id]")].map((node) => node.id),
    );
    expect(ids[0]?.filter((id) => ids[1]?.includes(id))).toEqual([]);
  });

  test("each view gives back every listener, timer and node", () => {
    const { el, hosts, model, stop } = show(
      new FakePrompt({ timeout: 9, remaining: 9 }),
      2,
    );
    type(find(el, "textarea"), "x");
    click(el, "Submit");
    for (const { remove } of hosts) remove();
    stop();
    expect(model.listenerCount).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(hosts.map(({ el }) => el.childElementCount)).toEqual([0, 0]);
  });

  test("it greets the kernel, with its place in the page", () => {
    const host = notebook(1);
    const model = new FakePrompt();
    const { el } = show(model);
    host.append(el);
    expect(model.sent.map(({ type }) => type)).toEqual(["hello", "visible"]);
  });
});
