// Light or dark, and a readable ink on whatever accent colour the page chose.

/** At this relative luminance black and white stand out equally. */
const MIDDLE = 0.179;

export function watchTheme(theme: "auto" | "light" | "dark", root: HTMLElement): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (): void => {
    root.dataset.theme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
    root.style.setProperty("--_on", ink(getComputedStyle(root).outlineColor));
  };
  dark.addEventListener("change", apply);
  apply();
}

/** Black or white, whichever is easier to read on `colour`: a computed value, `rgb(…)`. */
export function ink(colour: string): string {
  // Relative luminance as WCAG defines it.
  const [r = 0, g = 0, b = 0] = (colour.match(/\d+/g) ?? []).map((part) => ((Number(part) / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > MIDDLE ? "#0d1117" : "#fff";
}
