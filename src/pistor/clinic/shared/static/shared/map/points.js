// A body map with points on it that follow the hand. The drawing and the points that stay are two pictures of their own; what is
// picked lies on a third, so that dragging moves one layer and draws nothing anew. One touch does everything that a drag does.

import { eachZone, isOut, moveBy } from "./state.js";

const NS = "http://www.w3.org/2000/svg";
const RINGS = [["halo", 1.34], ["ring", 1.17], ["fill", 0.83]]; // light, dark, filling: seen on every skin and on a photo
const PICKED = [["halo", 2.35], ["ring", 2.15], ["halo", 1.75], ...RINGS.slice(1)];
const REACH = { mouse: 14, pen: 18, touch: 22 }; // px around a point that mean it
const SLIP = { mouse: 4, pen: 6, touch: 10 }; // px that a press may slip and still be one
const MOST_ZOOM = 12;
const MARGIN = 0.06;

export function node(name, attributes = {}, ...children) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function inside(polygon, x, y) {
  let odd = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i], [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}

const corners = (path) => [...path.getAttribute("d").matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
const boxOf = (polygon) => {
  const xs = polygon.map(([x]) => x), ys = polygon.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
};
const around = (boxes) => [0, 1].map((at) => Math.min(...boxes.map((box) => box[at]))).concat([2, 3].map((at) => Math.max(...boxes.map((box) => box[at]))));
const dots = (points) => points.map(({ x, y }) => `M${x} ${y}h0`).join("");
export const drawn = (polygon) => `M${polygon.map(([x, y]) => `${x},${y}`).join("L")}Z`;

// ── a drawing: the server's, in its own millimetres; this patient's may have others ──

class Drawing {
  constructor(picture) {
    const numbers = (text) => text.split(" ").map(Number), sheet = picture.querySelector("svg");
    this.size = numbers(picture.dataset.size);
    this.drawnAt = numbers(picture.dataset.scale ?? "1 1");
    sheet.querySelector(".placed")?.remove();
    this.ground = node("g", { class: "ground" }, ...sheet.childNodes);
    this.zones = new Map([...this.ground.querySelectorAll("[data-area]")].map((path) => [path.dataset.area, { path, outline: corners(path), holes: [] }]));
    for (const hole of this.ground.querySelectorAll("[data-no-go]")) this.zones.get(hole.dataset.noGo)?.holes.push(corners(hole));
    const middle = (side) => Math.min(...[...this.zones].filter(([key]) => key.endsWith(`:${side}`)).map(([, { outline }]) => boxOf(outline)[0]));
    const left = middle("left"), right = middle("right");
    this.sides = Number.isFinite(left) && Number.isFinite(right) ? (left < right ? ["L", "R"] : ["R", "L"]) : null;
    this.scale(this.drawnAt);
  }

  // Of this patient against an average adult.
  scale([x, y]) {
    this.by = [x / this.drawnAt[0], y / this.drawnAt[1]];
    this.ground.setAttribute("transform", `scale(${this.by.join(" ")})`);
  }

  outline(area) { return this.zones.get(area)?.outline.map(([x, y]) => [x * this.by[0], y * this.by[1]]); }

  areaAt(x, y) {
    const at = [x / this.by[0], y / this.by[1]];
    return [...this.zones].find(([, { outline }]) => inside(outline, ...at))?.[0] ?? null;
  }

  // Why nothing may be injected at a place of an area; nothing where it may.
  forbidden(area, x, y) {
    const zone = this.zones.get(area), at = [x / this.by[0], y / this.by[1]];
    if (!zone || !inside(zone.outline, ...at)) return "outside";
    return zone.holes.some((hole) => inside(hole, ...at)) ? "no-go" : "";
  }
}

// ── the view ──

// `pictures`: {map id: the server's svg}. `on` answers what the hand does:
//   tap({x, y, hit, area, event}); hit is [zone, point] or null
//   drag({x, y, hit, event}) -> "points" | "box" | "line" | "hand" | null, when a press becomes a drag
//   moved(pairs, dx, dy); boxed([x1, y1, x2, y2]); lined([[x, y]])
export class MapView {
  constructor(stage, state, { pictures, on = {}, readOnly = false }) {
    this.stage = stage;
    this.state = state;
    this.on = on;
    this.readOnly = readOnly;
    this.drawings = new Map(Object.entries(pictures).map(([id, picture]) => [id, new Drawing(picture)]));
    this.layers = Object.fromEntries(["ground", "below", "dots", "lifted", "sketch"].map((name) => [name, node("svg", { class: `layer ${name}`, "aria-hidden": "true" })]));
    this.sides = ["left", "right"].map((side) => Object.assign(document.createElement("span"), { className: `side ${side}`, ariaHidden: "true" }));
    stage.replaceChildren(...Object.values(this.layers), ...this.sides);
    stage.classList.add("map-stage");
    this.reach = REACH;
    this.held = [];
    this.areaOf = (zone) => zone.key.split(":").slice(0, 3).join(":");
    this.layerOf = () => "unknown"; // of the tip in a zone, for the filling of its points
    this.spacingOf = (zone) => Number(zone.generator?.spacing_mm) || 10;
    state.addEventListener("change", ({ detail: { what } }) => this.follow(what));
    new ResizeObserver(() => this.resized()).observe(stage);
    this.listen();
  }

  get drawing() { return this.drawings.get(this.map); }
  onMap() { return this.state.zones.filter((zone) => zone.key.startsWith(`${this.map}:`)); }

  show(map) {
    if (map === this.map || !this.drawings.has(map)) return;
    this.map = map;
    this.layers.ground.replaceChildren(this.drawing.ground);
    this.sides.forEach((label, at) => { label.textContent = this.drawing.sides?.[at] ?? ""; });
    this.fit();
  }

  // ── the camera: a place in the middle, and how many px a millimetre has ──

  resized() {
    const { clientWidth, clientHeight } = this.stage, before = this.wide;
    [this.wide, this.tall] = [clientWidth, clientHeight];
    if (!this.map || !clientWidth) return;
    if (before) this.look(this.middle, this.perMm);
    else this.fit();
  }

  whole() {
    const [width, height] = this.drawing.size, [x, y] = this.drawing.by;
    return [0, 0, width * x, height * y];
  }

  fit(box = this.whole(), margin = MARGIN) {
    this.wide ||= this.stage.clientWidth;
    this.tall ||= this.stage.clientHeight;
    if (!this.wide) return;
    const [x1, y1, x2, y2] = box, room = 1 - margin;
    this.least = Math.min((this.wide * (1 - MARGIN)) / this.whole()[2], (this.tall * (1 - MARGIN)) / this.whole()[3]);
    this.look([(x1 + x2) / 2, (y1 + y2) / 2], Math.min((this.wide * room) / Math.max(x2 - x1, 1), (this.tall * room) / Math.max(y2 - y1, 1)));
  }

  // To zones that are small on the whole map, with their surroundings.
  fitZones(keys) {
    const outlines = keys.map((key) => this.drawing.outline(this.areaOf({ key }))).filter(Boolean);
    this.fit(outlines.length ? around(outlines.map(boxOf)) : undefined, outlines.length ? 0.25 : MARGIN);
  }

  zoom(by, at = this.middle) { this.look(at, this.perMm * by); }

  look([x, y], perMm) {
    this.perMm = Math.max(this.least, Math.min(perMm, this.least * MOST_ZOOM));
    const width = this.wide / this.perMm, height = this.tall / this.perMm, [, , right, bottom] = this.whole();
    const within = (value, size, end) => (size >= end ? end / 2 : Math.max(size / 2, Math.min(value, end - size / 2)));
    this.middle = [within(x, width, right), within(y, height, bottom)];
    this.window = [this.middle[0] - width / 2, this.middle[1] - height / 2, width, height];
    for (const layer of Object.values(this.layers)) layer.setAttribute("viewBox", this.window.join(" "));
    this.stage.style.setProperty("--px", 1 / this.perMm); // names keep their size
    this.stage.classList.toggle("zoomed", this.perMm > this.least * 1.01);
    this.draw();
  }

  seen({ x, y }) {
    const [left, top, width, height] = this.window, edge = 24 / this.perMm;
    return x > left + edge && x < left + width - edge && y > top + edge && y < top + height - edge;
  }

  reveal(point) { if (!this.seen(point)) this.look([point.x, point.y], this.perMm); }

  // ── drawing ──

  follow(what) {
    if (what === "at") this.lift();
    else this.draw();
  }

  draw() {
    if (this.drawing_ || !this.window) return;
    this.drawing_ = requestAnimationFrame(() => { this.drawing_ = 0; this.drawNow(); });
  }

  // By volume, within what can be seen and what leaves room between points.
  radius(ml, spacing) {
    const unit = (2.7 * Math.min(1.5, Math.sqrt(this.perMm / this.least)) * (this.large ? 1.5 : 1)) / this.perMm;
    return Math.max(0.8 * unit, Math.min(1.15 * unit * Math.cbrt(ml / 0.02), 2.6 * unit, 0.36 * spacing));
  }

  rings(points, spacing, fill, rings) {
    return [...Map.groupBy(points, ({ ml }) => ml)].flatMap(([ml, same]) => {
      const d = dots(same), radius = this.radius(ml, spacing);
      return rings.map(([name, wide]) => node("path", { class: name === "fill" ? `fill ${fill}` : name, d, "stroke-width": 2 * wide * radius }));
    });
  }

  crosses(points) {
    const half = 4 / this.perMm;
    return node("path", { class: "cross", "stroke-width": 1.8 / this.perMm, d: points.map(({ x, y }) => `M${x - half} ${y - half}l${2 * half} ${2 * half}m0 ${-2 * half}l${-2 * half} ${2 * half}`).join("") });
  }

  drawNow() {
    const { state, drawing } = this, zones = this.onMap(), areas = new Set(zones.filter((zone) => !zone.drawn).map(this.areaOf));
    const active = state.zone(state.active);
    for (const [area, { path }] of drawing.zones) {
      path.classList.toggle("chosen", areas.has(area));
      path.classList.toggle("active", Boolean(active) && !active.drawn && this.areaOf(active) === area);
    }
    const held = new Set(this.held.map(([key, { k }]) => `${key} ${k}`));
    this.layers.dots.replaceChildren(...zones.map((zone) => {
      const still = state.points(zone.key).filter(({ k }) => !state.isPicked(zone.key, k) && !held.has(`${zone.key} ${k}`));
      const left = still.filter((point) => !isOut(point)), hand = left.filter(({ flags }) => /[mav]/.test(flags));
      const outline = zone.drawn ? [node("path", { class: `drawn${zone === active ? " active" : ""}`, d: drawn(zone.drawn) })] : [];
      const byHand = hand.length ? [node("path", { class: "by-hand", d: dots(hand), "stroke-width": Math.min(3 / this.perMm, 0.7 * this.radius(0.02, this.spacingOf(zone))) })] : [];
      return node("g", {}, ...outline, ...this.rings(left, this.spacingOf(zone), this.layerOf(zone), RINGS), ...byHand, this.crosses(still.filter(isOut)));
    }));
    this.lift();
  }

  // What is picked or held, and where the keyboard is.
  lift() {
    if (!this.window) return;
    const { state } = this, there = this.held.length ? this.held : state.pickedPoints().filter(([key]) => key.startsWith(`${this.map}:`));
    const left = there.filter(([, point]) => !isOut(point)), out = there.filter(([, point]) => isOut(point)).map(([, point]) => point);
    const rings = [...Map.groupBy(left, ([key]) => key)].flatMap(([key, ofZone]) => this.rings(ofZone.map(([, point]) => point), this.spacingOf(state.zone(key)), "picked", PICKED));
    const at = state.at?.zone.startsWith(`${this.map}:`) && state.point(state.at.zone, state.at.k);
    const size = 11 / this.perMm;
    const frame = at ? ["halo", "ring"].map((name, n) => node("rect", { class: `here ${name}`, x: at.x - size, y: at.y - size, width: 2 * size, height: 2 * size, rx: 3 / this.perMm, "stroke-width": (5 - 2.6 * n) / this.perMm })) : [];
    const pickedOut = out.length ? [node("path", { class: "ring", d: dots(out), "stroke-width": 16 / this.perMm }), node("path", { class: "halo", d: dots(out), "stroke-width": 13 / this.perMm }), this.crosses(out)] : [];
    this.layers.lifted.replaceChildren(...rings, ...pickedOut, ...frame);
  }

  sketch(...children) { this.layers.sketch.replaceChildren(...children); }
  sketchLine(points, closed = false) {
    const d = points.length ? `M${points.map(([x, y]) => `${x},${y}`).join("L")}${closed ? "Z" : ""}` : "";
    const lines = ["halo", "ring"].map((name, n) => node("path", { class: `line ${name}`, d, "stroke-width": (4 - 2.2 * n) / this.perMm }));
    const ends = dots(points.map(([x, y]) => ({ x, y })));
    this.sketch(...lines, node("path", { class: "halo", d: ends, "stroke-width": 11 / this.perMm }), node("path", { class: "ring", d: ends, "stroke-width": 7 / this.perMm }));
  }

  // ── hands ──

  toMm(event) {
    return [this.window[0] + (event.clientX - this.place.left) / this.perMm, this.window[1] + (event.clientY - this.place.top) / this.perMm];
  }

  // The nearest point within reach: [zone key, point].
  hit(x, y, kind = "mouse") {
    const reach = (this.large ? REACH.touch : REACH[kind] ?? REACH.mouse) / this.perMm;
    let best = null, away = reach;
    for (const zone of this.onMap()) {
      for (const point of this.state.points(zone.key)) {
        const distance = Math.hypot(point.x - x, point.y - y);
        if (distance < away) [best, away] = [[zone.key, point], distance];
      }
    }
    return best;
  }

  listen() {
    const { stage } = this;
    let press = null, frame = 0;
    const begin = (event) => {
      this.place = stage.getBoundingClientRect();
      const [x, y] = this.toMm(event);
      return { id: event.pointerId, event, x, y, hit: this.hit(x, y, event.pointerType), from: [event.clientX, event.clientY], to: [event.clientX, event.clientY], kind: "", line: [] };
    };
    const by = () => [press.to[0] - press.from[0], press.to[1] - press.from[1]];
    const move = () => {
      frame = 0;
      if (!press) return;
      const [dx, dy] = by(), x = press.x + dx / this.perMm, y = press.y + dy / this.perMm;
      if (press.kind === "points") this.layers.lifted.style.transform = `translate(${dx}px, ${dy}px)`;
      else if (press.kind === "hand") this.look([press.middle[0] - dx / this.perMm, press.middle[1] - dy / this.perMm], this.perMm);
      else if (press.kind === "box") this.sketchLine([[press.x, press.y], [x, press.y], [x, y], [press.x, y]], true);
      else if (press.kind === "line") this.sketchLine(press.line);
    };
    const end = (done) => {
      const was = press, [dx, dy] = by();
      press = null;
      this.layers.lifted.style.transform = "";
      const pairs = this.held;
      this.held = [];
      if (!done || was.kind === "line" || was.kind === "box") this.sketch();
      if (!done) return this.draw();
      if (!was.kind) this.on.tap?.({ x: was.x, y: was.y, hit: was.hit, area: this.drawing.areaAt(was.x, was.y), event: was.event });
      else if (was.kind === "points") { this.on.moved?.(pairs, dx / this.perMm, dy / this.perMm); this.draw(); }
      else if (was.kind === "box") this.on.boxed?.([Math.min(was.x, was.x + dx / this.perMm), Math.min(was.y, was.y + dy / this.perMm), Math.max(was.x, was.x + dx / this.perMm), Math.max(was.y, was.y + dy / this.perMm)]);
      else if (was.kind === "line") this.on.lined?.(was.line);
    };
    // A finger on a point holds it; elsewhere it scrolls the page, unless a tool wants the drag.
    stage.addEventListener("touchstart", (event) => {
      this.place = stage.getBoundingClientRect();
      const [x, y] = this.toMm(event.touches[0]);
      if (event.touches.length === 1 && !this.readOnly && this.on.drag?.({ x, y, hit: this.hit(x, y, "touch"), event, ask: true })) event.preventDefault();
    }, { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      if (press || event.button || !this.window) return;
      press = begin(event);
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", (event) => {
      if (!press) {
        if (event.pointerType === "touch" || !this.window) return;
        this.place = stage.getBoundingClientRect();
        stage.classList.toggle("near", Boolean(this.hit(...this.toMm(event), event.pointerType)));
        return;
      }
      if (event.pointerId !== press.id) return;
      press.to = [event.clientX, event.clientY];
      if (!press.kind && Math.hypot(...by()) > (SLIP[event.pointerType] ?? SLIP.mouse)) {
        press.kind = (!this.readOnly && this.on.drag?.(press)) || "none";
        press.middle = this.middle;
        if (press.kind === "points") {
          const [key, point] = press.hit;
          this.held = this.state.isPicked(key, point.k) ? this.state.pickedPoints().filter(([zone, one]) => zone.startsWith(`${this.map}:`) && !isOut(one)) : [press.hit];
          this.drawNow();
        }
      }
      if (press.kind === "line") for (const each of event.getCoalescedEvents?.() ?? [event]) press.line.push(this.toMm(each));
      if (press.kind) frame ||= requestAnimationFrame(move);
    });
    stage.addEventListener("pointerup", (event) => { if (press && event.pointerId === press.id) end(true); });
    stage.addEventListener("pointercancel", (event) => { if (press && event.pointerId === press.id) end(false); });
  }

  // ── where points may be ──

  // The first reason why points may not lie where a command would put them, or nothing.
  refuses(commands) {
    for (const command of commands) {
      const zone = this.state.zone(command.zone), places = command.do === "add" ? [command.at] : Object.values(command.to ?? {});
      const drawing = this.drawings.get(zone.key.split(":")[0]);
      for (const [x, y] of places) {
        const reason = zone.drawn && !inside(zone.drawn, x, y) ? "outside" : drawing.forbidden(this.areaOf(zone), x, y);
        if (reason) return reason;
      }
    }
    return "";
  }
}

export { eachZone, moveBy };
