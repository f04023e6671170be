// What an explorer and Python say to each other: scenes, the network's numbers as floats, and edits.
import type { PlanarMap } from "./map";

export interface Feature {
  name: string;
  row: number;
  colour: string;
  /** The colours of its rim, in the light and in the dark. */
  lines: [string, string];
  threshold: number;
  islands: number;
  area: string;
  share: number;
}
export interface Scene {
  window: [number, number, number, number];
  features: Feature[];
  points: number;
  cells: number;
  corners: number;
  neurons: number;
  pin: Pin | null;
  number?: number;
  milliseconds?: number;
  error?: string;
}
export interface Pin {
  at: [number, number];
  point: string;
  pattern: string;
  inequalities: string[];
  exact: boolean;
  values: string[];
}
export interface Layer {
  inputs: number;
  relu: boolean[];
  weight: number[][];
  bias: number[];
}
export interface Edit {
  number: number;
  entries?: [number, number, number, string][];
  thresholds?: [number, string][];
  window?: string[];
  pin?: string[] | null;
  reset?: boolean;
}

/** Where scenes come from, and where edits go; nowhere, where no Python runs. */
export interface Host {
  scene(): Scene;
  layers(): Layer[];
  map(): PlanarMap;
  send: ((edit: Edit) => void) | null;
  onAnswer(run: () => void): void;
  dark(): boolean;
  onTheme(run: () => void): void;
}

/** The column of a bias, beside those of a weight. */
export const BIAS = -1;

export type Window = [number, number, number, number];

/** What a layer takes at a point of the window. */
export function imageOf(layers: readonly Layer[], point: [number, number]): number[] {
  let values: number[] = point;
  for (const layer of layers) {
    values = layer.weight.map((row, i) => {
      const sum = row.reduce((total, w, j) => total + w * values[j]!, layer.bias[i]!);
      return layer.relu[i] ? Math.max(0, sum) : sum;
    });
  }
  return values;
}
