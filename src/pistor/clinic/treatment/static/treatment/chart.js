// The chart by exception: what was as planned takes one press, what differed is changed where it stands. The form holds everything;
// this script only fills its fields, adds up what they say, and asks the server what is still missing.

import { ChartMap } from "./chart_map.js";
import { outOf } from "./shares.js";

const form = document.querySelector(".chart form[data-draft=treatment]");
const MISSING_AFTER_MS = 400;

const field = (name) => form.elements[name];
const tell = (element) => element.dispatchEvent(new Event("input", { bubbles: true }));
const plain = (ml) => String(Math.round(ml * 1e6) / 1e6);
const number = (text) => Number(String(text ?? "").replace(",", ".")) || 0;

function write(element, value) {
  if (element.value === value) return false;
  element.value = value;
  return true;
}

// ── one press for several, each step ticked by itself ──

function together(list) {
  const row = list.querySelector("[data-together]"), boxes = [...list.querySelectorAll(".step-check:not(.alone) input")];
  if (!row) return;
  row.hidden = false;
  row.querySelector("button").addEventListener("click", () => {
    for (const box of boxes) box.checked = true;
    tell(boxes[0]);
  });
}

function chips(row) {
  row.hidden = false;
  row.addEventListener("click", (event) => {
    const chip = event.target.closest("button");
    if (chip && write(field(row.dataset.fills), chip.textContent)) tell(field(row.dataset.fills));
  });
}

function opens(details) {
  const [name, value] = details.dataset.opens.split("=");
  form.addEventListener("change", (event) => { if (event.target.name === name && event.target.value === value) details.open = true; });
}

// On a phone what is seldom needed opens by a press; elsewhere there is room for it.
function foldsOnPhone(details) {
  const narrow = matchMedia("(max-width: 700px)");
  const fit = () => { details.open = !narrow.matches || Boolean(details.querySelector(".has-error")); };
  narrow.addEventListener("change", fit);
  fit();
}

// ── zones ──

class Zone {
  constructor(element) {
    this.element = element;
    this.n = element.dataset.zone;
    this.key = element.dataset.key;
    this.planned = { points: Number(element.dataset.points), ml: number(element.dataset.ml), passes: element.dataset.passes };
    this.label = element.querySelector("legend").firstChild.textContent.trim();
  }

  get edits() { return field(`edits_${this.n}`).value; }
  get state() { return field(`state_${this.n}`).value; }
  get points() { return Math.round(number(field(`points_${this.n}`).value)); }
  get ml() { return number(field(`volume_${this.n}`).value); }
  get passes() { return field(`passes_${this.n}`); } // of a roller; others have none
  get differs() {
    const rolled = this.passes && this.passes.value !== this.planned.passes;
    return this.points !== this.planned.points || plain(this.ml) !== plain(this.planned.ml) || Boolean(rolled);
  }

  say(state) {
    for (const radio of field(`state_${this.n}`)) radio.checked = radio.value === state;
  }

  fill(points, ml, passes) {
    write(field(`points_${this.n}`), String(points));
    write(field(`volume_${this.n}`), plain(ml));
    if (this.passes && passes !== undefined) write(this.passes, passes);
  }

  // What a choice means for the numbers: as planned is the plan again, not given is nothing.
  took(state) {
    if (state === "given") {
      write(field(`edits_${this.n}`), "");
      this.fill(this.planned.points, this.planned.ml, this.planned.passes);
    } else if (state === "not_given") {
      write(field(`edits_${this.n}`), "");
      this.fill(0, 0, "");
    } else if (!this.points && !this.ml) {
      this.fill(this.planned.points, this.planned.ml, this.planned.passes);
    }
  }
}

// ── sums ──

function sums(zones, perMl) {
  const done = zones.filter((zone) => zone.state), extra = { points: number(field("points_x")?.value), ml: number(field("volume_x")?.value) };
  const points = done.reduce((sum, zone) => sum + zone.points, 0) + extra.points;
  const ml = done.reduce((sum, zone) => sum + zone.ml, 0) + extra.ml;
  const left = zones.filter((zone) => !zone.state).reduce((sum, zone) => sum + zone.planned.points, 0);
  const drawn = [...document.querySelectorAll("[data-syringe]")].reduce((sum, one) => sum + number(one.dataset.ml), 0);
  const bar = document.querySelector("[data-sums]");
  bar.querySelector("[data-points]").textContent = points;
  bar.querySelector("[data-ml]").textContent = plain(ml);
  const over = drawn && ml > drawn + 1e-9;
  bar.querySelector("[data-rest]").textContent = [
    left ? `${left} to go` : "", drawn ? (over ? `${plain(ml - drawn)} mL more than drawn` : `${plain(drawn - ml)} mL left over`) : "",
  ].filter(Boolean).map((part) => ` · ${part}`).join("");
  bar.classList.toggle("over", Boolean(over));
  const doses = document.querySelector("[data-live]");
  if (doses) doses.textContent = perMl.map((one) => `${one.name} ${Number((ml * one.amount).toPrecision(6))} ${one.unit}`).join(" · ");
}

// ── out of which syringe ──

function shares(zones) {
  const held = new Map([...document.querySelectorAll("[data-syringe]")].map((one) => [one.dataset.syringe, number(one.dataset.ml)]));
  const places = [...form.querySelectorAll("[data-shares]")], line = document.querySelector("[data-left-in]");
  if (!places.length) return;
  const lines = places.map((place) => {
    const inputs = [...place.querySelectorAll("[data-out-of]")].map((one) => [one.dataset.outOf, one.querySelector("input")]);
    const n = place.dataset.shares, zone = zones.find((one) => one.n === n);
    const typed = zone?.state === "not_given" ? [] : inputs.filter(([, input]) => input.value.trim());
    const said = new Map(typed.map(([code, input]) => [code, number(input.value)]));
    return { place, inputs, said, ml: zone ? zone.ml : number(field(`volume_${n}`).value), done: zone ? Boolean(zone.state) : true };
  });
  const left = new Map(held);
  outOf(lines, held).forEach((parts, at) => {
    const { place, inputs, said, ml, done } = lines[at], sum = plain([...said.values()].reduce((all, part) => all + part, 0));
    const words = [...(parts ?? [])].map(([code, part]) => (code ? `${plain(part)} mL out of ${code}` : `${plain(part)} mL that no syringe holds`));
    place.querySelector("[data-share-line]").textContent = parts ? words.join(", ") || "Out of no syringe" : `${sum} mL are said, but ${plain(ml)} mL were given`;
    place.classList.toggle("off", !parts || parts.has(""));
    for (const [code, input] of inputs) input.placeholder = parts && ml ? plain(parts.get(code) ?? 0) : "";
    if (done) for (const [code, part] of parts ?? []) if (code) left.set(code, left.get(code) - part);
  });
  line.textContent = [...left].map(([code, ml]) => `${code}: ${plain(ml)} mL left`).join(" · ");
}

// ── what is missing, as the server says it of what stands here ──

function gate() {
  const list = document.querySelector("[data-list]"), count = list.querySelector("[data-count]");
  let timer, running;
  const ask = async () => {
    running = new AbortController();
    try {
      const answer = await fetch(form.dataset.gate, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, signal: running.signal });
      if (!answer.ok || answer.redirected) throw new TypeError("no list");
      const said = await answer.json();
      list.querySelector("ul").innerHTML = said.html;
      count.textContent = said.missing.length ? `${said.missing.length} missing` : "Nothing is missing";
      list.classList.toggle("clear", !said.missing.length);
      document.querySelector("[data-doses]").innerHTML = said.doses;
      list.removeAttribute("aria-busy");
    } catch (problem) {
      if (problem.name === "AbortError") return;
      count.textContent = "Not known: no connection";
      list.classList.remove("clear");
    }
  };
  const later = () => {
    list.setAttribute("aria-busy", "true");
    running?.abort(); // its answer would be about what stood here before
    clearTimeout(timer);
    timer = setTimeout(ask, MISSING_AFTER_MS);
  };
  form.addEventListener("input", later);
  form.addEventListener("draft-restored", later);
  later();
  document.addEventListener("click", (event) => {
    if (list.open && !list.contains(event.target)) list.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !list.open) return;
    list.open = false;
    list.querySelector("summary").focus();
  });
}

// ── the time-out: two codes, and the wrong one stops ──

function timeOut() {
  const place = form.querySelector(".time-out"), patient = field("patient_code"), syringe = field("syringe_code");
  if (!patient || !syringe) return;
  const button = place.querySelector("button[value=time-out]");
  const check = async () => {
    const sent = new FormData(form);
    sent.set("do", "time-out");
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: sent, headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new TypeError("no answer");
      const said = await answer.json();
      place.querySelector("[data-time-out]").outerHTML = said.html;
      if (said.passed) for (const code of [patient, syringe]) write(code, "");
      else patient.focus();
      tell(patient);
    } catch {
      place.querySelector("[data-time-out]").textContent = "The codes could not be checked: there is no connection. Try again before you go on.";
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener("click", (event) => {
    event.preventDefault();
    check();
  });
  const next = () => {
    if (patient.value && syringe.value) check();
    else (patient.value ? syringe : patient).focus();
  };
  for (const code of [patient, syringe]) code.addEventListener("keydown", (event) => { // a hand scanner ends with Enter
    if (event.key !== "Enter") return;
    event.preventDefault();
    next();
  });
  place.addEventListener("scan-read", next);
}

// A link to a place puts the focus there, however it is folded.
function lead(event) {
  const link = event.target.closest(".chart a[href^='#']"), place = link && document.getElementById(link.hash.slice(1));
  if (!place) return;
  event.preventDefault();
  link.closest("details.gate")?.removeAttribute("open");
  for (let fold; (fold = place.closest("details:not([open])")); ) fold.open = true;
  const usable = "input:not([type=hidden]), select, textarea, button, a[href], summary";
  const inside = place.matches(usable) ? place : [...place.querySelectorAll(usable)].find((one) => one.checkVisibility()) ?? place;
  if (inside === place && !place.matches(usable)) place.tabIndex = -1;
  place.scrollIntoView({ block: "center" });
  inside.focus({ preventScroll: true });
}

if (form) {
  form.classList.add("scripted");
  for (const element of form.querySelectorAll("[data-scripted]")) element.hidden = false;
  form.querySelectorAll(".checklist").forEach(together);
  form.querySelectorAll("[data-fills]").forEach(chips);
  form.querySelectorAll("[data-opens]").forEach(opens);
  document.addEventListener("click", lead);
  timeOut();

  const chart = JSON.parse(document.getElementById("chart").textContent);
  const zones = [...form.querySelectorAll("[data-zone]")].map((element) => new Zone(element));
  const say = (text) => { document.querySelector("[data-told]").textContent = text; };
  const maps = form.querySelector("[data-maps]");
  const map = maps && new ChartMap(maps, zones, chart, { say, changed: (zone, edits, { n, ml }) => {
    if (zone.edits === edits) return;
    write(field(`edits_${zone.n}`), edits);
    zone.fill(n, ml);
    zone.say(edits ? "changed" : "");
    tell(field(`edits_${zone.n}`));
  } });
  form.querySelectorAll("[data-folds-on-phone]").forEach(foldsOnPhone); // the map has measured itself by now
  const all = form.querySelector("[data-all]");
  const sum = () => {
    const open = zones.filter((zone) => !zone.state);
    all.textContent = open.some((zone) => zone.differs) ? "All as it stands here" : "All as planned";
    all.disabled = !open.length;
    sums(zones, chart.perMl);
    shares(zones);
    map?.read();
  };
  for (const button of form.querySelectorAll("[data-look]")) {
    button.hidden = !map;
    button.addEventListener("click", () => {
      maps.closest("details").open = true;
      map.lookAt(button.closest("[data-zone]").dataset.key);
      maps.scrollIntoView({ block: "nearest" });
    });
  }
  form.addEventListener("change", (event) => {
    const zone = zones.find((one) => event.target.name === `state_${one.n}`);
    if (zone) zone.took(zone.state);
  });
  form.addEventListener("input", (event) => {
    const zone = zones.find((one) => [`points_${one.n}`, `volume_${one.n}`, `passes_${one.n}`].includes(event.target.name));
    if (zone?.differs) {
      write(field(`edits_${zone.n}`), ""); // numbers that were typed count, and say nothing about single points
      zone.say("changed");
    }
    sum();
  });
  form.addEventListener("draft-restored", sum);
  all.addEventListener("click", () => {
    const open = zones.filter((zone) => !zone.state);
    for (const zone of open) zone.say(zone.differs ? "changed" : "given"); // as it stands: last time's numbers may not be the plan's
    tell(field(`state_${open[0].n}`)[0]);
    say(`Confirmed: ${open.map((zone) => zone.label).join(", ")}.`);
  });
  sum();
  if (form.dataset.gate) gate();
}
