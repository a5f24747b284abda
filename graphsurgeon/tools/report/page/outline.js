// The outline: the same items as the picture's, as a tree of text.

class Outline {
  constructor(view) {
    this.view = view;
    this.list = element("ul", { id: "outline", role: "tree", "aria-label": "Scopes and nodes" });
    this.list.addEventListener("click", (event) => this._click(event));
    this.list.addEventListener("keydown", (event) => this._key(event));
    this.rows = new Map();
    this.openItems = new WeakSet();
  }

  /** Show the items of the view's graph. */
  draw() {
    if (this.root !== this.view.root) {
      this.root = this.view.root;
      this.openItems = new WeakSet();
      this._render(null);
    }
    this.mark(this.view.chosen?.item ?? null);
  }

  _render(focused) {
    this.rows.clear();
    this.list.replaceChildren(...childrenOf(this.root, this.view.bodies).map((item) => this._row(item, 1)));
    const row = (focused && this.rows.get(focused)) || this.list.firstElementChild;
    row?.setAttribute("tabindex", "0");
    if (focused) row?.focus();
  }

  _row(item, level) {
    const open = item.expandable && this.openItems.has(item);
    const count = item.kind === "node" ? item.graph.op(item.node) : counted(item.kind === "body" ? item.graph.size : item.shown);
    const row = element("li", {
      role: "treeitem", tabindex: "-1", "aria-level": String(level), "aria-label": `${item.label} ${count}`,
      "aria-expanded": item.expandable ? String(open) : null, "aria-selected": "false",
    });
    row.item = item;
    this.rows.set(item, row);
    const change = item.kind === "node" ? item.graph.change(item.node) : null;
    row.append(element("span", { class: `line ${change ?? ""}` },
      element("span", { class: "twig", "aria-hidden": "true" }, item.expandable ? (open ? "▾" : "▸") : ""),
      element("span", { class: "label" }, item.label), " ", element("span", { class: "quiet" }, count)));
    if (open) row.append(element("ul", { role: "group" }, childrenOf(item, this.view.bodies).map((child) => this._row(child, level + 1))));
    return row;
  }

  /** Mark the row of an item, opening what hides it. */
  mark(item) {
    this.list.querySelectorAll("[aria-selected=true]").forEach((row) => row.setAttribute("aria-selected", "false"));
    if (!item || !within_(item, this.root)) return;
    for (let outer = item.parent; outer && outer !== this.root; outer = outer.parent) {
      if (!this.openItems.has(outer)) this.openItems.add(outer);
    }
    if (!this.rows.has(item)) this._render(null);
    const row = this.rows.get(item);
    row?.setAttribute("aria-selected", "true");
    row?.firstElementChild.scrollIntoView({ block: "nearest" });
  }

  _toggle(item, open = !this.openItems.has(item)) {
    if (!item.expandable) return;
    if (open) this.openItems.add(item);
    else this.openItems.delete(item);
    this._render(item);
    this.rows.get(item)?.setAttribute("aria-selected", String(this.view.chosen?.item === item));
  }

  async _choose(item) {
    for (let outer = item.parent; outer; outer = outer.parent) outer.open = true;
    if (!within_(item, this.view.top)) this.view.top = this.view.root;
    if (!this.view._boxOf(item)) await this.view.refresh();
    this.view.choose(item);
    const box = this.view._boxOf(item);
    if (box) this.view.viewport.centre(box, 0.6);
  }

  _click(event) {
    const row = event.target.closest("[role=treeitem]");
    if (!row) return;
    if (event.target.closest(".twig")) this._toggle(row.item);
    else this._choose(row.item);
    this._focus(this.rows.get(row.item));
  }

  _focus(row) {
    if (!row) return;
    this.list.querySelectorAll("[tabindex='0']").forEach((each) => each.setAttribute("tabindex", "-1"));
    row.setAttribute("tabindex", "0");
    row.focus({ preventScroll: true });
    row.firstElementChild.scrollIntoView({ block: "nearest" });
  }

  _key(event) {
    const row = event.target.closest("[role=treeitem]");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = [...this.list.querySelectorAll("[role=treeitem]")];
    const at = rows.indexOf(row);
    const { item } = row;
    const open = this.openItems.has(item);
    if (event.key === "ArrowDown") this._focus(rows[at + 1]);
    else if (event.key === "ArrowUp") this._focus(rows[at - 1]);
    else if (event.key === "Home") this._focus(rows[0]);
    else if (event.key === "End") this._focus(rows[rows.length - 1]);
    else if (event.key === "ArrowRight") open ? this._focus(rows[at + 1]) : this._toggle(item, true);
    else if (event.key === "ArrowLeft") open ? this._toggle(item, false) : this._focus(this.rows.get(item.parent));
    else if (event.key === "Enter" || event.key === " ") this._choose(item).then(() => this._focus(this.rows.get(item)));
    else return;
    event.preventDefault();
  }
}
