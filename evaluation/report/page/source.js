// The program's source: read, edited, copied out.

import { make } from "report/dom.js";
import { highlighted } from "report/highlight.js";

const PAUSE = 250; // milliseconds after a key before the body is read

export class Source {
  /** @param {Workbench} bench */
  constructor(bench) {
    this.bench = bench;
    this.text = make("pre", { tabindex: "0", "aria-label": "source" });
    this.field = make("textarea", {
      spellcheck: false,
      "aria-label": "edit the source",
      hidden: true,
      oninput: () => this.soon(),
    });
    this.problem = make("p.wrong", { role: "alert" });
    this.toggle = make("button", { onclick: () => this.open(this.field.hidden) }, "edit");
    this.reset = make("button", { onclick: () => bench.reset() }, "undo all");
    this.said = make("span.small.quiet", { role: "status" });
    this.node = make(
      "section#source",
      { "aria-label": "source" },
      make("h2", {}, "Source"),
      make(
        "div.tools.no-print",
        {},
        this.toggle,
        this.reset,
        make("button", { onclick: () => this.copy() }, "copy"),
        make("button", { onclick: () => this.save() }, "save as a file"),
        this.said,
      ),
      this.problem,
      this.text,
      this.field,
      make(
        "p.small.quiet.no-print",
        {},
        "Put the saved file into a folder, and ",
        make("code", {}, `headsynth synthesize … --heads ${bench.head.head} --programs FOLDER`),
        " scores it on all texts, as it stands and with its constants fitted.",
      ),
    );
    bench.addEventListener("program", () => this.update());
    bench.addEventListener("values", () => this.update());
    bench.addEventListener("error", () => this.update());
    this.update();
  }

  update() {
    const { bench } = this;
    const { error } = bench;
    this.text.replaceChildren(...highlighted(bench.source));
    if (!this.reading) {
      clearTimeout(this.waiting); // what was typed is of another program
      this.field.value = bench.source;
    }
    this.field.rows = this.field.value.split("\n").length + 1;
    this.problem.replaceChildren(error ? `line ${error.line}: ${error.message}` : "");
    this.field.setAttribute("aria-invalid", String(Boolean(error)));
    this.reset.disabled = !bench.edited && !error;
    this.toggle.disabled = !bench.lives;
    if (!bench.lives) this.open(false);
  }

  open(wanted) {
    this.field.hidden = !wanted;
    this.text.hidden = wanted;
    this.toggle.replaceChildren(wanted ? "done" : "edit");
    if (wanted) this.field.focus();
  }

  soon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.read(), PAUSE);
  }

  /** Take what stands in the field, which stays as it was typed. */
  read() {
    this.reading = true;
    this.bench.edit(this.field.value);
    this.reading = false;
  }

  /** Whether what stands in the field is a program, once it is read; else nothing is copied out. */
  isProgram() {
    clearTimeout(this.waiting);
    if (!this.field.hidden) this.read();
    if (this.bench.error) this.said.replaceChildren("not a program yet: see the line above");
    return !this.bench.error;
  }

  async copy() {
    if (!this.isProgram()) return;
    try {
      await navigator.clipboard.writeText(this.bench.source);
      this.said.replaceChildren("copied");
    } catch {
      // Pages opened from a file may not write to the clipboard: the text is selected instead.
      if (this.text.hidden) this.field.select();
      else getSelection().selectAllChildren(this.text);
      this.said.replaceChildren("selected: press Ctrl+C");
    }
  }

  save() {
    if (!this.isProgram()) return;
    const { bench } = this;
    const name = `${bench.head.head}_${bench.entry.name}${bench.edited ? "_edited" : ""}.py`;
    const address = URL.createObjectURL(new Blob([bench.source], { type: "text/x-python" }));
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    this.said.replaceChildren(`saved as ${name}`);
  }
}
