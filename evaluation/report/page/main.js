// Where the page starts: which view the address names.

import { overview } from "report/data.js";
import { make } from "report/dom.js";

const view = document.getElementById("view");

async function show() {
  const place = decodeURIComponent(location.hash.slice(1));
  const module = await import(/^L\d+H\d+/.test(place) ? "report/head.js" : place === "library" ? "report/library.js" : "report/overview.js");
  view.replaceChildren(await module.show(place));
}

document.getElementById("bar").append(make("a", { href: "#" }, overview.model), make("a", { href: "#library" }, "library"));
window.addEventListener("hashchange", show);
await show();
