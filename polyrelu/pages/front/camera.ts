// Where points of the plane are on the stage: zooming and panning, and the ticks along its rim.
import { select, type Selection } from "d3-selection";
import { zoom, zoomIdentity, type ZoomBehavior, type ZoomTransform } from "d3-zoom";

export type Box = [number, number, number, number];

export interface Camera {
  toScreen(x: number, y: number): [number, number];
  toPlane(left: number, top: number): [number, number];
  /** Pixels for a unit of the plane. */
  scale(): number;
  /** What is seen: least x, least y, greatest x, greatest y. */
  box(): Box;
  width(): number;
  height(): number;
  /** Whether the size of the stage is known; `moved` is called once it is. */
  isMeasured(): boolean;
  /** See a box of the plane, or with none the first view. */
  fit(box?: Box): void;
  zoomBy(factor: number): void;
  panBy(left: number, top: number): void;
}

const MARGIN = 34;
const TOOLS = 50; // is left free for the tools at the top
const DEEPEST = 1e9;

/**
 * A camera for a canvas, which at first sees `home`, and nothing outside of `frame` if there is one; `moved` is called
 * whenever it sees something else.
 */
export function makeCamera(canvas: HTMLCanvasElement, home: Box, frame: Box | null, moved: () => void): Camera {
  let [width, height] = [1, 1];
  let isMeasured = false;
  let transform: ZoomTransform = zoomIdentity;
  let base = { scale: 1, left: 0, top: 0 };
  const behaviour: ZoomBehavior<HTMLCanvasElement, unknown> = zoom<HTMLCanvasElement, unknown>()
    .scaleExtent([1 / 64, DEEPEST])
    .on("zoom", (event: { transform: ZoomTransform }) => {
      transform = event.transform;
      moved();
    });
  const selection: Selection<HTMLCanvasElement, unknown, null, undefined> = select(canvas);
  selection.call(behaviour);
  const atHome = (): void => {
    const [wide, high] = [home[2] - home[0] || 1, home[3] - home[1] || 1];
    const [across, upward] = [Math.max(8, width - 2 * MARGIN), Math.max(8, height - TOOLS - MARGIN)];
    const scale = Math.min(across / wide, upward / high);
    base = {
      scale,
      left: width / 2 - (scale * (home[0] + home[2])) / 2,
      top: TOOLS + upward / 2 + (scale * (home[1] + home[3])) / 2,
    };
  };
  const camera: Camera = {
    toScreen: (x, y) => [
      transform.x + transform.k * (base.left + base.scale * x),
      transform.y + transform.k * (base.top - base.scale * y),
    ],
    toPlane: (left, top) => [
      ((left - transform.x) / transform.k - base.left) / base.scale,
      (base.top - (top - transform.y) / transform.k) / base.scale,
    ],
    scale: () => transform.k * base.scale,
    box() {
      const [low, high] = [camera.toPlane(0, height), camera.toPlane(width, 0)];
      return [...low, ...high];
    },
    width: () => width,
    height: () => height,
    isMeasured: () => isMeasured,
    fit(box) {
      if (box === undefined) {
        selection.call(behaviour.transform, zoomIdentity);
        return;
      }
      const [wide, high] = [box[2] - box[0], box[3] - box[1]];
      const room = 0.8;
      const wanted = Math.min((room * width) / (wide || Number.MIN_VALUE), (room * height) / (high || Number.MIN_VALUE));
      const k = Math.max(1 / 64, Math.min(DEEPEST, wanted / base.scale, wide || high ? Infinity : 8));
      const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
      const [left, top] = [base.left + base.scale * x, base.top - base.scale * y];
      selection.call(behaviour.transform, zoomIdentity.translate(width / 2 - k * left, height / 2 - k * top).scale(k));
    },
    zoomBy: (factor) => selection.call(behaviour.scaleBy, factor),
    panBy: (left, top) => selection.call(behaviour.translateBy, left / transform.k, top / transform.k),
  };
  new ResizeObserver(() => {
    const centre = camera.toPlane(width / 2, height / 2);
    const { clientWidth, clientHeight } = canvas;
    if (!clientWidth || !clientHeight) return;
    [width, height] = [clientWidth, clientHeight];
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    behaviour.extent([
      [0, 0],
      [width, height],
    ]);
    atHome();
    if (frame) {
      const scene: [[number, number], [number, number]] = [
        [base.left + base.scale * frame[0], base.top - base.scale * frame[3]],
        [base.left + base.scale * frame[2], base.top - base.scale * frame[1]],
      ];
      behaviour.translateExtent(scene);
      const least = Math.max(width / (scene[1][0] - scene[0][0]), height / (scene[1][1] - scene[0][1]));
      behaviour.scaleExtent([Math.min(1, least), DEEPEST]);
    }
    if (isMeasured && transform !== zoomIdentity) {
      const [left, top] = camera.toScreen(...centre);
      camera.panBy(width / 2 - left, height / 2 - top);
    }
    isMeasured = true;
    moved();
  }).observe(canvas);
  return camera;
}

/** Round numbers between two, about so many, and how many decimals they have. */
export function ticks(low: number, high: number, about: number): { at: number[]; text: (value: number) => string } {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(low / step);
  const count = Math.min(200, Math.floor(high / step) - first + 1);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const isPlain = places <= 8 && Math.max(Math.abs(low), Math.abs(high)) < 1e7;
  return {
    at: Array.from({ length: Math.max(0, count) }, (_, k) => (first + k) * step),
    text: (value) => (isPlain ? value.toFixed(places).replace("-", "−") : value.toPrecision(12).replace(/\.?0+(e|$)/, "$1").replace("-", "−")),
  };
}
