// Shows of a long page only the entries that hold every word typed. Without the script the page stands whole.
const box = document.getElementById("filter"), told = document.getElementById("filter-told");
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const groups = [...document.querySelectorAll("main section")].map((section) => ({
  section, entries: [...section.querySelectorAll("tbody tr, .entries > li")].map((element) => ({ element, text: plain(element.textContent) })),
}));
const all = groups.reduce((sum, group) => sum + group.entries.length, 0);

function narrow() {
  const words = plain(box.value).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const { section, entries } of groups) {
    let here = 0;
    for (const { element, text } of entries) {
      element.hidden = !words.every((word) => text.includes(word));
      here += element.hidden ? 0 : 1;
    }
    section.hidden = !here;
    shown += here;
  }
  told.textContent = words.length ? `${shown} of ${all}` : "";
}

box.closest("[hidden]").hidden = false;
box.addEventListener("input", narrow);
narrow();
