// Rows of a layer that takes the plane, as lines that can be dragged: w . x + b = 0, its arrow w, and its handle.
import type { View } from "./map";

export interface Row {
  w: [number, number];
  b: number;
  colour: string | null;
  name: string;
}

export interface Editing {
  view(): View;
  rows(): Row[];
  selected(): number;
  select(row: number): void;
  /** New numbers of a row, and how finely they are meant. */
  edit(row: number, w: [number, number] | null, b: number, fine: number): void;
}

const SVG = "http://www.w3.org/2000/svg";
const SHORTEST = 8; // pixels of an arrow
const APART = 30; // pixels between handles

function shape<Tag extends keyof SVGElementTagNameMap>(tag: Tag, attributes: Record<string, string>): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

interface Parts {
  /** The line below all handles, and the handle with its arrow above all lines. */
  under: SVGGElement;
  over: SVGGElement;
  line: SVGLineElement;
  grip: SVGLineElement;
  handle: SVGCircleElement;
  shaft: SVGLineElement;
  tip: SVGPathElement;
  label: SVGTextElement;
}

/** Lines over a stage; `draw` puts them where the rows are. */
export class Lines {
  private parts: Parts[] = [];
  private lengthOfOne = 40;

  constructor(
    private readonly svg: SVGSVGElement,
    private readonly editing: Editing,
  ) {}

  draw(): void {
    const rows = this.editing.rows();
    if (rows.length !== this.parts.length) this.make(rows.length);
    if (!this.dragging) {
      const longest = Math.max(...rows.map((row) => Math.hypot(...row.w)), 1e-9);
      this.lengthOfOne = Math.min(90, this.editing.view().width / 5) / longest;
      this.spread(rows);
      this.raise();
    }
    rows.forEach((row, i) => this.put(this.parts[i]!, row, i));
  }

  private dragging = false;
  /** Where the handle of the row that is dragged stays. */
  private kept: [number, number] | null = null;
  /** How far each handle is from the foot of the middle, along its line, as a part of the width of what is seen. */
  private aside: number[] = [];

  /** Put handles along their lines so that they are apart and seen, if there is room. */
  private spread(rows: readonly Row[]): void {
    const view = this.editing.view();
    const taken: [number, number][] = [];
    const steps = [0, 1, -1, 2, -2, 3, -3, 4, -4].map((step) => step / 10);
    this.aside = rows.map((row, i) => {
      const places = steps.map((aside) => ({ aside, at: view.toPixels(...this.footOf(row, aside + 0.02 * (i % 3))) }));
      const room = ({ at: [x, y] }: (typeof places)[0]): number =>
        Math.min(APART, x, y, view.width - x, view.height - y, ...taken.map(([a, b]) => Math.hypot(a - x, b - y)));
      const best = places.reduce((one, other) => (room(other) > room(one) ? other : one));
      taken.push(best.at);
      return best.aside + 0.02 * (i % 3);
    });
  }

  /** Put the selected row on top, by moving those above it: it keeps the focus. */
  private raise(): void {
    const own = this.parts[this.editing.selected()]?.over;
    while (own?.nextSibling) own.parentNode!.prepend(own.nextSibling);
  }

  private anchor(row: Row, i: number): [number, number] {
    return this.footOf(row, this.aside[i] ?? 0);
  }

  /** A point of a row's line: the foot of the middle of what is seen, moved aside. */
  private footOf(row: Row, aside: number): [number, number] {
    const view = this.editing.view();
    const centre = [0, 1].map((k) => (view.low[k]! + view.high[k]!) / 2) as [number, number];
    const square = row.w[0] ** 2 + row.w[1] ** 2;
    if (square === 0) return centre;
    const off = (row.w[0] * centre[0] + row.w[1] * centre[1] + row.b) / square;
    const along = (aside * (view.high[0] - view.low[0])) / Math.sqrt(square);
    return [centre[0] - off * row.w[0] - along * row.w[1], centre[1] - off * row.w[1] + along * row.w[0]];
  }

  private put(parts: Parts, row: Row, i: number): void {
    const view = this.editing.view();
    const selected = this.editing.selected() === i;
    const anchor = this.kept && selected ? this.kept : this.anchor(row, i);
    const [x, y] = view.toPixels(...anchor);
    const size = Math.hypot(...row.w);
    const along = size > 0 ? [row.w[1] / size, row.w[0] / size] : [0, 0]; // of the line, in pixels
    const far = 2 * (view.width + view.height) + Math.hypot(x, y);
    const set = (element: Element, attributes: Record<string, number | string>): void =>
      Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, String(value)));
    for (const line of [parts.line, parts.grip]) {
      set(line, { x1: x - far * along[0]!, y1: y - far * along[1]!, x2: x + far * along[0]!, y2: y + far * along[1]! });
    }
    set(parts.handle, { cx: x, cy: y });
    set(parts.label, { x: x + 9, y: y - 8 });
    const [dx, dy] = [row.w[0] * this.lengthOfOne, -row.w[1] * this.lengthOfOne];
    const length = Math.hypot(dx, dy) || 1;
    const [ux, uy] = [dx / length, dy / length];
    const drawn = Math.max(length, SHORTEST);
    const [tx, ty] = [x + ux * drawn, y + uy * drawn];
    set(parts.shaft, { x1: x, y1: y, x2: tx - 8 * ux, y2: ty - 8 * uy });
    set(parts.tip, { d: `M${tx} ${ty}L${tx - 12 * ux - 5.5 * uy} ${ty - 12 * uy + 5.5 * ux}L${tx - 12 * ux + 5.5 * uy} ${ty - 12 * uy - 5.5 * ux}Z` });
    parts.label.textContent = row.name;
    for (const group of [parts.under, parts.over]) {
      group.classList.toggle("selected", selected);
      group.style.setProperty("--own", row.colour ?? "var(--ink)");
    }
    parts.handle.setAttribute("aria-label", `${row.name}: bias ${row.b.toPrecision(4)}, weights ${row.w.map((v) => v.toPrecision(4)).join(" and ")}`);
  }

  private make(count: number): void {
    const [below, above] = [shape("g", {}), shape("g", {})];
    this.svg.replaceChildren(below, above);
    this.parts = Array.from({ length: count }, (_, i) => {
      const parts: Parts = {
        under: shape("g", { class: "row", "data-row": String(i) }),
        over: shape("g", { class: "row", "data-row": String(i) }),
        line: shape("line", { class: "line" }),
        grip: shape("line", { class: "grip" }),
        shaft: shape("line", { class: "shaft" }),
        tip: shape("path", { class: "tip", tabindex: "0", role: "slider", "aria-label": `Weights of row ${i}`, "aria-valuenow": "0" }),
        handle: shape("circle", { class: "handle", r: "5.5", tabindex: "0", role: "slider", "aria-valuenow": "0" }),
        label: shape("text", { class: "label" }),
      };
      parts.under.append(parts.grip, parts.line);
      parts.over.append(parts.shaft, parts.tip, parts.handle, parts.label);
      for (const grip of [parts.grip, parts.handle]) this.drag(grip, i, () => this.slide(i));
      this.drag(parts.tip, i, () => this.turn(i));
      parts.handle.addEventListener("focus", () => this.editing.select(i));
      parts.handle.addEventListener("keydown", (event) => this.nudge(event, i, false));
      parts.tip.addEventListener("keydown", (event) => this.nudge(event, i, true));
      below.append(parts.under);
      above.append(parts.over);
      return parts;
    });
  }

  /** Moving the line keeps its weights; how far the pointer is from the line stays as it was. */
  private slide(i: number): (x: number, y: number) => void {
    const { w, b } = this.editing.rows()[i]!;
    let grabbed: number | undefined;
    return (x, y) => {
      const here = w[0] * x + w[1] * y;
      grabbed ??= here + b;
      this.editing.edit(i, null, grabbed - here, this.editing.view().pixel * Math.hypot(...w));
    };
  }

  /** Turning the arrow keeps its foot on the line: the bias follows. */
  private turn(i: number): (x: number, y: number) => void {
    const foot = this.anchor(this.editing.rows()[i]!, i);
    this.kept = foot;
    return (x, y) => {
      const view = this.editing.view();
      const scale = this.lengthOfOne * view.pixel;
      const w: [number, number] = [(x - foot[0]) / scale, (y - foot[1]) / scale];
      if (Math.hypot(...w) * this.lengthOfOne < SHORTEST) return;
      this.editing.edit(i, w, Number.NaN, 1 / this.lengthOfOne);
    };
  }

  /** The bias with which a row vanishes at the foot of the arrow that is being turned. */
  biasAtFoot(w: readonly [number, number]): number {
    const [x, y] = this.kept ?? [0, 0];
    return -(w[0] * x + w[1] * y);
  }

  private drag(element: SVGElement, i: number, begin: () => (x: number, y: number) => void): void {
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      event.stopPropagation();
      element.setPointerCapture(event.pointerId);
      this.editing.select(i);
      this.dragging = true;
      const move = begin();
      const follow = (at: PointerEvent): void => {
        const box = this.svg.getBoundingClientRect();
        move(...this.editing.view().toPlane(at.clientX - box.left, at.clientY - box.top));
      };
      follow(event);
      const end = (): void => {
        element.removeEventListener("pointermove", follow);
        this.dragging = false;
        this.kept = null;
        this.draw();
      };
      element.addEventListener("pointermove", follow);
      element.addEventListener("pointerup", end, { once: true });
      element.addEventListener("lostpointercapture", end, { once: true });
    });
  }

  private nudge(event: KeyboardEvent, i: number, turn: boolean): void {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const { w, b } = this.editing.rows()[i]!;
    const { pixel } = this.editing.view();
    const size = Math.hypot(...w);
    if (turn) {
      this.kept = this.anchor(this.editing.rows()[i]!, i);
      const by = 2 / this.lengthOfOne;
      this.editing.edit(i, [w[0] + by * step[0]!, w[1] + by * step[1]!], Number.NaN, 1 / this.lengthOfOne);
      this.kept = null;
    } else {
      this.editing.edit(i, null, b - 4 * pixel * (w[0] * step[0]! + w[1] * step[1]! || size), pixel * size);
    }
  }
}
