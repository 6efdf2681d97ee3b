// The points of the plan on the body map, changed by a brush: what is chosen once is done to every point that is pressed.

import { inWords, listenToKeys, listenToRow } from "../shared/map/keys.js";
import { numberIn, PointList } from "../shared/map/list.js";
import { MapView } from "../shared/map/points.js";
import { eachZone, editsOf, isEdited, isOut, MapState } from "../shared/map/state.js";

const MOST_ML = 5;
const BESIDE_MM = 4;
const UNEDITED = { removed: [], moved: {}, added: {}, changed: {} };

const parsed = (text) => {
  try {
    return text ? JSON.parse(text) : UNEDITED;
  } catch {
    return UNEDITED;
  }
};
const usual = (points) => points[0]?.ml ?? 0;
const tenth = (mm) => Math.round(mm * 10) / 10;
const free = (points) => `a${Math.max(0, ...points.filter(({ k }) => k.startsWith("a")).map(({ k }) => Number(k.slice(1)))) + 1}`; // the plan may have some of its own

// `zones`: of the page, each with key, label, state and edits(); `chart`: the server's points. `changed(zone)` hears of every change by hand.
export class ChartMap {
  constructor(host, zones, chart, { changed, say }) {
    Object.assign(this, { host, zones, changed, say, brush: "out" });
    this.byKey = new Map(zones.map((zone) => [zone.key, zone]));
    this.planned = new Map(chart.zones.map((zone) => [zone.key, zone]));
    this.state = new MapState(zones.map((zone) => ({ key: zone.key, drawn: this.planned.get(zone.key).drawn, edits: parsed(zone.edits) })));
    for (const zone of this.state.zones) this.state.setBase(zone, this.planned.get(zone.key).points);
    const figures = [...host.querySelectorAll("figure[data-map]")], stage = host.querySelector("[data-stage]");
    stage.hidden = false;
    this.view = new MapView(stage, this.state, {
      pictures: Object.fromEntries(figures.map((figure) => [figure.dataset.map, figure.querySelector("svg")])),
      on: { tap: (at) => this.tapped(at), drag: ({ ask }) => (ask ? null : stage.classList.contains("zoomed") ? "hand" : null) },
    });
    this.view.large = matchMedia("(pointer: coarse)").matches;
    this.view.spacingOf = (zone) => this.planned.get(zone.key).spacing || 10;
    this.view.layerOf = (zone) => this.planned.get(zone.key).layer;
    this.views(figures);
    host.querySelector("[data-pictures]").hidden = true;
    this.tools();
    this.keys = listenToKeys(this.view, {
      enter: () => this.atCursor((key, point) => this.paint(key, point)), toggle: () => this.atCursor((key, point) => this.paint(key, point)),
      remove: () => this.atCursor((key, point) => this.command(key, { do: "remove", keys: [point.k] })),
      restore: () => this.atCursor((key, point) => this.command(key, { do: "reset", keys: [point.k] })),
      add: () => this.atCursor((key, point) => this.addBeside(key, point)), undo: () => this.undo(), zoom: (by) => this.zoom(by),
      frame: () => this.atCursor((key, point) => this.corner(point.x, point.y)), clear: () => this.endFrame(),
    }, (key, point) => { this.framed(point.x, point.y); this.tell(key, point); });
    this.list = new PointList(host.querySelector("[data-point-list]"), this.state, {
      labelOf: (key) => this.byKey.get(key).label,
      change: (key, point, name, number) => this.typed(key, point, name, number),
      toggle: (key, point) => this.command(key, { do: isOut(point) ? "restore" : "remove", keys: [point.k] }),
    });
    this.look(zones[0]?.key);
  }

  // ── what is seen ──

  views(figures) {
    const row = this.host.querySelector("[data-views]");
    row.hidden = figures.length < 2;
    for (const figure of figures) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: figure.dataset.title });
      button.dataset.view = figure.dataset.map;
      button.addEventListener("click", () => this.show(figure.dataset.map));
      row.append(button);
    }
  }

  show(map) {
    this.first = null; // a corner lies on one drawing
    this.view.show(map);
    for (const button of this.host.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === map));
  }

  look(key) {
    if (!key) return;
    this.show(key.split(":")[0]);
    this.state.activate(key);
    this.view.fitZones(this.zones.map((zone) => zone.key).filter((one) => one.startsWith(`${this.view.map}:`)));
  }

  lookAt(key) {
    this.look(key);
    this.view.fitZones([key]);
  }

  zoom(by) {
    if (by) this.view.zoom(by);
    else this.view.fit();
  }

  tell(key, point) {
    this.say(inWords(point, { label: this.byKey.get(key).label, picked: false, ml: `${point.ml} mL` }));
  }

  // ── what is done ──

  tools() {
    const buttons = [...this.host.querySelectorAll("[data-brush]")], ml = this.host.querySelector("[data-brush-ml]");
    const take = (brush) => {
      this.brush = brush;
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.brush === brush));
      this.view.stage.classList.toggle("crosshair", brush === "add");
    };
    for (const button of buttons) button.addEventListener("click", () => {
      take(button.dataset.brush);
      if (button.dataset.brush === "ml" && !ml.value) ml.focus();
    });
    ml.addEventListener("input", (event) => {
      event.stopPropagation(); // no field of the form
      take("ml");
    });
    ml.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    this.volume = () => {
      const number = numberIn(ml.value), good = number >= 0 && number <= MOST_ML;
      ml.setAttribute("aria-invalid", String(!good));
      return good ? number : NaN;
    };
    for (const button of this.host.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => this.zoom(Number(button.dataset.zoom)));
    this.frame = this.host.querySelector("[data-frame]");
    this.frame.addEventListener("click", () => {
      this.endFrame();
      this.frame.setAttribute("aria-pressed", String(this.frame.ariaPressed !== "true"));
    });
    this.host.querySelectorAll("[role=toolbar]").forEach(listenToRow);
    this.back = this.host.querySelector("[data-undo]");
    this.back.addEventListener("click", () => this.undo());
  }

  tapped({ x, y, hit, area }) {
    if (this.frame.ariaPressed === "true") return this.corner(x, y);
    if (this.brush !== "add") return hit ? this.paint(...hit) : this.say("There is no point. Press one, or choose Add.");
    const zone = this.zones.find(({ key }) => key === area || key.startsWith(`${area}:`));
    if (zone) this.add(zone.key, x, y);
    else this.say("A point is added inside a zone of the plan.");
  }

  atCursor(act) {
    const { at } = this.state, point = at && this.state.point(at.zone, at.k);
    if (point) act(at.zone, point);
  }

  // Two corners of a frame: what is chosen is done to every point between them.
  corner(x, y) {
    if (this.brush === "add") return this.say("A frame changes the points that are there. Choose something else than Add.");
    if (!this.first) {
      this.first = [x, y];
      this.view.sketchLine([this.first]);
      return this.say("One corner. Now the opposite one.");
    }
    const [left, right] = [this.first[0], x].sort((a, b) => a - b), [top, bottom] = [this.first[1], y].sort((a, b) => a - b);
    const pairs = this.view.onMap().flatMap((zone) => this.state.points(zone.key).filter((point) => point.x >= left && point.x <= right && point.y >= top && point.y <= bottom).map((point) => [zone.key, point]));
    this.endFrame();
    return pairs.length ? this.paintAll(pairs) && this.say(`${pairs.length} points in the frame: ${this.inWords()}.`) : this.say("No point lies in the frame.");
  }

  // From the first corner to here, while the keys go on.
  framed(x, y) {
    if (this.first) this.view.sketchLine([this.first, [x, this.first[1]], [x, y], [this.first[0], y]], true);
  }

  endFrame() {
    this.first = null;
    this.view.sketch();
  }

  inWords() { return this.brush === "ml" ? `${this.volume()} mL` : { out: "left out", plan: "as planned" }[this.brush]; }

  paint(key, point) { return this.brush === "add" ? this.addBeside(key, point) : this.paintAll([[key, point]], isOut(point)); }
  addBeside(key, point) { return this.add(key, point.x + BESIDE_MM, point.y); }

  // A press on a point that was left out brings it back; a frame leaves out whatever lies in it.
  paintAll(pairs, back = false) {
    const ml = this.brush === "ml" ? this.volume() : 0;
    if (Number.isNaN(ml)) return this.say(`Type the volume first: 0 to ${MOST_ML} mL.`);
    const commands = {
      ml: [{ do: "restore" }, { do: "alter", change: { ml: String(ml) } }], plan: [{ do: "reset" }], out: [{ do: back ? "restore" : "remove" }],
    }[this.brush];
    return this.commands(eachZone(pairs, (points) => ({ keys: points.map(({ k }) => k) })).flatMap(({ zone, keys }) => commands.map((command) => ({ ...command, zone, keys }))));
  }

  add(key, x, y) {
    if (this.view.refuses([{ zone: key, do: "add", at: [x, y] }])) return this.say("Nothing is injected there.");
    const points = this.state.points(key), ml = this.brush === "ml" ? this.volume() : usual(points);
    if (Number.isNaN(ml)) return this.say(`Type the volume first: 0 to ${MOST_ML} mL.`);
    const zone = this.state.zone(key), edits = editsOf(zone), added = { ...edits.added, [free(points)]: [x, y].map(tenth) };
    const changed = { ...edits.changed, [free(points)]: { ml: String(ml) } };
    this.state.set(this.state.zones.map((one) => (one === zone ? { ...zone, edits: { ...edits, added, changed } } : one)));
    return this.done(key);
  }

  typed(key, point, name, number) {
    if (!Number.isFinite(number) || (name === "ml" && number > MOST_ML)) return false;
    if (name === "ml") return this.command(key, { do: "alter", keys: [point.k], change: { ml: String(number) } });
    const to = { [point.k]: name === "x" ? [number, point.y] : [point.x, number] };
    return this.view.refuses([{ zone: key, do: "move", to }]) ? false : this.command(key, { do: "move", to });
  }

  command(key, command) { return this.commands([{ ...command, zone: key }]); }

  // All of it is one step of the way back.
  commands(commands) {
    this.state.do(...commands);
    return this.done(...new Set(commands.map(({ zone }) => zone)));
  }

  done(...keys) {
    this.state.activate(keys[0]);
    this.tellFields(keys);
    const { at } = this.state, point = keys.includes(at?.zone) && this.state.point(at.zone, at.k);
    if (point) this.tell(at.zone, point);
    return true;
  }

  undo() {
    if (this.state.undo()) this.tellFields(this.zones.map(({ key }) => key));
  }

  // What the fields of zones say now. Nothing is read back until all of them say it.
  tellFields(keys) {
    this.telling = true;
    for (const key of keys) {
      const zone = this.state.zone(key);
      this.changed(this.byKey.get(key), isEdited(zone) ? JSON.stringify(editsOf(zone)) : "", this.state.sums(key));
    }
    this.telling = false;
    this.read();
  }

  // The fields changed by themselves: a choice for the whole zone, or a draft that came back.
  read() {
    if (this.telling) return;
    const zones = this.state.zones.map((zone) => {
      const edits = parsed(this.byKey.get(zone.key).edits);
      return JSON.stringify(editsOf(zone)) === JSON.stringify({ ...UNEDITED, ...edits }) ? zone : { ...zone, edits };
    });
    if (zones.some((zone, n) => zone !== this.state.zones[n])) this.state.set(zones);
    this.back.disabled = !this.state.past.length;
    for (const zone of this.zones) this.view.drawings.get(zone.key.split(":")[0])?.zones.get(zone.key.split(":").slice(0, 3).join(":"))?.path.classList.toggle("done", Boolean(zone.state));
    this.view.draw();
  }
}
