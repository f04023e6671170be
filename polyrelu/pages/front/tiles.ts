// Tiles as polyrelu/pages/tiles.py puts them into a document: their patterns, and their rows, which are composed from
// the network's numbers when somebody asks for them.
import { compareRows, float, gcd, holds, rational, rationalOf, read, readRow, row, type Rational, type Row } from "./exact";
import { unpack, type Column, type Packed } from "./shell";

interface LayerDocument {
  shape: [number, number];
  relu: string;
  numbers: Packed | string[][];
}
interface PartDocument {
  layers: number[];
  coordinates: number[][];
  template: string[];
  domain: string[][];
  target: string[][];
  bits: Packed;
  neurons: number[];
}
interface WrittenDocument {
  rows: string[][];
  of: number[];
  dim: number;
  size: string | null;
  point: string[] | null;
}
export interface CountedDocument {
  counts: Packed;
  numbers: Packed;
}
export interface TilesDocument {
  names: string[];
  count: number;
  parts: PartDocument[];
  partOf: Packed | null;
  layers: LayerDocument[] | null;
  facets: CountedDocument;
  written: Record<string, WrittenDocument>;
}

/** Lists one after the other: that of `i` is `numbers[starts[i]] ... numbers[starts[i + 1] - 1]`. */
export interface Lists {
  starts: Uint32Array;
  numbers: Column;
}

export async function readLists(counted: CountedDocument): Promise<Lists> {
  const [counts, numbers] = await Promise.all([unpack(counted.counts), unpack(counted.numbers)]);
  const starts = new Uint32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) starts[i + 1] = starts[i]! + counts[i]!;
  return { starts, numbers };
}

/** Rows of integers with their biases last, which are the numbers times `scale`. */
interface Layer {
  rows: bigint[][];
  scale: bigint;
  relu: boolean[];
  floats: number[][];
}

/** What a facet is. */
export interface Origin {
  kind: "domain" | "neuron" | "target" | "other";
  /** Of a neuron: its layer, and its coordinate there. */
  layer?: number;
  coordinate?: number;
}
export interface Facet {
  row: Row;
  /** The number by which the part knows it; negative where it has none. */
  number: number;
}

interface Part {
  layers: (Layer | undefined)[];
  document: PartDocument;
  domain: Row[];
  target: Row[];
  bits: Column;
  /** Bytes of a tile's bits. */
  width: number;
  neurons: number;
  places: [number, number][];
  /** The neurons that the engine decided, within the pattern's text. */
  shown: string;
}

export interface Tiles {
  count: number;
  names: string[];
  layerCount: number;
  part(tile: number): number;
  pattern(tile: number): string;
  /** Whether a neuron, counted through the layers that the target sees, is active. */
  bit(tile: number, neuron: number): boolean;
  /** All rows of a tile, sorted as Python sorts them; null where the page has no room for them. */
  facets(tile: number): Facet[] | null;
  /** What the facet with a number is, in a part. */
  origin(part: number, number: number): Origin;
  /** Whether the facet with a number does not belong to the set, because its row is strict. */
  isOpen(part: number, number: number): boolean;
  /** What is written down of a tile, if anything is. */
  written(tile: number): { dim: number; size: Rational | null; point: Rational[] | null } | undefined;
  /** Whether floats map a point into the target of a part; undefined without the network. */
  isInside(part: number, point: readonly number[]): boolean | undefined;
  partCount: number;
  /** Whether the page has the network. */
  hasNetwork: boolean;
}

/** The tiles of a document. */
export async function readTiles(document: TilesDocument): Promise<Tiles> {
  const layers = await Promise.all((document.layers ?? []).map(readLayer));
  const parts = await Promise.all(document.parts.map((part) => readPart(part, layers)));
  const partOf = document.partOf && (await unpack(document.partOf));
  const lists = await readLists(document.facets);
  const place = new Uint32Array(document.count);
  const seen = parts.map(() => 0);
  for (let i = 0; i < document.count; i++) place[i] = seen[partOf?.[i] ?? 0]!++;
  const partAt = (tile: number): number => partOf?.[tile] ?? 0;
  const bit = (tile: number, neuron: number): boolean => {
    const { bits, width } = parts[partAt(tile)]!;
    return Boolean(bits[place[tile]! * width + (neuron >> 3)]! & (0x80 >> (neuron & 7)));
  };
  return {
    count: document.count,
    names: document.names,
    layerCount: Math.max(0, ...document.parts.map((part) => part.template.length)),
    partCount: parts.length,
    hasNetwork: document.layers !== null,
    part: partAt,
    bit,
    pattern(tile) {
      let neuron = 0;
      return parts[partAt(tile)]!.shown.replace(/\?/g, () => (bit(tile, neuron++) ? "1" : "0"));
    },
    facets(tile) {
      const written = document.written[tile];
      if (written) return written.rows.map((texts, k) => ({ row: readRow(texts), number: written.of[k]! }));
      const part = parts[partAt(tile)]!;
      if (document.layers === null) return null;
      const numbers = [...lists.numbers.subarray(lists.starts[tile]!, lists.starts[tile + 1]!)];
      const form = composer(part, (neuron) => bit(tile, neuron), document.names.length);
      return numbers.map((number) => ({ row: form(number), number })).sort((a, b) => compareRows(a.row, b.row));
    },
    origin: (part, number) => origin(parts[part]!, number),
    isOpen(part, number) {
      const { domain, target, neurons } = parts[part]!;
      const own = number < domain.length ? domain[number] : target[number - domain.length - neurons];
      return own?.relation === "<";
    },
    written(tile) {
      const own = document.written[tile];
      return own && { dim: own.dim, size: own.size === null ? null : read(own.size), point: own.point?.map(read) ?? null };
    },
    isInside: (part, point) => (document.layers === null ? undefined : isInside(parts[part]!, point)),
  };
}

async function readLayer({ shape, relu, numbers }: LayerDocument): Promise<Layer> {
  const [height, width] = shape;
  const mask = [...relu].map((character) => character === "1");
  if (Array.isArray(numbers)) {
    const exact = numbers.map((texts) => texts.map(read));
    const scale = exact.flat().reduce((common, { d }) => common * (d / gcd(common, d)), 1n);
    const floats = exact.map((own) => own.map(({ n, d }) => Number(n) / Number(d)));
    return { rows: exact.map((own) => own.map(({ n, d }) => n * (scale / d))), scale, relu: mask, floats };
  }
  const flat = await unpack(numbers);
  const floats = Array.from({ length: height }, (_, i) => [...flat.subarray(i * width, (i + 1) * width)]);
  const least = floats.flat().reduce((found, value) => Math.min(found, float(value).exponent), 0);
  const rows = floats.map((own) =>
    own.map((value) => {
      const { mantissa, exponent } = float(value);
      return mantissa << BigInt(exponent - least);
    }),
  );
  return { rows, scale: 1n << BigInt(-least), relu: mask, floats };
}

async function readPart(document: PartDocument, layers: Layer[]): Promise<Part> {
  const neurons = document.neurons.at(-1)!;
  const places: [number, number][] = [];
  const own = document.layers.map((number) => layers[number]);
  own.forEach((layer, depth) =>
    layer?.relu.forEach((masked, i) => {
      if (masked) places.push([depth, document.coordinates[depth]![i]!]);
    }),
  );
  return {
    document,
    layers: own,
    domain: document.domain.map(readRow),
    target: document.target.map(readRow),
    bits: await unpack(document.bits),
    width: Math.ceil(neurons / 8),
    neurons,
    places,
    shown: document.template.filter(Boolean).join("|"),
  };
}

/** Rows of a tile by their numbers; `on` says which neurons are active. */
function composer(part: Part, on: (neuron: number) => boolean, dim: number): (number: number) => Row {
  const identity = Array.from({ length: dim }, (_, i) => Array.from({ length: dim + 1 }, (_, j) => BigInt(i === j)));
  // For each layer the forms of its coordinates before the ReLU, as integers over a scale, constants last.
  const forms: { rows: bigint[][]; scale: bigint }[] = [];
  let values = { rows: identity, scale: 1n };
  const upTo = (depth: number): { rows: bigint[][]; scale: bigint } => {
    while (forms.length <= depth) {
      const layer = part.layers[forms.length]!;
      const before = { rows: layer.rows.map((weights) => applied(weights, values)), scale: values.scale * layer.scale };
      let neuron = part.document.neurons[forms.length]!;
      const after = before.rows.map((own, i) => (layer.relu[i] && !on(neuron++) ? own.map(() => 0n) : own));
      forms.push(before);
      values = { rows: after, scale: before.scale };
    }
    return forms[depth]!;
  };
  const outputs = (): { rows: bigint[][]; scale: bigint } => {
    if (part.layers.length) upTo(part.layers.length - 1);
    return values;
  };
  return (number) => {
    if (number < part.domain.length) return part.domain[number]!;
    const neuron = number - part.domain.length;
    if (neuron >= part.neurons) return pulledBack(part.target[neuron - part.neurons]!, outputs());
    const depth = part.document.neurons.findLastIndex((start) => start <= neuron);
    const masked = part.layers[depth]!.relu.flatMap((is, i) => (is ? [i] : []));
    const form = upTo(depth).rows[masked[neuron - part.document.neurons[depth]!]!]!;
    const sign = on(neuron) ? -1n : 1n;
    return row(form.slice(0, -1).map((value) => sign * value), -sign * form.at(-1)!, "<=");
  };
}

/** One row of a layer, its bias last, applied to forms. */
function applied(weights: readonly bigint[], values: { rows: bigint[][]; scale: bigint }): bigint[] {
  const length = values.rows[0]?.length ?? 1;
  const sum = Array.from({ length }, () => 0n);
  values.rows.forEach((own, j) => {
    const weight = weights[j]!;
    if (weight) own.forEach((value, k) => (sum[k]! += weight * value));
  });
  sum[length - 1]! += weights.at(-1)! * values.scale;
  return sum;
}

/** A row on the outputs as a row on the inputs. */
function pulledBack(own: Row, { rows, scale }: { rows: bigint[][]; scale: bigint }): Row {
  const sum = applied([...own.normal, -own.offset], { rows, scale });
  return row(sum.slice(0, -1), -sum.at(-1)!, own.relation);
}

function origin(part: Part, number: number): Origin {
  if (number < 0) return { kind: "other" };
  if (number < part.domain.length) return { kind: "domain" };
  const place = part.places[number - part.domain.length];
  if (place === undefined) return { kind: number - part.domain.length < part.neurons ? "neuron" : "target" };
  return { kind: "neuron", layer: place[0], coordinate: place[1] };
}

function isInside(part: Part, point: readonly number[]): boolean {
  let values = point;
  for (const layer of part.layers) {
    const before: readonly number[] = values;
    values = layer!.floats.map((weights, i) => {
      const sum = before.reduce((total, value, j) => total + weights[j]! * value, weights.at(-1)!);
      return layer!.relu[i] ? Math.max(0, sum) : sum;
    });
  }
  return part.target.every(({ normal, offset, relation }) => {
    const sum = normal.reduce((total, value, i) => total + (value ? Number(value) * values[i]! : 0), -Number(offset));
    return relation === "==" ? sum === 0 : relation === "<" ? sum < 0 : sum <= 0;
  });
}

/** A point with few decimals that satisfies all rows, near floats that nearly do; null if none is found. */
export function simplePoint(near: readonly number[], rows: readonly Row[]): Rational[] | null {
  for (let places = 0; places <= 18; places++) {
    const scale = 10n ** BigInt(places);
    const point = near.map((value) => {
      const { n, d } = rationalOf(value);
      return rational((2n * n * scale + d - ((((2n * n * scale + d) % (2n * d)) + 2n * d) % (2n * d))) / (2n * d), scale);
    });
    if (rows.every((own) => holds({ ...own, relation: own.relation === "==" ? "==" : "<" }, point))) return point;
  }
  return null;
}

/** The corners of a bounded polygon from the rows of its sides, counter-clockwise: corner k begins side k. */
export function corners(sides: readonly Row[]): Rational[][] {
  return sides.map((after, k) => {
    const before = sides.at(k - 1)!;
    const [[a, b], [c, d]] = [before.normal, after.normal] as unknown as [[bigint, bigint], [bigint, bigint]];
    const weight = a * d - b * c;
    return [
      rational(before.offset * d - after.offset * b, weight),
      rational(after.offset * a - before.offset * c, weight),
    ];
  });
}

/** The area of a polygon, exactly. */
export function area(ring: readonly Rational[][]): Rational {
  const common = ring.flat().reduce((scale, { d }) => scale * (d / gcd(scale, d)), 1n);
  const whole = ring.map((point) => point.map(({ n, d }) => n * (common / d)));
  const twice = whole.reduce((sum, [x, y], k) => {
    const [u, v] = whole.at(k - 1)!;
    return sum + u! * y! - x! * v!;
  }, 0n);
  return rational(twice, 2n * common * common);
}
