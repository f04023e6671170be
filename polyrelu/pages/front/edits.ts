// Edits on their way to Python: the next one is sent when the last one has been answered.
import { BIAS, type Edit, type Layer } from "./explorer_scene";

const SLOW = 1500; // milliseconds without an answer after which that is said

export class Edits {
  /** What was dragged and not yet sent, as text by its place: "window", "threshold 1", "entry 0 2 -1". */
  private readonly pending = new Map<string, string>();
  private pendingPin: string[] | null | undefined;
  private isReset = false;
  private number = 0;
  private waiting = 0;
  private readonly answered: number[] = [];
  private slow: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly send: ((edit: Edit) => void) | null,
    private readonly warn: (text: string) => void,
  ) {}

  set(place: string, text: string): void {
    this.pending.set(place, text);
  }
  get(place: string): string | undefined {
    return this.pending.get(place);
  }
  has(place: string): boolean {
    return this.pending.has(place);
  }

  pin(at: string[] | null): void {
    this.pendingPin = at;
  }

  /** Back to the beginning, without what was dragged. */
  reset(): void {
    this.pending.clear();
    this.isReset = true;
  }

  /** Send what has come together, if Python is free. */
  flush(): void {
    const isIdle = !this.pending.size && this.pendingPin === undefined && !this.isReset;
    if (this.waiting || isIdle || !this.send) return;
    this.waiting = ++this.number;
    const edit: Edit = { number: this.waiting };
    if (this.isReset) edit.reset = true;
    else {
      for (const [place, text] of this.pending) {
        const [kind, ...where] = place.split(" ");
        if (kind === "window") edit.window = text.split(" ");
        if (kind === "threshold") (edit.thresholds ??= []).push([Number(where[0]), text]);
        if (kind === "entry") (edit.entries ??= []).push([...(where.map(Number) as [number, number, number]), text]);
      }
      this.pending.clear();
      if (this.pendingPin !== undefined) edit.pin = this.pendingPin;
      this.pendingPin = undefined;
    }
    this.isReset = false;
    this.slow = setTimeout(() => this.warn("Python has not answered yet; what is drawn is the last answer."), SLOW);
    this.send(edit);
  }

  /** Python has answered the edit with a number. */
  answer(number: number): void {
    if (!number || number < this.waiting) return;
    clearTimeout(this.slow);
    this.waiting = 0;
    this.answered.push(performance.now());
  }

  /** A network's numbers with what has been dragged since: that stays as it is seen. */
  onTopOf(layers: readonly Layer[]): Layer[] {
    const own = structuredClone(layers) as Layer[];
    for (const [place, text] of this.pending) {
      const [kind, ...where] = place.split(" ");
      if (kind !== "entry") continue;
      const [depth, row, column] = where.map(Number) as [number, number, number];
      if (column === BIAS) own[depth]!.bias[row] = Number(text);
      else own[depth]!.weight[row]![column] = Number(text);
    }
    return own;
  }

  /** How many answers came in the last second. */
  pace(): number {
    const now = performance.now();
    while (this.answered.length && now - this.answered[0]! > 1000) this.answered.shift();
    return this.answered.length;
  }

  close(): void {
    clearTimeout(this.slow);
  }
}
