// Who is signed in.
import { api } from "../api/client";
import { codeOf, wordsFor } from "../api/problem";
import type { Role, Session } from "../api/types";

type Phase = "loading" | "out" | "in" | "unreachable";

class SessionState {
  phase = $state<Phase>("loading");
  /** The session ended while the console was in use: sign in over the page, so that nothing typed is lost. */
  expired = $state(false);
  current = $state<Session | null>(null);
  trouble = $state("");

  constructor() {
    api.onUnauthorized = () => {
      if (this.phase === "in") this.expired = true;
    };
  }

  get me(): Session["agent"] | null {
    return this.current?.agent ?? null;
  }

  get role(): Role {
    return this.current?.agent.role ?? "agent";
  }

  get botName(): string {
    return this.current?.server.bot_name ?? "Bot";
  }

  /** May act in conversations. */
  get answers(): boolean {
    return this.role !== "knowledge";
  }

  /** May change articles, flows and the bot book. */
  get edits(): boolean {
    return this.role !== "agent";
  }

  get isAdmin(): boolean {
    return this.role === "admin";
  }

  async start(): Promise<void> {
    this.phase = "loading";
    try {
      this.signedIn(await api.session());
    } catch (error) {
      this.trouble = wordsFor(error);
      this.phase = codeOf(error) === "unauthorized" ? "out" : "unreachable";
    }
  }

  signedIn(session: Session): void {
    const other = this.current !== null && this.current.agent.id !== session.agent.id;
    this.current = session;
    this.phase = "in";
    this.expired = false;
    // Somebody else took over this browser: nothing of the first person may stay on the page.
    if (other) location.reload();
  }

  async signOut(): Promise<void> {
    await api.signOut();
    try {
      sessionStorage.clear();
    } catch {
      // No storage: nothing to clear.
    }
    location.assign("/console/");
  }
}

export const session = new SessionState();
