// Exact numbers: rationals of BigInt, rows of polyhedra, and both as text, in the very words of the Python side.

/** A rational, `d` positive, in lowest terms. */
export interface Rational {
  n: bigint;
  d: bigint;
}
export type Relation = "<=" | "<" | "==";

/** `normal . x relation offset`, in primitive integers. */
export interface Row {
  normal: bigint[];
  offset: bigint;
  relation: Relation;
}

const FLIPPED = { "<=": ">=", "<": ">", "==": "==" } as const;

export const abs = (value: bigint): bigint => (value < 0n ? -value : value);

/** The greatest common divisor of two numbers, not both zero. */
export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [abs(a), abs(b)];
  while (y) [x, y] = [y, x % y];
  return x;
}

export function rational(n: bigint, d = 1n): Rational {
  const divisor = gcd(n, d) * (d < 0n ? -1n : 1n);
  return { n: n / divisor, d: d / divisor };
}

/** The rational that a text `-3` or `1/3` states. */
export function read(text: string): Rational {
  const [n, d] = text.split("/");
  return rational(BigInt(n!), BigInt(d ?? "1"));
}

const view = new DataView(new ArrayBuffer(8));

/** A float as `mantissa * 2 ** exponent`, exactly. */
export function float(value: number): { mantissa: bigint; exponent: number } {
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const size = biased ? fraction | (1n << 52n) : fraction;
  let exponent = (biased || 1) - 1075;
  let mantissa = bits >> 63n ? -size : size;
  while (mantissa && !(mantissa & 1n)) {
    mantissa >>= 1n;
    exponent++;
  }
  return { mantissa, exponent: mantissa ? exponent : 0 };
}

/** The rational that a float is. */
export function rationalOf(value: number): Rational {
  const { mantissa, exponent } = float(value);
  return exponent < 0 ? { n: mantissa, d: 1n << BigInt(-exponent) } : { n: mantissa << BigInt(exponent), d: 1n };
}

/** The nearest float, or one beside it. */
export function toFloat({ n, d }: Rational): number {
  const shift = BigInt(Math.max(0, 64 + bitLength(d) - bitLength(n)));
  return scaled(Number(((abs(n) << shift) / d) * (n < 0n ? -1n : 1n)), -Number(shift));
}

function scaled(value: number, exponent: number): number {
  return exponent < -1000 ? value * 2 ** -1000 * 2 ** (exponent + 1000) : value * 2 ** exponent;
}

const bitLength = (value: bigint): number => abs(value).toString(16).length * 4;

/** The row in primitive integers, in its direction. */
export function row(normal: readonly bigint[], offset: bigint, relation: Relation): Row {
  let divisor = abs(offset);
  for (const value of normal) divisor = gcd(divisor, value);
  if (divisor <= 1n) return { normal: [...normal], offset, relation };
  return { normal: normal.map((value) => value / divisor), offset: offset / divisor, relation };
}

/** A row as the document has it: the normal, the offset, the relation. */
export function readRow(texts: readonly string[]): Row {
  const numbers = texts.slice(0, -1).map(BigInt);
  return { normal: numbers.slice(0, -1), offset: numbers.at(-1)!, relation: texts.at(-1) as Relation };
}

/** `offset - normal . x` times a positive number: positive inside, zero on the boundary. */
export function slack({ normal, offset }: Row, point: readonly Rational[]): bigint {
  const common = point.reduce((scale, { d }) => scale * (d / gcd(scale, d)), 1n);
  return normal.reduce((sum, value, i) => sum - value * point[i]!.n * (common / point[i]!.d), offset * common);
}

export function holds(own: Row, point: readonly Rational[]): boolean {
  const value = slack(own, point);
  return own.relation === "==" ? value === 0n : own.relation === "<" ? value > 0n : value >= 0n;
}

/** Rows by their normals, then offsets, then relations, as Python sorts tuples. */
export function compareRows(a: Row, b: Row): number {
  for (let i = 0; i <= a.normal.length; i++) {
    const [left, right] = i < a.normal.length ? [a.normal[i]!, b.normal[i]!] : [a.offset, b.offset];
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.relation < b.relation ? -1 : Number(a.relation > b.relation);
}

/** A row as text with a positive leading coefficient; with digits, scaled to its largest coefficient and rounded. */
export function rowText({ normal, offset, relation }: Row, names: readonly string[], digits?: number): string {
  const sign = (normal.find((value) => value !== 0n) ?? 0n) < 0n ? -1n : 1n;
  const largest = normal.reduce((most, value) => (abs(value) > most ? abs(value) : most), 0n);
  const scale = digits === undefined ? 1n : largest || 1n;
  const number = (value: bigint): string => (digits === undefined ? value.toString() : rounded(rational(value, scale), digits));
  let text = "";
  normal.forEach((coefficient, i) => {
    if (!coefficient) return;
    const value = sign * coefficient;
    const term = (abs(value) === (digits === undefined ? 1n : largest) ? "" : `${number(abs(value))}*`) + names[i]!;
    text += text ? (value < 0n ? " - " : " + ") + term : (value < 0n ? "-" : "") + term;
  });
  return `${text || "0"} ${sign < 0n ? FLIPPED[relation] : relation} ${number(sign * offset)}`;
}

/** A rational to so many significant digits, correctly rounded, as Python's format `g` writes it. */
export function rounded({ n, d }: Rational, digits: number): string {
  if (!n) return "0";
  const size = abs(n);
  let exponent = size.toString().length - d.toString().length;
  if (size * power(-exponent) < d * power(exponent)) exponent--;
  let shown = quotient(size, d, digits - 1 - exponent);
  if (shown.toString().length > digits) shown = quotient(size, d, digits - 1 - ++exponent);
  const sign = n < 0n ? "-" : "";
  const figures = shown.toString().replace(/0+$/, "");
  if (exponent < -4 || exponent >= digits) {
    const fraction = figures.length > 1 ? `.${figures.slice(1)}` : "";
    return `${sign}${figures[0]!}${fraction}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${figures}`;
  const whole = figures.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const fraction = figures.slice(exponent + 1);
  return sign + whole + (fraction ? `.${fraction}` : "");
}

const power = (exponent: number): bigint => 10n ** BigInt(Math.max(0, exponent));

/** `size / d * 10 ** places` to the nearest integer, ties to even. */
function quotient(size: bigint, d: bigint, places: number): bigint {
  const [above, below] = [size * power(places), d * power(-places)];
  const twice = 2n * (above % below);
  const whole = above / below;
  return twice > below || (twice === below && whole & 1n) ? whole + 1n : whole;
}

/** A rational exactly: a decimal where that has at most 12 digits, otherwise a fraction. */
export function exactText(value: Rational): string {
  const decimal = rounded(value, 12);
  const stated = readDecimal(decimal);
  if (stated.n === value.n && stated.d === value.d) return decimal;
  return value.d === 1n ? value.n.toString() : `${value.n}/${value.d}`;
}

function readDecimal(text: string): Rational {
  const [mantissa, exponent] = text.split("e");
  const [whole, fraction = ""] = mantissa!.split(".");
  const places = Number(exponent ?? 0) - fraction.length;
  return rational(BigInt(whole! + fraction) * power(places), power(-places));
}

/** A point exactly; with digits, where that takes many of them, rounded and marked as such. */
export function pointText(point: readonly Rational[], digits?: number): string {
  const exact = point.map(exactText);
  if (digits === undefined || exact.every((text) => text.length <= SHORT)) return `(${exact.join(", ")})`;
  return `≈ (${point.map((value) => rounded(value, digits)).join(", ")})`;
}

const SHORT = 24;
