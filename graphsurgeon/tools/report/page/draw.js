// The picture itself: boxes and edges where the layout put them.

const CORNER = 6;

/** Return one group with the whole scene. */
function drawScene(scene, laid) {
  const picture = drawn("g", { class: "scene" });
  const containers = drawn("g");
  const edges = drawn("g", { class: "edges", "aria-hidden": "true" });
  const boxes = drawn("g");
  const visit = (node) => {
    for (const child of node.children ?? []) {
      const box = scene.boxes[Number(child.id.slice(1))];
      Object.assign(box, { x: child.x, y: child.y, width: child.width, height: child.height });
      box.element = box.inner.length ? drawContainer(box) : drawBox(box);
      (box.inner.length ? containers : boxes).append(box.element);
      visit(child);
    }
  };
  visit(laid);
  for (const made of laid.edges ?? []) {
    const edge = scene.edges[Number(made.id.slice(1))];
    edge.element = drawEdge(edge, made, scene);
    edges.append(edge.element);
  }
  const titles = drawn("g", {}, scene.boxes.filter((box) => box.inner.length && box.element).map(drawTitle));
  picture.append(containers, edges, titles, boxes);
  return picture;
}

function boxClass(box) {
  const { item } = box;
  const change = item.kind === "node" ? item.graph.change(item.node) : null;
  const planned = item.kind === "node" && item.graph.plan(item.node) ? "planned" : "";
  const kinds = Object.keys(box.changes ?? {});
  const within = kinds.length ? `holds ${kinds.length === 1 ? kinds[0] : "changed"}` : "";
  return ["box", item.kind, within, box.category ?? "", change ?? "", planned, box.aside ? "aside" : ""].filter(Boolean).join(" ");
}

function frameOf(box, expanded) {
  const group = drawn("g", {
    class: boxClass(box) + (expanded ? " open" : ""),
    transform: `translate(${box.x} ${box.y})`,
    role: "button",
    tabindex: "-1",
    "aria-label": spoken(box),
    "aria-expanded": box.item.expandable ? String(expanded) : null,
  });
  group.boxNumber = box.number;
  return group;
}

/** Return a box as a screen reader says it. */
function spoken(box) {
  const { item } = box;
  const change = item.kind === "node" ? item.graph.change(item.node) : changeText(box.changes);
  const said = box.lines.map((line) => line.text).slice(1);
  return [`${item.kind} ${item.name}`, ...said, change].filter(Boolean).join(", ");
}

function drawContainer(box) {
  const group = frameOf(box, true);
  group.append(drawn("rect", { class: "frame", width: box.width, height: box.height, rx: CORNER + 2 }), drawn("title", { "aria-hidden": "true" }, box.item.name));
  return group;
}

/** Return the title of an open box, which lies over the edges. */
function drawTitle(box) {
  const group = drawn("g", { class: "over", transform: `translate(${box.x} ${box.y})`, "aria-hidden": "true" });
  const text = shortened(box.item.label, Math.max(8, Math.floor((box.width - 44) / 7)));
  group.append(drawn("text", { class: "label", x: 30, y: 20 }, text), foldMark(true, 9, 9));
  group.boxNumber = box.number;
  return group;
}

function drawBox(box) {
  const { item, width, height } = box;
  const group = frameOf(box, false);
  if (item.expandable) group.append(drawn("rect", { class: "behind", x: 4, y: 4, width, height, rx: CORNER }));
  group.append(drawn("rect", { class: "frame", width, height, rx: CORNER }));
  if (item.kind === "node") {
    group.append(drawn("path", { class: "kind", d: `M${CORNER} 0h-1a${CORNER - 1} ${CORNER - 1} 0 0 0-${CORNER - 1} ${CORNER - 1}v${height - 2 * CORNER + 2}a${CORNER - 1} ${CORNER - 1} 0 0 0 ${CORNER - 1} ${CORNER - 1}h1z` }));
  }
  box.lines.forEach(({ text, kind }, line) => {
    group.append(drawn("text", { class: kind, x: PADDING + 5, y: PADDING + 10 + line * LINE }, text), " ");
  });
  if (item.expandable) group.append(foldMark(false, width - 20, 8));
  const sign = { added: "+", removed: "−", changed: "~" }[item.kind === "node" ? item.graph.change(item.node) : ""];
  if (sign) group.append(drawSign(sign, width));
  group.append(drawn("title", { "aria-hidden": "true" }, item.name));
  return group;
}

function foldMark(open, x, y) {
  const mark = drawn("g", { class: "fold", transform: `translate(${x} ${y})` });
  mark.append(
    drawn("rect", { width: 13, height: 13, rx: 3 }),
    drawn("path", { d: open ? "M3 6.5h7" : "M3 6.5h7M6.5 3v7" }),
  );
  return mark;
}

function drawSign(sign, width) {
  const group = drawn("g", { class: "sign", "aria-hidden": "true", transform: `translate(${width} 0)` });
  group.append(drawn("circle", { r: 8 }), drawn("text", { y: 4, "text-anchor": "middle" }, sign));
  return group;
}

/** Return a path through points whose corners are rounded. */
function roundedPath(points) {
  const [first, ...rest] = points;
  let path = `M${first.x} ${first.y}`;
  rest.forEach((point, index) => {
    const before = points[index];
    const after = rest[index + 1];
    if (!after) {
      path += `L${point.x} ${point.y}`;
      return;
    }
    const radius = Math.min(7, distance(before, point) / 2, distance(point, after) / 2);
    const start = towards(point, before, radius);
    const end = towards(point, after, radius);
    path += `L${start.x} ${start.y}Q${point.x} ${point.y} ${end.x} ${end.y}`;
  });
  return path;
}

function distance(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function towards(from, to, length) {
  const whole = distance(from, to) || 1;
  return { x: from.x + ((to.x - from.x) * length) / whole, y: from.y + ((to.y - from.y) * length) / whole };
}

function drawEdge(edge, made, scene) {
  const [kind] = Object.keys(edge.changes);
  const control = edge.tensors.size === 0;
  const group = drawn("g", { class: `edge ${control ? "control" : ""} ${kind ?? ""} ${edge.tensors.size > 1 ? "several" : ""}` });
  const sections = made.sections ?? [straight(scene.boxes[edge.from], scene.boxes[edge.to])];
  for (const section of sections) {
    const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
    const before = points[points.length - 2];
    const tip = points[points.length - 1];
    group.append(drawn("path", { class: "line", d: roundedPath([...points.slice(0, -1), towards(tip, before, 5)]) }), arrowHead(before, tip));
  }
  for (const label of made.labels ?? []) {
    const x = label.x + label.width / 2;
    group.append(
      drawn("rect", { class: "ground", x: label.x, y: label.y, width: label.width, height: label.height }),
      drawn("text", { x, y: label.y + 10.5, "text-anchor": "middle" }, label.text),
    );
  }
  return group;
}

function arrowHead(before, tip) {
  const angle = (Math.atan2(tip.y - before.y, tip.x - before.x) * 180) / Math.PI;
  return drawn("path", { class: "head", d: "M0 0L-7 -3.4L-7 3.4z", transform: `translate(${tip.x} ${tip.y}) rotate(${angle.toFixed(1)})` });
}

function straight(from, to) {
  return {
    startPoint: { x: from.x + from.width / 2, y: from.y + from.height },
    endPoint: { x: to.x + to.width / 2, y: to.y },
  };
}

/** Return the edges of boxes that stand aside, as curves, for one that was chosen. */
function drawAside(scene, box) {
  const group = drawn("g", { class: "edges asides", "aria-hidden": "true" });
  for (const edge of scene.aside.filter((each) => each.from === box.number || each.to === box.number).slice(0, 400)) {
    const { startPoint: a, endPoint: b } = straight(scene.boxes[edge.from], scene.boxes[edge.to]);
    const bend = Math.max(40, Math.abs(b.y - a.y) / 2);
    const line = drawn("path", { class: "line", d: `M${a.x} ${a.y}C${a.x} ${a.y + bend} ${b.x} ${b.y - bend} ${b.x} ${b.y}` });
    group.append(drawn("g", { class: "edge near" }, line));
  }
  return group;
}
