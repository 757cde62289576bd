// Every action of the console with its key: the keyboard, the palette and the help sheet read the same list.
import type { View } from "../api/types";
import { neighbour } from "../lib/rows";
import type { Route } from "../lib/routes";
import { desk } from "./desk.svelte";
import { router } from "./router.svelte";
import { session } from "./session.svelte";
import { settings } from "./settings.svelte";
import { threadOf, type Mode } from "./thread.svelte";
import { toasts } from "./toasts.svelte";

export type DialogName = "help" | "palette" | "settings" | "transfer" | "take-over";

class Stage {
  dialog = $state<DialogName | null>(null);
  /** The contact panel laid over the conversation, where there is no room beside it. */
  drawer = $state(false);
  /** Set by the composer while it is on the page. */
  focusComposer: ((mode: Mode) => void) | null = null;
  /** Set by the list: moves the focus to a row. */
  focusRow: ((id: string) => void) | null = null;
}

export const stage = new Stage();

export interface Action {
  id: string;
  title: string;
  group: "Conversation" | "List" | "Go to" | "Console";
  keys: string[];
  /** Present here and for this role. */
  when: () => boolean;
  run: () => void;
}

function open(): string | null {
  return router.route.page === "desk" ? router.route.conversation : null;
}

function thread() {
  const id = open();
  return id === null ? null : threadOf(id);
}

const onDesk = () => router.route.page === "desk";
const canAct = () => session.answers && (thread()?.facts ?? null) !== null;
const status = () => thread()?.facts?.status;
const handler = () => thread()?.facts?.handler;
const mine = () => {
  const held = handler();
  return held?.kind === "agent" && held.agent.id === session.me?.id;
};

/** Carries out an act and says what came of it. */
async function act(request: Parameters<ReturnType<typeof threadOf>["act"]>[0], done: string): Promise<boolean> {
  const shown = thread();
  if (!shown || shown.acting) return false;
  const outcome = await shown.act(request);
  if (outcome.ok) toasts.info(done);
  else if (outcome.code === "held_by_colleague") stage.dialog = "take-over";
  else toasts.error(outcome.error);
  return outcome.ok;
}

export async function claim(fromColleague = false): Promise<void> {
  const held = handler();
  if (!fromColleague && held?.kind === "agent" && !mine()) {
    stage.dialog = "take-over";
    return;
  }
  if (await act({ act: "claim", ...(fromColleague ? { from_colleague: true } : {}) }, "It is yours: the contact has been told.")) {
    stage.focusComposer?.("reply");
  }
}

export const transfer = (to: { agent_id?: string; team?: string; note?: string }, name: string) =>
  act({ act: "transfer", ...to }, `Transferred to ${name}.`);

export const can = {
  claim: () => canAct() && status() !== "resolved" && !mine(),
  transfer: () => canAct() && status() !== "resolved",
  returnToBot: () => canAct() && status() !== "resolved" && handler()?.kind !== "bot",
  resolve: () => canAct() && status() !== "resolved",
  reopen: () => canAct() && status() === "resolved",
};

function step(by: 1 | -1): void {
  const next = neighbour(desk.rows, desk.cursor ?? open(), by);
  if (next === null) return;
  desk.cursor = next;
  stage.focusRow?.(next);
}

function back(): void {
  if (stage.drawer) stage.drawer = false;
  else if (router.route.page === "desk" && router.route.conversation !== null) {
    const from = router.route.conversation;
    router.go({ ...router.route, conversation: null });
    desk.cursor = from;
    requestAnimationFrame(() => stage.focusRow?.(from));
  }
}

function openCursor(): void {
  if (desk.cursor !== null) router.go({ page: "desk", view: desk.view, conversation: desk.cursor });
}

export function togglePanel(): void {
  if (window.matchMedia("(min-width: 1200px)").matches) settings.change({ panel: !settings.panel });
  else stage.drawer = !stage.drawer;
}

const always = () => true;
const go = (route: Route) => () => router.go(route);
const view = (name: View): Route => ({ page: "desk", view: name, conversation: null });

export const actions: readonly Action[] = [
  { id: "reply", title: "Write a reply", group: "Conversation", keys: ["r"], when: canAct, run: () => stage.focusComposer?.("reply") },
  { id: "note", title: "Write a note", group: "Conversation", keys: ["n"], when: canAct, run: () => stage.focusComposer?.("note") },
  { id: "claim", title: "Claim (assign to me)", group: "Conversation", keys: ["i"], when: can.claim, run: () => void claim() },
  { id: "transfer", title: "Transfer…", group: "Conversation", keys: ["a"], when: can.transfer, run: () => (stage.dialog = "transfer") },
  {
    id: "return",
    title: "Return to the bot",
    group: "Conversation",
    keys: ["t"],
    when: can.returnToBot,
    run: () => void act({ act: "return" }, "Returned to the bot."),
  },
  { id: "resolve", title: "Resolve", group: "Conversation", keys: ["e"], when: can.resolve, run: () => void act({ act: "resolve" }, "Resolved.") },
  { id: "reopen", title: "Reopen", group: "Conversation", keys: ["Shift+R"], when: can.reopen, run: () => void act({ act: "reopen" }, "Opened again.") },
  {
    id: "panel",
    title: "Show or hide the contact panel",
    group: "Conversation",
    keys: ["d"],
    when: () => open() !== null,
    run: togglePanel,
  },
  { id: "next", title: "Next conversation", group: "List", keys: ["j", "ArrowDown"], when: onDesk, run: () => step(1) },
  { id: "previous", title: "Previous conversation", group: "List", keys: ["k", "ArrowUp"], when: onDesk, run: () => step(-1) },
  { id: "open", title: "Open conversation", group: "List", keys: ["o", "Enter"], when: () => onDesk() && desk.cursor !== null, run: openCursor },
  { id: "back", title: "Back to the list", group: "List", keys: ["u", "Escape"], when: () => stage.drawer || open() !== null, run: back },
  { id: "waiting", title: "Waiting", group: "Go to", keys: ["g w"], when: always, run: go(view("waiting")) },
  { id: "mine", title: "Mine", group: "Go to", keys: ["g m"], when: always, run: go(view("mine")) },
  { id: "all-open", title: "All open", group: "Go to", keys: ["g o"], when: always, run: go(view("open")) },
  { id: "resolved", title: "Resolved", group: "Go to", keys: ["g r"], when: always, run: go(view("resolved")) },
  { id: "knowledge", title: "Knowledge", group: "Go to", keys: ["g k"], when: always, run: go({ page: "articles" }) },
  { id: "flows", title: "Flows", group: "Go to", keys: ["g f"], when: always, run: go({ page: "flows" }) },
  { id: "bot-book", title: "Bot book", group: "Go to", keys: [], when: always, run: go({ page: "bot-book" }) },
  { id: "unanswered", title: "Unanswered questions", group: "Go to", keys: [], when: always, run: go({ page: "unanswered" }) },
  { id: "try", title: "Try a question", group: "Go to", keys: [], when: () => session.edits, run: go({ page: "try", question: null }) },
  { id: "deliveries", title: "Deliveries", group: "Go to", keys: ["g d"], when: always, run: go({ page: "deliveries", state: "stuck" }) },
  { id: "agents", title: "Agents", group: "Go to", keys: [], when: () => session.isAdmin, run: go({ page: "agents" }) },
  { id: "ledger", title: "Ledger", group: "Go to", keys: [], when: () => session.isAdmin, run: go({ page: "ledger", from: null, to: null, item: null }) },
  { id: "settings", title: "Settings", group: "Go to", keys: ["g s"], when: always, run: () => (stage.dialog = "settings") },
  { id: "palette", title: "Find an action", group: "Console", keys: ["Mod+K"], when: always, run: () => (stage.dialog = "palette") },
  { id: "help", title: "Keyboard help", group: "Console", keys: ["?"], when: always, run: () => (stage.dialog = "help") },
  { id: "theme-light", title: "Theme: light", group: "Console", keys: [], when: always, run: () => settings.change({ theme: "light" }) },
  { id: "theme-dark", title: "Theme: dark", group: "Console", keys: [], when: always, run: () => settings.change({ theme: "dark" }) },
  { id: "theme-system", title: "Theme: as the system", group: "Console", keys: [], when: always, run: () => settings.change({ theme: "system" }) },
  { id: "sign-out", title: "Sign out", group: "Console", keys: [], when: always, run: () => void session.signOut().catch(() => toasts.error("Signing out failed. Try again.")) },
];

export const bindings: ReadonlyMap<string, string> = new Map(actions.flatMap(({ id, keys }) => keys.map((key) => [key, id])));

export function perform(id: string): boolean {
  const action = actions.find((candidate) => candidate.id === id);
  if (!action?.when()) return false;
  action.run();
  return true;
}

export function byId(id: string): Action | undefined {
  return actions.find((action) => action.id === id);
}
