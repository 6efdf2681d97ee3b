// The picture follows the form: a change asks the server for the drawn map; a click on an area or a point ticks its box.
const form = document.querySelector("form[data-preview]");
const drawn = document.getElementById("drawn");

if (form && drawn) {
  let waiting, running;
  drawn.classList.add("can-click");

  const refresh = async () => {
    running?.abort();
    running = new AbortController();
    const fields = new FormData(form);
    for (const name of ["csrfmiddlewaretoken", "token", "version"]) fields.delete(name);
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
  form.addEventListener("draft-restored", soon);

  drawn.addEventListener("click", (event) => {
    const point = event.target.closest("[data-point]");
    const area = event.target.closest("[data-area]");
    const box = point
      ? form.querySelector(`input[name="removed"][value="${CSS.escape(point.dataset.point)}"]`)
      : area && form.querySelector(`input[name="areas"][value="${CSS.escape(area.dataset.area)}"]`);
    if (box) {
      box.checked = !box.checked;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
}
