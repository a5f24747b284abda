// The picture as a file of its own, with what it needs of the page's style.

const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "paint-order", "fill-opacity", "font-family", "font-size", "font-weight", "opacity"];
const DEFAULTS = { opacity: "1", "fill-opacity": "1", "stroke-dasharray": "none", "stroke-linejoin": "miter", "paint-order": "normal", stroke: "none", fill: "rgb(0, 0, 0)", "stroke-width": "1px" };
const MARGIN = 16;

/** Return the picture of a view as an SVG that stands alone, {text, width, height}. */
function standalone(view) {
  const { layer, bounds } = view.viewport;
  const far = view.svg.classList.contains("far");
  view.svg.classList.remove("far");
  const copy = layer.firstChild ? layer.firstChild.cloneNode(true) : drawn("g");
  if (layer.firstChild) keepStyle(layer.firstChild, copy);
  view.svg.classList.toggle("far", far);
  copy.querySelectorAll(".fold").forEach((mark) => mark.remove());
  const width = Math.ceil(bounds.width + 2 * MARGIN);
  const height = Math.ceil(bounds.height + 2 * MARGIN);
  const paper = getComputedStyle(view.svg).backgroundColor;
  const svg = drawn("svg", { xmlns: SVG, width, height, viewBox: `${bounds.x - MARGIN} ${bounds.y - MARGIN} ${width} ${height}` },
    drawn("rect", { x: bounds.x - MARGIN, y: bounds.y - MARGIN, width, height, fill: paper }), copy);
  return { text: new XMLSerializer().serializeToString(svg), width, height };
}

function keepStyle(from, to) {
  const style = getComputedStyle(from);
  if (style.display === "none") {
    to.classList.add("fold");
    return;
  }
  const text = from.tagName === "text";
  for (const name of text ? KEPT : KEPT.filter((each) => !each.startsWith("font"))) {
    const value = style.getPropertyValue(name);
    if (value && value !== DEFAULTS[name]) to.setAttribute(name, value);
  }
  for (const name of ["class", "role", "tabindex", "aria-label", "aria-expanded", "aria-hidden"]) {
    if (!(name === "class" && to.classList.contains("fold"))) to.removeAttribute(name);
  }
  [...from.children].forEach((child, index) => keepStyle(child, to.children[index]));
}

/** Offer a file for download. */
function offer(name, text, type) {
  const place = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: place, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(place), 10_000);
}

/** Show the whole picture while a page is printed. */
function printWhole(view) {
  let before = null;
  addEventListener("beforeprint", () => {
    if (!view.scene) return;
    const { x, y, width, height } = view.viewport.bounds;
    before = [view.viewport.x, view.viewport.y, view.viewport.scale];
    view.viewport.set(0, 0, 1);
    view.svg.setAttribute("viewBox", `${x - MARGIN} ${y - MARGIN} ${width + 2 * MARGIN} ${height + 2 * MARGIN}`);
  });
  addEventListener("afterprint", () => {
    view.svg.removeAttribute("viewBox");
    if (before) view.viewport.set(...before);
  });
}
