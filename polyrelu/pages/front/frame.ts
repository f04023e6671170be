// The box around a scene, the names and the ends of its axes beside it, and the rim of the plane that cuts it.
import { Vector3, type PerspectiveCamera } from "three";
import { axesIn, type Cut, type Point } from "./complex";
import { element } from "./shell";

export interface Box {
  low: Point;
  high: Point;
  /** The names of the axes. */
  names: readonly string[];
}

/** The names and the ends of the axes beside the box, as text of the page. */
export class Labels {
  private readonly texts: HTMLElement[][];

  constructor(
    stage: HTMLElement,
    private readonly box: Box,
    private readonly scale: Point,
  ) {
    const layer = element("div", { class: "axes", "aria-hidden": true });
    stage.append(layer);
    this.texts = box.names.map((name, axis) =>
      [rounded(box.low[axis]!), name, rounded(box.high[axis]!)].map((text, k) => {
        const made = element("span", { class: k === 1 ? "axis" : "end" }, text);
        layer.append(made);
        return made;
      }),
    );
  }

  /** Write along the lowest edges of the outline for horizontal axes, along the leftmost for the vertical one. */
  place(camera: PerspectiveCamera, width: number, height: number): void {
    const half = [0, 1, 2].map((axis) => (this.box.high[axis]! - this.box.low[axis]!) / 2 / this.scale[axis]!) as [number, number, number];
    const at = (point: readonly number[]): [number, number] => {
      const { x, y } = new Vector3(point[0]! * half[0], point[1]! * half[1], point[2]! * half[2]).project(camera);
      return [((x + 1) / 2) * width, ((1 - y) / 2) * height];
    };
    const middle = at([0, 0, 0]);
    const faces = (axis: number, sign: number): boolean => sign * camera.position.getComponent(axis) > half[axis]!;
    this.texts.forEach((texts, axis) => {
      const [b, c] = [(axis + 1) % 3, (axis + 2) % 3] as const;
      const edges = [-1, 1].flatMap((p) => [-1, 1].map((q) => ({ p, q, rim: faces(b, p) !== faces(c, q) })));
      const ends = edges.map(({ p, q, rim }) => {
        const along = (v: number): [number, number] => {
          const point = [0, 0, 0];
          [point[axis], point[b], point[c]] = [v, p, q];
          return at(point);
        };
        const places = [along(-1), along(0), along(1)] as const;
        return { places, score: (axis === 2 ? -places[1][0] : places[1][1]) + (rim ? 1e6 : 0) };
      });
      const { places } = ends.reduce((best, own) => (own.score > best.score ? own : best));
      const [dx, dy] = [places[1][0] - middle[0], places[1][1] - middle[1]];
      const length = Math.hypot(dx, dy) || 1;
      const short = Math.hypot(places[2][0] - places[0][0], places[2][1] - places[0][1]) < 90;
      texts.forEach((text, k) => {
        const [x, y] = [0, 1].map((i) => 0.94 * (places[k]![i]! - places[1][i]!) + places[1][i]!) as [number, number];
        const [right, down] = [(dx / length) * (text.offsetWidth / 2 + 9), (dy / length) * (text.offsetHeight / 2 + 9)];
        text.style.transform = `translate(-50%, -50%) translate(${x + right}px, ${y + down}px)`;
        text.hidden = short && k !== 1;
      });
    });
  }
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

export const BOX_CORNERS = range(8).map((k): Point => [k & 1 ? 1 : -1, k & 2 ? 1 : -1, k & 4 ? 1 : -1]);

/** The ends of a box's edges, by signs. */
export function boxEdges(): [Point, Point][] {
  return [0, 1, 2].flatMap((axis) =>
    [-1, 1].flatMap((p) =>
      [-1, 1].map((q): [Point, Point] => {
        const end = (v: number): Point => {
          const point: [number, number, number] = [0, 0, 0];
          [point[axis], point[(axis + 1) % 3], point[(axis + 2) % 3]] = [v, p, q];
          return point;
        };
        return [end(-1), end(1)];
      }),
    ),
  );
}

/** Where the plane of a section leaves the box, and a square around it where it misses it. */
export function bladeEdges(cut: Cut, corner: (signs: Point) => Point, seen: (point: Point) => Point, normal: Point): Point[] {
  const corners = boxEdges().flatMap(([a, b]): Point[] => {
    const ends = [corner(a), corner(b)] as const;
    const [h, k] = ends.map((end) => end.reduce((sum, v, axis) => sum + v * cut.normal[axis]!, 0) - cut.offset) as [number, number];
    if (h > 0 === k > 0) return [];
    const part = h / (h - k);
    return [seen([0, 1, 2].map((axis) => ends[0][axis]! + part * (ends[1][axis]! - ends[0][axis]!)) as [number, number, number])];
  });
  if (corners.length < 3) return [];
  const [u, v] = axesIn(normal);
  const middle = corners.reduce<Point>((sum, p) => [sum[0] + p[0] / corners.length, sum[1] + p[1] / corners.length, sum[2] + p[2] / corners.length], [0, 0, 0]);
  const turned = corners
    .map((point) => {
      const out = [point[0] - middle[0], point[1] - middle[1], point[2] - middle[2]] as const;
      const angle = Math.atan2(out[0] * v[0] + out[1] * v[1] + out[2] * v[2], out[0] * u[0] + out[1] * u[1] + out[2] * u[2]);
      const grown = [middle[0] + 1.06 * out[0], middle[1] + 1.06 * out[1], middle[2] + 1.06 * out[2]] as Point;
      return [angle, grown] as const;
    })
    .sort(([a], [b]) => a - b)
    .map(([, point]) => point);
  return turned.flatMap((point, i) => [point, turned[(i + 1) % turned.length]!]);
}
