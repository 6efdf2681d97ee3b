// The points of a body map as a page holds them: zones, what was changed in them by hand, what is picked, and the way back.
// Plain values and no page. A zone is {key, edits, ...} with edits {removed: [k], moved: {k: [x, y]}, added: {k: [x, y]}, changed: {k: {ml}}};
// its base are the points as they were generated or planned: k -> [x, y, mL]. The commands have the names and do the
// same as those of care/injection_map/edits.py.

const NONE = Object.freeze({ removed: [], moved: {}, added: {}, changed: {} });
const LONGEST_WAY_BACK = 200;

const tenth = (mm) => Math.round(mm * 10) / 10;
const thousandth = (mm) => Math.round(mm * 1000) / 1000;
const place = ([x, y]) => [tenth(x), tenth(y)];
const without = (record, keys) => Object.fromEntries(Object.entries(record).filter(([k]) => !keys.has(k)));
const nextAdded = ({ added }) => `a${Math.max(0, ...Object.keys(added).map((k) => Number(k.slice(1)))) + 1}`;
export const editsOf = (zone) => ({ ...NONE, ...zone.edits });
export const isEdited = (zone) => Object.values(editsOf(zone)).some((part) => Object.keys(part).length > 0);

// Each takes the edits of a zone and gives new ones.
const COMMANDS = {
  add: (edits, { at }) => ({ ...edits, added: { ...edits.added, [nextAdded(edits)]: place(at) } }),
  move: (edits, { to }) => {
    const moved = { ...edits.moved }, added = { ...edits.added };
    for (const [k, at] of Object.entries(to)) (k in added ? added : moved)[k] = place(at);
    return { ...edits, moved, added };
  },
  // One that was added by hand is forgotten; the others stay known as taken out.
  remove: (edits, { keys }) => {
    const mine = keys.filter((k) => k in edits.added), gone = new Set(mine);
    return { ...edits, added: without(edits.added, gone), changed: without(edits.changed, gone), removed: [...new Set([...edits.removed, ...keys.filter((k) => !gone.has(k))])] };
  },
  restore: (edits, { keys }) => ({ ...edits, removed: edits.removed.filter((k) => !keys.includes(k)) }),
  alter: (edits, { keys, change }) => ({ ...edits, changed: { ...edits.changed, ...Object.fromEntries(keys.map((k) => [k, { ...edits.changed[k], ...change }])) } }),
  // As they were before anything was changed in them; those that were added go.
  reset: (edits, { keys }) => {
    const gone = new Set(keys);
    return { removed: edits.removed.filter((k) => !gone.has(k)), moved: without(edits.moved, gone), added: without(edits.added, gone), changed: without(edits.changed, gone) };
  },
};

// The zone after a command. Points made anew have other numbers, so what was changed in the old ones is dropped:
// "regenerate" gives another generator, technique, outline or choice of points, "stretch" another scale of the drawing.
export function apply(zone, command) {
  if (command.do === "regenerate") return { ...zone, ...command.with, edits: NONE };
  if (command.do === "stretch") {
    const to = ([x, y, ...more]) => [thousandth(x * command.x), thousandth(y * command.y), ...more];
    return { ...zone, drawn: zone.drawn?.map(to) ?? null, chosen: zone.chosen?.map(to) ?? null, edits: NONE };
  }
  return { ...zone, edits: COMMANDS[command.do](editsOf(zone), command) };
}

// [{k, x, y, ml, flags}]; flags are letters: m moved, a added, v its volume changed, r taken out.
export function pointsOf(zone, base) {
  const { removed, moved, added, changed } = editsOf(zone), out = new Set(removed);
  const each = zone.generator && !zone.chosen ? zone.generator.volume_per_point_ml : null;
  const point = (k, [x, y], ml, flag) => ({ k, x, y, ml: Number(changed[k]?.ml ?? each ?? ml), flags: `${flag}${changed[k] ? "v" : ""}${out.has(k) ? "r" : ""}` });
  const ordinary = [...base].map(([k, [x, y, ml]]) => (moved[k] ? point(k, moved[k], ml, "m") : point(k, [x, y], ml, "")));
  return [...ordinary, ...Object.entries(added).map(([k, at]) => point(k, at, each, "a"))];
}

export const isOut = (point) => point.flags.includes("r");

// Millilitres are added as whole ten-thousandths, so that a hundred times 0.1 is 10.
export function sums(points) {
  const left = points.filter((point) => !isOut(point));
  return { n: left.length, ml: left.reduce((sum, { ml }) => sum + Math.round(ml * 1e4), 0) / 1e4 };
}

// Tells "change" with detail.what: "zones", "base", "pick" or "at" (where the keyboard is).
export class MapState extends EventTarget {
  constructor(zones = [], { signature = (zone) => zone.key } = {}) {
    super();
    this.zones = zones;
    this.signature = signature; // zones of one signature have the same base
    this.scale = {}; // of each map against its drawing; part of what can be undone
    this.bases = new Map();
    this.latest = new Map(); // shown until the points of a changed zone are there
    this.picked = new Set();
    this.at = null;
    this.active = zones[0]?.key ?? null;
    this.past = [];
    this.future = [];
    this.known = new WeakMap();
  }

  tell(what) { this.dispatchEvent(new CustomEvent("change", { detail: { what } })); }

  // ── what there is ──

  zone(key) { return this.zones.find((zone) => zone.key === key); }
  base(zone) { return this.bases.get(this.signature(zone)) ?? this.latest.get(zone.key); }
  isKnown(zone) { return this.bases.has(this.signature(zone)); }
  points(key) {
    const zone = this.zone(key), base = zone && this.base(zone);
    if (!base) return [];
    const kept = this.known.get(zone);
    if (kept?.base === base) return kept.points;
    const points = pointsOf(zone, base);
    this.known.set(zone, { base, points });
    return points;
  }
  point(key, k) { return this.points(key).find((point) => point.k === k); }
  sums(key) { return sums(key ? this.points(key) : this.zones.flatMap((zone) => this.points(zone.key))); }

  // The points as generated or planned: [[k, x, y, ml]] or a Map.
  setBase(zone, rows) {
    const base = rows instanceof Map ? rows : new Map(rows.map(([k, ...rest]) => [String(k), rest]));
    this.bases.set(this.signature(zone), base);
    this.latest.set(zone.key, base);
    this.tell("base");
  }

  // ── changing it ──

  // One or several commands {do, zone, ...} as one step of the way back.
  do(...commands) {
    this.set(this.zones.map((zone) => commands.filter((command) => command.zone === zone.key).reduce(apply, zone)));
  }

  set(zones, { remember = true, scale = this.scale } = {}) {
    if (remember) {
      this.past = [...this.past.slice(1 - LONGEST_WAY_BACK), this.now];
      this.future = [];
    }
    Object.assign(this, { zones, scale });
    if (!this.zone(this.active)) this.active = zones.at(-1)?.key ?? null;
    this.tell("zones");
  }

  get now() { return { zones: this.zones, scale: this.scale }; }
  undo() { return this.step(this.past, this.future); }
  redo() { return this.step(this.future, this.past); }
  step(from, to) {
    if (!from.length) return false;
    to.push(this.now);
    const { zones, scale } = from.pop();
    this.set(zones, { remember: false, scale });
    return true;
  }

  nextAdded(key) { return nextAdded(editsOf(this.zone(key))); }

  activate(key) {
    if (key === this.active || !this.zone(key)) return;
    this.active = key;
    this.tell("pick");
  }

  // ── what is picked ──

  isPicked(key, k) { return this.picked.has(`${key} ${k}`); }
  pick(key, k, on = !this.isPicked(key, k)) {
    this.picked[on ? "add" : "delete"](`${key} ${k}`);
    this.tell("pick");
  }
  pickAll(pairs, on = true) {
    for (const [key, k] of pairs) this.picked[on ? "add" : "delete"](`${key} ${k}`);
    this.tell("pick");
  }
  clear() { this.picked.clear(); this.tell("pick"); }

  // The picked points that there still are: [[zone, point]].
  pickedPoints() {
    return this.zones.flatMap((zone) => this.points(zone.key).filter((point) => this.isPicked(zone.key, point.k)).map((point) => [zone.key, point]));
  }

  goTo(zone, k) {
    this.at = zone === null ? null : { zone, k };
    if (zone !== null) this.active = zone;
    this.tell("at");
  }
}

// One command for each zone that has some of these points: `make` gets the points.
export const eachZone = (pairs, make) => [...Map.groupBy(pairs, ([key]) => key)].map(([zone, ofZone]) => ({ zone, ...make(ofZone.map(([, point]) => point)) }));
export const moveBy = (pairs, dx, dy) => eachZone(pairs, (points) => ({ do: "move", to: Object.fromEntries(points.map(({ k, x, y }) => [k, [x + dx, y + dy]])) }));
