// A zone drawn by hand: along the way of a finger, or corner by corner. Both give the same list of corners, which can be typed, too.

const FEWEST = 3, MOST = 200;

// Fewer corners along the same line: none is further away from it than `within` (Douglas and Peucker).
export function simpler(line, within) {
  if (line.length < 3) return line;
  const [first] = line, last = line.at(-1), [dx, dy] = [last[0] - first[0], last[1] - first[1]], length = Math.hypot(dx, dy);
  let far = 0, at = 0;
  line.forEach(([x, y], n) => {
    const away = length ? Math.abs(dy * (x - first[0]) - dx * (y - first[1])) / length : Math.hypot(x - first[0], y - first[1]);
    if (away > far) [far, at] = [away, n];
  });
  return far <= within ? [first, last] : [...simpler(line.slice(0, at + 1), within).slice(0, -1), ...simpler(line.slice(at), within)];
}

// Corners as they are typed: one to a line, right and down in mm.
export const cornersAsText = (corners) => corners.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("\n");
export function cornersFromText(text) {
  const lines = text.split(/\n|;/).map((line) => line.trim()).filter(Boolean).map((line) => line.match(/^(\d{1,4}(?:[.,]\d{1,3})?)[\s;]+(\d{1,4}(?:[.,]\d{1,3})?)$/));
  return lines.every(Boolean) ? lines.map(([, x, y]) => [x, y].map((part) => Number(part.replace(",", ".")))) : null;
}

// The corners of a zone that is being drawn. `told(corners)` follows each change.
export class Outline {
  constructor(view, told) {
    this.view = view;
    this.told = told;
    this.corners = [];
  }

  get isZone() { return this.corners.length >= FEWEST; }
  set(corners) {
    this.corners = corners.slice(0, MOST).map((corner) => corner.map((mm) => Math.round(mm * 10) / 10));
    this.view.sketchLine(this.corners, this.isZone);
    this.told(this.corners);
  }
  add(x, y) { this.set([...this.corners, [x, y]]); }
  back() { this.set(this.corners.slice(0, -1)); }
  line(points) { this.set(simpler(points, 1.5 / this.view.perMm)); }
  clear() { this.corners = []; this.view.sketch(); this.told([]); }
}
