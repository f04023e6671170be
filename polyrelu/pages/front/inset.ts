// The plane that a later layer takes: where points of the window come to lie in it.
import { imageOf, type Layer, type Window } from "./explorer_scene";
import type { View } from "./map";

const GRID = 20; // steps between the points that are shown
const COARSE = 8; // and between those that say how large the plane is

/** Points of a window, in a grid. */
function grid([x0, y0, x1, y1]: Window, steps: number): [number, number][] {
  const along = Array.from({ length: steps + 1 }, (_, i) => i / steps);
  return along.flatMap((v) => along.map((u): [number, number] => [x0 + (x1 - x0) * u, y0 + (y1 - y0) * v]));
}

/** The square around the origin and what layers make of a window. */
export function squareAround(layers: readonly Layer[], window: Window): Window {
  const images = [[0, 0], ...grid(window, COARSE).map((point) => imageOf(layers, point))];
  const ends = (k: 0 | 1): [number, number] => [Math.min(...images.map((p) => p[k]!)), Math.max(...images.map((p) => p[k]!))];
  const [[left, right], [low, high]] = [ends(0), ends(1)];
  const half = 0.6 * Math.max(right - left, high - low, 1);
  const [cx, cy] = [(left + right) / 2, (low + high) / 2];
  return [cx - half, cy - half, cx + half, cy + half];
}

/** The axes, the images of points of a window, and that of the point that is pinned. */
export function insetMarks(view: View, layers: readonly Layer[], window: Window, pin: [number, number] | undefined): SVGElement[] {
  const [ox, oy] = view.toPixels(0, 0);
  const marks = [shape("path", { class: "axes", d: `M0 ${oy}H${view.width}M${ox} 0V${view.height}` })];
  const placeOf = (point: [number, number]): [number, number] => {
    const [x, y] = imageOf(layers, point);
    return view.toPixels(x!, y!);
  };
  for (const point of grid(window, GRID)) {
    const [cx, cy] = placeOf(point);
    marks.push(shape("circle", { class: "image", cx, cy, r: 1.6 }));
  }
  if (pin) {
    const [x, y] = placeOf(pin);
    marks.push(shape("path", { class: "cross", d: `M${x - 7} ${y}h14M${x} ${y - 7}v14` }));
  }
  return marks;
}

function shape(tag: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
