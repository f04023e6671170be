// Finding tiles by their patterns.
import { element } from "./shell";

export interface Searched {
  count: number;
  pattern: (tile: number) => string;
  /** The tiles that match. */
  found: (tiles: number[]) => void;
  /** The reader wants to see this one. */
  go: (tile: number) => void;
}

/** What a search means: a tile's number after #, or part of a pattern in which a question mark stands for any sign. */
export function matcher(text: string): ((tile: number, pattern: string) => boolean) | null {
  const wanted = text.trim();
  if (!wanted) return null;
  if (wanted.startsWith("#")) return (tile) => String(tile) === wanted.slice(1).trim();
  if (!/^[01*?|. ]+$/.test(wanted)) return () => false;
  const escaped = wanted.replace(/ /g, "").replace(/[|*]/g, "\\$&").replace(/[?.]/g, "[01*]");
  const expression = new RegExp(escaped);
  return (_, pattern) => expression.test(pattern);
}

/** A search box, and below it how many tiles match; Enter goes from one to the next. */
export function search({ count, pattern, found, go }: Searched): { elements: HTMLElement[]; focus: () => void; clear: () => void } {
  let matches: number[] = [];
  let at = -1;
  const said = element("p", { class: "note", "aria-live": "polite" });
  said.style.margin = "4px 0 0";
  const box = element("input", { type: "search", class: "mono", placeholder: "pattern such as 10??|1, or #12", "aria-label": "Search for a pattern", spellcheck: "false" });
  const look = (): void => {
    const fits = matcher(box.value);
    matches = [];
    at = -1;
    if (fits) for (let tile = 0; tile < count; tile++) if (fits(tile, pattern(tile))) matches.push(tile);
    const others = matches.length === 1 ? "1 tile matches" : `${matches.length} tiles match`;
    said.textContent = fits ? others + (matches.length ? "; Enter shows the next" : "") : "";
    found(matches);
  };
  box.addEventListener("input", look);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !matches.length) return;
    at = (at + (event.shiftKey ? matches.length - 1 : 1)) % matches.length;
    said.textContent = `${at + 1} of ${matches.length}: tile ${matches[at]!}`;
    go(matches[at]!);
  });
  return {
    elements: [box, said],
    focus: () => box.focus(),
    clear: () => {
      box.value = "";
      look();
    },
  };
}
