// What a card says about a tile.
import { exactText, pointText, rounded, rowText, type Rational } from "./exact";
import type { Line, Saying } from "./shell";
import { simplePoint, type Facet, type Origin, type Tiles } from "./tiles";

export interface Wanted {
  /** Digits of inequalities; all of them when undefined. */
  digits: number | undefined;
  /** A point in the middle of the tile, in floats. */
  near: readonly number[];
  /** The most inequalities to list. */
  most?: number | undefined;
  /** What a neuron is called. */
  names?: ((origin: Origin) => string) | undefined;
  /** Called when a facet is pointed at, and when no longer. */
  pointed?: ((facet: Facet | null) => void) | undefined;
}

/** What a facet is, in words. */
export function originText({ kind, layer, coordinate }: Origin): string {
  return kind === "neuron" && layer !== undefined ? `layer ${layer}, neuron ${coordinate!}` : kind === "other" ? "" : kind;
}

/** The pattern, a point inside and the inequalities of a tile. */
export function tileLines(tiles: Tiles, tile: number, wanted: Wanted): Line[] {
  const pattern = tiles.pattern(tile);
  const lines: Line[] = pattern ? [{ term: "pattern", says: pattern }] : [];
  const facets = tiles.facets(tile);
  if (facets === null) {
    return [...lines, { term: "rows", says: "The network is too large for this page; the tile's inequalities() has them.", prose: true }];
  }
  const point = tiles.written(tile)?.point ?? simplePoint(wanted.near, facets.map((facet) => facet.row));
  if (point) lines.push({ term: "point", says: pointText(point, wanted.digits) });
  return [...lines, { term: "where", says: inequalities(tiles, tile, facets, wanted) }];
}

function inequalities(tiles: Tiles, tile: number, facets: readonly Facet[], { digits, most = Infinity, pointed, names = originText }: Wanted): Saying[] {
  if (!facets.length) return [{ text: "everywhere" }];
  const said = facets.slice(0, most).map((facet) => ({
    text: rowText(facet.row, tiles.names, digits),
    label: names(tiles.origin(tiles.part(tile), facet.number)),
    pointed: pointed && ((on: boolean) => pointed(on ? facet : null)),
  }));
  const left = facets.length - said.length;
  return left > 0 ? [...said, { text: `and ${left} more; click for all` }] : said;
}

const LONGEST = 60;

/** A size: rounded, and in full where that is short. */
export function sizeText(size: Rational | null, digits: number | undefined): string {
  if (size === null) return "unbounded";
  const full = exactText(size);
  return digits === undefined && full.length <= LONGEST ? full : rounded(size, digits ?? 12);
}
