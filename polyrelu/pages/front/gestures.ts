// What the pointer, the wheel and the keys do to an explorer's window.
import type { Window } from "./explorer_scene";
import type { View } from "./map";

export interface Gestures {
  /** Whether the window may be another one. */
  isLive: boolean;
  seen(): Window;
  view(): View;
  look(window: Window): void;
  pin(at: [number, number] | null): void;
  hovered(x: number, y: number): void;
  left(): void;
}

export function listen(canvas: HTMLCanvasElement, host: Gestures): void {
  let from: { x: number; y: number; window: Window; moved: boolean } | null = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    from = { x: event.offsetX, y: event.offsetY, window: host.seen(), moved: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return host.hovered(event.offsetX, event.offsetY);
    const [dx, dy] = [event.offsetX - from.x, event.offsetY - from.y];
    from.moved ||= Math.hypot(dx, dy) > 3;
    if (from.moved && host.isLive) host.look(shifted(from.window, -dx * host.view().pixel, dy * host.view().pixel));
  });
  canvas.addEventListener("pointerup", (event) => {
    if (from && !from.moved) host.pin(host.view().toPlane(event.offsetX, event.offsetY));
    from = null;
  });
  canvas.addEventListener("pointerleave", () => host.left());
  canvas.addEventListener("wheel", (event) => turned(event, canvas, host), { passive: false });
  canvas.addEventListener("keydown", (event) => pressed(event, host));
}

function pressed(event: KeyboardEvent, host: Gestures): void {
  const [x0, y0, x1, y1] = host.seen();
  const [sx, sy] = [(x1 - x0) / 10, (y1 - y0) / 10];
  const moves: Record<string, [number, number]> = { ArrowLeft: [-sx, 0], ArrowRight: [sx, 0], ArrowUp: [0, sy], ArrowDown: [0, -sy] };
  const move = moves[event.key];
  if (move && host.isLive) host.look(shifted([x0, y0, x1, y1], ...move));
  else if (event.key === "+" && host.isLive) host.look(zoomed(host.seen(), 0.8));
  else if (event.key === "-" && host.isLive) host.look(zoomed(host.seen(), 1.25));
  else if (event.key === "Enter") host.pin([(x0 + x1) / 2, (y0 + y1) / 2]);
  else if (event.key === "Escape") host.pin(null);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** The wheel scrolls the notebook, unless the stage has the focus or Ctrl is held. */
function turned(event: WheelEvent, canvas: HTMLCanvasElement, host: Gestures): void {
  const focused = (canvas.getRootNode() as ShadowRoot).activeElement === canvas;
  if (!host.isLive || !(focused || event.ctrlKey)) return;
  event.preventDefault();
  host.look(zoomed(host.seen(), 1.0015 ** event.deltaY, host.view().toPlane(event.offsetX, event.offsetY)));
}

/** A window that is so many times as wide, about a point of it or its middle. */
export function zoomed([x0, y0, x1, y1]: Window, factor: number, about?: [number, number]): Window {
  const [cx, cy] = about ?? [(x0 + x1) / 2, (y0 + y1) / 2];
  return [cx + (x0 - cx) * factor, cy + (y0 - cy) * factor, cx + (x1 - cx) * factor, cy + (y1 - cy) * factor];
}

function shifted(window: Window, dx: number, dy: number): Window {
  return [window[0] + dx, window[1] + dy, window[2] + dx, window[3] + dy];
}
