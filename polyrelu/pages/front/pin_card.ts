// The card of the cell that is pinned: what Python says of it; where there is none, what the drawing knows.
import type { Feature, Pin } from "./explorer_scene";
import { shortNumber } from "./map";
import { card } from "./shell";

export function pinCard(pin: Pin, features: readonly Feature[], close: (() => void) | undefined): HTMLElement {
  const values = features.map((feature, i) => `${feature.name} = ${pin.values[i]}`);
  return card(
    "Pinned cell",
    null,
    [
      { term: "point", says: pin.point },
      { term: "pattern", says: pin.pattern },
      { term: "values", says: values.join(", ") },
      { term: pin.exact ? "inequalities" : "inequalities, rounded", says: pin.inequalities.map((text) => ({ text })) },
    ],
    close,
  );
}

export function stillCard(at: [number, number], pattern: string, on: string): HTMLElement {
  return card("Cell", null, [
    { term: "near", says: `(${at.map((value) => shortNumber(Number(value.toFixed(3)))).join(", ")})` },
    { term: "pattern", says: pattern },
    { term: "features", says: on, prose: true },
  ]);
}
