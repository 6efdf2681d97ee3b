// Out of which syringe each zone comes: as somebody typed, and where nobody did one emptied after the other. As the server divides it.

const STEP = 1000; // in steps of 0.001 mL, so that sums are exact
const steps = (ml) => Math.round(ml * STEP);

// `zones`: [{ml, said: Map of code to mL}] in their order; `held`: Map of code to mL in the order they were made.
// Gives for each zone a Map of code to mL, with "" for what no syringe holds; null where what is said cannot be what it got.
export function outOf(zones, held) {
  const left = new Map([...held].map(([code, ml]) => [code, steps(ml)]));
  for (const { said } of zones) for (const [code, ml] of said) left.set(code, left.get(code) - steps(ml));
  return zones.map(({ ml, said }) => {
    const taken = new Map([...said].map(([code, part]) => [code, steps(part)]));
    let rest = steps(ml) - [...taken.values()].reduce((sum, part) => sum + part, 0);
    for (const [code, open] of left) if (!said.has(code)) {
      taken.set(code, Math.max(Math.min(open, rest), 0));
      rest -= taken.get(code);
    }
    if (rest < 0 || (said.size && rest > 0)) return null;
    for (const code of left.keys()) if (!said.has(code)) left.set(code, left.get(code) - taken.get(code));
    if (rest > 0) taken.set("", rest);
    return new Map([...left.keys(), ""].filter((code) => taken.get(code) > 0).map((code) => [code, taken.get(code) / STEP]));
  });
}
