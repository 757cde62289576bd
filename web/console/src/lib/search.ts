// Finding by the beginnings of words, in any order; what begins with the words stands first.

export function search<T>(words: string, all: readonly T[], textOf: (item: T) => string): T[] {
  const wanted = fold(words).split(/\s+/).filter((word) => word !== "");
  if (wanted.length === 0) return [...all];
  const ranked = all.flatMap((item) => {
    const text = fold(textOf(item));
    const fits = wanted.every((word) => text.includes(word));
    const starts = wanted.filter((word) => text.startsWith(word) || text.includes(` ${word}`)).length;
    return fits ? [{ item, rank: starts + (text.startsWith(wanted[0] ?? "") ? 1 : 0) }] : [];
  });
  return ranked.sort((a, b) => b.rank - a.rank).map(({ item }) => item);
}

function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
