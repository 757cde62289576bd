import { describe, expect, it } from "vitest";
import { happening, initials, languageName, slotName, slotValue, viewing } from "./words";

describe("happening", () => {
  it("says what happened", () => {
    expect(happening({ what: "slot_filled", slot: "router_lights", value: "red", why: "" })).toBe("Router lights: red");
    expect(happening({ what: "voted", title: "Restart", helped: false, why: "" })).toBe("“Restart” did not help");
    expect(happening({ what: "asked_between", titles: ["A", "B"], why: "" })).toBe("Asked which was meant: “A”, “B”");
  });

  it("names who decided about what was stuck", () => {
    expect(happening({ what: "delivery_retried", who: "Ana", why: "" })).toBe("Sent again by Ana");
    expect(happening({ what: "delivery_dropped", who: "Ana", why: "" })).toBe("Dropped by Ana");
    expect(happening({ what: "filed_later", by: "Ana", why: "" })).toBe("Filed later from quarantine by Ana");
  });

  it("shows by its name what it does not know", () => {
    expect(happening({ what: "something_new", why: "" })).toBe("Something new");
  });
});

describe("viewing", () => {
  it("names who is here, typing first", () => {
    expect(viewing([])).toBe("");
    expect(viewing([{ name: "Ben" }])).toBe("Ben is viewing");
    expect(viewing([{ name: "Ben" }, { name: "Cleo", typing: true }])).toBe("Cleo is typing");
    expect(viewing([{ name: "A" }, { name: "B" }, { name: "C" }, { name: "D" }])).toBe("A, B and 2 others are viewing");
  });
});

describe("names", () => {
  it("become initials and labels", () => {
    expect(initials("Mara Lindqvist")).toBe("ML");
    expect(initials("\u202E  ")).toBe("?");
    expect(slotName("order-number_x")).toBe("Order number x");
    expect(languageName("de")).toBe("German");
    expect(languageName("no language")).toBe("no language");
  });

  it("of chosen values become words, what a contact wrote stays", () => {
    expect(slotValue("nothing_works")).toBe("nothing works");
    expect(slotValue("LF_20417")).toBe("LF_20417");
    expect(slotValue("_it_")).toBe("_it_");
  });
});
