// What the page asked for: `window.switchboardSettings`, then the data attributes of the script line, then those of
// an element the page placed itself. Later ones win. What makes no sense is left out, so that a slip never breaks a page.

import type { User } from "./protocol";

export interface Settings {
  readonly inbox: string;
  readonly server: string;
  /** "auto" or a BCP 47 tag. */
  readonly locale: string;
  readonly side: "start" | "end";
  /** Pixels from the inline edge and from the bottom. */
  readonly offset: number;
  readonly launcher: boolean;
  readonly launcherSelector: string;
  readonly theme: "auto" | "light" | "dark";
  /** False: neither storage nor connection until the visitor or the page says yes. */
  readonly consent: boolean;
  readonly user: User | null;
  readonly texts: Readonly<Record<string, unknown>>;
}

type Given = Readonly<Record<string, unknown>>;

const OFFSET = 20;
const MAX_OFFSET = 400;

export function readSettings(home: string, ...sources: readonly Given[]): Settings {
  const given: Given = Object.assign({}, ...sources);
  const text = (name: string, shape: RegExp, otherwise: string): string => String(given[name] ?? "").match(shape)?.[0] ?? otherwise;
  const flag = (name: string): boolean => String(given[name]) !== "false";
  const offset = parseFloat(String(given.offset));
  const { userId: id, userHash: hash, userName: name, userEmail: email, user, texts } = given;
  return {
    inbox: text("inbox", /^[\w-]{1,64}$/, "web"),
    server: text("server", /^https?:\/\/[^?#]+$/, home).replace(/\/+$/, ""),
    locale: text("locale", /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i, "auto"),
    side: given.side === "start" ? "start" : "end",
    offset: offset >= 0 && offset <= MAX_OFFSET ? offset : OFFSET,
    launcher: flag("launcher"),
    launcherSelector: text("launcherSelector", /.+/, ""),
    theme: given.theme === "light" || given.theme === "dark" ? given.theme : "auto",
    consent: flag("consent"),
    user: readUser(user) ?? readUser({ id, hash, name, email }),
    texts: typeof texts === "object" && texts !== null ? (texts as Given) : {},
  };
}

/** The site's signed user; null unless both id and signature are there. */
export function readUser(value: unknown): User | null {
  const { id, hash, name, email } = Object(value) as Given;
  if ((!id && id !== 0) || typeof hash !== "string" || !hash) return null;
  return {
    id: String(id),
    hash,
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof email === "string" ? { email } : {}),
  };
}

export function socketUrl({ server, inbox }: Settings): string {
  return `${server.replace(/^http/, "ws")}/webchat/${inbox}/socket`;
}
