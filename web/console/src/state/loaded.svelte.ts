// Something to be loaded: not there yet, there, or failed with words.
import { wordsFor } from "../api/problem";

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  error = $state("");
  readonly #read: () => Promise<T>;
  #generation = 0;

  constructor(read: () => Promise<T>) {
    this.#read = read;
    void this.load();
  }

  load = async (): Promise<void> => {
    const generation = ++this.#generation;
    this.error = "";
    try {
      const value = await this.#read();
      if (generation === this.#generation) this.value = value;
    } catch (error) {
      if (generation === this.#generation) this.error = wordsFor(error);
    }
  };
}
