// Cells in space as corners and polygons with a tile on either side, as polyrelu/pages/complexes.py makes them: the
// surface and the edges of a set of tiles, its section with a plane, and the tiles along a ray. It draws nothing.
import { unpack, type Packed } from "./shell";

export type Point = readonly [number, number, number];

export interface ComplexData {
  corners: Packed;
  sizes: Packed;
  rings: Packed;
  planes: Packed;
  before: Packed;
  beyond: Packed;
  lacking: Packed;
  segments: Packed;
  points: Packed;
  tiles: number;
}

/** Before or beyond a face where there is no tile. */
export const NOTHING = -1;

export interface Complex {
  /** Three coordinates each. */
  corners: Float64Array;
  /** Face i has the corners `rings[starts[i]]` to `rings[starts[i + 1] - 1]`, counter-clockwise seen from beyond. */
  starts: Uint32Array;
  rings: ArrayLike<number>;
  planes: ArrayLike<number>;
  before: Int32Array;
  beyond: Int32Array;
  /** Which of the two does not own the face: 1 and 2, added. */
  lacking: ArrayLike<number>;
  /** Two corners and a tile each; a corner and a tile each. */
  segments: ArrayLike<number>;
  points: ArrayLike<number>;
  tiles: number;
  /** The faces of tile i are `faces[first[i]]` to `faces[first[i + 1] - 1]`. */
  first: Uint32Array;
  faces: Uint32Array;
}

/** A plane: the points x with `normal . x = offset`. */
export interface Cut {
  normal: Point;
  offset: number;
}

export async function readComplex(data: ComplexData): Promise<Complex> {
  const names = ["corners", "sizes", "rings", "planes", "before", "beyond", "lacking", "segments", "points"] as const;
  const [corners, sizes, rings, planes, before, beyond, lacking, segments, points] = await Promise.all(names.map((name) => unpack(data[name])));
  const starts = new Uint32Array(sizes!.length + 1);
  for (let i = 0; i < sizes!.length; i++) starts[i + 1] = starts[i]! + sizes![i]!;
  const made = {
    corners: Float64Array.from(corners!),
    starts,
    rings: rings!,
    planes: planes!,
    before: Int32Array.from(before!),
    beyond: Int32Array.from(beyond!, (tile) => tile - 1), // written down as natural numbers
    lacking: lacking!,
    segments: segments!,
    points: points!,
    tiles: data.tiles,
  };
  return { ...made, ...facesOfTiles(made) };
}

function facesOfTiles({ before, beyond, tiles }: { before: Int32Array; beyond: Int32Array; tiles: number }): { first: Uint32Array; faces: Uint32Array } {
  const first = new Uint32Array(tiles + 1);
  const sides = [before, beyond];
  for (const side of sides) for (const tile of side) if (tile !== NOTHING) first[tile + 1]!++;
  for (let i = 0; i < tiles; i++) first[i + 1]! += first[i]!;
  const next = first.slice();
  const faces = new Uint32Array(first[tiles]!);
  for (const side of sides) side.forEach((tile, face) => tile !== NOTHING && (faces[next[tile]!++] = face));
  return { first, faces };
}

export function cornerOf({ corners }: Complex, k: number): Point {
  return [corners[3 * k]!, corners[3 * k + 1]!, corners[3 * k + 2]!];
}

export function ringOf({ starts, rings }: Complex, face: number): number[] {
  return Array.from({ length: starts[face + 1]! - starts[face]! }, (_, i) => rings[starts[face]! + i]!);
}

/** The faces of which a set of tiles has one side only, which of its tiles that is, and the faces that it lacks. */
export interface Surface {
  faces: number[];
  tiles: number[];
  open: Set<number>;
}

export function surfaceOf({ before, beyond, lacking }: Complex, has: (tile: number) => boolean): Surface {
  const made: Surface = { faces: [], tiles: [], open: new Set() };
  before.forEach((tile, face) => {
    const across = beyond[face]!;
    const [one, other] = [has(tile), across !== NOTHING && has(across)];
    if (one === other) return;
    made.faces.push(face);
    made.tiles.push(one ? tile : across);
    if (lacking[face]! & (one ? 1 : 2)) made.open.add(face);
  });
  return made;
}

/** Pairs of corners. */
export interface FaceEdges {
  /** Where a surface bends or ends. */
  bent: number[];
  /** The same, of a face that does not belong to it. */
  dashed: number[];
  /** What lies flat in it. */
  flat: number[];
}

/** The edges of some faces, of which some are open. */
export function edgesOf(complex: Complex, faces: readonly number[], open: ReadonlySet<number> = new Set()): FaceEdges {
  const count = complex.corners.length / 3;
  const planes = new Map<number, number[]>();
  const rims = new Set<number>();
  for (const face of faces) {
    const ring = ringOf(complex, face);
    ring.forEach((a, i) => {
      const b = ring[(i + 1) % ring.length]!;
      const edge = Math.min(a, b) * count + Math.max(a, b);
      if (open.has(face)) rims.add(edge);
      const known = planes.get(edge);
      if (known) known.push(complex.planes[face]!);
      else planes.set(edge, [complex.planes[face]!]);
    });
  }
  const found: FaceEdges = { bent: [], dashed: [], flat: [] };
  for (const [edge, own] of planes) {
    const lies = own.length > 1 && own.every((plane) => plane === own[0]);
    const kind = lies ? "flat" : rims.has(edge) ? "dashed" : "bent";
    found[kind].push(Math.floor(edge / count), edge % count);
  }
  return found;
}

export function dot(a: Point, b: Point): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function minus(a: Point, b: Point): Point {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function cross(a: Point, b: Point): Point {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** The area of a plane polygon as a vector across it. */
export function areaVector(polygon: readonly Point[]): Point {
  let sum: Point = [0, 0, 0];
  for (let i = 2; i < polygon.length; i++) {
    const [x, y, z] = cross(minus(polygon[i - 1]!, polygon[0]!), minus(polygon[i]!, polygon[0]!));
    sum = [sum[0] + x / 2, sum[1] + y / 2, sum[2] + z / 2];
  }
  return sum;
}

export function areaOf(polygon: readonly Point[]): number {
  return Math.hypot(...areaVector(polygon));
}

/** Where a plane meets a complex. */
export interface Section {
  /** For each tile that the plane meets, the convex polygon in order. */
  polygons: Map<number, Point[]>;
  /** For each face that it meets, the two ends of the segment. */
  segments: Map<number, [Point, Point]>;
}

/**
 * The section with a plane. A corner in the plane counts as below, so each ring changes sides twice or not at all, and
 * an edge is met in the same point whichever face or tile asks.
 */
export function sectionOf(complex: Complex, { normal, offset }: Cut): Section {
  const count = complex.corners.length / 3;
  const { corners } = complex;
  const [a, b, c] = normal;
  const heights = new Float64Array(count);
  for (let k = 0; k < count; k++) heights[k] = a * corners[3 * k]! + b * corners[3 * k + 1]! + c * corners[3 * k + 2]! - offset;
  const met = new Map<number, Point>();
  const meeting = (a: number, b: number): number => {
    const [low, high] = a < b ? [a, b] : [b, a];
    const edge = low * count + high;
    if (!met.has(edge)) met.set(edge, between(cornerOf(complex, low), cornerOf(complex, high), heights[low]!, heights[high]!));
    return edge;
  };
  const segments = new Map<number, [Point, Point]>();
  const edges = new Map<number, Set<number>>();
  for (let face = 0; face < complex.before.length; face++) {
    const found: number[] = [];
    const [start, end] = [complex.starts[face]!, complex.starts[face + 1]!];
    for (let i = start, last = complex.rings[end - 1]!; i < end; last = complex.rings[i++]!) {
      const corner = complex.rings[i]!;
      if (heights[last]! > 0 !== heights[corner]! > 0) found.push(meeting(last, corner));
    }
    if (found.length !== 2) continue;
    segments.set(face, [met.get(found[0]!)!, met.get(found[1]!)!]);
    for (const tile of [complex.before[face]!, complex.beyond[face]!]) {
      if (tile === NOTHING) continue;
      if (!edges.has(tile)) edges.set(tile, new Set());
      found.forEach((edge) => edges.get(tile)!.add(edge));
    }
  }
  const polygons = new Map<number, Point[]>();
  for (const [tile, own] of edges) {
    if (own.size > 2) polygons.set(tile, inOrder([...own].map((edge) => met.get(edge)!), normal));
  }
  return { polygons, segments };
}

function between(a: Point, b: Point, height: number, other: number): Point {
  const part = height / (height - other);
  return [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]), a[2] + part * (b[2] - a[2])];
}

/** The corners of a convex polygon, counter-clockwise seen against the normal. */
function inOrder(points: Point[], normal: Point): Point[] {
  const [u, v] = axesIn(normal);
  const [x, y, z] = [0, 1, 2].map((axis) => points.reduce((sum, point) => sum + point[axis]!, 0) / points.length) as [number, number, number];
  const angle = (point: Point): number => Math.atan2(dot(v, minus(point, [x, y, z])), dot(u, minus(point, [x, y, z])));
  return points
    .map((point): [number, Point] => [angle(point), point])
    .sort(([a], [b]) => a - b)
    .map(([, point]) => point);
}

/** Two directions in the plane across a normal, which make with it a right-handed frame. */
export function axesIn(normal: Point): [Point, Point] {
  const size = normal.map(Math.abs);
  const least = size.indexOf(Math.min(...size));
  const unit = [0, 1, 2].map((axis) => Number(axis === least)) as [number, number, number];
  const u = scaledTo1(cross(unit, normal));
  return [u, scaledTo1(cross(normal, u))];
}

export function scaledTo1(v: Point): Point {
  const length = Math.hypot(...v) || 1;
  return [v[0] / length, v[1] / length, v[2] / length];
}

/** A stretch of a ray within a tile: from `enters` on, in multiples of the direction. */
export interface Passed {
  tile: number;
  enters: number;
  leaves: number;
}

/** The tiles that a ray passes through, from the nearest on; of flat ones those that it meets. */
export function tilesAlong(complex: Complex, origin: Point, direction: Point, has: (tile: number) => boolean): Passed[] {
  const passed = new Map<number, Passed>();
  const touch = (tile: number, at: number): void => {
    if (tile === NOTHING || !has(tile)) return;
    const known = passed.get(tile);
    if (!known) passed.set(tile, { tile, enters: at, leaves: at });
    else passed.set(tile, { tile, enters: Math.min(known.enters, at), leaves: Math.max(known.leaves, at) });
  };
  for (let face = 0; face < complex.before.length; face++) {
    const at = meets(complex, face, origin, direction);
    if (at === null) continue;
    touch(complex.before[face]!, at);
    touch(complex.beyond[face]!, at);
  }
  return [...passed.values()].filter(({ leaves }) => leaves >= 0).sort((a, b) => a.enters - b.enters || a.leaves - b.leaves);
}

/** Where a line meets a face, in multiples of its direction: the line has all edges on one side of it. */
function meets(complex: Complex, face: number, origin: Point, direction: Point): number | null {
  const { starts, rings, corners } = complex;
  const [start, end] = [starts[face]!, starts[face + 1]!];
  let side = 0;
  const [p, q, r] = direction;
  let k = 3 * rings[end - 1]!;
  let [x, y, z] = [corners[k]! - origin[0], corners[k + 1]! - origin[1], corners[k + 2]! - origin[2]];
  for (let i = start; i < end; i++) {
    k = 3 * rings[i]!;
    const u = corners[k]! - origin[0];
    const v = corners[k + 1]! - origin[1];
    const w = corners[k + 2]! - origin[2];
    const turn = Math.sign(p * (y * w - z * v) + q * (z * u - x * w) + r * (x * v - y * u));
    if (turn && side && turn !== side) return null;
    side ||= turn;
    x = u;
    y = v;
    z = w;
  }
  const across = areaVector(ringOf(complex, face).map((k) => cornerOf(complex, k)));
  const slope = dot(across, direction);
  return slope ? dot(across, minus(cornerOf(complex, rings[start]!), origin)) / slope : null;
}
