// A press on a drawing puts its place into the form; the numbers can be typed as well.
const pictures = document.getElementById("mark-pictures");
const form = document.querySelector('form[data-draft="mark"]');

pictures?.addEventListener("click", (event) => {
  const figure = event.target.closest("figure[data-map]");
  const sheet = event.target.closest("svg.body-map > svg") ?? event.target.ownerSVGElement;
  if (!form || !figure || !sheet) return;
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(sheet.getScreenCTM().inverse());
  const given = { map: figure.dataset.map, x_mm: at.x.toFixed(1), y_mm: at.y.toFixed(1), outline: "" };
  for (const [name, value] of Object.entries(given)) form.elements[name].value = value;
  if (!form.elements.across_mm.value) form.elements.across_mm.value = "10";
  form.dispatchEvent(new Event("input", { bubbles: true }));
  form.elements.kind.focus();
});
