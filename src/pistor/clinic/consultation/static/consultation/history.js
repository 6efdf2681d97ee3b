// One press for the questions of a section that were read out and all answered with no. Without this module each is answered by itself.

const open = (question) => question.querySelector("input[type=radio][value='']:checked");

for (const row of document.querySelectorAll("[data-no-to-all]")) {
  const section = row.closest("section"), button = row.querySelector("button");
  const left = () => [...section.querySelectorAll(".question[data-together]")].filter(open);
  const show = () => {
    const number = left().length;
    if (number) row.hidden = false;
    button.textContent = number > 1 ? `No to the ${number} not asked` : number ? "No to the one not asked" : "All are answered";
    button.setAttribute("aria-disabled", !number); // not disabled: the focus stays where the press was
  };
  button.addEventListener("click", () => {
    for (const question of left()) {
      const no = question.querySelector("input[type=radio][value=no]");
      no.checked = true;
      no.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
  section.addEventListener("change", show);
  section.closest("form").addEventListener("draft-restored", show);
  show();
}
