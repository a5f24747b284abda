// Histograms of weights, as small drawings.

/** Return a histogram as bars; its numbers are told in words. */
function histogramOf(stats, width = 120, height = 26) {
  const { edges, counts } = stats?.histogram ?? { edges: [], counts: [] };
  if (!counts.length) return element("span", { class: "quiet" }, "–");
  const most = Math.max(...counts, 1);
  const step = width / counts.length;
  let bars = "";
  counts.forEach((count, index) => {
    if (!count) return;
    const tall = Math.max(1, (count / most) * (height - 1));
    bars += `M${(index * step).toFixed(2)} ${height}v${(-tall).toFixed(2)}h${Math.max(0.5, step - 0.6).toFixed(2)}v${tall.toFixed(2)}z`;
  });
  const told = `${counts.length} bins from ${measured(edges[0])} to ${measured(edges[edges.length - 1])}, at most ${counted(most)} values in one`;
  const zero = zeroLine(edges, width, height);
  return drawn("svg", { class: "histogram", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": told },
    drawn("title", {}, told), zero, drawn("path", { d: bars }));
}

function zeroLine(edges, width, height) {
  const [low, high] = [edges[0], edges[edges.length - 1]];
  if (!(low < 0 && high > 0)) return null;
  const x = ((0 - low) / (high - low)) * width;
  return drawn("path", { class: "zero", d: `M${x.toFixed(2)} 0V${height}` });
}

function shapeText(shape) {
  if (!Array.isArray(shape)) return shape === null || shape === undefined ? "?" : String(shape);
  return shape.length ? shape.map((size) => size ?? "?").join(" × ") : "scalar";
}

/** Return a weight as the side panel shows it. */
function weightCard(weight, number, large = false) {
  const { stats } = weight;
  const facts = [["name", weight.name], ["dtype, shape", `${weight.dtype ?? ""} ${shapeText(weight.shape)}`]];
  if (weight.nbytes !== null && weight.nbytes !== undefined) facts.push(["size", sized(weight.nbytes)]);
  if (weight.role) facts.push(["role", weight.role.replaceAll("_", " ")]);
  if (weight.trainable !== null && weight.trainable !== undefined) facts.push(["trainable", weight.trainable ? "yes" : "no"]);
  if (stats) {
    for (const key of ["mean", "std", "norm", "min", "max"]) facts.push([key, measured(stats[key])]);
    for (const key of ["zeros", "nan", "infinite"]) if (stats[key]) facts.push([key === "nan" ? "NaN" : key, counted(stats[key])]);
  }
  if (weight.change) facts.push(["change", weight.change.text || weight.change.kind]);
  return [
    stats?.histogram ? histogramOf(stats, large ? 420 : 268, large ? 110 : 64) : null,
    factList(facts),
    weight.evidence?.length ? element("details", { open: large }, element("summary", {}, "Evidence"), noteList(weight.evidence)) : null,
  ];
}
