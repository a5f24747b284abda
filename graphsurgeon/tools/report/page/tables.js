// Sortable tables of any length: rows are made as they are needed.

const ROWS_AT_ONCE = 200;

/** Order values: numbers by size, text by the alphabet with numbers in it, nothing last. */
function compared(a, b) {
  const absent = (value) => value === null || value === undefined || value === "";
  if (absent(a) || absent(b)) return Number(absent(a)) - Number(absent(b));
  if (typeof a === "number" && typeof b === "number") return a - b;
  return COLLATOR.compare(String(a), String(b));
}

const COLLATOR = new Intl.Collator("en", { numeric: true });

/**
 * A table of rows. Columns: {title, value(row), cell(row)?, number?, first?}; `first` is the direction of the first sort.
 */
class SortedTable {
  constructor(caption, columns, rows, { filter = null, sorted = null, id = null } = {}) {
    this.columns = columns;
    this.rows = rows;
    this.shown = rows;
    this.count = element("p", { class: "quiet", role: "status" });
    this.body = element("tbody");
    this.heads = columns.map((column, index) => this._head(column, index));
    this.table = element("table", { class: "rows", id }, element("caption", { class: "unseen" }, caption),
      element("thead", {}, element("tr", {}, this.heads)), this.body);
    this.more = element("button", { type: "button", class: "small", onclick: () => this._grow(ROWS_AT_ONCE) }, "Show more");
    this.all = element("button", { type: "button", class: "small", onclick: () => this._grow(Infinity) }, "Show all");
    this.grow = element("p", { class: "buttons" }, this.more, this.all);
    const tools = filter ? this._filter(caption, filter) : null;
    this.element = element("div", { class: "tabled" }, element("div", { class: "tools" }, tools, this.count),
      element("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": caption }, this.table, this.grow));
    if (sorted !== null) this.sort(sorted);
    else this._draw();
  }

  _head(column, index) {
    const button = element("button", { type: "button", onclick: () => this.sort(index) }, column.title);
    return element("th", { scope: "col", class: column.number ? "number" : null, "aria-sort": "none" }, button);
  }

  _filter(caption, filter) {
    const input = element("input", { type: "search", placeholder: "Filter", "aria-label": `Filter: ${caption}` });
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      this.shown = this.rows.filter((row) => words.every((word) => filter(row).toLowerCase().includes(word)));
      this._order();
    });
    return input;
  }

  sort(index) {
    const first = this.columns[index].first ?? (this.columns[index].number ? -1 : 1);
    this.direction = this.by === index ? -this.direction : first;
    this.by = index;
    this.heads.forEach((head, each) => head.setAttribute("aria-sort", each === index ? (this.direction > 0 ? "ascending" : "descending") : "none"));
    this._order();
  }

  _order() {
    if (this.by !== undefined) {
      const { value } = this.columns[this.by];
      const absent = (row) => [null, undefined, ""].includes(value(row));
      this.shown = [...this.shown].sort((a, b) => (absent(a) || absent(b) ? 1 : this.direction) * compared(value(a), value(b)));
    }
    this._draw();
  }

  _draw() {
    this.body.replaceChildren();
    this._grow(ROWS_AT_ONCE);
  }

  _grow(count) {
    const start = this.body.children.length;
    const rows = this.shown.slice(start, start + count);
    this.body.append(...rows.map((row) => this._row(row)));
    const left = this.shown.length - this.body.children.length;
    this.grow.hidden = left <= 0;
    this.more.textContent = `Show ${counted(Math.min(left, ROWS_AT_ONCE))} more`;
    const hidden = left > 0 ? `, the first ${counted(this.body.children.length)} shown` : "";
    this.count.textContent = counted(this.shown.length, "row") + (this.shown.length < this.rows.length ? ` of ${counted(this.rows.length)}` : "") + hidden;
  }

  _row(row) {
    const cells = this.columns.map((column, index) => {
      const content = column.cell ? column.cell(row) : column.value(row);
      const kind = column.number ? "number" : (column.kind ?? null);
      return element(index ? "td" : "th", { class: kind, scope: index ? null : "row" }, typeof content === "number" ? measured(content) : (content ?? ""));
    });
    const made = element("tr", {}, cells);
    made.row = row;
    return made;
  }

  /** Bring a row into sight and mark it. */
  reveal(row) {
    if (!this.shown.includes(row)) {
      this.shown = this.rows;
      this._order();
    }
    const at = this.shown.indexOf(row);
    if (at >= this.body.children.length) this._grow(at - this.body.children.length + 20);
    this.body.querySelectorAll(".chosen").forEach((each) => each.classList.remove("chosen"));
    const found = this.body.children[at];
    found?.classList.add("chosen");
    found?.scrollIntoView({ block: "center" });
    return found;
  }
}
