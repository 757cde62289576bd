// Short messages at the edge; read aloud politely, gone by themselves unless they are errors.
import type { Route } from "../lib/routes";

export interface Toast {
  id: number;
  kind: "info" | "error";
  text: string;
  link: { label: string; route: Route } | null;
}

const SHOWN_MS = 7000;
const SHOWN_MAX = 4;

class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;

  info(text: string, link: Toast["link"] = null): void {
    const id = this.#add("info", text, link);
    setTimeout(() => this.drop(id), SHOWN_MS);
  }

  error(text: string): void {
    this.#add("error", text, null);
  }

  drop(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(kind: Toast["kind"], text: string, link: Toast["link"]): number {
    const id = this.#next++;
    // The latest news only; errors stay until they are read.
    const others = this.list.filter((toast) => toast.text !== text && (kind === "error" || link || toast.kind === "error" || toast.link)).slice(1 - SHOWN_MAX);
    this.list = [...others, { id, kind, text, link }];
    return id;
  }
}

export const toasts = new Toasts();
