// The controls of a section: along an axis, or across any direction; where it is; which side stays.
import { dot, type Cut, type Point } from "./complex";
import type { Box } from "./frame";
import { choice, element, toggle, type Shell } from "./shell";

const STEPS = 1000;
const OFF = "off";
const OBLIQUE = "oblique";
const ASIDE = 35; // degrees from the reader's direction, at first

/** A plane that a reader moves; `current` is null while there is none. */
export class Cutter {
  private kind = OFF;
  private step = STEPS / 2;
  private around: number | null = null;
  private up = 0;
  /** Whether what is above the plane stays: at first what is away from the eye. */
  private above = false;
  private other = false;
  /** Whether the section alone is to be seen. */
  bare = false;
  private readonly place: HTMLInputElement;
  private readonly angles: [HTMLInputElement, HTMLInputElement];
  private readonly says = element("output", { class: "note mono" });
  private readonly kinds: HTMLElement;
  private readonly details: HTMLElement;
  private readonly angleRows: HTMLElement;
  private readonly size = element("p", { class: "facts", "aria-live": "polite" });

  constructor(
    shell: Shell,
    private readonly box: Box,
    private readonly towardsEye: () => Point,
    private readonly changed: () => void,
  ) {
    const slider = (label: string, least: number, most: number, value: number, run: (value: number) => void): HTMLInputElement => {
      const made = element("input", { type: "range", min: least, max: most, step: 1, value, "aria-label": label });
      made.addEventListener("input", () => {
        run(Number(made.value));
        this.update();
      });
      return made;
    };
    this.place = slider("Where the section is", 0, STEPS, this.step, (value) => (this.step = value));
    this.angles = [
      slider("Direction of the section, around", -180, 180, 0, (value) => (this.around = value)),
      slider("Direction of the section, up", -90, 90, this.up, (value) => (this.up = value)),
    ];
    this.kinds = choice("Section", [OFF, ...box.names, OBLIQUE], OFF, (kind) => this.choose(kind));
    const facing = element("button", { class: "plain", type: "button", click: () => this.face() }, "face me");
    this.angleRows = element(
      "div",
      {},
      element("label", { class: "row" }, element("span", { class: "note term" }, "around"), this.angles[0]),
      element("label", { class: "row" }, element("span", { class: "note term" }, "up"), this.angles[1], facing),
    );
    this.details = element(
      "div",
      { class: "details" },
      element("label", { class: "row" }, this.place, this.says),
      this.angleRows,
      element("div", { class: "row" }, toggle("other side", false, (on) => this.set({ other: on })), toggle("section only", false, (on) => this.set({ bare: on }))),
      this.size,
    );
    shell.section("Section").append(this.kinds, this.details);
    this.show();
    shell.listen(
      { keys: ["c"], says: "Cut along the next axis, obliquely, or not", run: () => this.next() },
      { keys: ["[", "]"], shown: "[ ]", says: "Move the cut", run: ({ key }) => this.move(key === "[" ? -10 : 10) },
      { keys: ["o"], says: "Cut across the view", run: () => this.face() },
    );
  }

  /** The plane, with the side below it to be kept. */
  get current(): Cut | null {
    if (this.kind === OFF) return null;
    const normal = this.normal();
    const [low, high] = this.range(normal);
    const offset = low + (this.step / STEPS) * (high - low);
    return this.above !== this.other ? { normal: [-normal[0], -normal[1], -normal[2]], offset: -offset } : { normal, offset };
  }

  /** Say how large the section is. */
  measured(text: string): void {
    this.size.textContent = text;
  }

  choose(kind: string): void {
    this.kind = kind;
    if (kind === OBLIQUE && this.around === null) this.turnTo(this.towardsEye(), ASIDE);
    this.above = dot(this.towardsEye(), this.normal()) < 0;
    [...this.kinds.children].forEach((button) => button.setAttribute("aria-pressed", String(button.textContent === kind)));
    this.update();
  }

  /** Put the plane across the view, through the middle. */
  face(): void {
    this.turnTo(this.towardsEye());
    this.step = STEPS / 2;
    this.choose(OBLIQUE);
  }

  /** Turn the plane across a direction, or so many degrees aside of it. */
  private turnTo([x, y, z]: Point, aside = 0): void {
    const around = Math.round((Math.atan2(y, x) * 180) / Math.PI) + aside;
    this.around = around > 180 ? around - 360 : around;
    this.up = Math.round((Math.asin(z) * 180) / Math.PI);
  }

  move(steps: number): void {
    if (this.kind === OFF) return this.choose(this.box.names[0]!);
    this.step = Math.max(0, Math.min(STEPS, this.step + steps));
    this.update();
  }

  reset(): void {
    this.step = STEPS / 2;
    this.choose(OFF);
  }

  private next(): void {
    const kinds = [OFF, ...this.box.names, OBLIQUE];
    this.choose(kinds[(kinds.indexOf(this.kind) + 1) % kinds.length]!);
  }

  private set(own: { other?: boolean; bare?: boolean }): void {
    Object.assign(this, own);
    this.update();
  }

  private update(): void {
    this.show();
    this.changed();
  }

  private show(): void {
    this.details.hidden = this.kind === OFF;
    this.angleRows.hidden = this.kind !== OBLIQUE;
    this.place.value = String(this.step);
    this.angles[0].value = String(this.around ?? 0);
    this.angles[1].value = String(this.up);
    const cut = this.current;
    if (cut) this.says.textContent = this.text();
  }

  private text(): string {
    const normal = this.normal();
    const [low, high] = this.range(normal);
    const at = short(low + (this.step / STEPS) * (high - low));
    if (this.kind !== OBLIQUE) return `${this.kind} = ${at}`;
    const terms = normal.map((v, axis) => `${short(v)} ${this.box.names[axis]!}`).join(" + ");
    return `${terms} = ${at}`.replace(/\+ −/g, "− ");
  }

  private normal(): Point {
    const axis = this.box.names.indexOf(this.kind);
    if (axis >= 0) return [Number(axis === 0), Number(axis === 1), Number(axis === 2)];
    const [around, up] = [this.around ?? 0, this.up].map((degrees) => (degrees * Math.PI) / 180) as [number, number];
    return [Math.cos(up) * Math.cos(around), Math.cos(up) * Math.sin(around), Math.sin(up)];
  }

  /** Between which offsets the plane meets the box. */
  private range(normal: Point): [number, number] {
    const { low, high } = this.box;
    const middle = dot(normal, [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2]);
    const reach = normal.reduce((sum, v, axis) => sum + (Math.abs(v) * (high[axis]! - low[axis]!)) / 2, 0);
    return [middle - reach, middle + reach];
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(4))).replace("-", "−");
}
