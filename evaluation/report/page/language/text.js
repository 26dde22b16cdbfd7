// What programs see of a text: features of its tokens and of pairs of them, computed when asked for and kept.
//
// A value is {shape, isMask, data}: `shape` says over what it varies, see below; `data` is row by row where it varies
// over both.

/** Bits of a shape: nothing is the same in all cells. */
export const [NOTHING, QUERY, KEY, BOTH] = [0, 1, 2, 3];

export const mask = (shape, data) => ({ shape, isMask: true, data });
export const number = (shape, data) => ({ shape, isMask: false, data });

/** A text's tokens and features. */
export class Text {
  /**
   * @param {number|string} number of the text.
   * @param value the text, as evaluation/report/texts.py made it.
   * @param {string[]} masks names of the masks of tokens in it.
   * @param {string[]} numbers names of the numbers of tokens.
   * @param {{causal: boolean}} model whether queries see only keys at or before them.
   */
  constructor(number, value, masks, numbers, { causal }) {
    const { tokens } = value;
    const n = tokens.length;
    Object.assign(this, { number, tokens, before: value.before, n, causal, value, kept: new Map() });
    this.rows = new Map([
      ...masks.map((name, at) => [name, { isMask: true, data: value.masks.subarray(at * n, (at + 1) * n) }]),
      ...numbers.map((name, at) => [name, { isMask: false, data: value.numbers.subarray(at * n, (at + 1) * n) }]),
      ["index", { isMask: false, data: Float32Array.from(tokens, (_, at) => at) }],
    ]);
  }

  /** The value under a name, made once. */
  keep(name, make) {
    if (!this.kept.has(name)) this.kept.set(name, make());
    return this.kept.get(name);
  }

  /** A feature of the tokens `shift` places to the left of those of a side, "query" or "key"; 0 where there is none. */
  token(side, name, shift) {
    return this.keep(`${side} ${shift} ${name}`, () => {
      const row = this.rows.get(name);
      if (!row) throw new Error(`the page has no values of ${name}`);
      return { shape: side === "query" ? QUERY : KEY, isMask: row.isMask, data: shifted(row.data, shift) };
    });
  }

  /** The mask of tokens that are one of some strings, in the same way. */
  isOneOf(side, strings, shift) {
    return this.keep(`${side} ${shift} one of ${JSON.stringify(strings)}`, () => {
      const held = Uint8Array.from(this.tokens, (token) => Number(strings.includes(token)));
      return mask(side === "query" ? QUERY : KEY, shifted(held, shift));
    });
  }

  /** A feature of pairs; `argument`: what it takes, a whole number or a mask. */
  pair(name, argument) {
    if (argument === undefined) return this.keep(`pair ${name}`, () => PAIRS[name](this));
    return typeof argument === "number"
      ? this.keep(`pair ${name} ${argument}`, () => PAIRS[name](this, argument))
      : PAIRS[name](this, argument);
  }

  /** What is made of each query and key, by a function of their places. */
  cells(Array, make) {
    const { n } = this;
    const data = new Array(n * n);
    for (let i = 0, cell = 0; i < n; i += 1) for (let j = 0; j < n; j += 1, cell += 1) data[cell] = make(i, j);
    return data;
  }

  /** The query's less the key's number of a counting feature; 0 in cells that a causal model does not see. */
  difference(name) {
    return this.keep(`difference ${name}`, () => {
      const { data } = this.rows.get(name);
      const { causal } = this;
      return number(
        BOTH,
        this.cells(Float32Array, (i, j) => (causal && data[i] < data[j] ? 0 : data[i] - data[j])),
      );
    });
  }

  /** Pairs of the same token, the query's so many places to its left and the key's so many to its own. */
  same(ofQuery, ofKey) {
    const { ids } = this.value;
    const left = (at, shift) => (at < shift ? -1 : ids[at - shift]);
    return this.cells(Uint8Array, (i, j) => Number(i >= ofQuery && left(i, ofQuery) === left(j, ofKey)));
  }

  sameStretch(name) {
    const { data } = this.rows.get(name);
    return mask(
      BOTH,
      this.cells(Uint8Array, (i, j) => Number(data[i] === data[j])),
    );
  }
}

function shifted(data, shift) {
  if (!shift) return data;
  const found = new data.constructor(data.length);
  if (shift < data.length) found.set(data.subarray(0, data.length - shift), shift);
  return found;
}

/** What pair features are. */
export const PAIRS = {
  distance: (text) => text.difference("index"),
  log_distance: (text) =>
    number(
      BOTH,
      text.difference("index").data.map((distance) => Math.log(Math.abs(distance) + 1)),
    ),
  offset: (text, k) => {
    const { data } = text.difference("index");
    const ahead = text.causal && k === 0; // where the distance is 0, too
    return mask(
      BOTH,
      text.cells(Uint8Array, (i, j) => Number(data[i * text.n + j] === k && !(ahead && j > i))),
    );
  },
  within: (text, k) =>
    mask(
      BOTH,
      Uint8Array.from(text.difference("index").data, (distance) => Number(Math.abs(distance) <= k)),
    ),
  same_token: (text) => mask(BOTH, text.same(0, 0)),
  same_word: (text) => text.sameStretch("word"),
  word_distance: (text) => text.difference("word"),
  same_sentence: (text) => text.sameStretch("sentence"),
  sentence_distance: (text) => text.difference("sentence"),
  follows_same_token: (text) => mask(BOTH, text.same(0, 1)),
  follows_same_bigram: (text) => {
    const second = text.same(1, 2);
    return mask(
      BOTH,
      text.same(0, 1).map((held, cell) => held & second[cell]),
    );
  },
  same_previous_token: (text) => mask(BOTH, text.same(1, 1)),
  similarity: (text) => {
    const { similarity } = text.value;
    if (!similarity) throw new Error("similarity needs the model's input embeddings");
    const lower = (i, j) => similarity[(i * (i + 1)) / 2 + j] / 32767;
    return number(
      BOTH,
      text.cells(Float32Array, (i, j) => (i < j ? lower(j, i) : lower(i, j))),
    );
  },
  latest: ({ n }, { shape, data }) => {
    const found = new Uint8Array(n * n);
    for (let i = 0; i < n; i += 1) {
      const row = shape === BOTH ? i * n : 0;
      let j = i;
      while (j >= 0 && !data[row + j]) j -= 1;
      if (j >= 0) found[i * n + j] = 1;
    }
    return mask(BOTH, found);
  },
};
