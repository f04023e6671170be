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
  /** The pointer is over another line. */
  hovered(): void;
}

const SVG = "http://www.w3.org/2000/svg";
const SHORTEST = 8; // pixels of an arrow
const APART = 30; // pixels between handles
const BEYOND = 9999; // pixels: further than any stage is wide
const TIP = "M0 0L-12 5.5L-12 -5.5Z";

function shape<Tag extends keyof SVGElementTagNameMap>(tag: Tag, attributes: Record<string, string | number>): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(SVG, tag);
  set(made, attributes);
  return made;
}

/** Set what has changed: whatever is set has to be painted again. */
function set(element: Element, attributes: Record<string, string | number>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
  }
}

/** What can be taken hold of: the line below all handles, and the handle with the tip of its arrow above all lines. */
interface Parts {
  grip: SVGLineElement;
  over: SVGGElement;
  handle: SVGCircleElement;
  tip: SVGPathElement;
  label: SVGTextElement;
}

/** Where a row is, in pixels: its handle, and its arrow from there. */
interface Place {
  at: [number, number];
  arrow: [number, number];
}

/** Lines over a stage: `draw` puts what can be taken hold of where the rows are, and `paint` paints the lines below. */
export class Lines {
  private parts: Parts[] = [];
  private places: Place[] = [];
  private lengthOfOne = 40;
  private hovered = -1;

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
    this.places = rows.map((row, i) => this.place(row, i));
    rows.forEach((row, i) => this.put(this.parts[i]!, this.places[i]!, row, i));
  }

  /** The lines, and the arrow of the selected one. */
  paint(context: CanvasRenderingContext2D, ink: string): void {
    const selected = this.editing.selected();
    this.editing.rows().forEach(({ colour }, i) => {
      const { at, arrow } = this.places[i]!;
      const [right, down] = unit(arrow).map((part) => part * BEYOND) as [number, number];
      const isFirm = i === selected || i === this.hovered;
      context.strokeStyle = colour ?? ink;
      context.globalAlpha = isFirm ? 1 : 0.75;
      context.lineWidth = isFirm ? 1.8 : 1;
      context.setLineDash(isFirm ? [] : [5, 4]);
      stroke(context, [at[0] - down, at[1] + right], [at[0] + down, at[1] - right]);
      context.setLineDash([]);
      if (i !== selected) return;
      const shaft = Math.max(0, Math.hypot(...arrow) - 8) / BEYOND;
      context.lineWidth = 2.4;
      stroke(context, at, [at[0] + shaft * right, at[1] + shaft * down]);
    });
    context.globalAlpha = 1;
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

  private place(row: Row, i: number): Place {
    const anchor = this.kept && this.editing.selected() === i ? this.kept : this.anchor(row, i);
    const arrow: [number, number] = [row.w[0] * this.lengthOfOne, -row.w[1] * this.lengthOfOne];
    const longer = Math.max(1, SHORTEST / (Math.hypot(...arrow) || 1));
    return { at: this.editing.view().toPixels(...anchor), arrow: [longer * arrow[0], longer * arrow[1]] };
  }

  private put(parts: Parts, { at, arrow }: Place, row: Row, i: number): void {
    const turned = (Math.atan2(arrow[1], arrow[0]) * 180) / Math.PI;
    set(parts.grip, { transform: `translate(${at.join()}) rotate(${turned + 90})` });
    set(parts.over, { transform: `translate(${at.join()})` });
    set(parts.tip, { transform: `translate(${arrow.join()}) rotate(${turned})` });
    if (parts.label.textContent !== row.name) parts.label.textContent = row.name;
    parts.over.classList.toggle("selected", this.editing.selected() === i);
    set(parts.over, { style: `--own: ${row.colour ?? "var(--ink)"}` });
    set(parts.handle, { "aria-label": `${row.name}: bias ${row.b.toPrecision(4)}, weights ${row.w.map((v) => v.toPrecision(4)).join(" and ")}` });
  }

  private make(count: number): void {
    const [below, above] = [shape("g", {}), shape("g", {})];
    this.svg.replaceChildren(below, above);
    this.parts = Array.from({ length: count }, (_, i) => {
      const parts: Parts = {
        grip: shape("line", { class: "grip", x1: -BEYOND, x2: BEYOND }),
        over: shape("g", { class: "row", "data-row": i }),
        tip: shape("path", { class: "tip", d: TIP, tabindex: 0, role: "slider", "aria-label": `Weights of row ${i}`, "aria-valuenow": 0 }),
        handle: shape("circle", { class: "handle", r: 5.5, tabindex: 0, role: "slider", "aria-valuenow": 0 }),
        label: shape("text", { class: "label", x: 9, y: -8 }),
      };
      parts.over.append(parts.tip, parts.handle, parts.label);
      for (const grip of [parts.grip, parts.handle]) this.drag(grip, i, () => this.slide(i));
      this.drag(parts.tip, i, () => this.turn(i));
      parts.grip.addEventListener("pointerenter", () => this.hover(i));
      parts.grip.addEventListener("pointerleave", () => this.hover(-1));
      parts.handle.addEventListener("focus", () => this.editing.select(i));
      parts.handle.addEventListener("keydown", (event) => this.nudge(event, i, false));
      parts.tip.addEventListener("keydown", (event) => this.nudge(event, i, true));
      below.append(parts.grip);
      above.append(parts.over);
      return parts;
    });
  }

  private hover(i: number): void {
    this.hovered = i;
    this.editing.hovered();
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
      // Where the stage is would be found out by laying out the whole notebook: once, and when something scrolls.
      let box = this.svg.getBoundingClientRect();
      const measure = (): void => void (box = this.svg.getBoundingClientRect());
      addEventListener("scroll", measure, true);
      const follow = (at: PointerEvent): void => move(...this.editing.view().toPlane(at.clientX - box.left, at.clientY - box.top));
      follow(event);
      const end = (): void => {
        removeEventListener("scroll", measure, true);
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

function unit([x, y]: [number, number]): [number, number] {
  const length = Math.hypot(x, y) || 1;
  return [x / length, y / length];
}

function stroke(context: CanvasRenderingContext2D, from: [number, number], to: [number, number]): void {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}
