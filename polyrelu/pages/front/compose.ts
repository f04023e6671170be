// What the reader has chosen, and the picture that it makes of a plane.
import { lineOn, scale, SOFT, tint } from "./colours";
import type { Fill, Sample, Scene } from "./draw";
import type { Plane } from "./plane";
import { coloured, type Side } from "./polygons";
import type { Theme } from "./shell";

export type Colouring = "zones" | "patterns" | "features" | "count";

export interface Choices {
  colouring: Colouring;
  showsSides: boolean;
  /** Layers whose fold lines are shown. */
  folds: Set<number>;
  samples: readonly Sample[];
  /** Tiles that a search has found. */
  found: readonly number[];
  pinned: readonly number[];
  /** The tile that is pointed at. */
  pointed: number | null;
  /** The entry of the legend that is pointed at. */
  marked: number | null;
  /** Sides of the neuron that is pointed at. */
  traced: readonly Side[];
}

export interface Composer {
  /** The picture without its marks; to be made anew when other tiles, colours or folds are chosen. */
  compose(choices: Choices, isListed: (entry: number) => boolean, theme: Theme): Scene;
  /** Put the marks of the moment into a picture: what is found, pinned and pointed at. */
  mark(scene: Scene, choices: Choices, isListed: (entry: number) => boolean, theme: Theme): void;
  /** The colour of an entry of the legend. */
  entryColour(entry: number, theme: Theme): string;
  /** A tile's colour, unless it has several. */
  colourOf(tile: number, colouring: Colouring, theme: Theme): string | null;
}

const GROUPS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#999933", "#882255"];
const MOST_MARKED = 400; // tiles of an entry of the legend that are outlined one by one

export function makeComposer(plane: Plane): Composer {
  const { tiles, polygons, zoneOf, entries, all, isFlat, hasFeatures } = plane;
  const groups = coloured(polygons);
  const active = all.map((tile) => (hasFeatures ? entries.filter((_, i) => plane.has(i, tile)).length : tiles.pattern(tile).replace(/[^1]/g, "").length));
  const mostActive = active.reduce((most, count) => Math.max(most, count), 1);
  const isShown = (tile: number, isListed: (entry: number) => boolean): boolean => hasFeatures || isListed(zoneOf[tile]!);
  const listed = (isListed: (entry: number) => boolean): number[] => entries.map((_, i) => i).filter(isListed);

  const entryColour = (entry: number, theme: Theme): string => {
    const { colour } = entries[entry]!;
    return theme === "light" || hasFeatures ? colour : tint(colour, theme, 1.05);
  };
  const colourOf = (tile: number, colouring: Colouring, theme: Theme): string => {
    if (colouring === "count") return scale(active[tile]! / mostActive, theme);
    if (colouring === "patterns") return tint(GROUPS[groups[tile]!]!, theme);
    return entryColour(zoneOf[tile]!, theme);
  };
  const featureFills = (choices: Choices, isListed: (entry: number) => boolean, theme: Theme): Fill[] =>
    listed(isListed).map((i) => {
      const opacity = choices.marked === i ? 0.75 : theme === "light" ? 0.3 : 0.36;
      return { tiles: plane.members(i), colour: entries[i]!.colour, opacity };
    });
  const featureRim = (feature: number): { sides: Side[]; colour: string } => {
    const isRim = (side: Side, k: number): boolean => {
      const other = polygons.across[k]!;
      return plane.has(feature, side.tile) && (other < 0 || !plane.has(feature, other));
    };
    return { colour: entries[feature]!.colour, sides: polygons.sides.filter(isRim) };
  };
  /** Sides between shown tiles of one zone by the colour of a line there, and the others, which are rims. */
  const sorted = (shown: readonly number[], lineOf: (tile: number) => string): { lines: Map<string, Side[]>; rim: Side[]; openRim: Side[] } => {
    const inSight = new Uint8Array(tiles.count);
    for (const tile of shown) inSight[tile] = 1;
    const [rim, openRim]: [Side[], Side[]] = [[], []];
    const lines = new Map<string, Side[]>();
    polygons.sides.forEach((side, k) => {
      if (!inSight[side.tile]) return;
      const other = polygons.across[k]!;
      const isInner = other >= 0 && inSight[other] && zoneOf[other] === zoneOf[side.tile];
      if (!isInner) (tiles.isOpen(side.tile, side.facet) ? openRim : rim).push(side);
      else if (side.tile < other) gather(lines, lineOf(side.tile), side);
    });
    return { lines, rim, openRim };
  };

  return {
    compose(choices, isListed, theme) {
      const { colouring } = choices;
      const shown = all.filter((tile) => isShown(tile, isListed));
      const full = shown.filter((tile) => !isFlat(tile));
      const byFeature = colouring === "features";
      const fill = (tile: number): string => colourOf(tile, colouring, theme);
      const { lines, rim, openRim } = sorted(full, byFeature ? () => SOFT[theme] : (tile) => lineOn(fill(tile), theme));
      const scene: Scene = {
        domain: plane.document.domain,
        names: tiles.names,
        fills: byFeature ? [] : gathered(full, fill),
        hairlines: choices.showsSides ? [...lines].map(([colour, sides]) => ({ colour, sides })) : [],
        rims: [{ sides: rim }, { sides: openRim, isOpen: true }, ...(byFeature ? listed(isListed).map(featureRim) : [])],
        folds: [...choices.folds]
          .sort((a, b) => b - a)
          .map((layer) => ({ layer, sides: plane.folds[layer]!.filter((side) => isShown(side.tile, isListed)) })),
        flat: shown.filter(isFlat).map((tile) => ({ tile, colour: colourOf(tile, "zones", theme) })),
        samples: [],
        found: [],
        pinned: [],
        pointed: null,
        traced: [],
      };
      this.mark(scene, choices, isListed, theme);
      return scene;
    },
    mark(scene, choices, isListed, theme) {
      const { samples, pinned, pointed, traced, marked, colouring } = choices;
      const byFeature = colouring === "features";
      const own = marked === null || byFeature ? [] : plane.members(marked);
      const found = choices.found.filter((tile) => isShown(tile, isListed));
      Object.assign(scene, { samples, pinned, pointed, traced, found: own.length < MOST_MARKED ? [...found, ...own] : found });
      if (byFeature) scene.fills = featureFills(choices, isListed, theme);
    },
    entryColour,
    colourOf: (tile, colouring, theme) => (colouring === "zones" || colouring === "patterns" ? colourOf(tile, colouring, theme) : null),
  };
}

function gathered(own: readonly number[], colour: (tile: number) => string): Fill[] {
  const by = new Map<string, number[]>();
  for (const tile of own) gather(by, colour(tile), tile);
  return [...by].map(([shade, members]) => ({ tiles: members, colour: shade }));
}

function gather<Value>(by: Map<string, Value[]>, key: string, value: Value): void {
  const own = by.get(key);
  if (own) own.push(value);
  else by.set(key, [value]);
}
