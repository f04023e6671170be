// The exact volume of a tile, from its rows and from which of its faces meet in which corner.
import { NOTHING, cornerOf, ringOf, type Complex } from "./complex";
import { abs, rational, type Rational, type Row } from "./exact";

/** `(x w, y w, z w, w)`, w positive. */
type Corner = readonly [bigint, bigint, bigint, bigint];

/**
 * The volume of a tile with an inside; null where it is unbounded, or where its corners are not those of its rows.
 *
 * Floats choose the row of each face, integers judge: each corner is the point where rows meet, lies on the rows of all
 * of its faces, and satisfies all others. So the faces are a closed surface within the boundary of the set, which is
 * all of the boundary if it encloses anything.
 */
export function volumeOf(complex: Complex, tile: number, rows: readonly Row[]): Rational | null {
  const faces = [...complex.faces.subarray(complex.first[tile]!, complex.first[tile + 1]!)];
  const lines = rows.map(lineOf);
  const rowOf = new Map(faces.map((face) => [face, nearest(lines, ringOf(complex, face).map((k) => cornerOf(complex, k)))]));
  const around = new Map<number, Set<number>>();
  for (const face of faces) {
    for (const corner of ringOf(complex, face)) {
      if (!around.has(corner)) around.set(corner, new Set());
      around.get(corner)!.add(rowOf.get(face)!);
    }
  }
  const corners = new Map<number, Corner>();
  for (const [corner, own] of around) {
    const exact = meeting([...own].map((k) => rows[k]!));
    if (!exact || !rows.every((row, k) => fits(row, exact, own.has(k)))) return null;
    corners.set(corner, exact);
  }
  let sum: Rational = { n: 0n, d: 1n };
  for (const face of faces) {
    const ring = ringOf(complex, face).map((k) => corners.get(k)!);
    const sign = complex.before[face] === tile || complex.before[face] === NOTHING ? 1n : -1n;
    for (let i = 2; i < ring.length; i++) {
      const [a, b, c] = [ring[0]!, ring[i - 1]!, ring[i]!];
      const d = a[3] * b[3] * c[3];
      const n = sign * determinant(a, b, c);
      sum = rational(sum.n * d + n * sum.d, sum.d * d);
    }
  }
  return sum.n > 0n ? rational(sum.n, 6n * sum.d) : null;
}

/** The face of a tile that lies on a row most nearly; of several, as where it is cut, one. */
export function faceOn(complex: Complex, tile: number, row: Row): number | null {
  const faces = [...complex.faces.subarray(complex.first[tile]!, complex.first[tile + 1]!)];
  if (!faces.length) return null;
  const far = faces.map((face) => away(lineOf(row), ringOf(complex, face).map((k) => cornerOf(complex, k))));
  return faces[far.indexOf(Math.min(...far))]!;
}

/** A row in floats, `normal, offset`, the normal's greatest entry 1. */
function lineOf({ normal, offset }: Row): readonly number[] {
  const size = Number(normal.reduce((most, value) => (abs(value) > most ? abs(value) : most), 1n));
  return [...normal.map((value) => Number(value) / size), Number(offset) / size];
}

function away([a, b, c, d]: readonly number[], points: readonly (readonly number[])[]): number {
  return Math.max(...points.map(([x, y, z]) => Math.abs(a! * x! + b! * y! + c! * z! - d!)));
}

/** The line, as `normal, offset`, on which points lie most nearly. */
function nearest(lines: readonly (readonly number[])[], points: readonly (readonly number[])[]): number {
  const far = lines.map((line) => away(line, points));
  return far.indexOf(Math.min(...far));
}

/** The point in which three of some rows meet. */
function meeting(rows: readonly Row[]): Corner | null {
  for (let i = 0; i < rows.length; i++) {
    for (let j = i + 1; j < rows.length; j++) {
      for (let k = j + 1; k < rows.length; k++) {
        const [p, q, r] = [rows[i]!, rows[j]!, rows[k]!];
        const [u, v, w] = [p.normal, q.normal, r.normal] as unknown as [Vector, Vector, Vector];
        const weight = determinant(u, v, w);
        if (!weight) continue;
        const sign = weight < 0n ? -1n : 1n;
        const [vw, wu, uv] = [cross(v, w), cross(w, u), cross(u, v)];
        const at = (axis: 0 | 1 | 2): bigint => sign * (p.offset * vw[axis] + q.offset * wu[axis] + r.offset * uv[axis]);
        return [at(0), at(1), at(2), sign * weight];
      }
    }
  }
  return null;
}

function fits({ normal, offset }: Row, [x, y, z, w]: Corner, tight: boolean): boolean {
  const slack = offset * w - normal[0]! * x - normal[1]! * y - normal[2]! * z;
  return tight ? slack === 0n : slack >= 0n;
}

type Vector = readonly [bigint, bigint, bigint, ...bigint[]];

function cross(u: Vector, v: Vector): [bigint, bigint, bigint] {
  return [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
}

function determinant(u: Vector, v: Vector, w: Vector): bigint {
  const [x, y, z] = cross(v, w);
  return u[0] * x + u[1] * y + u[2] * z;
}
