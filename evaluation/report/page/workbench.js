// The program at hand on a head: which of its programs, edited or not, on which text, and what it gives there.

import { overview } from "report/data.js";
import { scores, termScores } from "report/language/evaluate.js";
import { read } from "report/language/program.js";
import { Text } from "report/language/text.js";
import { withEntry, withLiterals, withoutEntry } from "report/language/write.js";
import { decode, iou, softmax, visible } from "report/pattern.js";

const LANGUAGE = { causal: overview.causal };
const known = new Map(); // texts by number: their features serve every head

function textOf(texts, number) {
  if (!known.has(number))
    known.set(number, new Text(number, texts.texts[number], texts.masks, texts.numbers, LANGUAGE));
  return known.get(number);
}

/**
 * Sends "program" when another program, or another structure of it, is at hand; "values" when constants alone changed;
 * "text" when another text is.
 */
export class Workbench extends EventTarget {
  /**
   * @param {object} head what the page knows of a head.
   * @param {object} texts what it knows of texts.
   */
  constructor(head, texts) {
    super();
    this.head = head;
    this.texts = texts;
    this.numbers = head.texts.map((own) => own.number);
    this.own = new Map(head.texts.map((own) => [own.number, own]));
    this.targets = new Map();
    this.sources = new Map(); // of programs that were edited, by rank
    this.text = this.numbers[0];
    this.standing = head.programs.findIndex((program) => program.stands_in);
    this.take(this.standing);
  }

  // What is at hand.

  get entry() {
    return this.head.programs[this.rank];
  }

  get edited() {
    return this.source !== this.entry.source;
  }

  /** Whether the page can evaluate the program: scripted ones run in the sandbox alone. */
  get lives() {
    return this.program !== null;
  }

  /** Turn to a program and a text; null for the one that stands in, and for the first. */
  turn(rank, text) {
    const [program, number] = [rank ?? this.standing, text ?? this.numbers[0]];
    if (number !== this.text && this.own.has(number)) {
      this.text = number;
      this.send("text");
    }
    if (program !== this.rank && this.head.programs[program]) {
      this.take(program);
      this.send("program");
    }
  }

  take(rank) {
    this.rank = rank;
    this.source = this.sources.get(rank) ?? this.entry.source;
    this.error = null;
    this.program = this.entry.kind === "scripted" ? null : read(this.source, overview.vocabulary, LANGUAGE);
    this.patterns = new Map();
  }

  send(name) {
    this.dispatchEvent(new Event(name));
  }

  // Editing.

  /** Put another source in the program's place; if it is none, `error` says why and the program at hand stays. */
  edit(source, event = "program") {
    try {
      this.program = read(source, overview.vocabulary, LANGUAGE);
    } catch (error) {
      if (error.line === undefined) throw error;
      this.error = error;
      this.send("error");
      return;
    }
    this.error = null;
    this.source = this.program.source; // of which its offsets are
    this.sources.set(this.rank, this.source);
    this.patterns = new Map();
    this.send(event);
  }

  reset() {
    this.edit(this.entry.source);
  }

  /** Set a literal, such as a constant, a knot or a word of the program at hand. */
  set(literal, value) {
    this.edit(withLiterals(this.source, [{ start: literal.start, end: literal.end, value }]), "values");
  }

  /** Give a word or a class a weight in a call of the program. @param {"words"|"classes"} list */
  add(call, list, name, value) {
    this.edit(withEntry(this.source, this.program.calls[call], list, name, value));
  }

  /** Take one out. */
  remove(call, list, place) {
    this.edit(withoutEntry(this.source, this.program.calls[call], list, place));
  }

  // What it gives on a text.

  /** A text's tokens and features. */
  reading(number = this.text) {
    return textOf(this.texts, number);
  }

  /** The head's pattern on a text, with the cells that a query may see. */
  target(number = this.text) {
    if (!this.targets.has(number)) {
      const { n } = this.reading(number);
      const open = visible(n, overview.causal, this.head.window);
      const { pattern, mass } = this.own.get(number);
      this.targets.set(number, { n, visible: open, pattern: decode(pattern, open, n, mass, overview.levels) });
    }
    return this.targets.get(number);
  }

  /**
   * The program's pattern on a text.
   * @returns {{pattern: Float32Array|null, iou: number, failure: string|null}} no pattern where the program fails.
   */
  found(number = this.text) {
    if (!this.patterns.has(number)) this.patterns.set(number, this.compute(number));
    return this.patterns.get(number);
  }

  compute(number) {
    const { n, visible: open, pattern: target } = this.target(number);
    try {
      const pattern = this.lives
        ? softmax(scores(this.program, this.reading(number)), open, n)
        : decode(this.computed(number), open, n, null, overview.levels);
      return { pattern, iou: iou(pattern, target), failure: null };
    } catch (error) {
      if (!(error instanceof Error) || error instanceof TypeError) throw error;
      return { pattern: null, iou: 0, failure: error.message };
    }
  }

  /** A scripted program's pattern as it travels. @throws {RangeError} it fails on the text. */
  computed(number) {
    const found = this.own.get(number).scripted[this.entry.name];
    if (typeof found === "string") throw new RangeError(found);
    return found;
  }

  /** What each summand gives on the text at hand; null of a scripted program. */
  summands() {
    return this.lives ? termScores(this.program, this.reading()) : null;
  }

  /** Mean IoU over the texts of the page. */
  meanIou() {
    return this.numbers.reduce((sum, number) => sum + this.found(number).iou, 0) / this.numbers.length;
  }
}
