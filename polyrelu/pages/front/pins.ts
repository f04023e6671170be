// Cards that stay: a section of the panel with what is pinned.
import { card, chip, element, type Line } from "./shell";

export interface Pinned {
  titleOf: (tile: number) => string;
  colourOf: (tile: number) => string | null;
  /** The lines of a card, with so many digits, or all of them. */
  linesOf: (tile: number, digits: number | undefined) => Line[];
  /** Other tiles are pinned now; or the same, with other words. */
  changed: (tiles: readonly number[]) => void;
  announce: (text: string) => void;
}

export interface Pins {
  section: HTMLElement;
  /** Pin a tile, or take it off if it is. */
  pin(tile: number): void;
  clear(): void;
  /** Write all cards anew. */
  refresh(): void;
  /** Show all digits, or no longer. */
  toggleDigits(): void;
}

const DIGITS = 4;

export function makePins({ titleOf, colourOf, linesOf, changed, announce }: Pinned): Pins {
  let tiles: readonly number[] = [];
  let digits: number | undefined = DIGITS;
  const list = element("div");
  const exactly = chip("all digits", false, (on) => {
    digits = on ? undefined : DIGITS;
    refresh();
  });
  const clearing = element("button", { class: "plain", type: "button", click: () => set([]) }, "clear");
  const heading = element("div", { class: "heading" }, element("h2", {}, "Pinned"), exactly, clearing);
  const section = element("section", { "aria-label": "Pinned", hidden: true }, heading, list);
  const cardOf = (tile: number, place: number): HTMLElement =>
    card(`${place + 1} · ${titleOf(tile)}`, colourOf(tile), linesOf(tile, digits), () => pin(tile));
  const refresh = (): void => {
    section.hidden = !tiles.length;
    list.replaceChildren(...tiles.map(cardOf));
  };
  const set = (own: readonly number[]): void => {
    tiles = own;
    refresh();
    changed(tiles);
  };
  const pin = (tile: number): void => {
    const isNew = !tiles.includes(tile);
    set(isNew ? [...tiles, tile] : tiles.filter((own) => own !== tile));
    announce(`${titleOf(tile)} ${isNew ? "pinned" : "no longer pinned"}`);
  };
  return { section, pin, refresh, clear: () => tiles.length && set([]), toggleDigits: () => exactly.click() };
}
