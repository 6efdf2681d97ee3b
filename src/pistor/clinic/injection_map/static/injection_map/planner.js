// The map planner: zones, their points and what they add up to. The server makes the points and the sums; what is done here by hand
// are edits of a zone, kept in one hidden field for each, so that drafts and saving are those of every form.

import { Outline, cornersAsText, cornersFromText } from "../shared/map/draw.js";
import { inWords, listenToKeys, listenToRow } from "../shared/map/keys.js";
import { PointList, numberIn } from "../shared/map/list.js";
import { MapView, inside } from "../shared/map/points.js";
import { MapState, eachZone, isOut } from "../shared/map/state.js";
import { Scale } from "./scale.js";
import { Settings } from "./settings.js";
import { amount, lower, make, onSkin, plain, points, read, same } from "./words.js";

const ASK_MS = 60, TYPED_MS = 250; // a number that is being typed is not yet the one that is meant
const PLACES = ["pattern", "spacing_mm", "along_mm", "seed", "grid"]; // what of a generator says where points lie
const VOLUME_ML = [0.001, 5];
const WHY_NOT = { outside: "That is outside of its zone.", "no-go": "Nothing is injected there." };
const WORDS = {
  pick: "Touch points to pick them, or a zone to treat it.", box: "Touch two corners of a frame, or draw it: what lies in it is picked.", add: "Touch where a point shall be.",
  move: "Pick points first; then touch where they shall go.", out: "Touch points to take them out, or to put them back.", hand: "Touch what shall be in the middle.",
};

const form = document.querySelector("form[data-draft=injection_map]");
const given = document.getElementById("planner-data");

class Planner {
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.areas = new Map(data.maps.flatMap((map) => map.areas.map((area) => [area.key, { ...area, map: map.id }])));
    this.techniques = new Map(data.techniques.map((technique) => [technique.id, technique]));
    this.rows = new Map(); // the server's answer for each zone
    this.brushes = [];
    this.tool = "pick";
    this.texts = new WeakMap(); // of zones as they stand in their fields
    this.state = new MapState([], { signature: (zone) => this.signature(zone) });
    this.view = new MapView(this.part("stage"), this.state, { pictures: this.pictures(), on: this.hands() });
    this.view.layerOf = (zone) => this.rows.get(zone.key)?.layer ?? "unknown";
    this.outline = new Outline(this.view, (corners) => this.sketched(corners));
    this.keys = listenToKeys(this.view, this.acts(), (key, point) => { this.framed(point.x, point.y); this.sayPoint(key, point); });
    this.list = new PointList(this.part("points-list"), this.state, {
      labelOf: (key) => this.label(key), change: (...what) => this.changePoint(...what), toggle: (key, point) => this.takeOut([[key, point]]),
    });
    this.gloves(matchMedia("(pointer: coarse)").matches);
    this.settings = new Settings(this);
    this.scale = new Scale(this);
    this.listen();
    this.readFields();
    this.state.activate(this.state.zones[0]?.key);
    this.part("save").append(...document.querySelector("[data-saves]").childNodes);
    document.querySelector("[data-saves]").remove();
    this.root.hidden = false;
    this.view.show(this.state.zones[0]?.map ?? data.maps[0].id);
    this.view.fitZones(this.view.onMap().map((zone) => zone.key));
    if (data.answer) this.take(data.answer, this.state.zones);
    this.render();
    this.state.addEventListener("change", ({ detail: { what } }) => this.follow(what));
    if (!data.answer || form.restored) this.ask();
  }

  part(name) { return this.root.querySelector(`[data-${name}]`); }
  parts(name) { return this.root.querySelectorAll(`[data-${name}]`); }
  say(words) {
    const said = this.part("said");
    if (said.textContent === words) said.textContent = "";
    said.textContent = words;
  }

  pictures() {
    const found = Object.fromEntries([...document.querySelectorAll("[data-drawn] svg.body-map")].map((picture) => [picture.dataset.map, picture]));
    document.querySelector("[data-drawn]").remove();
    return found;
  }

  label(key) {
    const zone = this.state.zone(key), area = this.areas.get(key.split(":").slice(0, 3).join(":"));
    return zone?.label || (zone?.drawn ? `Drawn in ${lower(area.label)}` : area?.label ?? key);
  }

  // Zones alike in all that says where points lie have the same points.
  signature(zone) {
    const { generator } = zone, run = generator.pattern === "lines" ? generator.inserted_length_mm : null, scale = this.state?.scale[zone.map];
    return JSON.stringify([zone.key, zone.map_version, zone.drawn, zone.chosen, PLACES.map((name) => generator[name]), run, scale && [scale.x, scale.y]]);
  }

  isReady(zone) { return !this.lacks(zone).length; }
  lacks({ technique, generator, chosen }) {
    const numbers = generator.pattern === "passes" ? [] : [[chosen || generator.spacing_mm, "a spacing"], [generator.volume_per_point_ml, "a volume"]];
    return [[technique, "a technique"], ...numbers].filter(([there]) => !there).map(([, words]) => words);
  }

  // ── the hidden fields: what is saved, drafted and restored ──

  // From the fields, and from a draft that has zones of which there is no field yet.
  readFields() {
    for (const [name, texts] of Object.entries(form.restored ?? {})) if (name.startsWith("zone.") && !this.hasField(name)) this.fieldOf(name, "").value = texts[0] ?? "";
    const before = new Map(this.state.zones.map((zone) => [this.textOf(zone), zone]));
    const zones = [...this.part("zone-fields").children].filter(({ name, value }) => name !== "scale" && value).map(({ value }) => before.get(value) ?? this.zoneFrom(value));
    this.state.set(zones.filter(Boolean), { scale: read(this.fieldOf("scale").value) ?? {}, remember: this.begun });
    this.begun = true;
  }

  zoneFrom(text) {
    const zone = read(text);
    if (!zone?.generator || !this.areas.has(String(zone.key).split(":").slice(0, 3).join(":"))) return null;
    this.texts.set(zone, text);
    return zone;
  }

  textOf(zone) { return this.texts.get(zone) ?? JSON.stringify(zone); }
  hasField(name) { return [...this.part("zone-fields").children].some((field) => field.name === name); }
  fieldOf(name, label) {
    const box = this.part("zone-fields");
    const found = [...box.children].find((field) => field.name === name);
    if (found) return found;
    const field = make("input", { type: "hidden", name });
    field.dataset.label = label;
    box.append(field);
    return field;
  }

  // What stands in a field, for somebody who has to choose between two of them.
  inWords(name, text) {
    if (name === "scale") return Object.entries(read(text) ?? {}).map(([map, { x, y }]) => `${map}: ${amount(x, 2)} × ${amount(y, 2)}`).join(", ") || "as drawn";
    if (!name.startsWith("zone.")) return "";
    const zone = text && read(text);
    if (!zone) return "not treated";
    const { removed = [], moved = {}, added = {}, changed = {} } = zone.edits ?? {}, hands = new Set([...removed, ...[moved, added, changed].flatMap(Object.keys)]).size;
    const { spacing_mm: spacing, volume_per_point_ml: ml } = zone.generator, where = zone.chosen ? points(zone.chosen.length) : `${plain(spacing) || "no"} mm, ${plain(ml) || "no"} mL each`;
    return `${this.techniques.get(zone.technique)?.name ?? zone.technique}: ${where}${hands ? `, ${points(hands)} changed by hand` : ""}`;
  }

  writeFields() {
    const texts = new Map([...this.state.zones.map((zone) => [`zone.${zone.key}`, this.textOf(zone)]), ["scale", same(this.state.scale, read(this.fieldOf("scale").value)) ? this.fieldOf("scale").value : JSON.stringify(this.state.scale)]]);
    for (const zone of this.state.zones) this.fieldOf(`zone.${zone.key}`, this.label(zone.key));
    for (const field of this.part("zone-fields").children) {
      const text = texts.get(field.name) ?? "";
      if (field.value === text) continue;
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  follow(what) {
    if (what === "zones") {
      for (const [map, drawing] of this.view.drawings) {
        const { x, y } = this.state.scale[map] ?? { x: 1, y: 1 };
        drawing.scale([x, y]);
      }
      this.writeFields();
      this.soon();
    }
    this.later ??= requestAnimationFrame(() => { this.later = null; this.render(); });
  }

  // ── the server: points, sums, limits, findings ──

  soon() { clearTimeout(this.waiting); this.waiting = setTimeout(() => this.ask(), this.typing ? TYPED_MS : ASK_MS); }

  async ask() {
    clearTimeout(this.waiting);
    this.running?.abort();
    const running = (this.running = new AbortController()), zones = this.state.zones.filter((zone) => this.isReady(zone));
    if (!zones.length) return this.take({ zones: [], points: 0, volume_ml: "0", ingredients: [], limits: "", findings: "", depths: "", refused: [] }, []);
    const answer = await this.fetch(zones, this.state.scale, running.signal);
    if (answer) this.take(answer, zones);
    return answer;
  }

  async fetch(zones, scale, signal) {
    try {
      const answer = await fetch(this.data.preview, {
        method: "POST", redirect: "manual", credentials: "same-origin", signal,
        headers: { "Content-Type": "application/json", "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value }, body: JSON.stringify({ zones, scale }),
      });
      if (answer.type === "opaqueredirect") return this.refused(["The sums are not up to date: you are signed out. Sign in again in another tab; this page keeps what you planned."]);
      if (!answer.ok && answer.status !== 422) return this.refused(["The sums are not up to date: the server could not work them out. Change something, and it tries again."]);
      return await answer.json();
    } catch (problem) {
      return problem.name === "AbortError" ? null : this.refused(["The sums are not up to date: there is no connection."]);
    }
  }

  take(answer, zones) {
    const asked = new Map(zones.map((zone) => [zone.key, zone]));
    for (const row of answer.zones ?? []) {
      const zone = asked.get(row.key);
      if (!zone) continue;
      this.rows.set(row.key, row);
      this.state.setBase(zone, this.baseFrom(row, zone));
    }
    this.answer = answer;
    this.refused(answer.refused ?? []);
    if (answer.zones) this.showSums(answer);
    this.render();
  }

  // Where the points of a zone lie before any edit: the answer tells it of those that were moved or got another volume.
  baseFrom({ points: rows, base = {} }, { edits }) {
    return rows.filter(([k]) => !(k in (edits?.added ?? {}))).map(([k, x, y, ml]) => [k, ...(base[k] ?? [x, y, ml])]);
  }

  refused(sentences) {
    const place = this.part("refused");
    place.hidden = !sentences.length;
    place.replaceChildren(...sentences.map((sentence) => make("p", { textContent: sentence })));
    return null;
  }

  showSums({ volume_ml, ingredients, limits, findings, depths }) {
    const table = this.part("ingredients");
    table.hidden = !ingredients.length;
    table.querySelector("tbody").replaceChildren(...ingredients.map((row) => make("tr", {}, make("th", { scope: "row", textContent: row.name }), make("td", { className: "num", textContent: amount(row.total, 6) }), make("td", { className: "unit", textContent: row.unit }))));
    this.part("no-blend").hidden = this.data.blend_ml !== null;
    const over = this.data.blend_ml !== null && Number(volume_ml) > Number(this.data.blend_ml), words = this.part("too-much");
    words.hidden = !over;
    words.textContent = over ? `The map needs ${amount(volume_ml)} mL and the blend holds ${amount(this.data.blend_ml)} mL.` : "";
    if (limits !== undefined) this.part("limits").innerHTML = limits;
    if (depths !== undefined) this.part("depths").innerHTML = depths;
    const place = document.querySelector("aside.findings .stack"), count = document.querySelector("aside.findings .count");
    if (!place || findings === undefined) return;
    place.innerHTML = findings;
    if (count) count.textContent = place.querySelectorAll(":scope > .finding").length;
  }

  // ── what stands on the page ──

  render() {
    const { state } = this, all = state.sums(), active = state.zone(state.active);
    const film = state.zones.reduce((sum, zone) => sum + onSkin(zone), 0), told = [all.n || !film ? `${points(all.n)}, ${amount(all.ml)} mL` : "", film ? `${amount(film)} mL on the skin` : ""];
    this.part("sum").textContent = state.zones.length ? told.filter(Boolean).join(" and ") : "No points yet";
    this.renderViews();
    this.renderZones();
    this.settings.render(active);
    this.renderStrip();
    this.scale.render();
    this.renderLegend();
    for (const [name, list] of [["undo", state.past], ["redo", state.future]]) this.root.querySelector(`[data-do=${name}]`).disabled = !list.length;
    const here = this.view.onMap().reduce((sum, zone) => sum + state.sums(zone.key).n, 0), view = this.data.maps.find((map) => map.id === this.view.map);
    this.view.stage.setAttribute("aria-label", `${view.title}, ${points(here)}`);
  }

  renderViews() {
    const box = this.part("views");
    if (!box.children.length) box.replaceChildren(...this.data.maps.map((map) => make("button", { type: "button", value: map.id })));
    for (const button of box.children) {
      const map = this.data.maps.find(({ id }) => id === button.value), n = this.state.zones.filter((zone) => zone.map === map.id).length;
      button.textContent = n ? `${map.title} · ${n}` : map.title;
      button.setAttribute("aria-pressed", map.id === this.view.map);
      button.title = map.view;
    }
    box.hidden = this.data.maps.length < 2;
  }

  renderZones() {
    const box = this.part("zones"), known = new Map([...box.children].map((item) => [item.dataset.key, item]));
    const items = this.state.zones.map((zone) => {
      const item = known.get(zone.key) ?? this.zoneItem(zone.key), [choose, away] = item.querySelectorAll("button"), [label, numbers, tip] = choose.children;
      const { n, ml } = this.state.sums(zone.key), row = this.rows.get(zone.key), name = this.label(zone.key);
      label.textContent = name;
      numbers.textContent = this.isReady(zone) ? (zone.generator.pattern === "passes" ? `${zone.generator.passes ?? "?"} passes · ${amount(onSkin(zone))} mL on the skin` : `${points(n)}${zone.chosen ? " chosen one by one" : ""} · ${amount(ml)} mL`) : `needs ${this.lacks(zone).join(", ")}`;
      this.tipInto(tip, row);
      choose.setAttribute("aria-pressed", zone.key === this.state.active);
      away.setAttribute("aria-label", `Take out zone: ${name}`);
      return item;
    });
    if (items.length !== box.children.length || items.some((item, at) => item !== box.children[at])) box.replaceChildren(...items);
    const select = this.part("add-zone"), taken = new Set(this.state.zones.map(({ key }) => key)), wanted = [...this.areas.keys()].filter((key) => !taken.has(key));
    if (select.dataset.keys !== wanted.join(" ")) {
      select.dataset.keys = wanted.join(" ");
      select.replaceChildren(make("option", { value: "", textContent: "Another zone…" }), ...this.data.maps.map((map) => Object.assign(make("optgroup", {}, ...map.areas.filter(({ key }) => !taken.has(key)).map((area) => make("option", { value: area.key, textContent: area.label }))), { label: map.title })).filter((group) => group.children.length));
    }
  }

  zoneItem(key) {
    const choose = make("button", { type: "button", className: "zone-choose" }, make("strong"), make("span", { className: "numbers-line" }), make("span", { className: "tip" }));
    const item = make("li", {}, choose, make("button", { type: "button", className: "button small quiet zone-away", textContent: "×" }));
    item.dataset.key = key;
    item.dataset.shows = `zone.${key}`;
    return item;
  }

  tipInto(place, row) {
    const unknown = !row || row.layer_text === "unknown", depth = row?.tip_mm === null || row?.tip_mm === undefined ? "" : `tip ${amount(row.tip_mm, 2)} mm: `;
    place.classList.toggle("nodata", unknown);
    place.textContent = unknown ? `${depth}layer unknown` : `${depth}${row.layer_text}`;
  }

  renderStrip() {
    const picked = this.state.pickedPoints();
    for (const strip of this.parts("strip")) {
      const shown = strip.dataset.strip.split(" ").includes(this.tool);
      strip.hidden = !shown;
      if (!shown) continue;
      const words = strip.querySelector("[data-words]"), about = strip.querySelector("[data-when=picked]");
      if (words) words.textContent = picked.length && this.tool === "move" ? "Touch where the middle of what is picked shall go." : WORDS[this.tool];
      if (words) words.hidden = Boolean(picked.length) && this.tool !== "move";
      if (about) about.hidden = !picked.length;
      const count = strip.querySelector("[data-count]"), input = strip.querySelector("[data-picked-ml]");
      if (count) count.textContent = `${picked.length} picked`;
      const out = strip.querySelector("[data-do=out]");
      if (out) out.textContent = picked.length && picked.every(([, point]) => isOut(point)) ? "Put back" : "Take out";
      if (input && input !== document.activeElement) {
        const volumes = new Set(picked.map(([, { ml }]) => ml));
        input.value = volumes.size === 1 ? amount([...volumes][0], 4) : "";
        input.placeholder = volumes.size > 1 ? "several" : "";
      }
    }
    const brushes = this.part("brushes");
    brushes.replaceChildren(...this.brushes.map((ml) => make("button", { type: "button", className: "button small", value: ml, textContent: `${ml} mL`, ariaPressed: String(ml === this.part("brush").value) })));
  }

  renderLegend() {
    const layers = new Set(this.view.onMap().map((zone) => this.view.layerOf(zone)));
    for (const item of this.parts("layer")) item.hidden = !layers.has(item.dataset.layer);
    if (!this.view.perMm) return;
    const length = [100, 50, 20, 10, 5, 2, 1].find((step) => step * this.view.perMm <= 110) ?? 1, px = length * this.view.perMm, bar = this.part("bar");
    bar.setAttribute("width", px + 2);
    bar.firstElementChild.setAttribute("d", `M1 2V9H${px + 1}V2`);
    this.part("bar-words").textContent = `${length} mm`;
  }

  // ── zones ──

  addZone(key) {
    const area = this.areas.get(key);
    if (!area || this.state.zone(key)) return this.choose(key);
    const twin = this.state.zones.find((zone) => !zone.drawn && zone.zone === area.zone && zone.side === area.side);
    if (twin) return this.say(`${area.label} is chosen in another view and would count twice.`);
    const pattern = this.state.zone(this.state.active) ?? this.data.first;
    const zone = { key, map: area.map, map_version: area.version, zone: area.zone, side: area.side, drawn: null, label: "", technique: pattern.technique, generator: pattern.generator, chosen: null, edits: {} };
    this.state.active = key;
    this.state.set([...this.state.zones, zone]);
    this.view.show(area.map);
    this.say(`${area.label} is treated.${this.isReady(zone) ? "" : ` It needs ${this.lacks(zone).join(", ")}.`}`);
  }

  removeZone(key) {
    const label = this.label(key);
    this.state.set(this.state.zones.filter((zone) => zone.key !== key));
    this.say(`${label} is not treated. Undo brings it back.`);
  }

  choose(key) {
    const zone = this.state.zone(key);
    if (!zone) return;
    this.state.activate(key);
    this.view.show(zone.map);
    this.say(`${this.label(key)}: ${points(this.state.sums(key).n)}.`);
  }

  twinOf(zone) {
    if (zone.drawn || !["left", "right"].includes(zone.side)) return null;
    const side = zone.side === "left" ? "right" : "left", taken = new Set(this.state.zones.map(({ zone: id, side: at }) => `${id}:${at}`));
    if (taken.has(`${zone.zone}:${side}`)) return null;
    return [...this.areas.values()].find((area) => area.zone === zone.zone && area.side === side && (area.map === zone.map || area.map === zone.map.replace(zone.side, side))) ?? null;
  }

  askWhether(title, words, yes, no) {
    const dialog = document.querySelector("[data-ask]"), [accept, decline] = dialog.querySelectorAll("button");
    dialog.querySelector("h2").textContent = title;
    dialog.querySelector("[data-ask-words]").textContent = words;
    accept.textContent = yes;
    decline.textContent = no;
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => { dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }); });
  }

  // ── points ──

  // Does what may be done, or says why not.
  act(commands, words) {
    if (!commands.length) return false;
    const why = this.view.refuses(commands);
    if (why) {
      this.say(`${WHY_NOT[why]} Nothing was moved.`);
      return false;
    }
    this.typing = "";
    this.state.do(...commands);
    this.say(words);
    return true;
  }

  sayPoint(key, point) {
    this.say(inWords(point, { label: lower(this.label(key)), picked: this.state.isPicked(key, point.k), ml: `${amount(point.ml, 4)} mL` }));
  }

  // The point where the keyboard is; all that is picked, if it is picked or there is none.
  meant() {
    const here = this.keys.here();
    return here && !this.state.isPicked(here[0], here[1].k) ? [here] : this.state.pickedPoints();
  }

  // Out, or where all of them are out, back in.
  takeOut(pairs) {
    const back = pairs.length > 0 && pairs.every(([, point]) => isOut(point)), meant = pairs.filter(([, point]) => isOut(point) === back);
    this.act(eachZone(meant, (some) => ({ do: back ? "restore" : "remove", keys: some.map(({ k }) => k) })), `${points(meant.length)} ${back ? "put back" : "taken out"}.`);
  }

  putBack(pairs, how = "restore") {
    this.act(eachZone(pairs, (some) => ({ do: how, keys: some.map(({ k }) => k) })), `${points(pairs.length)} ${how === "reset" ? "as generated" : "put back"}.`);
  }

  move(pairs, dx, dy) {
    const what = pairs.filter(([, point]) => !isOut(point));
    return this.act(eachZone(what, (some) => ({ do: "move", to: Object.fromEntries(some.map(({ k, x, y }) => [k, [x + dx, y + dy]])) })), what.length === 1 ? "Moved." : `${points(what.length)} moved.`);
  }

  give(pairs, ml) {
    const done = this.act(eachZone(pairs, (some) => ({ do: "alter", keys: some.map(({ k }) => k), change: { ml: plain(ml) } })), `${points(pairs.length)}: ${plain(ml)} mL.`);
    if (done && !this.brushes.includes(plain(ml))) this.brushes = [plain(ml), ...this.brushes].slice(0, 5);
    return done;
  }

  addPoint(x, y, key) {
    const k = this.state.nextAdded(key), done = this.act([{ do: "add", zone: key, at: [x, y] }], `Point ${k} added in ${lower(this.label(key))}.`);
    if (done) {
      this.state.clear();
      this.state.pick(key, k, true);
      this.state.goTo(key, k);
    }
    return done && k;
  }

  zoneAt(x, y, area) {
    const zones = this.view.onMap();
    return zones.find((zone) => zone.drawn && inside(zone.drawn, x, y)) ?? zones.find((zone) => !zone.drawn && zone.key === area);
  }

  changePoint(key, point, name, number) {
    if (name === "ml") {
      if (!(number >= VOLUME_ML[0] && number <= VOLUME_ML[1])) { this.say(`Give a number from ${VOLUME_ML[0]} to ${VOLUME_ML[1]} mL.`); return false; }
      return this.give([[key, point]], number);
    }
    if (Number.isNaN(number)) { this.say("Give a number of millimetres."); return false; }
    return this.move([[key, point]], name === "x" ? number - point.x : 0, name === "y" ? number - point.y : 0);
  }

  // ── hands and keys ──

  hands() {
    return {
      tap: (press) => this.tap(press),
      drag: ({ hit }) => ({ box: "box", draw: "line", hand: "hand" })[this.tool] ?? (hit && !isOut(hit[1]) && ["pick", "move"].includes(this.tool) ? "points" : null),
      moved: (pairs, dx, dy) => this.move(pairs, dx, dy),
      boxed: (box) => this.pickIn(box),
      lined: (line) => this.outline.line(line),
    };
  }

  tap({ x, y, hit, area }) {
    if (hit) this.state.at = { zone: hit[0], k: hit[1].k };
    const { tool } = this;
    if (tool === "pick") {
      if (!hit) return this.tapGround(x, y, area);
      this.state.active = hit[0];
      this.state.pick(hit[0], hit[1].k);
      this.sayPoint(...hit);
    } else if (tool === "out") {
      if (hit) this.takeOut([hit]);
    } else if (tool === "volume") {
      const ml = numberIn(this.part("brush").value);
      if (!(ml >= VOLUME_ML[0] && ml <= VOLUME_ML[1])) { this.say("Say first how much."); this.part("brush").focus(); }
      else if (hit) this.give([hit], ml);
    } else if (tool === "add") {
      const zone = this.zoneAt(x, y, area);
      if (zone) this.addPoint(x, y, zone.key);
      else this.say("Touch inside a zone that is treated.");
    } else if (tool === "move") {
      const picked = this.state.pickedPoints().filter(([, point]) => !isOut(point));
      if (hit && (!picked.length || this.state.isPicked(hit[0], hit[1].k))) { this.state.pick(hit[0], hit[1].k); this.sayPoint(...hit); }
      else if (picked.length) {
        const middle = (name) => picked.reduce((sum, [, point]) => sum + point[name], 0) / picked.length;
        this.move(picked, x - middle("x"), y - middle("y"));
      } else this.say(WORDS.move);
    } else if (tool === "box") this.corner(x, y);
    else if (tool === "draw") this.outline.add(x, y);
    else if (tool === "hand") this.view.look([x, y], this.view.perMm);
  }

  tapGround(x, y, area) {
    const zone = this.zoneAt(x, y, area);
    if (zone) this.choose(zone.key);
    else if (area) this.addZone(area);
  }

  corner(x, y, next = "Touch the opposite one.") {
    if (!this.first) {
      this.first = [x, y];
      this.view.sketchLine([this.first]);
      return this.say(`One corner. ${next}`);
    }
    const [a, b] = this.first;
    this.first = null;
    this.view.sketch();
    this.pickIn([Math.min(a, x), Math.min(b, y), Math.max(a, x), Math.max(b, y)]);
  }

  // From the first corner to here, while the keys go on.
  framed(x, y) {
    if (this.first) this.view.sketchLine([this.first, [x, this.first[1]], [x, y], [this.first[0], y]], true);
  }

  pickIn([x1, y1, x2, y2]) {
    const found = this.view.onMap().flatMap((zone) => this.state.points(zone.key).filter(({ x, y }) => x >= x1 && x <= x2 && y >= y1 && y <= y2).map(({ k }) => [zone.key, k]));
    this.state.pickAll(found);
    this.say(`${points(found.length)} in the frame; ${this.state.pickedPoints().length} picked.`);
  }

  acts() {
    return {
      nudge: (dx, dy) => { if (this.move(this.meant(), dx, dy)) { const here = this.keys.here(); if (here) { this.view.reveal(here[1]); this.say(`${this.meant().length > 1 ? `${points(this.meant().length)} moved` : "Moved"}: ${amount(here[1].x, 1)} right, ${amount(here[1].y, 1)} down.`); } } },
      toggle: () => { const here = this.keys.here(); if (here) { this.state.pick(here[0], here[1].k); this.sayPoint(...here); } },
      add: () => this.addBeside(),
      remove: () => this.takeOut(this.meant().filter(([, point]) => !isOut(point))),
      restore: () => this.putBack(this.meant()),
      enter: () => this.askVolume(),
      frame: () => { const here = this.keys.here(); if (here) this.corner(here[1].x, here[1].y, "Go to the point opposite and press F again."); },
      numbers: () => this.settings.focus(),
      undo: () => this.say(this.state.undo() ? "Undone." : "There is nothing to undo."),
      redo: () => this.say(this.state.redo() ? "Done again." : "There is nothing to do again."),
      all: () => { this.state.pickAll(this.state.points(this.state.active).map(({ k }) => [this.state.active, k])); this.say(`${points(this.state.pickedPoints().length)} picked.`); },
      clear: () => { this.first = null; this.view.sketch(); this.state.clear(); this.say("None picked."); },
      zoom: (by) => (by ? this.view.zoom(by, this.keys.here() ? [this.keys.here()[1].x, this.keys.here()[1].y] : undefined) : this.view.fit()),
      help: () => { const keys = this.root.querySelector(".map-keys"); keys.open = !keys.open; },
    };
  }

  // Where there is room beside the point: to the right first, then around it.
  addBeside() {
    const here = this.keys.here(), key = here?.[0] ?? this.state.active;
    if (!key) return;
    const step = Math.min(5, Number(this.state.zone(key).generator.spacing_mm) / 2 || 5), from = here?.[1];
    if (!from) return;
    const place = [[1, 0], [-1, 0], [0, 1], [0, -1]].map(([dx, dy]) => [from.x + step * dx, from.y + step * dy]).find((at) => !this.view.refuses([{ do: "add", zone: key, at }]));
    if (!place) return this.say("There is no room beside this point.");
    const k = this.addPoint(...place, key);
    if (k) this.sayPoint(key, this.state.point(key, k));
  }

  askVolume() {
    const [here] = this.meant();
    if (!here) return;
    if (!this.state.isPicked(here[0], here[1].k)) {
      this.state.clear();
      this.state.pick(here[0], here[1].k, true);
    }
    this.use("pick");
    this.render();
    const input = this.part("picked-ml");
    input.focus();
    input.select();
  }

  use(tool) {
    this.tool = tool;
    this.first = null;
    if (tool !== "draw") this.outline.clear();
    else this.view.sketch();
    for (const button of this.parts("tool")) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    const { stage } = this.view;
    stage.classList.toggle("grabs", ["box", "draw", "hand"].includes(tool));
    stage.classList.toggle("crosshair", ["box", "draw", "add"].includes(tool));
    stage.classList.toggle("hand", tool === "hand");
    this.renderStrip();
  }

  gloves(on) {
    this.part("gloves").checked = on;
    this.root.classList.toggle("gloves", on);
    this.view.large = on;
    this.view.draw();
  }

  // ── a zone drawn by hand ──

  sketched(corners) {
    this.part("corners").textContent = corners.length ? `${corners.length} corners` : "Touch corner after corner, or draw around.";
    const text = this.part("corners-text");
    if (text !== document.activeElement) text.value = cornersAsText(corners);
    for (const [name, needs] of [["close", 3], ["corner-back", 1], ["draw-clear", 1]]) this.root.querySelector(`[data-do=${name}]`).disabled = corners.length < needs;
  }

  async closeZone() {
    const { corners } = this.outline;
    const middle = [0, 1].map((at) => corners.reduce((sum, corner) => sum + corner[at], 0) / corners.length);
    const counts = Map.groupBy([...corners, middle].map(([x, y]) => this.view.drawing.areaAt(x, y)).filter(Boolean), (key) => key);
    const area = [...counts].sort((a, b) => b[1].length - a[1].length)[0]?.[0];
    if (!area) return this.say("A zone is drawn inside one of the areas of this view.");
    const { map, zone, side, version } = this.areas.get(area), whole = this.state.zone(area);
    const pattern = whole ?? this.state.zone(this.state.active) ?? this.data.first;
    let n = 1;
    while (this.state.zone(`${area}:d${n}`)) n += 1;
    const drawn = { key: `${area}:d${n}`, map, map_version: version, zone, side, drawn: corners, label: this.part("drawn-name").value.trim(), technique: pattern.technique, generator: pattern.generator, chosen: null, edits: {} };
    const instead = whole && (await this.askWhether("Only the drawn part?", `${this.label(area)} is treated as a whole.`, "Only what I drew", "Both"));
    this.state.active = drawn.key;
    this.state.set([...this.state.zones.filter(({ key }) => !instead || key !== area), drawn]);
    this.part("drawn-name").value = "";
    this.use("pick");
    this.say(`${this.label(drawn.key)} is treated.`);
  }

  // ── listening ──

  listen() {
    const { root } = this, on = (kind, does) => root.addEventListener(kind, does);
    form.addEventListener("draft-restored", () => this.readFields());
    form.told = (name, text) => this.inWords(name, text);
    on("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const { tool, zoom, nudge } = button.dataset, item = button.closest("[data-key]");
      if (tool) this.use(tool);
      else if (zoom) this.zoomed(zoom);
      else if (nudge) this.move(this.state.pickedPoints(), ...nudge.split(" ").map(Number));
      else if (button.dataset.do) this.does(button.dataset.do);
      else if (item) (button.classList.contains("zone-away") ? this.removeZone(item.dataset.key) : this.choose(item.dataset.key));
      else if (button.parentElement === this.part("views")) { this.first = null; this.view.show(button.value); this.view.fitZones(this.view.onMap().map(({ key }) => key)); this.render(); }
      else if (button.parentElement === this.part("brushes")) { this.part("brush").value = button.value; this.renderStrip(); }
    });
    on("input", ({ target }) => {
      if (target === this.part("corners-text")) { const corners = cornersFromText(target.value); if (corners) { this.use("draw"); this.outline.set(corners); } }
    });
    on("change", ({ target }) => {
      this.typing = "";
      if (target === this.part("gloves")) this.gloves(target.checked);
      else if (target.dataset.overlay) root.classList.toggle(`no-${target.dataset.overlay}`, !target.checked);
      else if (target === this.part("picked-ml")) this.givePicked(target);
    });
    on("focusin", ({ target }) => { if (target.matches?.("input[inputmode]") && !target.closest(".point-list")) target.select(); });
    on("keydown", (event) => {
      const { target, key } = event;
      if (key === "Enter" && target.tagName === "INPUT") { // saves nothing by the way
        event.preventDefault();
        target.dispatchEvent(new Event("change", { bubbles: true }));
        if (target === this.part("picked-ml")) this.view.stage.focus();
        else if (target !== document.body) target.select?.();
      } else if (key === "Escape" && (target === this.part("picked-ml") || target.closest("[data-settings]"))) this.view.stage.focus();
    });
    root.querySelectorAll("[role=toolbar]").forEach(listenToRow);
    new ResizeObserver(() => this.renderLegend()).observe(this.view.stage);
  }

  zoomed(what) {
    if (what === "whole") this.view.fit();
    else if (what === "zone") this.view.fitZones([this.state.active].filter(Boolean));
    else this.view.zoom(Number(what));
    this.renderLegend();
  }

  givePicked(input) {
    const ml = numberIn(input.value), wrong = !(ml >= VOLUME_ML[0] && ml <= VOLUME_ML[1]);
    input.toggleAttribute("aria-invalid", wrong);
    if (wrong) return this.say(`Give a number from ${VOLUME_ML[0]} to ${VOLUME_ML[1]} mL.`);
    if (this.state.pickedPoints().some(([, point]) => point.ml !== ml)) this.give(this.state.pickedPoints(), ml);
  }

  does(name) {
    const picked = this.state.pickedPoints(), zone = this.state.zone(this.state.active);
    const steps = {
      undo: () => this.acts().undo(), redo: () => this.acts().redo(), clear: () => this.acts().clear(),
      out: () => this.takeOut(picked), reset: () => this.putBack(picked, "reset"),
      close: () => this.closeZone(), "corner-back": () => this.outline.back(), "draw-clear": () => this.outline.clear(),
      "close-typed": () => (this.outline.isZone ? this.closeZone() : this.say("A zone has at least three corners.")),
      "add-zone": () => this.addZone(this.part("add-zone").value),
      published: () => this.settings.change(({ technique }) => ({ generator: this.techniques.get(technique)?.published ?? {} })),
      shift: () => this.settings.change(({ generator }) => ({ generator: { seed: ((generator.seed ?? 0) + 1) % (this.data.bounds.seed[1] + 1) } })),
      mirror: () => { const twin = zone && this.twinOf(zone); if (twin) this.addZone(twin.key); },
      "to-grid": () => this.settings.change(() => ({ chosen: null, generator: {} })),
    };
    steps[name]?.();
  }
}

if (form && given) new Planner(document.querySelector("[data-planner]"), JSON.parse(given.textContent));
