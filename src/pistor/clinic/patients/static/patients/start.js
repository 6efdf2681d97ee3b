// Offers only the protocols of what is to be treated; without it the list holds all of them, and the server refuses a wrong one.
const form = document.querySelector("form[data-draft=start]"), protocol = form.elements.protocol;

function fit() {
  const chosen = form.querySelector("[name=indication]:checked")?.closest("label").textContent.trim();
  for (const group of protocol.querySelectorAll("optgroup")) {
    const fits = !chosen || chosen === group.label || chosen.startsWith(`${group.label}, `);
    group.hidden = group.disabled = !fits;
    if (!fits && group.contains(protocol.selectedOptions[0])) protocol.value = "";
  }
}
form.addEventListener("change", (event) => { if (event.target.name === "indication") fit(); });
form.addEventListener("draft-restored", fit);
fit();
