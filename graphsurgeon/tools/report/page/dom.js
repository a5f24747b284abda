// Elements of the page. Whatever a file says becomes text here, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** Return a new element; attributes named "on..." are listeners, absent values are left out. */
function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Return a new element of SVG. */
function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** Return a link within the page: kind is node, weight, scope or view. */
function link(kind, name, text, graph = "") {
  const place = `#${kind}=${encodeURIComponent(name)}${graph ? `&graph=${encodeURIComponent(graph)}` : ""}`;
  return element("a", { href: place }, text);
}

function byId(id) {
  return document.getElementById(id);
}

const NUMBERS = new Intl.NumberFormat("en");

/** Return a count as people write it: 25,000. */
function counted(count, noun = "", plural = `${noun}s`) {
  return NUMBERS.format(count) + (noun ? ` ${count === 1 ? noun : plural}` : "");
}

/** Return a size in bytes with a unit. */
function sized(nbytes) {
  let size = nbytes;
  for (const unit of ["B", "kB", "MB", "GB", "TB"]) {
    if (size < 1000 || unit === "TB") return `${size >= 100 || unit === "B" ? Math.round(size) : size.toFixed(1)} ${unit}`;
    size /= 1000;
  }
  return "";
}

/** Return a measured number with four digits; JSON has "NaN" and "Infinity" as text. */
function measured(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return counted(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(3) : String(Number(value.toPrecision(4)));
}

/** Return a text cut in its middle, where names differ least. */
function shortened(text, most) {
  if (text.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
}
