// The drawing scaled to the patient by one measure or two.

import { numberIn } from "../shared/map/list.js";
import { apply, isEdited } from "../shared/map/state.js";
import { amount, make, plain } from "./words.js";

export class Scale {
  constructor(planner) {
    this.planner = planner;
    planner.part("scale").addEventListener("toggle", () => this.render());
    planner.part("measures").addEventListener("change", ({ target }) => { if (target.tagName === "INPUT") this.measured(); });
  }

  render() {
    const { planner } = this;
    const box = planner.part("measures"), map = planner.view.map, { from = [], x = 1, y = 1 } = planner.state.scale[map] ?? {};
    planner.part("scale-told").textContent = from.length ? `· ${amount(x, 2)} times as wide, ${amount(y, 2)} times as high` : "";
    if (!planner.part("scale").open || (box.dataset.map === map && box.contains(document.activeElement))) return;
    box.dataset.map = map;
    const areas = planner.data.maps.find(({ id }) => id === map).areas;
    box.replaceChildren(...[["x", "Across"], ["y", "From top to bottom"]].map(([along, words]) => {
      const was = from.find((one) => one.along === along), first = was?.of ?? (planner.state.zone(planner.state.active)?.map === map ? planner.state.active.split(":").slice(1, 3).join(":") : areas[0].key.split(":").slice(1).join(":"));
      const of = make("select", { ariaLabel: `${words}: measured on` }, ...areas.map((area) => make("option", { value: `${area.zone}:${area.side}`, textContent: area.label })));
      of.value = first;
      const input = make("input", { type: "text", inputMode: "decimal", autocomplete: "off", ariaLabel: `${words}: measured, mm`, value: was?.mm ?? "" }), told = make("span", { className: "muted" });
      const line = make("div", { className: "measure cluster" }, make("strong", { textContent: words }), of, told, make("label", {}, "measured ", input, " mm"));
      line.dataset.along = along;
      const tell = () => { told.textContent = `${amount(this.extent(map, of.value, along), 0)} mm on the drawing`; };
      tell();
      of.addEventListener("change", () => { tell(); if (input.value.trim()) this.measured(); });
      return line;
    }));
  }

  extent(map, of, along) {
    const { planner } = this;
    const drawing = planner.view.drawings.get(map), at = along === "x" ? 0 : 1, scale = planner.state.scale[map] ?? { x: 1, y: 1 };
    const values = drawing.outline(`${map}:${of}`).map((corner) => corner[at] / scale[along]);
    return Math.max(...values) - Math.min(...values);
  }

  async measured() {
    const { planner } = this;
    const { map } = planner.view, from = [];
    for (const line of planner.part("measures").children) {
      const text = line.querySelector("input").value.trim(), mm = numberIn(text);
      if (text && !(mm >= 1 && mm <= 3000)) return planner.say("Give a measure from 1 to 3000 mm.");
      if (text) from.push({ of: line.querySelector("select").value, along: line.dataset.along, mm: plain(mm) });
    }
    const factor = Object.fromEntries(from.map(({ of, along, mm }) => [along, Math.round((Number(mm) / this.extent(map, of, along)) * 1e4) / 1e4])), any = Object.values(factor)[0] ?? 1;
    const next = { x: factor.x ?? any, y: factor.y ?? any, from }, was = planner.state.scale[map] ?? { x: 1, y: 1 };
    if (Math.min(next.x, next.y) < 0.5 || Math.max(next.x, next.y) > 2) return planner.say(`The patient would be ${amount(next.x, 2)} by ${amount(next.y, 2)} times the drawing; from 0.5 to 2 can be. Check what was measured.`);
    const { [map]: _, ...others } = planner.state.scale, scale = from.length ? { ...others, [map]: next } : others;
    const mine = planner.state.zones.filter((zone) => zone.map === map), edited = mine.filter(isEdited);
    if (edited.length && !(await planner.askWhether("Make the points anew?", "With another scale the points are made anew, and what was changed by hand in this view goes. Undo brings it back.", "Make them anew", "Keep the scale"))) return this.render();
    const stretch = { do: "stretch", x: next.x / was.x, y: next.y / was.y };
    planner.state.set(planner.state.zones.map((zone) => (zone.map === map ? apply(zone, stretch) : zone)), { scale });
    planner.view.fitZones(mine.map(({ key }) => key));
    planner.say(from.length ? `The drawing is ${amount(next.x, 2)} times as wide and ${amount(next.y, 2)} times as high.` : "The drawing is an average adult again.");
  }
}
