// Web chat protocol v1: the frames of both directions, and the only place that turns received text into one of them.

export const VERSION = 1;
/** A longer frame can't come from our server (it sends texts of at most 64 KiB, escaped). */
export const MAX_FRAME = 512 * 1024;
export const MAX_CHOICES = 50;

export interface User {
  readonly id: string;
  readonly hash: string;
  readonly name?: string;
  readonly email?: string;
}

export interface Hello {
  readonly t: "hello";
  readonly v: typeof VERSION;
  readonly token: string | null;
  readonly user: User | null;
  readonly conversation: string | null;
  readonly after: number;
  readonly language: string;
  readonly page: string;
  readonly device: "phone" | "tablet" | "desktop";
}

export type ClientFrame =
  | Hello
  | { readonly t: "open" | "ping" }
  | { readonly t: "send"; readonly id: string; readonly text: string }
  | { readonly t: "choose"; readonly id: string; readonly choice: string; readonly label: string }
  | { readonly t: "anew"; readonly id: string }
  | { readonly t: "got" | "seen"; readonly seq: number }
  | { readonly t: "typing"; readonly on: boolean };

/** Turns a received value into what it should be, or throws the name of the field that is wrong. */
type Reader<T> = (value: unknown, name: string) => T;
type Shape = Readonly<Record<string, Reader<unknown>>>;
type Read<S extends Shape> = { readonly [K in keyof S]: ReturnType<S[K]> };
type Tagged<Tag extends string, S extends Readonly<Record<string, Shape>>> = {
  [K in keyof S]: Readonly<Record<Tag, K>> & Read<S[K]>;
}[keyof S];

function fail(name: string): never {
  throw new TypeError(name);
}

const string: Reader<string> = (value, name) => (typeof value === "string" ? value : fail(name));
const flag: Reader<boolean> = (value, name) => (typeof value === "boolean" ? value : fail(name));
const count: Reader<number> = (value, name) => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : fail(name));
const positive: Reader<number> = (value, name) => count(value, name) || fail(name);
/** RFC 3339 in, milliseconds since 1970 out. */
const time: Reader<number> = (value, name) => count(Date.parse(string(value, name)), name);
const version: Reader<1> = (value, name) => (value === VERSION ? value : fail(name));
const format: Reader<"plain" | "markdown"> = (value, name) => (value === "plain" || value === "markdown" ? value : fail(name));

/** Null where the field is absent or null. */
function optional<T>(read: Reader<T>): Reader<T | null> {
  return (value, name) => (value == null ? null : read(value, name));
}

/** Fields the shape doesn't know are left out. */
function record<S extends Shape>(shape: S): Reader<Read<S>> {
  return (value, name) => {
    if (typeof value !== "object" || value === null) return fail(name);
    return Object.fromEntries(Object.entries(shape).map(([key, read]) => [key, read((value as Record<string, unknown>)[key], key)])) as Read<S>;
  };
}

/** One of several shapes; the field `tag` says which. */
function tagged<const Tag extends string, S extends Readonly<Record<string, Shape>>>(tag: Tag, shapes: S): Reader<Tagged<Tag, S>> {
  return (value, name) => {
    const kind = record({ [tag]: string })(value, name)[tag] as string;
    const shape = Object.hasOwn(shapes, kind) ? (shapes[kind] as Shape) : fail(tag);
    return { [tag]: kind, ...record(shape)(value, name) } as Tagged<Tag, S>;
  };
}

const choice = record({ id: string, label: string });
const choices: Reader<readonly Choice[]> = (value, name) =>
  value == null ? [] : Array.isArray(value) && value.length <= MAX_CHOICES ? value.map((item) => choice(item, name)) : fail(name);
const citation = record({ title: string, url: optional(string) });
const agent = { name: string };
const author = tagged("kind", { bot: {}, contact: {}, system: {}, agent });
const handler = tagged("kind", { bot: {}, queue: { ahead: count }, agent });

const frame = tagged("t", {
  welcome: {
    v: version,
    token: string,
    conversation: optional(string),
    reset: flag,
    limits: record({ text: positive }),
    bot: string,
  },
  entry: {
    seq: positive,
    id: string,
    at: time,
    from: author,
    text: string,
    format,
    choices,
    citation: optional(citation),
    cid: optional(string),
  },
  ack: { id: string },
  nack: { id: string, code: string, message: string, retry_after_ms: optional(count) },
  conversation: { conversation: string, reset: flag },
  state: { handler, resolved: flag },
  typing: { on: flag, name: optional(string) },
  error: { code: string, message: string },
  ready: {},
  pong: {},
});

export type Author = ReturnType<typeof author>;
export type Choice = ReturnType<typeof choice>;
export type Citation = ReturnType<typeof citation>;
export type Handler = ReturnType<typeof handler>;
export type ServerFrame = ReturnType<typeof frame>;
export type Entry = Extract<ServerFrame, { t: "entry" }>;

/** The frame in `text`, or what is wrong with it. */
export function parse(text: unknown): ServerFrame | string {
  try {
    const json = string(text, "binary");
    return json.length > MAX_FRAME ? "too long" : frame(JSON.parse(json), "frame");
  } catch (problem) {
    return String(problem);
  }
}
