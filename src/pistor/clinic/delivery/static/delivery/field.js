// The field, drawn from the kernel that the server worked out: a sum of Gaussians around each point. A moved point is
// taken off the plane and put back elsewhere, so that picture, curve and numbers follow the hand. Nothing is written.
const given = document.getElementById("field-data");
const board = document.querySelector("[data-field]");

const PER_ML = 1e6; // micrograms/mL of one mg/mm³
const DECADES = 3;
const REACH = 4.5; // standard deviations after which a Gaussian is nought on the picture
const STEP = { fine: 0.5, coarse: 5 }; // mm, of the arrow keys

// Below this part of the highest value a number says no more than that there is next to nothing.
const NOTHING = 1e-5;

const number = (value, digits = 3) => {
  if (!Number.isFinite(value)) return "unknown";
  if (value === 0) return "0";
  if (value < 1e-6) return "less than 0.000001";
  const places = digits - 1 - Math.floor(Math.log10(value));
  const rounded = Number(value.toPrecision(digits));
  const [whole, part = ""] = rounded.toFixed(Math.max(0, places)).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  const left = part.replace(/0+$/, "");
  return left ? `${grouped}.${left}` : grouped;
};
const rough = (value) => number(value, 2); // a model's number
const span = (hours) => hours < 1 ? `${number(Number((hours * 60).toPrecision(2)))} min` : hours < 48 ? `${number(Number(hours.toPrecision(2)))} h` : `${number(Number((hours / 24).toPrecision(2)))} days`;

const nearest = (values, wanted) => values.reduce((best, value, at) => Math.abs(value - wanted) < Math.abs(values[best] - wanted) ? at : best, 0);

// ── a plane of numbers ──

class Plane {
  constructor(plan) {
    this.plan = plan;
    this.thread = plan.pieces.length > 1;
    this.points = plan.points.map(([x, y, dose]) => ({ x, y, dose }));
    const xs = [...plan.regions.flatMap((region) => region.outline.map(([x]) => x)), ...this.points.map((point) => point.x)];
    const ys = [...plan.regions.flatMap((region) => region.outline.map(([, y]) => y)), ...this.points.map((point) => point.y)];
    this.left = Math.min(...xs) - 4;
    this.top = Math.min(...ys) - 4;
    this.wide = Math.max(...xs) + 4 - this.left;
    this.tall = Math.max(...ys) + 4 - this.top;
    this.mm = Math.max(0.25, Math.sqrt((this.wide * this.tall) / 60000)); // of a cell
    this.columns = Math.ceil(this.wide / this.mm) + 1;
    this.rows = Math.ceil(this.tall / this.mm) + 1;
    this.value = new Float32Array(this.columns * this.rows);
    this.inside = this.mask();
    this.area = this.inside.reduce((sum, one) => sum + one, 0) * this.mm ** 2;
  }

  // The profile of one unit depot at the chosen time and depth, or of its whole exposure.
  choose({ hours, mm, exposure }) {
    const source = exposure ? this.plan.auc : this.plan.kernel;
    const time = nearest(this.plan.times_h, hours), depth = nearest(this.plan.depths_mm, mm);
    const weights = exposure ? source.weight[depth] : source.weight[time][depth];
    this.gaussians = source.variance.map((variance, m) => ({ variance, weight: weights[m] / (2 * Math.PI * variance) })).filter(({ weight }) => weight !== 0);
    const most = Math.sqrt(Math.max(...this.gaussians.map(({ variance }) => variance), 0.01));
    // Far tails are found by trying: the widest Gaussian may carry next to nothing.
    const peak = Math.abs(this.profile(0)) || 1;
    let reach = REACH * most;
    while (reach > this.mm && Math.abs(this.profile(reach)) < 1e-5 * peak) reach *= 0.8;
    this.reach = Math.min(reach * 1.25, REACH * most);
    const cells = 2 * Math.ceil(this.reach / this.mm) + 3;
    this.table = Float64Array.from({ length: cells * 4 + 2 }, (_, at) => Math.max(0, this.profile((at * this.mm) / 4)));
    this.value.fill(0);
    for (const point of this.points) this.add(point, 1);
  }

  profile(distance) {
    let sum = 0;
    for (const { variance, weight } of this.gaussians) sum += weight * Math.exp((-distance * distance) / (2 * variance));
    return sum;
  }

  // A point is of equal pieces: one, or several along a thread.
  add({ x, y, dose }, sign) {
    const { pieces } = this.plan;
    for (const [dx, dy] of pieces) this.addPiece({ x: x + dx, y: y + dy, dose: dose / pieces.length }, sign);
  }

  addPiece(point, sign) {
    const { mm, columns, rows, table } = this;
    const from = Math.max(0, Math.ceil((point.x - this.reach - this.left) / mm)), to = Math.min(columns - 1, Math.floor((point.x + this.reach - this.left) / mm));
    const first = Math.max(0, Math.ceil((point.y - this.reach - this.top) / mm)), last = Math.min(rows - 1, Math.floor((point.y + this.reach - this.top) / mm));
    const amount = sign * point.dose * PER_ML;
    for (let row = first; row <= last; row++) {
      const away = this.top + row * mm - point.y, squared = away * away;
      for (let column = from; column <= to; column++) {
        const aside = this.left + column * mm - point.x;
        const place = (Math.sqrt(squared + aside * aside) * 4) / mm, whole = Math.floor(place), part = place - whole;
        this.value[row * columns + column] += amount * (table[whole] * (1 - part) + table[whole + 1] * part);
      }
    }
  }

  move(point, x, y) {
    this.add(point, -1);
    point.x = Math.min(this.left + this.wide, Math.max(this.left, x));
    point.y = Math.min(this.top + this.tall, Math.max(this.top, y));
    this.add(point, 1);
  }

  // From where to where a thread runs; a point is a thread without length.
  ends({ x, y }) {
    const { pieces } = this.plan;
    return [pieces[0], pieces.at(-1)].map(([dx, dy]) => ({ x: x + dx, y: y + dy }));
  }

  at(x, y) {
    const { pieces } = this.plan;
    let sum = 0;
    for (const point of this.points)
      for (const [dx, dy] of pieces) sum += point.dose * this.profile(Math.hypot(point.x + dx - x, point.y + dy - y));
    return Math.max(0, (sum * PER_ML) / pieces.length);
  }

  mask() {
    const found = new Uint8Array(this.value.length);
    const within = (polygon, x, y) => {
      let odd = false;
      for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
        const [xi, yi] = polygon[i], [xj, yj] = polygon[j];
        if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
      }
      return odd;
    };
    for (let row = 0; row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++) {
        const x = this.left + column * this.mm, y = this.top + row * this.mm;
        found[row * this.columns + column] = this.plan.regions.some((region) => within(region.outline, x, y) && !region.no_go.some((hole) => within(hole, x, y))) ? 1 : 0;
      }
    }
    return found;
  }

  // What the area holds, the highest first.
  sorted() {
    const held = new Float32Array(this.inside.reduce((sum, one) => sum + one, 0));
    for (let at = 0, next = 0; at < this.inside.length; at++) if (this.inside[at]) held[next++] = Math.max(0, this.value[at]);
    return held.sort().reverse();
  }

  // Lines of equal height by marching squares, as pairs of ends in mm.
  contour(level) {
    const { columns, rows, mm, value } = this, ends = [];
    for (let row = 0; row + 1 < rows; row++) {
      for (let column = 0; column + 1 < columns; column++) {
        const at = row * columns + column;
        const above = (value[at] >= level) + (value[at + 1] >= level) + (value[at + 1 + columns] >= level) + (value[at + columns] >= level);
        if (above === 0 || above === 4) continue;
        const corners = [value[at], value[at + 1], value[at + 1 + columns], value[at + columns]];
        const cuts = [];
        for (let edge = 0; edge < 4; edge++) {
          const a = corners[edge], b = corners[(edge + 1) % 4];
          if (a >= level === b >= level) continue;
          const part = (level - a) / (b - a);
          cuts.push([[column + part, row], [column + 1, row + part], [column + 1 - part, row + 1], [column, row + 1 - part]][edge]);
        }
        for (let cut = 0; cut + 1 < cuts.length; cut += 2) ends.push([...cuts[cut], ...cuts[cut + 1]].map((place, i) => (i % 2 ? this.top : this.left) + place * mm));
      }
    }
    return ends;
  }
}

// ── how it is drawn ──

// 256 colours as the four bytes of a pixel each, whatever the order of bytes of this machine.
const shades = (anchors) => new Uint32Array(Uint8ClampedArray.from(Array.from({ length: 256 }, (_, at) => {
  const place = (at / 255) * (anchors.length - 1), low = Math.min(Math.floor(place), anchors.length - 2), part = place - low;
  const channel = (colour, from) => parseInt(colour.slice(from, from + 2), 16);
  return [...[1, 3, 5].map((from) => Math.round(channel(anchors[low], from) * (1 - part) + channel(anchors[low + 1], from) * part)), 255];
}).flat()).buffer);

class Stage {
  constructor(figure, plan, board) {
    this.figure = figure;
    this.board = board;
    this.canvas = figure.querySelector("canvas");
    this.hand = figure.querySelector(".hand");
    this.buffer = document.createElement("canvas");
    this.chosen = -1;
    this.take(plan);
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.hand);
  }

  take(plan) {
    this.plane = new Plane(plan);
    this.chosen = Math.min(this.chosen, plan.points.length - 1);
    this.hand.setAttribute("aria-label", `${this.figure.dataset.name}: field with ${plan.points.length} ${this.plane.thread ? "threads" : "points"}`);
    this.hand.style.maxInlineSize = `${Math.max(0.3, this.plane.wide / this.plane.tall) * 75}vh`; // a tall area stays within the window
    this.figure.hidden = false;
  }

  draw() {
    const { plane } = this, ratio = window.devicePixelRatio || 1, wide = this.hand.clientWidth;
    if (!wide || !plane.gaussians) return;
    this.scale = wide / plane.wide;
    const tall = plane.tall * this.scale;
    if (this.canvas.width !== Math.round(wide * ratio) || this.canvas.height !== Math.round(tall * ratio)) {
      this.canvas.width = Math.round(wide * ratio);
      this.canvas.height = Math.round(tall * ratio);
    }
    const ink = this.canvas.getContext("2d");
    ink.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.shade(ink);
    ink.setTransform(ratio * this.scale, 0, 0, ratio * this.scale, -plane.left * this.scale * ratio, -plane.top * this.scale * ratio);
    this.regions(ink);
    // How far apart points are on the screen: where there is no room, rings and lines would hide the field.
    this.room = Math.sqrt((plane.area || 1) / (plane.points.length || 1)) * this.scale;
    const lines = this.room > 22 ? 3 : this.room > 12 ? 2 : 1;
    for (const level of this.board.levels.slice(0, lines)) this.line(ink, level, 1);
    if (this.board.threshold) this.line(ink, this.board.threshold, 2);
    ink.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.rings(ink);
    this.bar(ink, tall);
  }

  shade(ink) {
    const { plane, board } = this, { low, high, log, colours } = board;
    this.buffer.width = plane.columns;
    this.buffer.height = plane.rows;
    const sheet = this.buffer.getContext("2d"), image = sheet.createImageData(plane.columns, plane.rows);
    const pixels = new Uint32Array(image.data.buffer), from = log ? Math.log(low) : 0, whole = (log ? Math.log(high) : high) - from;
    for (let at = 0; at < plane.value.length; at++) {
      const value = log ? Math.log(Math.max(plane.value[at], low)) : plane.value[at];
      pixels[at] = colours[Math.max(0, Math.min(255, Math.round(((value - from) / whole) * 255)))];
    }
    sheet.putImageData(image, 0, 0);
    const half = (plane.mm / 2) * this.scale; // a value belongs to the middle of its cell
    ink.imageSmoothingQuality = "high";
    ink.drawImage(this.buffer, -half, -half, plane.columns * plane.mm * this.scale, plane.rows * plane.mm * this.scale);
  }

  regions(ink) {
    for (const { outline, no_go } of this.plane.plan.regions) {
      this.trace(ink, outline);
      ink.lineWidth = 3 / this.scale; ink.strokeStyle = "#ffffff"; ink.stroke();
      ink.lineWidth = 1.5 / this.scale; ink.strokeStyle = "#0f6b6b"; ink.stroke();
      for (const hole of no_go) {
        this.trace(ink, hole);
        ink.fillStyle = "rgb(255 255 255 / 70%)"; ink.fill();
        ink.setLineDash([3 / this.scale, 3 / this.scale]); ink.lineWidth = 1.5 / this.scale; ink.strokeStyle = "#a34733"; ink.stroke(); ink.setLineDash([]);
      }
    }
  }

  trace(ink, polygon) {
    ink.beginPath();
    for (const [x, y] of polygon) ink.lineTo(x, y);
    ink.closePath();
  }

  // Light on the dark half of the palette, dark on the light one.
  line(ink, level, width) {
    ink.beginPath();
    for (const [x1, y1, x2, y2] of this.plane.contour(level)) { ink.moveTo(x1, y1); ink.lineTo(x2, y2); }
    ink.lineWidth = (1.3 * width) / this.scale;
    ink.strokeStyle = level < this.board.high / (this.board.log ? 5 : 3) ? "#ffffff" : "#17262b";
    ink.stroke();
  }

  rings(ink) {
    const size = Math.max(1, Math.min(4, 0.6 * this.scale, 0.13 * this.room));
    this.plane.points.forEach((point, at) => {
      const [from, to] = this.plane.ends(point).map((end) => this.place(end));
      const radius = at === this.chosen ? Math.max(6, size * 2) : size;
      for (const [part, colour] of [[1.5, "#ffffff"], [1.15, "#17262b"], [at === this.chosen ? 0.8 : 0.6, at === this.chosen ? "#c2570c" : "#ffffff"]]) {
        ink.beginPath(); ink.moveTo(...from); ink.lineTo(...to); ink.lineCap = "round"; ink.lineWidth = 2 * radius * part; ink.strokeStyle = colour; ink.stroke();
      }
    });
  }

  bar(ink, tall) {
    const length = [100, 50, 20, 10, 5, 2, 1].find((step) => step <= this.plane.wide / 4) ?? 1;
    const words = `${length} mm`, end = 10 + length * this.scale;
    ink.font = "600 13px system-ui, sans-serif";
    ink.fillStyle = "rgb(255 255 255 / 85%)";
    ink.fillRect(4, tall - 26, end + 12 + ink.measureText(words).width, 22);
    ink.strokeStyle = ink.fillStyle = "#17262b";
    ink.lineWidth = 2;
    ink.beginPath(); ink.moveTo(10, tall - 19); ink.lineTo(10, tall - 11); ink.moveTo(10, tall - 15); ink.lineTo(end, tall - 15); ink.moveTo(end, tall - 19); ink.lineTo(end, tall - 11); ink.stroke();
    ink.fillText(words, end + 6, tall - 10);
  }

  place({ x, y }) { return [(x - this.plane.left) * this.scale, (y - this.plane.top) * this.scale]; }

  // ── hands ──

  nearest(event, within) {
    const box = this.hand.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = -1, away = within;
    this.plane.points.forEach((point, at) => {
      const [[x1, y1], [x2, y2]] = this.plane.ends(point).map((end) => this.place(end)), squared = (x2 - x1) ** 2 + (y2 - y1) ** 2;
      const along = squared ? Math.max(0, Math.min(1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / squared)) : 0;
      const distance = Math.hypot(x1 + along * (x2 - x1) - x, y1 + along * (y2 - y1) - y);
      if (distance < away) { best = at; away = distance; }
    });
    return best;
  }

  listen() {
    const { hand } = this;
    let held = false, off = [0, 0];
    // A finger that begins on a point drags it; elsewhere it scrolls the page.
    hand.addEventListener("touchstart", (event) => { if (this.nearest(event.touches[0], 22) >= 0) event.preventDefault(); }, { passive: false });
    hand.addEventListener("pointerdown", (event) => {
      const at = this.nearest(event, event.pointerType === "mouse" ? 14 : 22);
      if (at < 0) return;
      held = true;
      this.chosen = at;
      hand.setPointerCapture(event.pointerId);
      hand.focus({ preventScroll: true });
      const box = hand.getBoundingClientRect(), [left, top] = this.place(this.plane.points[at]);
      off = [event.clientX - box.left - left, event.clientY - box.top - top];
      this.board.follow(this);
      event.preventDefault();
    });
    hand.addEventListener("pointermove", (event) => {
      if (!held) { hand.classList.toggle("near", this.nearest(event, 14) >= 0); return; }
      const box = hand.getBoundingClientRect();
      this.to((event.clientX - box.left - off[0]) / this.scale + this.plane.left, (event.clientY - box.top - off[1]) / this.scale + this.plane.top);
    });
    for (const kind of ["pointerup", "pointercancel"]) hand.addEventListener(kind, () => { held = false; });
    hand.addEventListener("focus", () => { if (this.chosen < 0 && this.plane.points.length) { this.chosen = 0; this.board.follow(this); } });
    hand.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const count = this.plane.points.length, step = event.shiftKey ? STEP.coarse : STEP.fine;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const onward = { PageDown: 1, n: 1, PageUp: -1, p: -1 }[event.key];
    if (!count || event.ctrlKey || event.metaKey || event.altKey) return;
    if (moves[event.key]) {
      const point = this.plane.points[Math.max(0, this.chosen)];
      this.chosen = Math.max(0, this.chosen);
      this.to(point.x + moves[event.key][0], point.y + moves[event.key][1]);
    } else if (onward) {
      this.chosen = (this.chosen + onward + count) % count;
      this.board.follow(this);
    } else return;
    event.preventDefault();
  }

  to(x, y) {
    this.plane.move(this.plane.points[this.chosen], x, y);
    this.held = null;
    this.moved = true;
    this.board.follow(this);
  }

  putBack() {
    this.plane.points = this.plane.plan.points.map(([x, y, dose]) => ({ x, y, dose }));
    this.moved = false;
  }

  told() {
    const point = this.plane.points[this.chosen];
    if (!point) return "";
    const others = this.plane.points.filter((other) => other !== point).map((other) => Math.hypot(other.x - point.x, other.y - point.y));
    const neighbour = others.length ? `, ${rough(Math.min(...others))} mm from the next` : "";
    return `${this.plane.thread ? "Thread" : "Point"} ${this.chosen + 1} of ${this.plane.points.length}${neighbour}: ${rough(this.plane.at(point.x, point.y))} ${this.board.unit} under it.`;
  }
}

// ── the board: one choice of time, depth and scale for every plan on it ──

class Board {
  constructor(element, data) {
    this.element = element;
    this.data = data;
    this.colours = shades(data.palette);
    this.form = element.querySelector("form");
    this.live = element.querySelector("[data-told]");
    this.stages = [];
    this.curve = element.querySelector("[data-coverage]");
    element.classList.add("live");
    for (const part of element.querySelectorAll("[data-live], [data-now]")) part.hidden = false;
    for (const [at, figure] of [...element.querySelectorAll("figure[data-plan]")].entries()) {
      figure.querySelector(".drawn")?.setAttribute("hidden", "");
      figure.querySelector(".hand").hidden = false;
      if (data.plans[at]) this.stages.push(new Stage(figure, data.plans[at], this));
    }
    this.form.addEventListener("input", (event) => this.changed(event));
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.ask(); });
    this.back = element.querySelector("[data-back]");
    this.back.addEventListener("click", () => { for (const stage of this.stages) stage.putBack(); this.choose(); });
    this.choose();
  }

  field(name) { return this.form.elements[name]; }

  // Time, depth, measure and scale are all here; they need no server.
  choose() {
    const plan = this.data.plans[0];
    this.exposure = this.field("measure").value === "exposure";
    this.log = this.field("scale").value === "log";
    const time = Number(this.field("time").value), depth = Number(this.field("depth").value);
    this.unit = this.exposure ? "micrograms·h/mL" : "micrograms/mL";
    this.say("time", this.exposure ? "all of it" : span(plan.times_h[time]));
    const deep = `${number(Math.round(100 * plan.depths_mm[depth]) / 100)} mm`;
    this.say("depth", deep);
    this.shown = `${deep} deep, ${this.exposure ? "all over time" : `${span(plan.times_h[time])} after the injection`}`;
    this.field("time").disabled = this.exposure;
    this.threshold = this.exposure ? null : this.data.threshold;
    for (const stage of this.stages) {
      stage.plane.choose({ hours: plan.times_h[time], mm: plan.depths_mm[depth], exposure: this.exposure });
      stage.held = null;
    }
    this.high = Math.max(...this.stages.map(({ plane }) => plane.value.reduce((most, value) => Math.max(most, value), 0))) || 1;
    this.low = this.log ? this.high / 10 ** DECADES : 0;
    this.levels = [this.high / 2, this.high / 10, this.high / 100];
    this.legend();
    this.follow();
  }

  // Beside the slider, and to those who hear it instead of its bare number.
  say(name, words) {
    this.form.querySelector(`output[data-for="${name}"]`).value = words;
    this.field(name).setAttribute("aria-valuetext", words);
  }

  legend() {
    const place = this.element.querySelector("[data-legend]");
    const marks = this.log ? [1, 0.1, 0.01, 0.001] : [1, 0.75, 0.5, 0.25];
    place.querySelector(".marks").replaceChildren(...marks.toReversed().map((part) => Object.assign(document.createElement("span"), { textContent: rough(this.high * part) })));
    place.querySelector(".unit").textContent = `${this.unit}, ${this.shown}`;
    place.querySelector("[data-dense]").hidden = this.exposure || this.high <= this.data.syringe;
    const strip = place.querySelector("canvas"), ink = strip.getContext("2d");
    strip.width = 256;
    strip.height = 1;
    const image = ink.createImageData(256, 1);
    new Uint32Array(image.data.buffer).set(this.colours);
    ink.putImageData(image, 0, 0);
  }

  follow(stage) {
    this.stage = stage ?? this.stage ?? this.stages[0];
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      for (const one of this.stages) if (one === stage || !stage || !one.held) one.draw();
      this.numbers();
    });
  }

  numbers() {
    const held = this.stages.map((stage) => (stage.held ??= stage.plane.sorted()));
    this.back.hidden = !this.stages.some((stage) => stage.moved);
    this.draw(held);
    const level = this.threshold ?? this.high / 10;
    const of = (values, share) => values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;
    const words = (value) => (value > this.high * NOTHING ? rough(value) : "next to nothing");
    const rows = {
      half: (values) => words(of(values, 0.5)),
      least: (values) => words(of(values, 0.95)),
      most: (values) => words(of(values, 0.05)),
      share: (values) => `${Math.round((100 * values.filter((value) => value >= level).length) / (values.length || 1))} %`,
    };
    for (const [name, work] of Object.entries(rows)) held.forEach((values, at) => {
      const cell = this.element.querySelector(`[data-number="${name}-${at}"]`);
      if (cell) cell.textContent = work(values);
    });
    for (const place of this.element.querySelectorAll("[data-level]")) place.textContent = `${rough(level)} ${this.unit}`;
    for (const place of this.element.querySelectorAll("[data-unit]")) place.textContent = this.unit;
    clearTimeout(this.telling);
    const mine = held[this.stages.indexOf(this.stage)];
    const half = of(mine, 0.5) > this.high * NOTHING ? `Half of the area gets at least ${rows.half(mine)} ${this.unit}.` : "Half of the area gets next to nothing.";
    const told = [this.stage.told(), half].filter(Boolean).join(" ");
    this.element.querySelector("[data-now]").textContent = told;
    // A screen reader hears the end of a movement, and nothing of what stood there when the page came.
    if (this.told !== undefined) this.telling = setTimeout(() => { this.live.textContent = told; }, 600);
    this.told = told;
  }

  // Which share of the area gets at least a level: the sorted values are the curve.
  draw(held) {
    const left = 56, right = 424, top = 24, base = 226, low = this.high / 10 ** (DECADES + 1);
    const x = (value) => left + (Math.log10(Math.max(value, low) / low) / (DECADES + 1)) * (right - left);
    const marks = this.curve.querySelector(".marks");
    marks.replaceChildren(...Array.from({ length: DECADES + 2 }, (_, at) => {
      const label = document.createElementNS("http://www.w3.org/2000/svg", "text");
      for (const [name, value] of Object.entries({ x: x(low * 10 ** at), y: 247, "text-anchor": at === 0 ? "start" : at > DECADES ? "end" : "middle", fill: "currentColor", "font-size": 15 })) label.setAttribute(name, value);
      label.textContent = rough(low * 10 ** at);
      return label;
    }));
    held.forEach((values, at) => {
      const path = this.curve.querySelector(`[data-curve="${at}"]`);
      if (!path) return;
      const steps = Array.from({ length: 81 }, (_, step) => {
        const share = step / 80, value = values[Math.min(values.length - 1, Math.floor(share * (values.length - 1)))] ?? 0;
        return `${x(value).toFixed(1)} ${(base - share * (base - top)).toFixed(1)}`;
      });
      path.setAttribute("d", `M${steps.join("L")}`);
    });
  }

  // ── another spacing, volume or depth needs another kernel, which the server works out ──

  changed(event) {
    const { name } = event.target;
    if (["time", "depth", "measure", "scale"].includes(name)) { this.choose(); return; }
    this.say(name, `${number(Number(event.target.value))} ${event.target.dataset.suffix}`);
    clearTimeout(this.asking);
    this.asking = setTimeout(() => this.ask(), 350);
  }

  async ask() {
    this.running?.abort();
    this.running = new AbortController();
    const fields = new URLSearchParams(new FormData(this.form));
    fields.delete("points"); // a slider asks for a regular grid again
    this.element.setAttribute("aria-busy", "true");
    const problem = this.element.querySelector("[data-problem]");
    try {
      const answer = await fetch(`${this.element.dataset.field}?${fields}`, { signal: this.running.signal, credentials: "same-origin", redirect: "manual" });
      if (answer.type === "opaqueredirect") throw new Error("you are signed out. Sign in again in another tab.");
      if (!answer.ok) throw new Error("the server could not work it out. Try again.");
      const told = await answer.json();
      problem.hidden = !told.problem;
      problem.textContent = told.problem ?? "";
      if (!told.problem) this.beside(told);
    } catch (error) {
      if (error.name === "AbortError") return;
      problem.hidden = false;
      problem.textContent = `The other plan is not shown: ${error.message}`;
    } finally {
      this.element.removeAttribute("aria-busy");
    }
  }

  beside(told) {
    this.data.plans[1] = told.plan;
    const figure = this.element.querySelector('figure[data-plan="1"]');
    figure.hidden = false;
    figure.parentElement.classList.add("two");
    for (const element of this.element.querySelectorAll("[data-second]")) element.hidden = false;
    if (this.stages[1]) this.stages[1].take(told.plan);
    else {
      figure.querySelector(".hand").hidden = false;
      figure.querySelector(".drawn")?.setAttribute("hidden", "");
      this.stages.push(new Stage(figure, told.plan, this));
    }
    for (const [name, text] of Object.entries(told.numbers)) {
      const cell = this.element.querySelector(`[data-fixed="${name}-1"]`);
      if (cell) cell.textContent = text;
    }
    this.element.querySelector("[data-title='1']").textContent = told.title;
    this.choose();
  }
}

// What takes seconds says so while the next page is worked out; whoever comes back finds it as it was.
for (const link of document.querySelectorAll("a[data-busy]")) {
  const status = link.parentElement.querySelector("[role=status]"), before = status.textContent;
  link.addEventListener("click", () => { status.textContent = link.dataset.busy; });
  addEventListener("pageshow", () => { status.textContent = before; });
}

if (given && board) new Board(board, JSON.parse(given.textContent));
