// What is chosen for a zone, or for all of them at once: technique, pattern, numbers, and how many points there shall be.

import { numberIn } from "../shared/map/list.js";
import { isEdited } from "../shared/map/state.js";
import { isGrid, lower, make, plain, points, same } from "./words.js";

const NUMBERS = ["spacing_mm", "along_mm", "volume_per_point_ml", "needle_length_mm", "inserted_length_mm", "angle_deg", "passes", "on_skin_ml", "seed"];
const TRIES = 8; // to find the spacing that gives so many points

export class Settings {
  constructor(planner) {
    this.planner = planner;
    planner.part("settings").addEventListener("input", ({ target }) => { if (NUMBERS.includes(target.dataset.setting)) this.typed(target, true); });
    planner.part("settings").addEventListener("change", ({ target }) => {
      if (target.dataset.setting) this.typed(target, false);
      else if (target === planner.part("points")) this.wantPoints(target.value);
      else if (target === planner.part("same-for-all")) planner.render();
    });
    planner.part("settings").addEventListener("focusout", () => requestAnimationFrame(() => planner.render())); // a number may be left half typed
    planner.part("setting=technique").replaceChildren(...[{ id: "", name: "Choose a technique" }, ...planner.data.techniques].map(({ id, name }) => make("option", { value: id, textContent: name })));
  }

  render(zone) {
    const { planner } = this;
    const box = planner.part("settings");
    box.hidden = !zone;
    if (!zone) return;
    const { generator } = zone, technique = planner.techniques.get(zone.technique);
    planner.part("settings-title").textContent = planner.label(zone.key);
    const several = planner.state.zones.length > 1, alike = planner.state.zones.every((other) => other.technique === zone.technique && same(other.generator, generator));
    planner.part("same").hidden = !several;
    if (several && this.sameFor !== planner.state.zones.length) {
      this.sameFor = planner.state.zones.length;
      planner.part("same-for-all").checked = alike;
    }
    planner.part("setting=technique").value = zone.technique;
    const pattern = planner.part("setting=pattern");
    if (pattern.dataset.technique !== zone.technique) {
      pattern.dataset.technique = zone.technique;
      const own = technique?.pattern, more = Object.keys(planner.data.patterns).filter((name) => name !== own && own !== "passes" && !["passes", "points"].includes(name));
      pattern.replaceChildren(...[own, ...more].filter(Boolean).map((name) => make("option", { value: name, textContent: name === own ? `${planner.data.patterns[own] ?? "As published"} (as the technique has it)` : planner.data.patterns[name] })));
    }
    pattern.value = generator.pattern;
    const passes = generator.pattern === "passes", hidden = { along_mm: generator.pattern !== "rows", passes: !passes, on_skin_ml: !passes, spacing_mm: passes || Boolean(zone.chosen), volume_per_point_ml: passes || Boolean(zone.chosen), seed: passes || Boolean(zone.chosen) };
    for (const name of NUMBERS) {
      const field = planner.part(`number=${name}`), input = field?.querySelector("input");
      if (!input) continue;
      field.hidden = Boolean(hidden[name]);
      if (input !== document.activeElement && input.getAttribute("aria-invalid") !== "true") input.value = plain(generator[name]);
    }
    const wanted = planner.part("points");
    const grids = this.target.filter(isGrid);
    wanted.closest(".field").hidden = !isGrid(zone);
    wanted.labels[0].textContent = grids.length > 1 ? "Points in all" : "Points";
    if (wanted !== document.activeElement) wanted.value = grids.reduce((sum, one) => sum + planner.state.sums(one.key).n, 0) || "";
    planner.tipInto(planner.part("tip"), planner.rows.get(zone.key));
    const twin = planner.twinOf(zone);
    planner.root.querySelector("[data-do=mirror]").hidden = !twin;
    planner.root.querySelector("[data-do=shift]").hidden = passes || Boolean(zone.chosen);
    planner.root.querySelector("[data-do=to-grid]").hidden = !zone.chosen;
    planner.root.querySelector("[data-do=published]").hidden = !technique || !Object.keys(technique.published).length;
    if (technique && this.publishedFor !== technique.id) {
      this.publishedFor = technique.id;
      planner.part("technique-name").textContent = lower(technique.name);
      planner.part("technique-link").href = technique.url;
      planner.part("published").replaceChildren(...technique.facts.flatMap(([name, text]) => [make("dt", { textContent: name }), make("dd", {}, text ?? make("span", { className: "nodata", textContent: "not published" }))]));
    }
  }

  // The zones that a change is for.
  get target() {
    const { planner } = this, { state } = planner;
    return planner.part("same").hidden || !planner.part("same-for-all").checked ? state.zones.filter(({ key }) => key === state.active) : state.zones;
  }

  // `change(generator, technique)` gives what is new in them. Edits go where points are made anew, if the person says so.
  async change(change, { typing = "" } = {}) {
    const { planner } = this;
    const target = new Set(this.target.map(({ key }) => key));
    const after = planner.state.zones.map((zone) => {
      if (!target.has(zone.key)) return zone;
      const wanted = change(zone), next = { ...zone, ...wanted, generator: { ...zone.generator, ...wanted.generator } };
      return planner.signature(next) === planner.signature(zone) ? next : { ...next, edits: {} };
    });
    const lost = planner.state.zones.filter((zone, at) => isEdited(zone) && !isEdited(after[at]));
    if (lost.length) {
      if (typing) return false; // asked when the number is complete
      const labels = lost.map(({ key }) => lower(planner.label(key))).join(", ");
      const yes = await planner.askWhether("Make the points anew?", `What was changed by hand in ${labels} goes. Undo brings it back.`, "Make them anew", "Keep them");
      if (!yes) return planner.render();
    }
    const remember = !typing || typing !== planner.typing;
    planner.typing = typing;
    planner.state.set(after, { remember });
    return true;
  }

  typed(input, typing) {
    const { planner } = this;
    const name = input.dataset.setting, text = input.value.trim();
    if (name === "technique" && !text) return planner.render();
    if (name === "technique") {
      const { pattern } = planner.techniques.get(text), unused = pattern === "passes" ? { spacing_mm: "10", volume_per_point_ml: "0" } : {};
      return this.change(({ generator }) => ({ technique: text, generator: { ...unused, ...(generator.pattern === "passes" && pattern !== "passes" ? { spacing_mm: null, volume_per_point_ml: null, needle_length_mm: null } : {}), pattern } }));
    }
    if (name === "pattern") return this.change(() => ({ generator: { pattern: text } }));
    const [low, high] = planner.data.bounds[name], number = text === "" ? null : numberIn(text);
    const wrong = number === null ? ["spacing_mm", "volume_per_point_ml"].includes(name) && !typing : Number.isNaN(number) || number < low || number > high || (["seed", "passes"].includes(name) && !Number.isInteger(number));
    if (!typing || !wrong) this.problem(input, wrong ? `${input.labels[0].textContent}: give a number from ${low} to ${high}.` : "");
    if (wrong || (number === null && typing)) return null;
    const value = ["seed", "passes"].includes(name) ? number ?? 0 : number === null ? null : plain(number);
    return this.change(() => ({ generator: { [name]: value } }), { typing: typing ? name : "" });
  }

  problem(input, words) {
    const { planner } = this;
    if (words) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    planner.part("problem").textContent = words;
  }

  // The spacing that gives so many points, in this zone or in all of them together: as many as there is room for at one spacing tell the next.
  async wantPoints(text) {
    const { planner } = this;
    const zone = planner.state.zone(planner.state.active), wanted = numberIn(text), grids = this.target.filter(isGrid);
    if (!zone || !Number.isInteger(wanted) || wanted < 1 || wanted > 2000) return this.problem(planner.part("points"), "Points: give a whole number from 1 to 2000.");
    this.problem(planner.part("points"), "");
    let spacing = Number(zone.generator.spacing_mm) || 10, best = null, close = 0, wide = Infinity; // the widest that gave too many, the closest that gave too few
    for (let at = 0; at < TRIES; at++) {
      spacing = Math.min(100, Math.max(1, Math.round(spacing * 100) / 100));
      const tried = grids.map((one) => ({ ...one, generator: { ...one.generator, spacing_mm: plain(spacing), volume_per_point_ml: one.generator.volume_per_point_ml ?? "0.01" }, edits: {} }));
      const answer = await planner.fetch(tried, planner.state.scale), n = answer?.zones?.reduce((sum, row) => sum + row.n, 0);
      if (!n) return answer && planner.refused(answer.refused ?? []);
      if (!best || Math.abs(n - wanted) < Math.abs(best.n - wanted)) best = { n, spacing };
      if (n === wanted) break;
      if (n > wanted) close = Math.max(close, spacing);
      else wide = Math.min(wide, spacing);
      const guess = spacing * Math.sqrt(n / wanted);
      spacing = guess > close && guess < wide ? guess : (close + wide) / 2;
    }
    const done = await this.change(() => ({ generator: { spacing_mm: plain(best.spacing) } }));
    if (done) planner.say(`${points(best.n)} with ${best.spacing} mm${grids.length > 1 ? ` in ${grids.length} zones` : ""}.`);
  }

  // The first number of the zone that can be typed; Escape there leads back to the map.
  focus() {
    const { planner } = this;
    const field = [...planner.part("settings").querySelectorAll(".numbers input")].find((input) => input.checkVisibility());
    field?.focus();
  }
}
