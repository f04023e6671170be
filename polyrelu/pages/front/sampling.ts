// Points drawn at random in what is seen, and whether the network maps them into the target, in floats.
import type { Box } from "./camera";
import type { Sample } from "./draw";
import { readRow } from "./exact";
import type { Plane } from "./plane";

const COUNT = 2000;

/** Uniform samples of a box, those outside of the domain left out; the same for the same box. */
export function drawSamples({ document, tiles }: Plane, [left, low, right, high]: Box): Sample[] {
  const random = seeded();
  const domain = (document.tiles.parts[0]?.domain ?? []).map(readRow).map(({ normal, offset }) => [...normal, offset].map(Number));
  const isInDomain = ({ x, y }: { x: number; y: number }): boolean => domain.every(([a, b, offset]) => a! * x + b! * y <= offset!);
  const parts = [...Array(tiles.partCount).keys()];
  return Array.from({ length: COUNT }, () => ({ x: left + random() * (right - left), y: low + random() * (high - low) }))
    .filter(isInDomain)
    .map(({ x, y }) => ({ x, y, inside: parts.some((part) => tiles.isInside(part, [x, y])) }));
}

/** Numbers between 0 and 1: a linear congruence of 32 bits. */
function seeded(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
