// A planar map of cells with features: which are on where, their islands, and how they are painted.

/** The columns of the cells, as polyrelu/pages/exploration.py writes them. */
export interface Columns {
  /** Corners, x and y in turn. */
  points: ArrayLike<number>;
  /** Where each cell's corners begin in `corners`, and last, where they end. */
  starts: ArrayLike<number>;
  corners: ArrayLike<number>;
  /** For each cell and feature the number of its island from 1, or 0. */
  islands: ArrayLike<number>;
  /** For each cell the signs of its neurons, eight to a byte, the first one highest. */
  signs: ArrayLike<number>;
}

export interface Counts {
  points: number;
  cells: number;
  corners: number;
  neurons: number;
}

/** Columns from one block of little-endian numbers. */
export function columnsIn(block: DataView, counts: Counts, features: number): Columns {
  const bytes = block.buffer.slice(block.byteOffset, block.byteOffset + block.byteLength) as ArrayBuffer;
  let at = 0;
  const next = <T>(Type: { new (buffer: ArrayBuffer, at: number, length: number): T; BYTES_PER_ELEMENT: number }, length: number): T => {
    const column = new Type(bytes, at, length);
    at += length * Type.BYTES_PER_ELEMENT;
    return column;
  };
  return {
    points: next(Float64Array, 2 * counts.points),
    starts: next(Uint32Array, counts.cells + 1),
    corners: next(Uint32Array, counts.corners),
    islands: next(Uint16Array, counts.cells * features),
    signs: next(Uint8Array, counts.cells * Math.ceil(counts.neurons / 8)),
  };
}

/** What is seen: a rectangle of the plane in a rectangle of pixels, to scale if both have one shape. */
export class View {
  constructor(
    readonly low: readonly [number, number],
    readonly high: readonly [number, number],
    readonly width: number,
    readonly height: number,
  ) {}

  /** How long one pixel is. */
  get pixel(): number {
    return (this.high[0] - this.low[0]) / this.width;
  }
  toPixels(x: number, y: number): [number, number] {
    const across = (x - this.low[0]) / (this.high[0] - this.low[0]);
    const up = (y - this.low[1]) / (this.high[1] - this.low[1]);
    return [across * this.width, (1 - up) * this.height];
  }
  toPlane(px: number, py: number): [number, number] {
    return [
      this.low[0] + (px / this.width) * (this.high[0] - this.low[0]),
      this.high[1] - (py / this.height) * (this.high[1] - this.low[1]),
    ];
  }
}

export class PlanarMap {
  readonly cells: number;
  private readonly bytes: number;
  /** Each edge once: its corners, the cell on its left, and that on its right or -1. */
  private readonly edges: Int32Array;

  constructor(
    readonly columns: Columns,
    readonly neurons: number,
    readonly features: number,
  ) {
    this.cells = columns.starts.length - 1;
    this.bytes = Math.ceil(neurons / 8);
    this.edges = this.matchedEdges();
  }

  /** Whether a neuron is active on a cell; features are the last neurons. */
  sign(cell: number, neuron: number): boolean {
    return ((this.columns.signs[cell * this.bytes + (neuron >> 3)]! >> (7 - (neuron & 7))) & 1) === 1;
  }
  isOn(cell: number, feature: number): boolean {
    return this.sign(cell, this.neurons - this.features + feature);
  }
  island(cell: number, feature: number): number {
    return this.columns.islands[cell * this.features + feature]!;
  }

  /** The signs of a cell as text, with a bar between layers of these sizes. */
  pattern(cell: number, sizes: readonly number[]): string {
    let at = 0;
    return sizes.map((size) => Array.from({ length: size }, () => (this.sign(cell, at++) ? "1" : "0")).join("")).join("|");
  }

  /** The cell at a point, or -1. */
  at(x: number, y: number): number {
    const { points, starts, corners } = this.columns;
    for (let cell = 0; cell < this.cells; cell++) {
      let inside = true;
      const [first, after] = [starts[cell]!, starts[cell + 1]!];
      for (let k = first; inside && k < after; k++) {
        const a = 2 * corners[k]!;
        const b = 2 * corners[k + 1 < after ? k + 1 : first]!;
        inside = (points[b]! - points[a]!) * (y - points[a + 1]!) >= (points[b + 1]! - points[a + 1]!) * (x - points[a]!);
      }
      if (inside) return cell;
    }
    return -1;
  }

  /** The area of the cells where a feature is on, by their corners as floats. */
  area(feature: number): number {
    const { points, starts, corners } = this.columns;
    let twice = 0;
    for (let cell = 0; cell < this.cells; cell++) {
      if (!this.isOn(cell, feature)) continue;
      const [first, after] = [starts[cell]!, starts[cell + 1]!];
      const [ox, oy] = [points[2 * corners[first]!]!, points[2 * corners[first]! + 1]!];
      for (let k = first + 1; k + 1 < after; k++) {
        const [a, b] = [2 * corners[k]!, 2 * corners[k + 1]!];
        twice += (points[a]! - ox) * (points[b + 1]! - oy) - (points[a + 1]! - oy) * (points[b]! - ox);
      }
    }
    return twice / 2;
  }

  /** Whether a cell is part of an island of a feature, or of any. */
  private isIn(cell: number, feature: number, island: number | null): boolean {
    return island === null ? this.isOn(cell, feature) : this.island(cell, feature) === island;
  }
  /** The cells where a feature is on, or those of one island, to be filled. */
  zone(feature: number, view: View, island: number | null = null): Path2D {
    const path = new Path2D();
    for (let cell = 0; cell < this.cells; cell++) if (this.isIn(cell, feature, island)) this.trace(path, cell, view);
    return path;
  }
  /** One cell, to be filled or drawn. */
  cell(cell: number, view: View): Path2D {
    const path = new Path2D();
    this.trace(path, cell, view);
    return path;
  }
  /** The edges inside the window across which a feature switches. */
  rim(feature: number, view: View, island: number | null = null): Path2D {
    return this.lines(view, (left, right) => this.isIn(left, feature, island) !== this.isIn(right, feature, island));
  }
  /** All edges inside the window. */
  folds(view: View): Path2D {
    return this.lines(view, () => true);
  }

  private trace(path: Path2D, cell: number, view: View): void {
    const { starts, corners } = this.columns;
    const pixels = this.pixels(view);
    for (let k = starts[cell]!; k < starts[cell + 1]!; k++) {
      const corner = 2 * corners[k]!;
      if (k === starts[cell]!) path.moveTo(pixels[corner]!, pixels[corner + 1]!);
      else path.lineTo(pixels[corner]!, pixels[corner + 1]!);
    }
    path.closePath();
  }

  /** The corners in pixels of a view; those of the latest one are kept. */
  private pixels(view: View): Float64Array {
    if (this.latest?.view !== view) {
      const { points } = this.columns;
      const places = new Float64Array(points.length);
      for (let k = 0; k < points.length; k += 2) places.set(view.toPixels(points[k]!, points[k + 1]!), k);
      this.latest = { view, places };
    }
    return this.latest.places;
  }
  private latest: { view: View; places: Float64Array } | null = null;

  private lines(view: View, wanted: (left: number, right: number) => boolean): Path2D {
    const path = new Path2D();
    const pixels = this.pixels(view);
    for (let k = 0; k < this.edges.length; k += 4) {
      const [a, b, left, right] = [this.edges[k]!, this.edges[k + 1]!, this.edges[k + 2]!, this.edges[k + 3]!];
      if (right < 0 || !wanted(left, right)) continue;
      path.moveTo(pixels[2 * a]!, pixels[2 * a + 1]!);
      path.lineTo(pixels[2 * b]!, pixels[2 * b + 1]!);
    }
    return path;
  }

  private matchedEdges(): Int32Array {
    const { starts, corners, points } = this.columns;
    const count = points.length / 2;
    const place = new Map<number, number>();
    const edges: number[] = [];
    for (let cell = 0; cell < this.cells; cell++) {
      for (let k = starts[cell]!; k < starts[cell + 1]!; k++) {
        const [a, b] = [corners[k]!, corners[k + 1 < starts[cell + 1]! ? k + 1 : starts[cell]!]!];
        const other = place.get(b * count + a);
        if (other !== undefined) edges[other + 3] = cell;
        else {
          place.set(a * count + b, edges.length);
          edges.push(a, b, cell, -1);
        }
      }
    }
    return Int32Array.from(edges);
  }
}

/** The colours of a theme: of text, of what is below it, of what matters less, and of thin lines. */
export interface Inks {
  ink: string;
  paper: string;
  soft: string;
  line: string;
}

/** What paints on a canvas, which gets as many pixels as a view of it has on this screen. */
export function fitted(canvas: HTMLCanvasElement, { width, height }: View): CanvasRenderingContext2D {
  const ratio = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** The mark of the point that is pinned. */
export function paintCross(context: CanvasRenderingContext2D, [x, y]: [number, number], ink: string): void {
  context.strokeStyle = ink;
  context.lineWidth = 2;
  context.stroke(new Path2D(`M${x - 9} ${y}h6m6 0h6M${x} ${y - 9}v6m0 6v6`));
}

/** A zone to paint: a feature's, or that of one of its islands, by number from 1. */
export interface Coat {
  feature: number;
  island: number | null;
  colour: string;
  /** The rim's colour. */
  line: string;
}

export interface Paint {
  view: View;
  coats: readonly Coat[];
  /** The feature that stands out, or null. */
  marked: number | null;
  dark: boolean;
  filled: boolean;
  folds: boolean;
  ink: string;
  paper: string;
}

const MOST_COVERED = { light: 0.5, dark: 0.4 };
const MOST_VEIL = 0.26;

/** How dense a fill is of which so many may lie over each other: paper is seen through all of them, and so are rims. */
export function veil(count: number, dark: boolean): number {
  const covered = dark ? MOST_COVERED.dark : MOST_COVERED.light;
  return Math.min(MOST_VEIL, 1 - (1 - covered) ** (1 / Math.max(1, count)));
}

/** Paint zones, each translucent in its colour, with its rim; the marked one last. */
export function paint(context: CanvasRenderingContext2D, map: PlanarMap, how: Paint): void {
  const { view, marked } = how;
  context.fillStyle = how.paper;
  context.fillRect(0, 0, view.width, view.height);
  context.lineJoin = context.lineCap = "round";
  const coats = [...how.coats].sort((a, b) => Number(a.feature === marked) - Number(b.feature === marked));
  const density = veil(new Set(coats.map(({ feature }) => feature)).size, how.dark);
  for (const { feature, island, colour } of how.filled ? coats : []) {
    context.globalAlpha = marked === null ? density : feature === marked ? 0.34 : density / 4;
    context.fillStyle = colour;
    context.fill(map.zone(feature, view, island));
  }
  if (how.folds) {
    context.globalAlpha = 0.35;
    context.strokeStyle = how.ink;
    context.lineWidth = 0.6;
    context.stroke(map.folds(view));
  }
  for (const { feature, island, line } of coats) {
    context.globalAlpha = marked === null || feature === marked ? 1 : 0.3;
    context.strokeStyle = line;
    context.lineWidth = feature === marked ? 3 : 1.8;
    context.stroke(map.rim(feature, view, island));
  }
  context.globalAlpha = 1;
  ticks(context, view, how);
}

/** Numbers along the lower and the left side. */
function ticks(context: CanvasRenderingContext2D, view: View, how: Paint): void {
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  context.strokeStyle = how.paper;
  context.lineWidth = 3;
  const write = (text: string, x: number, y: number): void => {
    context.fillStyle = how.ink;
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  };
  const mark = (x: number, y: number, width: number, height: number): void => {
    context.fillStyle = how.ink;
    context.fillRect(x, y, width, height);
  };
  context.textAlign = "center";
  context.textBaseline = "bottom";
  for (const value of steps(view.low[0], view.high[0])) {
    const [x] = view.toPixels(value, 0);
    if (x < 34 || x > view.width - 14) continue;
    mark(x - 0.5, view.height - 5, 1, 5);
    write(shortNumber(value), x, view.height - 7);
  }
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const value of steps(view.low[1], view.high[1])) {
    const [, y] = view.toPixels(0, value);
    if (y < 10 || y > view.height - 24) continue;
    mark(0, y - 0.5, 5, 1);
    write(shortNumber(value), 9, y);
  }
}

/** A few round numbers between two others. */
function steps(low: number, high: number): number[] {
  const power = 10 ** Math.floor(Math.log10((high - low) / 4));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => (high - low) / size <= 7)!;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => (first + k) * step);
}

/** A number with few digits, and a true minus. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

/** The shortest decimal within half a unit of the last digit that matters at a resolution; Python reads it exactly. */
export function decimal(value: number, resolution: number): string {
  const digits = Math.min(15, Math.max(0, Math.ceil(-Math.log10(resolution))));
  const text = value.toFixed(digits);
  const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return short === "-0" ? "0" : short;
}
