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

// A page that the browser kept whole holds what was true then, also for someone who signed out since.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

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

// Why this page cannot save now, or nothing. After a new sign-in forms need a new token, which is taken over here.
let hindered = false;
async function hindrance() {
  const problem = await whatHinders();
  hindered = Boolean(problem);
  return problem;
}

async function whatHinders() {
  try {
    const answer = await fetch("/signed-in/", { redirect: "manual" });
    if (answer.type === "opaqueredirect") return "you are signed out. Sign in again in another tab; this page keeps what you typed.";
    if (!answer.ok) return ""; // whatever is wrong there, the server says it better
    const now = await answer.json();
    const { person } = document.body.dataset; // a page of errors does not know
    if (person && now.person !== person) return `${now.name} is signed in here now. Sign in again as yourself in another tab; this page keeps what you typed.`;
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = now.csrf;
    return "";
  } catch {
    return "there is no connection. Keep this page open and try again.";
  }
}

// A form that saves goes only where it can be taken: to a sign-in page or into a dead line it would carry off what was typed.
for (const form of document.querySelectorAll("main form[method=post]:has([name=token], [name$='-token'])")) {
  let asking = false, free = false;
  form.addEventListener("submit", async (event) => {
    if (free) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (asking) return;
    asking = true;
    const problem = await hindrance();
    asking = false;
    form.querySelector(".not-sent")?.remove();
    if (!problem) {
      free = true;
      form.requestSubmit(event.submitter);
      free = false;
      return;
    }
    const note = Object.assign(document.createElement("p"), { className: "notice danger not-sent", tabIndex: -1, textContent: `Not saved: ${problem}` });
    note.setAttribute("role", "alert");
    form.prepend(note);
    note.focus();
  });
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const token = () => form.querySelector("[name=csrfmiddlewaretoken]").value;
  let timer, taken = false, last = JSON.stringify(fieldsOf(form));

  const again = (problem) => {
    if (problem) say(`Not saved: ${problem}`);
    timer = setTimeout(send, problem ? 5000 : 500);
  };
  const send = async (keepalive) => {
    if (taken) return;
    const fields = fieldsOf(form), now = JSON.stringify(fields);
    if (now === last) return;
    const problem = hindered && await hindrance();
    if (problem) return again(problem);
    try {
      const answer = await fetch("/drafts/", {
        method: "POST", keepalive, redirect: "manual",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
        body: JSON.stringify({ key: location.pathname, form: form.dataset.draft, fields }),
      });
      if (taken) return;
      if (answer.ok) {
        last = now;
        say(`Draft saved ${time(new Date())}`);
      } else if (answer.type === "opaqueredirect" || answer.status === 403) {
        again(await hindrance());
      } else if (answer.status >= 500) {
        again("the server could not keep it. Keep this page open; it tries again.");
      } else {
        say("Not kept as a draft: it is too large or could not be read. Save the form itself.");
      }
    } catch {
      again("there is no connection. Keep this page open; it tries again.");
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
        method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
        body: JSON.stringify({ key: location.pathname, form: form.dataset.draft, fields: null }),
      });
      location.reload();
    });
    note.append(drop);
    form.prepend(note);
  }
}
