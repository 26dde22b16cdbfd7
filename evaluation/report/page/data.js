// What the page holds: the overview at once, texts and heads when they are first asked for.

const element = (id) => document.getElementById(id);

/** What the page shows first; see synth/report_overview.py for what is in it. */
export const overview = JSON.parse(element("overview").textContent);

const ARRAYS = { u1: Uint8Array, i2: Int16Array, i4: Int32Array, f4: Float32Array };

/** Read back what evaluation/report/packing.py wrote. */
export async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const json = new TextDecoder().decode(new Uint8Array(buffer, 4, length));
  return JSON.parse(json, (_, value) => {
    if (!Array.isArray(value?.$)) return value;
    const [type, start, size] = value.$;
    return new ARRAYS[type](buffer, 4 + length + start, size);
  });
}

const read = new Map();

function once(id) {
  if (!read.has(id)) read.set(id, unpack(element(id).textContent));
  return read.get(id);
}

/** All texts of the page: a promise of what is packed under "texts". */
export const texts = () => once("texts");

/** A head, such as "L3H7": a promise of what is packed under its name, or null if the page has none of it. */
export const head = (name) =>
  element(name)?.type === "text/plain" && name !== "texts" ? once(name) : Promise.resolve(null);
