import { describe, expect, it } from "vitest";
import { readSettings, readUser, socketUrl } from "./settings";

const HOME = "https://chat.example";

describe("readSettings", () => {
  it("has a sensible answer for a page that says nothing", () => {
    expect(readSettings(HOME)).toEqual({
      inbox: "web",
      server: HOME,
      locale: "auto",
      side: "end",
      offset: 20,
      launcher: true,
      launcherSelector: "",
      theme: "auto",
      consent: true,
      user: null,
      texts: {},
    });
  });

  it("lets later sources win", () => {
    expect(readSettings(HOME, { inbox: "a", side: "start" }, { inbox: "b" })).toMatchObject({ inbox: "b", side: "start" });
  });

  it("reads attributes, which are all text", () => {
    const given = { offset: "32", launcher: "false", consent: "false", launcherSelector: "#help", userId: "42", userHash: "ab" };
    expect(readSettings(HOME, given)).toMatchObject({
      offset: 32,
      launcher: false,
      consent: false,
      launcherSelector: "#help",
      user: { id: "42", hash: "ab" },
    });
  });

  it("leaves out what makes no sense", () => {
    const given = { inbox: "../admin", server: "javascript:x", locale: "<b>", side: "top", offset: -5, theme: "pink", user: "me", texts: 7 };
    expect(readSettings(HOME, given)).toEqual(readSettings(HOME));
    expect(readSettings(HOME, { offset: 9000 }).offset).toBe(20);
    expect(readSettings(HOME, { offset: 0 }).offset).toBe(0);
  });
});

describe("readUser", () => {
  it("wants id and signature", () => {
    expect(readUser({ id: "42" })).toBeNull();
    expect(readUser({ id: "42", hash: "" })).toBeNull();
    expect(readUser({ hash: "ab" })).toBeNull();
    expect(readUser(null)).toBeNull();
    expect(readUser({ id: 42, hash: "ab", name: "Eve", email: 7, admin: true })).toEqual({ id: "42", hash: "ab", name: "Eve" });
  });
});

describe("socketUrl", () => {
  it("is the inbox's socket, encrypted where the page is", () => {
    expect(socketUrl(readSettings(HOME))).toBe("wss://chat.example/webchat/web/socket");
    expect(socketUrl(readSettings(HOME, { server: "http://127.0.0.1:7000/desk/", inbox: "shop" }))).toBe("ws://127.0.0.1:7000/desk/webchat/shop/socket");
  });
});
