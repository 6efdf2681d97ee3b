// Finds entries by the beginnings of their names, in the page itself: nothing is asked of a server.
const field = document.getElementById("q"), found = document.getElementById("hits");
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
const fit = (name, words, whole) =>
  name === whole ? 4 : name.startsWith(whole) ? 3 : words.every((word) => ` ${name}`.includes(` ${word}`)) ? 2 : words.every((word) => name.includes(word)) ? 1 : 0;

function search() {
  const whole = folded(field.value), words = whole.split(" ").filter(Boolean);
  found.replaceChildren();
  found.hidden = !words.length;
  if (!words.length) return;
  const hits = PISTOR_NAMES.map((row) => [Math.max(...row[3].split("\n").map((name) => fit(name, words, whole))), row])
    .filter(([score]) => score)
    .sort((a, b) => b[0] - a[0])
    .slice(0, 60);
  for (const [, [title, kind, address]] of hits) {
    const line = document.createElement("li"), link = document.createElement("a"), said = document.createElement("span");
    link.href = address;
    link.textContent = title;
    said.className = "muted";
    said.textContent = ` ${kind}`;
    line.append(link, said);
    found.append(line);
  }
  if (!hits.length) {
    const line = document.createElement("li");
    line.textContent = `Nothing is known as “${field.value}”.`;
    found.append(line);
  }
}

field.addEventListener("input", search);
search();
