// Numbers and names as the planner writes and reads them.

export const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
export const plain = (value) => (value === null || value === undefined || value === "" ? "" : String(Number(value)));
export const amount = (value, digits = 3) => String(Number(Number(value).toFixed(digits)));
export const isGrid = ({ generator, chosen }) => !chosen && !["passes", "points", "lines"].includes(generator.pattern);
export const onSkin = ({ generator }) => (generator.pattern === "passes" ? Number(generator.on_skin_ml) || 0 : 0);
export const points = (n) => `${n} ${n === 1 ? "point" : "points"}`;
export const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1);

export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
export function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
