// A head: its programs, what they say, and what they predict on a text.

import { categorical, onThemeChange } from "report/colours.js";
import { head as readHead, overview, texts as readTexts } from "report/data.js";
import { make, three, within } from "report/dom.js";
import { faithfulTables } from "report/faithful.js";
import { counted, nats, share } from "report/figures.js";
import { Front } from "report/front.js";
import { Parts } from "report/parts.js";
import { Patterns } from "report/patterns.js";
import { parsePlace } from "report/places.js";
import { Source } from "report/source.js";
import { Workbench } from "report/workbench.js";

let shownHead = null; // {name, bench, parts, patterns, lacks, node} of the head on the page

onThemeChange(() => {
  shownHead?.patterns?.draw();
  shownHead?.parts?.update();
});

/** The view of a place such as "L3H7/2/text=5". */
export async function show(place) {
  const { head: name, rank, text } = parsePlace(place);
  if (shownHead?.name !== name) {
    const [head, texts] = await Promise.all([readHead(name), readTexts()]);
    shownHead = head ? build(head, texts) : { name, node: missing(name) };
  }
  shownHead.bench?.turn(rank === null ? null : rank - 1, text === null ? null : Number(text));
  shownHead.lacks?.replaceChildren(lacking(shownHead.bench, rank, text));
  return shownHead.node;
}

/** What an address names that the page does not hold, in words. */
function lacking(bench, rank, text) {
  const found = [];
  if (rank !== null && !bench.head.programs[rank - 1]) found.push(`its program ${rank}`);
  if (text !== null && !bench.own.has(Number(text))) found.push(`its patterns on text ${text}`);
  return found.length ? `This page does not hold ${found.join(" and ")}.` : "";
}

function missing(name) {
  const why = overview.without.includes(name) ? "has no scored program" : "is not in this run";
  return make(
    "article",
    { "data-title": name },
    make("h1", {}, name),
    make("p", {}, `${name} ${why}. `, make("a", { href: "#" }, "All heads")),
  );
}

function build(head, texts) {
  const bench = new Workbench(head, texts);
  const own = overview.heads.find((entry) => entry.head === head.head);
  const [front, parts, source, patterns] = [new Front(bench), new Parts(bench), new Source(bench), new Patterns(bench)];
  const hypothesis = make("p.hypothesis", {});
  const say = () => hypothesis.replaceChildren(bench.lives ? bench.program.hypothesis : bench.entry.hypothesis);
  for (const name of ["program", "values"]) bench.addEventListener(name, say);
  say();
  const lacks = make("p.wrong", { role: "status" });
  const node = make(
    "article.head",
    { "data-title": head.head },
    title(own),
    lacks,
    hypothesis,
    front.node,
    patterns.node,
    make("div.bench", {}, parts.node, source.node),
    faithfulTables(head),
    kin(own),
  );
  node.addEventListener("key", ({ detail: event }) => {
    const steps = {
      "]": () => front.step(1),
      "[": () => front.step(-1),
      ".": () => patterns.step(1),
      ",": () => patterns.step(-1),
      n: () => neighbour(own, 1),
      p: () => neighbour(own, -1),
      Escape: () => patterns.unlock(),
    };
    steps[event.key]?.();
  });
  return { name: head.head, bench, parts, patterns, lacks, node };
}

function neighbour(own, way) {
  const { heads } = overview;
  location.hash = heads[(heads.indexOf(own) + way + heads.length) % heads.length].head;
}

function title(own) {
  const place = overview.categories.indexOf(own.category);
  const shares = Object.entries(own.shares)
    .filter(([, value]) => value >= 0.01)
    .map(([kind, value]) => `${kind} ${share(value)}`);
  const scores = Object.entries(own.scores)
    .filter(([, score]) => score !== null)
    .map(([name, score]) => `${name.replaceAll("_", " ")} ${score.toFixed(2)}`);
  return make(
    "header",
    {},
    make(
      "h1",
      {},
      own.head,
      own.category
        ? make("span.category", {}, make("span.dot", { style: `background: ${categorical(place)}` }), own.category)
        : null,
    ),
    make(
      "p",
      {},
      "IoU ",
      make("b", {}, within(own.iou, own.low, own.high)),
      own.ceiling === null ? "" : `, ceiling ${three(own.ceiling)}`,
      "; what explains nothing: ",
      Object.entries(own.baselines)
        .map(([name, iou]) => `${name} ${three(iou)}`)
        .join(", "),
      own.effect
        ? `; without the head, next tokens diverge by ${nats(own.effect.zero)} nats (KL), ${share(own.effect.recovered)} of which (${share(own.effect.recovered_low)} to ${share(own.effect.recovered_high)}) its program undoes`
        : "",
    ),
    shares.length ? make("p.small.quiet", {}, "what the ceiling's parts contribute: ", shares.join(", ")) : null,
    scores.length ? make("p.small.quiet", {}, "attention on random tokens that come twice: ", scores.join(", ")) : null,
  );
}

/** Heads that one structure explains: that of the program that stands in, or else the one of most heads. */
function kin(own) {
  const shares = (structure) => structure?.heads.includes(own.head) && structure.heads.length > 1;
  const standing = overview.structures[own.structure];
  const found = shares(standing) ? standing : overview.structures.find(shares);
  if (!found) return make("section", {});
  const parts = found.parts === null ? "a script" : counted(found.parts, "part");
  const whose = found === standing ? "The structure of ★" : "Another structure";
  return make(
    "section#kin",
    { "aria-label": "heads with the same structure" },
    make("h2", {}, "Heads with the same structure"),
    make(
      "p.small.quiet",
      {},
      `${whose}, ${parts}, explains within 0.02 of their best IoU, with constants of their own:`,
    ),
    make(
      "p.links",
      {},
      found.heads.map((name) => [name === own.head ? make("b", {}, name) : make("a", { href: `#${name}` }, name), " "]),
    ),
  );
}
