// Python's source as tokens, and what is said of a source that is no program.

/** Why a source is no program that the page can run. */
export class SourceError extends Error {
  /**
   * @param {string} message what is wrong and what to write instead.
   * @param {{line: number, column: number}} place both from 1.
   * @param {boolean} [scripted] whether it may be a program all the same, of the kind that runs only in the sandbox.
   */
  constructor(message, { line, column }, scripted = false) {
    super(message);
    Object.assign(this, { name: "SourceError", line, column, scripted });
  }
}

const DIGITS = "[0-9](?:_?[0-9])*";
const FLOAT = `(?:(?:(?:${DIGITS})?\\.${DIGITS}|${DIGITS}\\.)(?:[eE][-+]?${DIGITS})?|${DIGITS}[eE][-+]?${DIGITS})`;
const INTEGER = "0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[1-9](?:_?[0-9])*|0(?:_?0)*";
const NUMBER = new RegExp(`(?:${FLOAT}|${DIGITS})[jJ]|${FLOAT}|${INTEGER}`, "y");
const NAME = /[\p{XID_Start}_]\p{XID_Continue}*/uy;
const STRING = /([rR][bBfF]?|[bBfF][rR]?|[uU]|)("""|'''|"|')/y;
const OPERATOR = /\*\*=|\/\/=|>>=|<<=|\.\.\.|!=|->|:=|[-+*/%&|^@<>=]=|\*\*|\/\/|<<|>>|[-+*/%&|^@~<>=()[\]{},:;.]/y;
const BLANK = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y;
const CLOSES = { ")": "(", "]": "[", "}": "{" };
const MOST_BRACKETS = 200;
const KEYWORDS = new Set(
  (
    "False None True and as assert async await break class continue def del elif else except finally for from " +
    "global if import in is lambda nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

/**
 * The tokens of a source.
 * @returns {Array<{type: string, text: string, start: number, end: number, line: number, column: number}>} types are
 *   "name", "keyword", "number", "string" (with its prefix and value), "operator", "newline", "indent", "dedent" and
 *   "end".
 */
export function tokenise(source) {
  return new Tokens(source).all();
}

class Tokens {
  constructor(source) {
    Object.assign(this, { source, at: 0, line: 1, lineStart: 0, found: [], open: [], indents: [[0, 0]] });
  }

  all() {
    while (this.at < this.source.length) {
      const begins = this.at === this.lineStart && !this.open.length && !this.continued;
      if (begins && this.blank()) continue;
      if (begins) this.indentation();
      this.continued = false;
      this.token();
    }
    if (this.open.length) this.fail(`'${this.open.at(-1).text}' was never closed`, this.open.at(-1));
    if (this.found.length && this.found.at(-1).type !== "newline") this.add("newline", this.at);
    for (const _ of this.indents.slice(1)) this.add("dedent", this.at);
    this.add("end", this.at);
    return this.found;
  }

  place() {
    return { line: this.line, column: this.at - this.lineStart + 1 };
  }

  fail(message, place = this.place()) {
    throw new SourceError(`syntax error: ${message}`, place);
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    return pattern.exec(this.source);
  }

  add(type, end, more = {}) {
    const text = this.source.slice(this.at, end);
    this.found.push({ type, text, start: this.at, end, ...this.place(), ...more });
    this.at = end;
  }

  newLine() {
    this.line += 1;
    this.lineStart = this.at;
  }

  blank() {
    const found = this.match(BLANK);
    if (!found) return false;
    this.at += found[0].length;
    this.newLine();
    return true;
  }

  indentation() {
    const [white] = this.match(/[ \t]*/y);
    let [wide, narrow] = [0, 0]; // with a tab as wide as it takes to the next eighth place, and as a space
    for (const character of white) [wide, narrow] = [character === "\t" ? wide - (wide % 8) + 8 : wide + 1, narrow + 1];
    this.at += white.length;
    const [width, other] = this.indents.at(-1);
    if (wide > width) {
      if (narrow <= other) this.fail("inconsistent use of tabs and spaces in indentation");
      this.indents.push([wide, narrow]);
      this.add("indent", this.at);
    }
    while (wide < this.indents.at(-1)[0]) {
      this.indents.pop();
      this.add("dedent", this.at);
    }
    if (wide !== this.indents.at(-1)[0]) this.fail("unindent does not match any outer indentation level");
    if (narrow !== this.indents.at(-1)[1]) this.fail("inconsistent use of tabs and spaces in indentation");
  }

  token() {
    const first = this.source[this.at];
    if (first === " " || first === "\t") {
      this.at += 1;
    } else if (first === "\n") {
      if (!this.open.length) this.add("newline", this.at);
      this.at += 1;
      this.newLine();
    } else if (first === "#") {
      this.at += this.match(/[^\n]*/y)[0].length;
    } else if (first === "\\") {
      if (this.source[this.at + 1] !== "\n") this.fail("unexpected character after line continuation character");
      this.at += 2;
      this.newLine();
      this.continued = true;
    } else {
      this.word();
    }
  }

  word() {
    const string = this.match(STRING);
    if (string) return this.string(...string);
    const number = this.match(NUMBER);
    if (number) {
      this.add("number", this.at + number[0].length);
      if (this.match(NAME) || this.match(/[0-9]/y)) this.fail("invalid decimal literal");
      return undefined;
    }
    const name = this.match(NAME);
    if (name) {
      const type = KEYWORDS.has(name[0]) ? "keyword" : "name";
      return this.add(type, this.at + name[0].length, { text: name[0].normalize("NFKC") });
    }
    const operator = this.match(OPERATOR);
    if (!operator) this.fail(`invalid character '${String.fromCodePoint(this.source.codePointAt(this.at))}'`);
    return this.operator(operator[0]);
  }

  operator(text) {
    if ("([{".includes(text)) {
      if (this.open.length === MOST_BRACKETS) this.fail("too many nested parentheses");
      this.open.push({ text, ...this.place() });
    } else if (text in CLOSES) {
      const opened = this.open.pop();
      if (!opened) this.fail(`unmatched '${text}'`);
      if (opened.text !== CLOSES[text]) this.fail(`'${text}' does not close '${opened.text}'`);
    }
    this.add("operator", this.at + text.length);
  }

  string(opening, prefix, quote) {
    const place = this.place();
    const long = quote.length === 3;
    const start = this.at + opening.length;
    let end = start;
    while (!this.source.startsWith(quote, end)) {
      if (end >= this.source.length || (!long && this.source[end] === "\n")) {
        this.fail(`unterminated ${long ? "triple-quoted " : ""}string literal`, place);
      }
      end += this.source[end] === "\\" ? 2 : 1;
    }
    const body = this.source.slice(start, end);
    const kind = prefix.toLowerCase();
    const value = kind.includes("r") ? body : unescaped(body, (message) => this.fail(message, place));
    this.add("string", end + quote.length, { prefix: kind, value });
    for (const found of body.matchAll(/\n/g)) {
      this.line += 1;
      this.lineStart = start + found.index + 1;
    }
  }
}

const ESCAPES = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function unescaped(body, fail) {
  if (!body.includes("\\")) return body;
  return body.replace(/\\(x(.{0,2})|u(.{0,4})|U(.{0,8})|N|[0-7]{1,3}|[^])/g, (whole, escape, ...digits) => {
    const code = digits.slice(0, 3).find((found) => found !== undefined);
    if (code !== undefined) {
      const width = { x: 2, u: 4, U: 8 }[escape[0]];
      const number = Number(`0x${code}`);
      if (code.length < width || !/^[0-9a-fA-F]+$/.test(code) || number > 0x10ffff)
        fail(`truncated \\${escape[0]} escape`);
      return String.fromCodePoint(number);
    }
    if (escape === "N")
      return fail("names of characters are not read here; write the character, or \\u and its number");
    if (/^[0-7]/.test(escape)) return String.fromCodePoint(parseInt(escape, 8));
    return ESCAPES[escape] ?? whole; // of what is no escape the backslash stays
  });
}
