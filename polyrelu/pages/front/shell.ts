// What all pages have in common: the document in them, theme, stage and panel, legend, cards, keys and what is said
// to screen readers. A page makes a shell, draws into its stage, and puts sections into its panel.
import style from "./page.css";

export type Theme = "light" | "dark";

/** A column of numbers as polyrelu/pages/page.py packs it. */
export interface Packed {
  type: "f64" | "f32" | "u8" | "u16" | "u32" | "i32";
  data: string;
}
export type Column = Float64Array | Float32Array | Uint8Array | Uint16Array | Uint32Array | Int32Array;

const COLUMNS = {
  f64: Float64Array,
  f32: Float32Array,
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  i32: Int32Array,
} as const;

/** The document that the page was written with. */
export function readDocument<T>(): T {
  return JSON.parse(document.getElementById("polyrelu-document")?.textContent ?? "null") as T;
}

/** The numbers of a packed column. */
export async function unpack(packed: Packed): Promise<Column> {
  const deflated = Uint8Array.from(atob(packed.data), (character) => character.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const Type = COLUMNS[packed.type];
  const size = Type.BYTES_PER_ELEMENT;
  const length = planes.length / size;
  const bytes = new Uint8Array(planes.length);
  for (let byte = 0; byte < size; byte++) {
    for (let i = 0; i < length; i++) bytes[i * size + byte] = planes[byte * length + i]!;
  }
  return new Type(bytes.buffer);
}

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

/** An element; attributes that are functions listen to the event of that name, and text is never read as HTML. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child): child is Node | string => Boolean(child)));
  return made;
}

const ICONS = {
  fit: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  help: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.8-1.1 1.6M8 12.6v.1",
  theme: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5",
  save: "M8 2v8M5 7l3 3 3-3M3 13h10",
} as const;
export type Icon = keyof typeof ICONS;

function icon(name: Icon): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A key of the page. */
export interface Key {
  /** What `KeyboardEvent.key` may be; the first is shown in the help. */
  keys: string[];
  /** How the help shows them, if not by the first. */
  shown?: string;
  says: string;
  run: (event: KeyboardEvent) => void;
}

/** What stands at the head of a page. */
export interface Head {
  title: string;
  /** Lines below the title. */
  facts: string[];
  /** What the reader must know, such as that tiles are missing. */
  warning?: string | undefined;
}

export interface Shell {
  stage: HTMLElement;
  panel: HTMLElement;
  /** A section of the panel, with buttons beside its heading. */
  section(title: string, ...beside: HTMLElement[]): HTMLElement;
  /** A button in the corner of the stage, and its key. */
  tool(name: Icon, label: string, keys: string[], run: () => void): HTMLButtonElement;
  /** Keys that work wherever nobody types. */
  listen(...keys: Key[]): void;
  /** The same, without a line in the help. */
  listenQuietly(...keys: Key[]): void;
  /** Say to screen readers. */
  announce(text: string): void;
  theme(): Theme;
  /** Called when the theme changes. */
  onTheme(run: (theme: Theme) => void): void;
}

/** Lay a page out in the body. */
export function openShell(head: Head): Shell {
  document.head.append(element("style", {}, style));
  const tools = element("div", { class: "tools", role: "toolbar", "aria-label": "View" });
  const stage = element("div", { class: "stage" }, tools);
  const panel = element(
    "aside",
    { class: "panel", "aria-label": "Details" },
    element("h1", {}, head.title),
    ...head.facts.map((fact) => element("p", { class: "facts" }, fact)),
    head.warning ? element("p", { class: "warning", role: "note" }, head.warning) : null,
  );
  const said = element("div", { class: "unseen", "aria-live": "polite", role: "status" });
  document.body.append(element("main", { class: "app" }, stage, panel), said);
  const keys: Key[] = [];
  const quiet: Key[] = [];
  const heard: ((theme: Theme) => void)[] = [];
  const themes = followTheme(() => heard.forEach((run) => run(themes.now())));
  const shell: Shell = {
    stage,
    panel,
    section(title, ...beside) {
      const made = element(
        "section",
        { "aria-label": title },
        element("div", { class: "heading" }, element("h2", {}, title), ...beside),
      );
      panel.append(made);
      return made;
    },
    tool(name, label, own, run) {
      const button = element("button", { class: "tool", type: "button", title: titled(label, own[0]), "aria-label": label, click: run });
      button.append(icon(name));
      tools.append(button);
      if (own.length) keys.push({ keys: own, says: label, run });
      return button;
    },
    listen: (...own) => keys.push(...own),
    listenQuietly: (...own) => quiet.push(...own),
    announce: (text) => (said.textContent = text),
    theme: themes.now,
    onTheme: (run) => heard.push(run),
  };
  shell.tool("theme", "Light or dark", ["t"], themes.toggle);
  shell.tool("help", "Keys", ["?"], () => help(keys));
  document.addEventListener("keydown", (event) => press(event, [...keys, ...quiet]));
  return shell;
}

function titled(label: string, key: string | undefined): string {
  return key === undefined ? label : `${label} (${key})`;
}

/** The reader's theme, until they choose one here. */
function followTheme(changed: () => void): { now: () => Theme; toggle: () => void } {
  const root = document.documentElement;
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  let chosen: Theme | undefined;
  const now = (): Theme => chosen ?? (prefers.matches ? "dark" : "light");
  const apply = (): void => {
    root.dataset.theme = now();
    changed();
  };
  root.dataset.theme = now();
  prefers.addEventListener("change", apply);
  return {
    now,
    toggle: () => {
      chosen = now() === "dark" ? "light" : "dark";
      apply();
    },
  };
}

const TYPED = 'input:not([type="checkbox"]):not([type="range"]), textarea, select';

function press(event: KeyboardEvent, keys: Key[]): void {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (target.matches(TYPED)) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const used = target.matches("button, input, summary, a") && [" ", "Enter"].includes(event.key);
  const arrows = target.matches("input") && event.key.startsWith("Arrow");
  const found = used || arrows ? undefined : keys.find((key) => key.keys.includes(event.key));
  if (found) {
    event.preventDefault();
    found.run(event);
  }
}

function help(keys: Key[]): void {
  const list = element("dl");
  for (const key of keys) list.append(element("dt", {}, element("kbd", {}, key.shown ?? key.keys[0]!)), element("dd", {}, key.says));
  const close = element("button", { class: "plain", type: "button", autofocus: true, click: () => dialog.close() }, "Close");
  const dialog = element("dialog", { "aria-label": "Keys", close: () => dialog.remove() }, element("h1", {}, "Keys"), list, close);
  document.body.append(dialog);
  dialog.showModal();
}

/** Give the reader a file. */
export function download(blob: Blob, name: string): void {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A box to tick. */
export function toggle(label: string, on: boolean, changed: (on: boolean) => void): HTMLLabelElement & { box: HTMLInputElement } {
  const box = element("input", { type: "checkbox", checked: on, change: () => changed(box.checked) });
  return Object.assign(element("label", { class: "check" }, box, label), { box });
}

/** A button that is pressed or not. */
export function chip(label: string, on: boolean, changed: (on: boolean) => void, title?: string): HTMLButtonElement {
  const button = element("button", { class: "plain", type: "button", "aria-pressed": String(on), title }, label);
  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(pressed));
    changed(pressed);
  });
  return button;
}

/** Buttons of which one is pressed. */
export function choice<Value extends string>(label: string, values: readonly Value[], now: Value, changed: (value: Value) => void): HTMLElement {
  const buttons = values.map((value) =>
    element("button", { class: "plain", type: "button", "aria-pressed": String(value === now), click: () => choose(value) }, value),
  );
  const choose = (value: Value): void => {
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(values[i] === value)));
    changed(value);
  };
  return element("div", { class: "chips", role: "group", "aria-label": label }, ...buttons);
}

/** A line of a legend. */
export interface Entry {
  name: string;
  /** To the right of the name: a count, an area. */
  note?: string;
  colour: string;
}

export interface Legend {
  list: HTMLElement;
  /** Whether the entry with a number is ticked. */
  shown(number: number): boolean;
  /** Tick all, or none. */
  all(on: boolean): void;
  /** Lay stress on an entry, or on none. */
  mark(number: number | null): void;
  recolour(colour: (number: number) => string): void;
}

const LONGEST_LEGEND = 500;

/** Entries to tick, whose names are buttons; long lists end with a line that says how many are left out. */
export function legend(entries: readonly Entry[], on: { ticked: () => void; chosen: (number: number) => void; pointed?: (number: number | null) => void }): Legend {
  const ticked = entries.map(() => true);
  const listed = entries.slice(0, LONGEST_LEGEND);
  const boxes = listed.map((entry, i) =>
    element("input", {
      type: "checkbox",
      checked: true,
      "aria-label": `Show ${entry.name}`,
      change: () => {
        ticked[i] = boxes[i]!.checked;
        on.ticked();
      },
    }),
  );
  const swatches = listed.map((entry) => {
    const swatch = element("span", { class: "swatch" });
    swatch.style.background = entry.colour;
    return swatch;
  });
  const lines = listed.map((entry, i) =>
    element(
      "li",
      { class: "entry", mouseenter: () => on.pointed?.(i), mouseleave: () => on.pointed?.(null) },
      boxes[i],
      swatches[i],
      element("button", { class: "name", type: "button", click: () => on.chosen(i), focus: () => on.pointed?.(i), blur: () => on.pointed?.(null) }, entry.name),
      element("span", { class: "note" }, entry.note),
    ),
  );
  const left = entries.length - listed.length;
  const rest = left > 0 ? element("li", { class: "note" }, `and ${left} more`) : null;
  return {
    list: element("ul", { class: "legend" }, ...lines, rest),
    shown: (number) => ticked[number] ?? true,
    all(state) {
      ticked.fill(state);
      boxes.forEach((box) => (box.checked = state));
      on.ticked();
    },
    mark: (number) => lines.forEach((line, i) => line.classList.toggle("marked", i === number)),
    recolour: (colour) => swatches.forEach((swatch, i) => (swatch.style.background = colour(i))),
  };
}

/** A line of a card: what it is, and what it says; several texts stand below each other. */
export interface Line {
  term: string;
  says: string | readonly Saying[];
  prose?: boolean;
}
export interface Saying {
  text: string;
  /** A remark beside it. */
  label?: string | undefined;
  /** What the text is about; pointing at it is told. */
  title?: string | undefined;
  pointed?: ((on: boolean) => void) | undefined;
}

/** A card about something, which may be closed. */
export function card(title: string, colour: string | null, lines: readonly Line[], close?: () => void): HTMLElement {
  const swatch = colour === null ? null : element("span", { class: "swatch" });
  if (swatch) swatch.style.background = colour!;
  const button = close && element("button", { class: "close", type: "button", "aria-label": `Close ${title}`, click: close }, "×");
  const list = element("dl");
  for (const line of lines) {
    const rows = typeof line.says === "string" ? line.says : element("div", { class: "rows" }, ...line.says.map(saying));
    list.append(element("dt", {}, line.term), element("dd", { class: line.prose ? "prose" : undefined }, rows));
  }
  return element("div", { class: "card" }, element("div", { class: "head" }, swatch, element("span", { class: "grow" }, title), button), list);
}

function saying(row: Saying): HTMLElement {
  const { pointed } = row;
  const told = pointed && {
    tabindex: 0,
    mouseenter: () => pointed(true),
    mouseleave: () => pointed(false),
    focus: () => pointed(true),
    blur: () => pointed(false),
  };
  const label = row.label ? element("span", { class: "label" }, row.label) : null;
  return element("div", { title: row.title, ...told }, element("span", {}, row.text), label);
}

/** Put a card near a point of the stage, inside of it. */
export function place(card: HTMLElement, stage: HTMLElement, x: number, y: number): void {
  const [width, height, gap] = [card.offsetWidth, card.offsetHeight, 14];
  const left = x + gap + width > stage.clientWidth ? x - gap - width : x + gap;
  const top = y + gap + height > stage.clientHeight ? y - gap - height : y + gap;
  card.style.left = `${Math.max(8, Math.min(left, stage.clientWidth - width - 8))}px`;
  card.style.top = `${Math.max(8, Math.min(top, stage.clientHeight - height - 8))}px`;
}
