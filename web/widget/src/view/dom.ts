// Elements without HTML text: names, attributes and children only.

type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;
type Child = Node | string | null | false;

/** `h("p.note", …)` makes a paragraph of class `note`, which tests find by `data-testid="note"` as well. */
export function h<K extends keyof HTMLElementTagNameMap>(
  name: K | `${K}.${string}`,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const [tag, kind] = name.split(".") as [K, string?];
  const node = document.createElement(tag);
  if (kind) attribute(node, "data-testid", (node.className = kind));
  if (tag === "button") attribute(node, "type", "button");
  for (const key of Object.keys(attributes)) attribute(node, key, attributes[key]);
  node.append(...children.filter((child): child is Node | string => child !== null && child !== false));
  return node;
}

export function button(kind: string, label: string, act: () => void, ...children: Child[]): HTMLButtonElement {
  const node = h(`button.${kind}`, children.length ? { "aria-label": label } : {}, ...(children.length ? children : [label]));
  node.addEventListener("click", act);
  return node;
}

/** Sets, or takes away on null and false; touches nothing that is already so. */
export function attribute(node: Element, name: string, value: Attributes[string]): void {
  if (value === null || value === undefined || value === false) return node.removeAttribute(name);
  const text = value === true ? "" : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

/** Live regions speak whenever they are touched: the same text is not set twice. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const shape = document.createElementNS(SVG, "path");
  attribute(svg, "viewBox", "0 0 24 24");
  attribute(svg, "aria-hidden", "true");
  attribute(shape, "d", path);
  svg.append(shape);
  return svg;
}

export const CHAT = "M12 4a8.5 7 0 1 1-3 13.5L4.5 20 6 15.5A8 7 0 0 1 12 4z";
export const DOWN = "m6 9.5 6 6 6-6";
export const CLOSE = "m6.5 6.5 11 11m0-11-11 11";
export const SEND = "M12 19V5.5m-6 6 6-6 6 6";
