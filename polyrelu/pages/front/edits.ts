// Edits on their way to Python. Two are at most: while one is answered, sent back and drawn, Python has the next one.
import { BIAS, type Edit, type Layer } from "./explorer_scene";

const AT_ONCE = 2;
const SOON = 60; // milliseconds between answers that come quickly
const SLOW = 1500; // and without an answer, after which that is said

/** What was dragged, as text by its place: "window", "threshold 1", "entry 0 2 -1". */
type Dragged = Map<string, string>;

export class Edits {
  private readonly pending: Dragged = new Map();
  private pendingPin: string[] | null | undefined;
  private isReset = false;
  private number = 0;
  /** What was sent and not yet answered, by number, in order. */
  private readonly sent = new Map<number, Dragged>();
  private readonly answered: number[] = [];
  private slow: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly send: ((edit: Edit) => void) | null,
    private readonly warn: (text: string) => void,
  ) {}

  set(place: string, text: string): void {
    this.pending.set(place, text);
  }
  /** What a place is to be, as long as no answer has it. */
  get(place: string): string | undefined {
    return this.unanswered().get(place);
  }
  has(place: string): boolean {
    return this.unanswered().has(place);
  }

  pin(at: string[] | null): void {
    this.pendingPin = at;
  }

  /** Back to the beginning, without what was dragged. */
  reset(): void {
    this.pending.clear();
    for (const dragged of this.sent.values()) dragged.clear();
    this.isReset = true;
  }

  /** Send what has come together, if not too much is on its way. */
  flush(): void {
    const isIdle = !this.pending.size && this.pendingPin === undefined && !this.isReset;
    if (this.sent.size >= AT_ONCE || isIdle || !this.send) return;
    const edit: Edit = { number: ++this.number };
    this.sent.set(edit.number, this.isReset ? new Map() : new Map(this.pending));
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
    this.expectAnswer();
    this.send(edit);
  }

  /** Python has answered the edit with a number. */
  answer(number: number): void {
    if (!this.sent.has(number)) return;
    for (const earlier of [...this.sent.keys()]) if (earlier <= number) this.sent.delete(earlier);
    this.expectAnswer();
    this.answered.push(performance.now());
  }

  /** Say so if the next answer is late. */
  private expectAnswer(): void {
    clearTimeout(this.slow);
    if (this.sent.size) this.slow = setTimeout(() => this.warn("Python has not answered yet; what is drawn is the last answer."), SLOW);
  }

  /** What was dragged and is in no answer yet, the latest of each place. */
  private unanswered(): Dragged {
    return new Map([...this.sent.values(), this.pending].flatMap((dragged) => [...dragged]));
  }

  /** A network's numbers with what has been dragged since: that stays as it is seen. */
  onTopOf(layers: readonly Layer[]): Layer[] {
    const own = structuredClone(layers) as Layer[];
    for (const [place, text] of this.unanswered()) {
      const [kind, ...where] = place.split(" ");
      if (kind !== "entry") continue;
      const [depth, row, column] = where.map(Number) as [number, number, number];
      const weights = own[depth]?.weight[row];
      if (!weights) continue; // Python explores another network by now
      if (column === BIAS) own[depth]!.bias[row] = Number(text);
      else weights[column] = Number(text);
    }
    return own;
  }

  /** Whether the next answer will be there in a moment, to be drawn together with what is dragged. */
  isSoonAnswered(): boolean {
    return this.sent.size > 0 && performance.now() - (this.answered.at(-1) ?? -Infinity) < SOON;
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
