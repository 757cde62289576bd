import { beforeEach, describe, expect, it, vi } from "vitest";
import { BLANK, keep, readMemo, writeMemo } from "./storage";

beforeEach(() => localStorage.clear());

describe("keep", () => {
  it("reads, lists and clears only what is ours", () => {
    localStorage.setItem("theirs", "x");
    const store = keep("ours:");
    store.set("a", "1");
    expect(localStorage.getItem("ours:a")).toBe("1");
    expect(store.names()).toEqual(["a"]);
    store.clear();
    expect(store.get("a")).toBeNull();
    expect(localStorage.getItem("theirs")).toBe("x");
  });

  it("writes nothing to the browser without a prefix", () => {
    const store = keep(null);
    store.set("a", "1");
    expect([store.get("a"), store.names(), localStorage.length]).toEqual(["1", ["a"], 0]);
  });

  it("remembers for the page's life what the browser has no room for", () => {
    const full = vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    const store = keep("ours:");
    store.set("a", "1");
    expect([store.get("a"), store.names()]).toEqual(["1", ["a"]]);
    full.mockRestore();
    store.set("a", "2");
    expect(localStorage.getItem("ours:a")).toBe("2");
    store.remove("a");
    expect(store.get("a")).toBeNull();
  });
});

describe("memo", () => {
  it("comes back as it was written", () => {
    const memo = { token: "t", conversation: "cnv_1", seen: 4, user: "42" };
    writeMemo(keep("ours:"), memo);
    expect(readMemo(keep("ours:"))).toEqual(memo);
  });

  it("is blank when what lies there makes no sense", () => {
    for (const json of ["", "{", "null", "7", '{"token":1,"seen":-1,"user":{}}']) {
      localStorage.setItem("ours:memo", json);
      expect(readMemo(keep("ours:"))).toEqual(BLANK);
    }
  });
});
