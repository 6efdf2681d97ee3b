// The map is one stop of the Tab key. Arrows go to the nearest point that way, the other keys do what a touch does, and everything is said.

import { isOut } from "./state.js";

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// The nearest point in a direction: straight on is near, aside is far.
export function nearestThatWay(points, from, [dx, dy]) {
  let best = null, least = Infinity;
  for (const pair of points) {
    const [, point] = pair, x = point.x - from.x, y = point.y - from.y, along = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (along <= 0.05) continue;
    const cost = along + 2 * aside + (aside > along ? 1000 : 0);
    if (cost < least) [best, least] = [pair, cost];
  }
  return best;
}

// `act`: nudge(dx, dy), toggle(), add(), remove(), restore(), enter(), frame(), numbers(), undo(), redo(), all(), clear(), zoom(by), help(); those that are
// missing have no key.
// `tell(zone, point)` says a point.
export function listenToKeys(view, act, tell) {
  const { stage, state } = view;
  const pairs = () => view.onMap().flatMap((zone) => state.points(zone.key).map((point) => [zone.key, point]));
  const here = () => {
    const at = state.at && state.point(state.at.zone, state.at.k);
    return at && state.at.zone.startsWith(`${view.map}:`) ? [state.at.zone, at] : null;
  };
  const go = (pair) => {
    if (!pair) return;
    state.goTo(pair[0], pair[1].k);
    view.reveal(pair[1]);
    tell(...pair);
  };
  const first = () => {
    const mine = pairs().filter(([key]) => key === state.active);
    return (mine.length ? mine : pairs())[0];
  };
  const step = (by) => {
    const all = pairs(), at = all.findIndex(([key, point]) => key === state.at?.zone && point.k === state.at.k);
    go(all[(at + by + all.length) % all.length]);
  };
  const otherZone = (by) => {
    const zones = view.onMap().filter((zone) => state.points(zone.key).length), at = zones.findIndex((zone) => zone.key === (state.at?.zone ?? state.active));
    const zone = zones[(at + by + zones.length) % zones.length];
    if (zone) go([zone.key, state.points(zone.key)[0]]);
  };
  const keys = {
    Home: () => go(pairs()[0]), End: () => go(pairs().at(-1)), PageDown: () => otherZone(1), PageUp: () => otherZone(-1), n: () => step(1), p: () => step(-1),
    " ": act.toggle, a: act.add, Delete: act.remove, Backspace: act.remove, r: act.restore, Enter: act.enter, Escape: act.clear, u: act.undo, f: act.frame, s: act.numbers,
    "+": act.zoom && (() => act.zoom(1.5)), "-": act.zoom && (() => act.zoom(1 / 1.5)), 0: act.zoom && (() => act.zoom(0)), "?": act.help,
  };
  stage.addEventListener("focus", () => { if (!here()) go(first()); });
  stage.addEventListener("keydown", (event) => {
    const { key } = event, way = WAYS[key], small = key.length === 1 ? key.toLowerCase() : key;
    if (event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      const done = { z: event.shiftKey ? act.redo : act.undo, y: act.redo, a: act.all }[small];
      if (!done) return;
      done();
    } else if (way && event.shiftKey) act.nudge?.(...way);
    else if (way) go(here() ? nearestThatWay(pairs(), here()[1], way) : first());
    else if (keys[small]) keys[small]();
    else return;
    event.preventDefault();
  });
  return { here, go };
}

// A row of buttons is one stop of the Tab key as well, and arrows go along it. Its buttons may come and go.
export function listenToRow(row) {
  const usable = () => [...row.querySelectorAll("button:not(:disabled):not([hidden])")];
  const stopAt = (button) => { for (const one of row.querySelectorAll("button")) one.tabIndex = one === button ? 0 : -1; };
  const settle = () => {
    const there = usable();
    stopAt(there.find((one) => one === document.activeElement) ?? there.find((one) => one.ariaPressed === "true") ?? there.find((one) => one.tabIndex === 0) ?? there[0]);
  };
  row.addEventListener("focusin", ({ target }) => { if (target.tagName === "BUTTON") stopAt(target); });
  row.addEventListener("keydown", (event) => {
    const there = usable(), at = there.indexOf(event.target), to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    there.at(to % there.length).focus();
  });
  new MutationObserver(settle).observe(row, { childList: true, subtree: true, attributeFilter: ["disabled", "aria-pressed", "hidden"] });
  settle();
}

// "Point 12, right cheek, 0.05 mL, picked."
export function inWords(point, { label, picked, ml }) {
  const flags = { m: "moved", a: "added", v: "volume changed", r: "taken out" };
  return [`Point ${point.k}`, label, isOut(point) ? "" : ml, ...[...point.flags].map((flag) => flags[flag]).filter(Boolean), picked ? "picked" : ""].filter(Boolean).join(", ") + ".";
}
