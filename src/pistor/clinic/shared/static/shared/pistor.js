// What every page does: puts the focus on errors, keeps what is typed, folds steps and findings where there is no room.

const errors = document.querySelector(".error-summary");
if (errors) errors.focus();

const foldWhen = (details, query) => {
  if (!details) return;
  const narrow = window.matchMedia(query);
  const fit = () => { details.open = !narrow.matches; };
  narrow.addEventListener("change", fit);
  fit();
};
const drawer = document.querySelector(".findings > details");
foldWhen(document.querySelector(".steps-fold"), "(max-width: 700px)");
foldWhen(drawer, "(max-width: 1180px)");
window.addEventListener("beforeprint", () => { if (drawer) drawer.open = true; });
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !drawer?.open || !drawer.contains(document.activeElement)) return;
  drawer.open = false;
  drawer.querySelector("summary").focus();
});

// What sticks below the banner has to know how many lines it takes.
const banner = document.querySelector(".banner");
if (banner) new ResizeObserver(() => document.documentElement.style.setProperty("--banner", `${banner.offsetHeight}px`)).observe(banner);

// Once something is typed, saving it is the next thing to do again.
const frame = document.querySelector(".frame");
for (const kind of ["input", "draft-restored"]) frame?.querySelector("main").addEventListener(kind, () => frame.classList.add("changed"));

const saved = document.getElementById("saved");
const say = (text) => { if (saved) saved.textContent = text; };
const time = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

// The version stays with the draft: what was typed on an older state must not be saved over a newer one unseen.
const HIDDEN = new Set(["csrfmiddlewaretoken", "token", "draft"]);

function fieldsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (HIDDEN.has(name) || typeof value !== "string") continue;
    (fields[name] ??= []).push(value);
  }
  return fields;
}

const differs = (element) => element.type === "checkbox" || element.type === "radio" ? element.checked !== element.defaultChecked
  : element.options ? element.selectedIndex !== Math.max(0, [...element.options].findIndex((option) => option.defaultSelected))
  : element.type !== "hidden" && element.value !== element.defaultValue;

function unfold(element) {
  for (let fold; (fold = element.closest("details:not([open])")); ) fold.open = true;
}

function restore(form, fields) {
  for (const element of form.elements) {
    if (!element.name || HIDDEN.has(element.name) || element.type === "file") continue;
    const values = fields[element.name];
    if (element.type === "checkbox" || element.type === "radio") element.checked = Boolean(values && values.includes(element.value));
    else if (element.multiple && values) for (const option of element.options) option.selected = values.includes(option.value);
    else if (values) element.value = values[0];
    if (differs(element)) unfold(element); // what was typed is never restored out of sight
  }
  form.restored = fields; // for scripts of single pages, which run after this one
  form.dispatchEvent(new CustomEvent("draft-restored", { bubbles: true }));
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]")?.value;
  let timer, taken = false, last = JSON.stringify(fieldsOf(form));

  const send = async (keepalive) => {
    if (taken) return;
    const fields = fieldsOf(form), now = JSON.stringify(fields);
    if (now === last) return;
    try {
      const answer = await fetch("/drafts/", {
        method: "POST", keepalive, redirect: "manual",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify({ key: location.pathname, form: form.dataset.draft, fields }),
      });
      if (taken) return;
      if (answer.ok) {
        last = now;
        say(`Draft saved ${time(new Date())}`);
      } else if (answer.type === "opaqueredirect" || answer.status === 403) {
        say("Not saved: you are signed out. Sign in again in another tab; this page keeps what you typed and tries again.");
        timer = setTimeout(send, 5000);
      } else {
        say("Not kept as a draft: it is too large or could not be read. Save the form itself.");
      }
    } catch {
      say("Not saved: no connection. Keep this page open; it tries again.");
      timer = setTimeout(send, 3000);
    }
  };
  const later = () => { clearTimeout(timer); timer = setTimeout(send, 1200); };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  // The server forgets the draft of the form it took, and no other.
  form.addEventListener("formdata", (event) => event.formData.set("draft", form.dataset.draft));
  // What is on its way to the server needs no draft, and must not come back as one on the next patient's form.
  form.addEventListener("submit", () => { taken = true; clearTimeout(timer); });
  window.addEventListener("pagehide", () => send(true));

  const draft = document.getElementById("draft");
  const kept = draft && JSON.parse(draft.textContent)[form.dataset.draft];
  if (kept && !errors) {
    restore(form, kept.fields);
    last = JSON.stringify(fieldsOf(form));
    const note = document.createElement("p");
    note.className = "notice info";
    note.textContent = `Restored what you typed at ${time(new Date(kept.saved_at))}. `;
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "button quiet small";
    drop.textContent = "Discard the draft";
    drop.addEventListener("click", async () => {
      await fetch("/drafts/", {
        method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify({ key: location.pathname, form: form.dataset.draft, fields: null }),
      });
      location.reload();
    });
    note.append(drop);
    form.prepend(note);
  }
}
