// The polygons of a document: where they are, which one is under a point, which meet along an edge.
import type { Box, Camera } from "./camera";
import { unpack, type Column, type Packed } from "./shell";
import { readLists, type CountedDocument } from "./tiles";

export interface PolygonsDocument {
  vertices: Packed;
  corners: CountedDocument;
  sides: Packed;
}

/** A directed side of a polygon: the polygon is to its left. */
export interface Side {
  from: number;
  to: number;
  tile: number;
  /** The number of its facet in the tile's part; negative where it is none. */
  facet: number;
}

export interface Polygons {
  count: number;
  vertices: Column;
  corners(tile: number): Column;
  box(tile: number): Box;
  /** Which polygons may be within a box: 1 where that is so. */
  within(box: Box): Uint8Array;
  /** The sides of all polygons, tile by tile. */
  sides: Side[];
  /** For each side the polygon on its other side, or -1. */
  across: Int32Array;
  /** Where the sides of a tile begin among all; of tile `count` where they end. */
  starts: Uint32Array;
  /** Polygons within so many units of a point, which they contain as far as floats tell. */
  near(x: number, y: number, reach: number): number[];
  /** A point in the middle. */
  middle(tile: number): [number, number];
}

export async function readPolygons(document: PolygonsDocument): Promise<Polygons> {
  const [vertices, facets, lists] = await Promise.all([unpack(document.vertices), unpack(document.sides), readLists(document.corners)]);
  const { starts, numbers } = lists;
  const count = starts.length - 1;
  const corners = (tile: number): Column => numbers.subarray(starts[tile]!, starts[tile + 1]!);
  const boxes = new Float64Array(4 * count);
  const sides: Side[] = [];
  for (let tile = 0; tile < count; tile++) {
    const own = corners(tile);
    const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
    own.forEach((from: number, k: number) => {
      const [x, y] = [vertices[2 * from]!, vertices[2 * from + 1]!];
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
      sides.push({ from, to: own[(k + 1) % own.length]!, tile, facet: facets[sides.length]! - 1 });
    });
    boxes.set(box, 4 * tile);
  }
  const boxOf = (tile: number): Box => [boxes[4 * tile]!, boxes[4 * tile + 1]!, boxes[4 * tile + 2]!, boxes[4 * tile + 3]!];
  return {
    count,
    vertices,
    corners,
    sides,
    starts,
    across: acrossSides(sides, vertices.length / 2),
    box: boxOf,
    within([left, low, right, high]) {
      const found = new Uint8Array(count);
      for (let tile = 0, k = 0; tile < count; tile++, k += 4) {
        found[tile] = Number(boxes[k]! <= right && boxes[k + 1]! <= high && boxes[k + 2]! >= left && boxes[k + 3]! >= low);
      }
      return found;
    },
    near(x, y, reach) {
      const found: number[] = [];
      for (let tile = 0; tile < count; tile++) {
        const k = 4 * tile;
        const close = x >= boxes[k]! - reach && y >= boxes[k + 1]! - reach && x <= boxes[k + 2]! + reach && y <= boxes[k + 3]! + reach;
        if (close && distance(corners(tile), vertices, x, y) <= reach) found.push(tile);
      }
      return found;
    },
    middle(tile) {
      const own = corners(tile);
      const centre = mean(own, vertices);
      const facet = (k: number): number => sides[starts[tile]! + ((k + own.length) % own.length)]!.facet;
      const near = own.length < 3 ? [] : [...own].filter((_, k) => facet(k) >= 0 && facet(k - 1) >= 0);
      if (!near.length || near.length === own.length) return centre;
      const [x, y] = mean(near, vertices); // of what is clipped, near its corners
      return [x + (centre[0] - x) / 16, y + (centre[1] - y) / 16];
    },
  };
}

function mean(corners: ArrayLike<number>, vertices: Column): [number, number] {
  let [x, y] = [0, 0];
  for (let k = 0; k < corners.length; k++) {
    x += vertices[2 * corners[k]!]! / corners.length;
    y += vertices[2 * corners[k]! + 1]! / corners.length;
  }
  return [x, y];
}

/** Sides that run in opposite directions between the same corners are the two of one edge. */
function acrossSides(sides: readonly Side[], corners: number): Int32Array {
  const across = new Int32Array(sides.length).fill(-1);
  const seen = new Map<number, number>();
  sides.forEach(({ from, to }, k) => {
    const other = seen.get(to * corners + from);
    if (other === undefined) seen.set(from * corners + to, k);
    else if (from !== to) [across[k], across[other]] = [sides[other]!.tile, sides[k]!.tile];
  });
  return across;
}

/** How far a point is from a polygon, which may be a segment or a point: 0 inside. */
function distance(own: Column, vertices: Column, x: number, y: number): number {
  let inside = false;
  let least = Infinity;
  for (let k = 0; k < own.length; k++) {
    const [a, b] = [2 * own[k]!, 2 * own[(k + 1) % own.length]!];
    const [ax, ay, bx, by] = [vertices[a]!, vertices[a + 1]!, vertices[b]!, vertices[b + 1]!];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    least = Math.min(least, toSegment(x, y, ax, ay, bx, by));
  }
  return inside ? 0 : least;
}

function toSegment(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const part = length ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
  return Math.hypot(x - ax - part * dx, y - ay - part * dy);
}

const FAR = 8000;

/** Where all corners are on the stage, each corner once, in `into` if that is long enough. */
export function project(vertices: Column, camera: Camera, into: Float64Array): Float64Array {
  const screen = into.length === vertices.length ? into : new Float64Array(vertices.length);
  const [left, top] = camera.toScreen(0, 0);
  const scale = camera.scale();
  for (let k = 0; k < vertices.length; k += 2) {
    screen[k] = left + scale * vertices[k]!;
    screen[k + 1] = top - scale * vertices[k + 1]!;
  }
  return screen;
}

/** Add a polygon to a path; what is far outside of the stage is cut off, since canvases count in short floats. */
export function trace(path: Path2D, own: Column, screen: Float64Array): void {
  for (const corner of own) {
    if (Math.abs(screen[2 * corner]!) > FAR || Math.abs(screen[2 * corner + 1]!) > FAR) {
      traceCut(path, own, screen);
      return;
    }
  }
  for (let k = 0; k < own.length; k++) {
    const [x, y] = [screen[2 * own[k]!]!, screen[2 * own[k]! + 1]!];
    if (k) path.lineTo(x, y);
    else path.moveTo(x, y);
  }
  if (own.length) path.closePath();
}

function traceCut(path: Path2D, own: Column, screen: Float64Array): void {
  const points = cut(Array.from(own, (corner) => [screen[2 * corner]!, screen[2 * corner + 1]!]));
  points.forEach((point, k) => (k ? path.lineTo(...point) : path.moveTo(...point)));
  if (points.length) path.closePath();
}

/** Add a segment to a path, what is far outside cut off. */
export function traceSide(path: Path2D, { from, to }: Side, screen: Float64Array): void {
  let [a, b]: [[number, number], [number, number]] = [
    [screen[2 * from]!, screen[2 * from + 1]!],
    [screen[2 * to]!, screen[2 * to + 1]!],
  ];
  for (const axis of [0, 1] as const) {
    for (const sign of [1, -1]) {
      const [outA, outB] = [sign * a[axis] - FAR, sign * b[axis] - FAR];
      if (outA > 0 && outB > 0) return;
      if (outA > 0) a = between(a, b, outA / (outA - outB));
      else if (outB > 0) b = between(b, a, outB / (outB - outA));
    }
  }
  path.moveTo(...a);
  path.lineTo(...b);
}

/** The part of a polygon within the square around the stage: Sutherland and Hodgman's clipping, side by side. */
function cut(polygon: [number, number][]): [number, number][] {
  let points = polygon;
  for (const axis of [0, 1] as const) {
    for (const sign of [1, -1]) {
      const kept: [number, number][] = [];
      points.forEach((end, k) => {
        const begin = points.at(k - 1)!;
        const [outBegin, outEnd] = [sign * begin[axis] - FAR, sign * end[axis] - FAR];
        if (outBegin > 0 !== outEnd > 0) kept.push(between(begin, end, outBegin / (outBegin - outEnd)));
        if (outEnd <= 0) kept.push(end);
      });
      points = kept;
    }
  }
  return points;
}

const between = (a: [number, number], b: [number, number], part: number): [number, number] => [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])];

/** Numbers for polygons such that those that share an edge have different ones: few, by taking the least met last. */
export function coloured(polygons: Polygons): Uint8Array {
  const neighbours: Set<number>[] = Array.from({ length: polygons.count }, () => new Set());
  polygons.across.forEach((other, k) => {
    if (other >= 0) neighbours[polygons.sides[k]!.tile]!.add(other);
  });
  const degree = neighbours.map((own) => own.size);
  const buckets: number[][] = [];
  degree.forEach((size, tile) => (buckets[size] ??= []).push(tile));
  const order: number[] = [];
  const isTaken = new Uint8Array(polygons.count);
  for (let size = 0; order.length < polygons.count; ) {
    const tile = buckets[size]?.pop();
    if (tile === undefined) size++;
    else if (!isTaken[tile] && degree[tile] === size) {
      isTaken[tile] = 1;
      order.push(tile);
      for (const other of neighbours[tile]!) {
        if (isTaken[other]) continue;
        degree[other]!--;
        (buckets[degree[other]!] ??= []).push(other);
      }
      size = Math.max(0, size - 1);
    }
  }
  const colours = new Uint8Array(polygons.count).fill(255);
  const used = new Uint32Array(8);
  for (const tile of order.reverse()) {
    const taken = new Set([...neighbours[tile]!].map((other) => colours[other]!));
    let best = -1;
    for (let colour = 0; colour < used.length; colour++) {
      if (!taken.has(colour) && (best < 0 || used[colour]! < used[best]!)) best = colour;
      if (best >= 0 && colour >= 5) break;
    }
    colours[tile] = Math.max(0, best);
    used[colours[tile]!]!++;
  }
  return colours;
}
