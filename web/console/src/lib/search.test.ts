import { expect, it } from "vitest";
import { search } from "./search";

const ALL = ["Go to mine", "Resolve", "Resolved list", "Größe ändern"];
const find = (words: string) => search(words, ALL, (item) => item);

it("finds words in any order, beginnings first, without accents", () => {
  expect(find("")).toEqual(ALL);
  expect(find("mine go")).toEqual(["Go to mine"]);
  expect(find("list")).toEqual(["Resolved list"]);
  expect(find("andern")).toEqual(["Größe ändern"]);
  expect(find("resolve")[0]).toBe("Resolve");
  expect(find("nothing")).toEqual([]);
});
