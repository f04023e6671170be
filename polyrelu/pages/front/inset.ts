// The plane that a later layer takes: where points of the window come to lie in it.
import { imageOf, type Layer, type Window } from "./explorer_scene";
import { type Inks, View, fitted, paintCross } from "./map";
import { element } from "./shell";

const GRID = 20; // steps between the points that are shown
const COARSE = 8; // and between those that say how large the plane is

/** A small drawing of that plane; its lines are drawn over the marks by who has made it. */
export class Inset {
  readonly overlay = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  private readonly canvas = element("canvas");
  readonly panel = element("div", { class: "inset" }, this.canvas, this.overlay);
  /** How wide it is shown, in pixels; as high. */
  width = 260;
  private window: Window = [-1, -1, 1, 1];

  constructor() {
    this.overlay.setAttribute("class", "overlay");
  }

  view(): View {
    const [x0, y0, x1, y1] = this.window;
    return new View([x0, y0], [x1, y1], this.width, this.width);
  }

  /** Look at all that layer k takes from a window. */
  fit(layers: readonly Layer[], k: number, window: Window): void {
    if (isPlanar(layers, k)) this.window = squareAround(layers.slice(0, k), window);
  }

  /** Draw what layer k takes, if that is a plane: what its lines are painted with, or null. */
  draw(layers: readonly Layer[], k: number, window: Window, pin: [number, number] | undefined, inks: Inks): CanvasRenderingContext2D | null {
    this.panel.hidden = !isPlanar(layers, k);
    if (this.panel.hidden) return null;
    const view = this.view();
    const context = fitted(this.canvas, view);
    context.clearRect(0, 0, view.width, view.height);
    paintMarks(context, view, layers.slice(0, k), window, pin, inks);
    return context;
  }
}

function isPlanar(layers: readonly Layer[], k: number): boolean {
  return k > 0 && layers[k]?.inputs === 2;
}

/** Points of a window, in a grid. */
function grid([x0, y0, x1, y1]: Window, steps: number): [number, number][] {
  const along = Array.from({ length: steps + 1 }, (_, i) => i / steps);
  return along.flatMap((v) => along.map((u): [number, number] => [x0 + (x1 - x0) * u, y0 + (y1 - y0) * v]));
}

/** The square around the origin and what layers make of a window. */
function squareAround(layers: readonly Layer[], window: Window): Window {
  const images = [[0, 0], ...grid(window, COARSE).map((point) => imageOf(layers, point))];
  const ends = (k: 0 | 1): [number, number] => [Math.min(...images.map((p) => p[k]!)), Math.max(...images.map((p) => p[k]!))];
  const [[left, right], [low, high]] = [ends(0), ends(1)];
  const half = 0.6 * Math.max(right - left, high - low, 1);
  const [cx, cy] = [(left + right) / 2, (low + high) / 2];
  return [cx - half, cy - half, cx + half, cy + half];
}

/** The axes, the images of points of a window, and that of the point that is pinned. */
function paintMarks(context: CanvasRenderingContext2D, view: View, layers: readonly Layer[], window: Window, pin: [number, number] | undefined, inks: Inks): void {
  const placeOf = (point: [number, number]): [number, number] => {
    const [x, y] = imageOf(layers, point);
    return view.toPixels(x!, y!);
  };
  const [ox, oy] = view.toPixels(0, 0);
  context.strokeStyle = inks.line;
  context.lineWidth = 1;
  context.stroke(new Path2D(`M0 ${oy}H${view.width}M${ox} 0V${view.height}`));
  context.fillStyle = inks.soft;
  context.globalAlpha = 0.45;
  for (const point of grid(window, GRID)) {
    context.beginPath();
    context.arc(...placeOf(point), 1.6, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
  if (pin) paintCross(context, placeOf(pin), inks.ink);
}
