// A pointer over a picture: where it moves, once for each frame that is shown, and what it clicks on without moving on.
export interface Place {
  x: number;
  y: number;
}

export interface Heard {
  /** It is somewhere else; not told of fingers, nor while a button is down. */
  moved(at: Place): void;
  /** The same, before the next frame. */
  rested(): void;
  left(): void;
  pressed(): void;
  clicked(at: Place): void;
}

const STILL = 4; // a click may move by so many pixels

export function followPointer(canvas: HTMLElement, heard: Heard): void {
  let isWaiting = false;
  let pressed: Place | null = null;
  const at = (event: PointerEvent): Place => ({ x: event.offsetX, y: event.offsetY });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch" || event.buttons) return;
    heard.moved(at(event));
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      heard.rested();
    });
  });
  canvas.addEventListener("pointerleave", () => heard.left());
  canvas.addEventListener("pointerdown", (event) => {
    pressed = event.isPrimary && event.button === 0 ? at(event) : null;
    heard.pressed();
  });
  canvas.addEventListener("pointerup", (event) => {
    const now = at(event);
    if (pressed && Math.hypot(now.x - pressed.x, now.y - pressed.y) <= STILL) heard.clicked(now);
    pressed = null;
  });
}
