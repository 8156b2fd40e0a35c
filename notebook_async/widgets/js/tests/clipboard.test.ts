import { afterEach, describe, expect, test, vi } from "vitest";
import { copyText } from "../src/clipboard";

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

describe("the clipboard", () => {
  test("takes the text", async () => {
    const writeText = vi.fn(async () => {});
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    expect(await copyText("flowchart")).toBe(true);
    expect(writeText).toHaveBeenCalledWith("flowchart");
  });

  test("is filled the old way where the new one is not allowed", async () => {
    vi.stubGlobal("navigator", {});
    let seen = "";
    const command = vi.fn(() => {
      seen = document.querySelector("textarea")?.value ?? "";
      return true;
    });
    Object.assign(document, { execCommand: command });
    expect(await copyText("flowchart")).toBe(true);
    expect(seen).toBe("flowchart");
    expect(document.querySelector("textarea")).toBeNull();
    Object.assign(document, { execCommand: undefined });
    expect(await copyText("flowchart")).toBe(false);
  });
});
