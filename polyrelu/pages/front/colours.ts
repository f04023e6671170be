// Colours: tints of a palette on light and dark paper, and what stands out against them.
import type { Theme } from "./shell";

export type Rgb = [number, number, number];

export const PAPER = { light: "#ffffff", dark: "#15181d" } as const;
export const INK = { light: "#14181d", dark: "#f1f3f5" } as const;
export const SOFT = { light: "#59626e", dark: "#a0a8b3" } as const;
export const GROUND = { light: "#eef0f3", dark: "#20252c" } as const;
export const MARK = { light: "#b00057", dark: "#ff9bcb" } as const;
/** Of fold lines, by layer; each stands out against paper, with which it is lined. */
const FOLDS = {
  light: ["#0072b2", "#c04a00", "#00795a", "#882255", "#5b5b00", "#332288"],
  dark: ["#7cc4f0", "#ffb454", "#4fd1a8", "#f0a3d0", "#d9d96a", "#b3a7ff"],
} as const;

export const foldColour = (layer: number, theme: Theme): string => FOLDS[theme][layer % FOLDS[theme].length]!;

export function parse(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

const text = (rgb: Rgb): string => `#${rgb.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;

/** Part of a colour and the rest of another. */
export function mixed(one: string, other: string, part: number): string {
  const [a, b] = [parse(one), parse(other)];
  return text([0, 1, 2].map((k) => part * a[k]! + (1 - part) * b[k]!) as Rgb);
}

/** A tint of a colour so near to paper that lines of ink stand out against it by 3:1 at least. */
export function tint(hex: string, theme: Theme, strength = 0.5): string {
  return mixed(hex, PAPER[theme], theme === "light" ? strength : strength * 0.85);
}

/**
 * A tint that keeps 3:1 to lines of translucent ink in every light: paler than the strength asks for where a colour is
 * too dark on light paper, or too bright on dark paper.
 */
export function litTint(hex: string, theme: Theme, strength: number, lineOpacity: number, darkest: number): string {
  const ink = parse(INK[theme]);
  for (let part = strength; part > 0.05; part *= 0.96) {
    const shade = tint(hex, theme, part);
    const stands = [1, darkest].every((light) => {
      const fill = parse(shade).map((value) => value * light) as Rgb;
      const line = fill.map((value, k) => lineOpacity * ink[k]! + (1 - lineOpacity) * value) as Rgb;
      return contrast(fill, line) >= 3.02;
    });
    if (stands) return shade;
  }
  return PAPER[theme];
}

/** The relative luminance of a colour (WCAG 2). */
export function luminance([red, green, blue]: Rgb): number {
  const [r, g, b] = [red, green, blue].map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

/** How far apart two colours are, from 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** The colour of lines on a fill: ink or paper, whichever stands out more. */
export function lineOn(fill: string, theme: Theme): string {
  const rgb = parse(fill);
  return contrast(rgb, parse(INK[theme])) > contrast(rgb, parse(PAPER[theme])) ? INK[theme] : PAPER[theme];
}

/** A scale from paper to a colour. */
export function scale(part: number, theme: Theme): string {
  return theme === "light" ? mixed("#2a7fb8", "#f3f8fc", part * 0.85) : mixed("#2f7fb5", "#1b2027", part * 0.85);
}
