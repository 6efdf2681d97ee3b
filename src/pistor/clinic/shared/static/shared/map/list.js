// The points of a zone as a table: the same selection, the same commands, for hands and screen readers that do not use the picture.

import { isOut } from "./state.js";

const WORDS = { m: "moved", a: "added", v: "volume changed", r: "taken out" };
const COLUMNS = [["x", "Right, mm"], ["y", "Down, mm"], ["ml", "Volume, mL"]];

export const numberIn = (text) => {
  const plain = text.trim().replace(",", ".");
  return /^\d{1,4}(\.\d{1,4})?$/.test(plain) ? Number(plain) : NaN;
};
const shown = (point, name) => (name === "ml" ? String(point.ml) : point[name].toFixed(1));

// `change(zone, point, name, number)` and `toggle(zone, point)` do what is asked, or say why not; they return whether it was done.
export class PointList {
  constructor(host, state, { labelOf, change, toggle, readOnly = false }) {
    Object.assign(this, { host, state, labelOf, change, toggle, readOnly });
    this.rows = new Map();
    const fold = host.closest("details");
    fold?.addEventListener("toggle", () => this.draw());
    this.isShown = () => !fold || fold.open;
    state.addEventListener("change", ({ detail: { what } }) => { if (this.isShown()) (what === "at" ? this.mark() : this.draw()); });
    host.addEventListener("change", (event) => this.changed(event));
    host.addEventListener("click", (event) => {
      const button = event.target.closest("button"), row = button && this.pointOf(button);
      if (row) this.toggle(this.zone, row);
    });
    host.addEventListener("focusin", (event) => {
      const point = this.pointOf(event.target);
      if (point && this.state.at?.k !== point.k) this.state.goTo(this.zone, point.k);
    });
  }

  pointOf(element) { return this.state.point(this.zone, element.closest("tr[data-k]")?.dataset.k); }

  draw() {
    if (!this.isShown()) return;
    const points = this.state.points(this.state.active), keys = points.map(({ k }) => k).join(" ");
    if (this.state.active !== this.zone || keys !== this.keys) this.build(points, keys);
    for (const point of points) this.fill(point);
    const all = this.host.querySelector("[data-all]"), picked = points.filter(({ k }) => this.state.isPicked(this.zone, k)).length;
    if (all) Object.assign(all, { checked: picked > 0 && picked === points.length, indeterminate: picked > 0 && picked < points.length });
    this.mark();
  }

  build(points, keys) {
    this.zone = this.state.active;
    this.keys = keys;
    this.rows.clear();
    const label = this.zone ? this.labelOf(this.zone) : "", table = document.createElement("table");
    table.innerHTML = `<caption class="visually-hidden"></caption><thead><tr><th scope="col"><label><input type="checkbox" data-all><span class="visually-hidden">Pick all</span></label></th><th scope="col">Point</th>${COLUMNS.map(([, words]) => `<th scope="col" class="num">${words}</th>`).join("")}<th scope="col">By hand</th></tr></thead>`;
    table.caption.textContent = `Points of ${label}`;
    const body = document.createElement("tbody");
    for (const { k } of points) {
      const row = document.createElement("tr");
      row.dataset.k = k;
      row.innerHTML = `<td><label><input type="checkbox"></label></td><th scope="row"></th>${COLUMNS.map(([name]) => `<td class="num"><input type="text" inputmode="decimal" autocomplete="off" data-column="${name}"></td>`).join("")}<td class="does"><span></span> <button type="button" class="button small quiet"></button></td>`;
      row.querySelector("th").textContent = k;
      row.querySelector("input").setAttribute("aria-label", `Pick point ${k}`);
      COLUMNS.forEach(([, words], at) => {
        const input = row.querySelectorAll("[data-column]")[at];
        input.setAttribute("aria-label", `${words}, point ${k}`);
        input.readOnly = this.readOnly;
      });
      row.querySelector("button").hidden = this.readOnly;
      this.rows.set(k, row);
      body.append(row);
    }
    table.append(body);
    table.className = "table";
    this.host.replaceChildren(table);
  }

  fill(point) {
    const row = this.rows.get(point.k), out = isOut(point);
    row.classList.toggle("out", out);
    row.querySelector("input").checked = this.state.isPicked(this.zone, point.k);
    for (const input of row.querySelectorAll("[data-column]")) {
      const text = shown(point, input.dataset.column);
      if (input.value !== text && input !== document.activeElement) input.value = text;
    }
    const words = [...point.flags].map((flag) => WORDS[flag]).filter(Boolean).join(", "), [said, button] = row.querySelectorAll(".does > *");
    if (said.textContent !== words) said.textContent = words;
    const does = out ? "Put back" : "Take out";
    if (button.textContent !== does) { button.textContent = does; button.setAttribute("aria-label", `${does} point ${point.k}`); }
  }

  mark() {
    const k = this.state.at?.zone === this.zone ? this.state.at.k : null;
    if (k === this.marked) return;
    this.rows.get(this.marked)?.classList.remove("here");
    this.rows.get(k)?.classList.add("here");
    this.marked = k;
  }

  changed({ target }) {
    if ("all" in target.dataset) return this.state.pickAll(this.state.points(this.zone).map(({ k }) => [this.zone, k]), target.checked);
    const point = this.pointOf(target);
    if (!point) return;
    if (target.type === "checkbox") return this.state.pick(this.zone, point.k, target.checked);
    const done = this.change(this.zone, point, target.dataset.column, numberIn(target.value));
    target.setAttribute("aria-invalid", String(!done));
    if (done) target.removeAttribute("aria-invalid");
  }
}
