// The picture follows the form: a change asks the server for the drawn map; a click on an area or a point ticks its box.
const form = document.querySelector("form[data-preview]");
const drawn = document.getElementById("drawn");

if (form && drawn) {
  let waiting, running;
  drawn.classList.add("can-click");

  const refresh = async ({ listed = Boolean(drawn.querySelector("details[data-listed]")) } = {}) => {
    running?.abort();
    running = new AbortController();
    const fields = new FormData(form);
    for (const name of ["csrfmiddlewaretoken", "token", "version"]) fields.delete(name);
    if (listed) fields.set("listed", "1");
    try {
      const answer = await fetch(`${form.dataset.preview}?${new URLSearchParams(fields)}`, { signal: running.signal, credentials: "same-origin" });
      if (!answer.ok) return;
      const open = drawn.querySelector("details")?.open;
      drawn.innerHTML = await answer.text();
      const list = drawn.querySelector("details");
      if (list && open) list.open = true;
      const findings = drawn.querySelector("template[data-findings]");
      const place = document.querySelector("aside.findings .stack");
      if (findings && place) {
        place.replaceChildren(findings.content.cloneNode(true));
        const count = document.querySelector("aside.findings .count");
        if (count) count.textContent = place.children.length;
      }
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(refresh, 250); };
  form.addEventListener("input", soon);

  // The points of an area are one path; its nearest dot within reach of the pointer is meant.
  const pointAt = (event) => {
    const sheet = event.target.closest("svg.body-map > svg") ?? event.target.ownerSVGElement;
    if (!sheet) return null;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(sheet.getScreenCTM().inverse());
    let best = null;
    for (const path of sheet.querySelectorAll("[data-points]")) {
      const taken = new Set(path.dataset.taken.split(" "));
      let number = 0;
      for (const [, x, y] of path.getAttribute("d").matchAll(/M(-?[\d.]+) (-?[\d.]+)/g)) {
        do number += 1; while (taken.has(String(number)));
        const away = Math.hypot(x - at.x, y - at.y);
        if (away <= path.dataset.reach * 1.5 && away < (best?.away ?? Infinity)) best = { away, key: `${path.dataset.points}:${number}` };
      }
    }
    return best?.key ?? null;
  };

  const boxFor = (key) => {
    const known = form.querySelector(`input[name="removed"][value="${CSS.escape(key)}"]`);
    if (known) return known;
    const box = Object.assign(document.createElement("input"), { type: "checkbox", name: "removed", value: key, hidden: true });
    drawn.querySelector("[data-removed]")?.append(box);
    return box;
  };

  // A restored draft holds points that have no box in the page yet.
  if (form.restored) {
    for (const value of form.restored.chosen ?? []) drawn.append(Object.assign(document.createElement("input"), { type: "checkbox", name: "chosen", value, checked: true, hidden: true }));
    for (const key of form.restored.removed ?? []) boxFor(key).checked = true;
    soon();
  }

  drawn.addEventListener("click", (event) => {
    if (event.target.closest('button[value="list"]')) {
      event.preventDefault();
      refresh({ listed: true });
      return;
    }
    const key = pointAt(event);
    const area = event.target.closest("[data-area]");
    const box = key ? boxFor(key) : area && form.querySelector(`input[name="areas"][value="${CSS.escape(area.dataset.area)}"]`);
    if (box) {
      box.checked = !box.checked;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
}
