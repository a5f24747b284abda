// The search over all graphs and weights.

const MAX_FOUND = 60;
const FIELDS = /(\w+):("[^"]*"|\S+)|"([^"]*)"|(\S+)/g;

/** Return a query's words: {field, text}; field is "" for a word that may be in a name or an op. */
function wordsOf(query) {
  return [...query.matchAll(FIELDS)].map(([whole, field, value, quoted, word]) => {
    const known = ["name", "op", "attr", "shape", "device", "change"].includes(field);
    const text = known ? value.replaceAll('"', "") : (quoted ?? word ?? whole);
    return { field: known ? field : "", text: text.toLowerCase() };
  });
}

function matches(graph, node, { field, text }) {
  const has = (value) => value.toLowerCase().includes(text);
  switch (field) {
    case "name": return has(graph.names[node]);
    case "op": return has(graph.op(node));
    case "shape": return graph.shapes(node).some(has);
    case "device": return has(graph.device(node));
    case "change": return has(graph.change(node) ?? "");
    case "attr": return graph.attrs(node).some(([key, value]) => has(`${key}=${value}`) || has(value));
    default: return has(graph.names[node]) || has(graph.op(node));
  }
}

/** Return {rows, total} of a query: nodes {graph, node} and weights {weight}. */
function searched(report, query) {
  const words = wordsOf(query);
  const rows = [];
  let total = 0;
  if (!words.length) return { rows, total };
  const keep = (row) => {
    if (total++ < MAX_FOUND) rows.push(row);
  };
  for (const graph of report.graphs) {
    for (let node = 0; node < graph.size; node++) {
      if (words.every((word) => matches(graph, node, word))) keep({ graph, node });
    }
  }
  const plain = words.every((word) => word.field === "" || word.field === "name");
  for (const weight of plain ? report.weights : []) {
    if (words.every((word) => weight.name.toLowerCase().includes(word.text))) keep({ weight });
  }
  return { rows, total };
}

class Search {
  constructor(report, go) {
    this.report = report;
    this.go = go;
    this.input = byId("query");
    this.list = byId("found");
    this.at = -1;
    this.input.addEventListener("input", () => this.update());
    this.input.addEventListener("focus", () => this.input.value && this.update());
    this.input.addEventListener("keydown", (event) => this._key(event));
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const row = event.target.closest("[role=option]");
      if (row) this._take(row.found);
    });
    this.input.addEventListener("blur", () => this.close());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.target.closest("input, textarea, select")) return;
      event.preventDefault();
      this.input.select();
      this.input.focus();
    });
  }

  update() {
    const { rows, total } = searched(this.report, this.input.value);
    this.at = -1;
    const shown = rows.map((found, index) => this._row(found, index));
    if (this.input.value.trim()) {
      const told = total > rows.length ? `${counted(rows.length)} of ${counted(total)} are listed` : counted(total, "result");
      shown.push(element("p", { class: "quiet", role: "presentation" }, told));
    }
    this.list.replaceChildren(...shown);
    this._show(shown.length > 0);
  }

  _row(found, index) {
    const name = found.weight ? found.weight.name : found.graph.names[found.node];
    const what = found.weight ? "weight" : found.graph.op(found.node) + (found.graph.name ? ` in ${found.graph.name}` : "");
    const row = element("div", { role: "option", id: `found-${index}`, "aria-selected": "false" },
      element("span", {}, name), element("span", { class: "quiet" }, what));
    row.found = found;
    return row;
  }

  _show(open) {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    this._show(false);
  }

  _key(event) {
    const rows = [...this.list.querySelectorAll("[role=option]")];
    if (event.key === "Escape") {
      this.close();
    } else if (event.key === "Enter") {
      const row = rows[Math.max(0, this.at)];
      if (row) this._take(row.found);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && rows.length) {
      event.preventDefault();
      rows[this.at]?.setAttribute("aria-selected", "false");
      this.at = (this.at + (event.key === "ArrowDown" ? 1 : -1) + rows.length) % rows.length;
      rows[this.at].setAttribute("aria-selected", "true");
      rows[this.at].scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", rows[this.at].id);
    }
  }

  _take(found) {
    this.close();
    this.go(found);
  }
}
