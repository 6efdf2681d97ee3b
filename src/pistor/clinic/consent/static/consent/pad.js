// A signature as SVG path data in a hidden field. Without this module the name is typed instead.

const block = document.querySelector("[data-pad]");
const field = document.querySelector("[name=signature_path]");

if (block && field) {
  const pad = block.querySelector("svg"), ink = pad.querySelector("path"), said = block.querySelector("[data-drawn]");
  const typed = document.querySelector("[name=typed]");
  const show = () => { ink.setAttribute("d", field.value); };
  const changed = () => field.dispatchEvent(new Event("input", { bubbles: true })); // so that a draft of it is kept
  let drawing = null;

  const at = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(pad.getScreenCTM().inverse());
    const within = (value, most) => Math.min(most, Math.max(0, value)).toFixed(1);
    return `${within(point.x, 320)} ${within(point.y, 110)}`;
  };

  pad.addEventListener("pointerdown", (event) => {
    if (drawing !== null || (event.pointerType === "mouse" && event.button !== 0)) return;
    drawing = event.pointerId;
    pad.setPointerCapture(drawing);
    field.value += `M${at(event)}`;
    changed();
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing || field.value.length > 59000) return;
    field.value += `L${at(event)}`;
    show();
    changed();
  });
  const end = (event) => {
    if (event.pointerId !== drawing) return;
    drawing = null;
    if (typed) typed.checked = false;
    changed();
    said.textContent = said.dataset.drawn;
  };
  pad.addEventListener("pointerup", end);
  pad.addEventListener("pointercancel", end);
  block.querySelector("[data-clear]").addEventListener("click", () => {
    field.value = "";
    show();
    changed();
    said.textContent = said.dataset.cleared;
  });
  field.form.addEventListener("draft-restored", show);
  block.hidden = false;
  show();
}
