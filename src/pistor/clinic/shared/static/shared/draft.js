// What is typed, ticked or drawn is on the server within two seconds, comes back as it was, and is never overwritten unseen.
// Nothing is kept in the browser. For scripts of single pages: a change of a field, hidden ones too, is told by an "input"
// event; whatever is put into the form from the server by "draft-restored", and all of it stands in form.restored. Values that
// say nothing to people are put into words by form.told(name, text).

const PAUSE_MS = 300, LONGEST_MS = 600; // sent so long after the last change, or after the first that is not kept yet
const ANSWER_MS = 4000, AGAIN_MS = 1000, SELDOM_MS = 5000;

const saved = document.getElementById("saved");
const say = (text) => { if (saved) saved.textContent = text; };
const time = (when) => new Date(when).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const make = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const button = (text, onClick, style = "") => {
  const made = make("button", { type: "button", className: `button small ${style}`, textContent: text });
  made.addEventListener("click", onClick);
  return made;
};

// A sentence above the form, one of each kind at a time.
function note(form, kind, ...children) {
  form.querySelector(`.note-${kind}`)?.remove();
  const tone = { restored: "info", changed: "warning" }[kind] ?? "danger";
  const made = make("p", { className: `notice ${tone} note-${kind}`, tabIndex: -1 }, ...children);
  made.setAttribute("role", tone === "danger" ? "alert" : "status");
  form.prepend(made);
  return made;
}

// ── the fields of a form ──

// The version stays with the draft: what was typed on an older state must not be saved over a newer one unseen.
const isOurs = (name) => name === "csrfmiddlewaretoken" || name === "draft" || name === "token" || name.endsWith("-token");
const isChoice = (element) => element.type === "checkbox" || element.type === "radio";
const same = (a, b) => a.length === b.length && a.every((text, n) => text === b[n]);

// Where a page numbers its forms, the number is no part of a field's name.
function bare(form, name) {
  const { prefix } = form.dataset;
  return prefix && name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
const elementsOf = (form) => [...form.elements].filter((element) => element.name && !isOurs(element.name) && element.type !== "file" && element.type !== "submit");
const named = (form, name) => elementsOf(form).filter((element) => bare(form, element.name) === name);

function textsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (!isOurs(name) && typeof value === "string") (fields[bare(form, name)] ??= []).push(value);
  }
  return fields;
}

const differs = (element) => isChoice(element) ? element.checked !== element.defaultChecked
  : element.options ? element.selectedIndex !== Math.max(0, [...element.options].findIndex((option) => option.defaultSelected))
  : element.type !== "hidden" && element.value !== element.defaultValue;

function unfold(element) {
  for (let fold; (fold = element.closest("details:not([open])")); ) fold.open = true;
}

function put(form, fields) {
  for (const element of elementsOf(form)) {
    const texts = fields[bare(form, element.name)];
    if (!texts) continue;
    if (isChoice(element)) element.checked = texts.includes(element.value);
    else if (element.multiple) for (const option of element.options) option.selected = texts.includes(option.value);
    else element.value = texts[0] ?? "";
    if (differs(element)) unfold(element); // what was typed is never restored out of sight
  }
  form.restored = { ...form.restored, ...fields };
  form.dispatchEvent(new CustomEvent("draft-restored", { bubbles: true }));
}

const plain = (element) => element?.textContent.trim().replace(/\s+/g, " ");
function labelOf(form, name) {
  const [first, ...more] = named(form, name);
  if (!first) return name;
  const shown = shows(form, first);
  const group = first.type === "radio" || more.length ? plain(first.closest("fieldset")?.querySelector("legend")) : "";
  return first.dataset.label || group || plain(first.labels?.[0]) || (shown !== form && plain(shown.querySelector("strong"))) || name;
}

// A value as its person sees it: words, or for what is drawn the drawing.
function valueOf(form, name, texts) {
  const elements = named(form, name), [first] = elements, told = form.told?.(name, texts[0] ?? "");
  if (told) return told;
  if (first?.type === "checkbox" && elements.length === 1) return texts.length ? "ticked" : "not ticked";
  const drawing = first?.type === "hidden" && texts[0] && shows(form, first).querySelector("svg:has(> path)");
  if (drawing) {
    const copy = drawing.cloneNode(true);
    copy.removeAttribute("aria-labelledby");
    copy.setAttribute("aria-label", "a drawing");
    copy.querySelector("path").setAttribute("d", texts[0]);
    return copy;
  }
  const word = (text) => isChoice(first ?? {}) ? plain(elements.find((element) => element.value === text)?.labels?.[0])
    : first?.options ? plain([...first.options].find((option) => option.value === text)) : text;
  return texts.map((text) => word(text) || text).filter(Boolean).join(", ") || "empty";
}

// ── where the person is ──

const shows = (form, element) => element.type === "hidden" ? document.querySelector(`[data-shows="${CSS.escape(element.name)}"]`) ?? form : element;

function placeOf(form, element) {
  if (!element?.isConnected) return null;
  const { selectionStart: start, selectionEnd: end } = element, top = Math.round(shows(form, element).getBoundingClientRect().top);
  return { name: bare(form, element.name), value: isChoice(element) ? element.value : "", start, end, top };
}

function returnTo(form, { name, value, start, end, top }) {
  const elements = named(form, name), element = elements.find((one) => isChoice(one) && one.value === value) ?? elements[0];
  if (!element || ![null, document.body].includes(document.activeElement)) return;
  unfold(element);
  element.focus({ preventScroll: true });
  if (typeof start === "number" && element.selectionStart !== null) element.setSelectionRange?.(start, end ?? start);
  if (typeof top === "number") scrollBy({ top: shows(form, element).getBoundingClientRect().top - top, behavior: "instant" });
}

// ── whether the server can be reached, as the person who opened this page ──

// Why this page cannot save now, or nothing. After a new sign-in forms need a new token, which is taken over here.
let hindered = false;
async function hindrance() {
  const problem = await whatHinders();
  hindered = Boolean(problem);
  return problem;
}

async function whatHinders() {
  try {
    const answer = await fetch("/signed-in/", { redirect: "manual", signal: AbortSignal.timeout(ANSWER_MS) });
    if (answer.type === "opaqueredirect") return "you are signed out. Sign in again in another tab; this page keeps what you typed.";
    if (!answer.ok) return ""; // whatever is wrong there, the server says it better
    const now = await answer.json();
    const { person } = document.body.dataset; // a page of errors does not know
    if (person && now.person !== person) return `${now.name} is signed in here now. Sign in again as yourself in another tab; this page keeps what you typed.`;
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = now.csrf;
    return "";
  } catch {
    return "there is no connection. Keep this page open; it tries again.";
  }
}

// ── choosing between two values ──

// Shows both values of each field that was changed on two sides; `picked` gets {name: "mine" | "theirs"}.
function choose(form, conflicts, mine, picked) {
  if (document.querySelector("dialog.choose")) return;
  const fields = [...conflicts].map(([name, said], n) => {
    const option = (which, who, value) => make("label", { className: "choice" },
      make("input", { type: "radio", name: `choose-${n}`, value: which, required: true }), make("span", {}, make("strong", { textContent: who }), " ", make("span", { className: "value", dir: "auto" }, value)));
    const who = `${said.by || "Somebody"}, ${time(said.at)}:`;
    return make("fieldset", { className: "field" }, make("legend", { textContent: labelOf(form, name) }),
      option("mine", "This page:", valueOf(form, name, mine[name] ?? [])), option("theirs", who, valueOf(form, name, said.texts)));
  });
  const asked = make("form", { method: "dialog", className: "stack" },
    make("h2", { id: "choose-title", textContent: "Changed in two places" }),
    make("p", { textContent: "Nothing was overwritten. For each field, choose the value that counts." }), ...fields,
    make("div", { className: "cluster" }, make("button", { className: "button primary", textContent: "Keep what I chose" }), button("Decide later", () => dialog.close(), "quiet")));
  const dialog = make("dialog", { className: "choose" }, asked);
  dialog.setAttribute("aria-labelledby", "choose-title");
  const before = document.activeElement, names = [...conflicts.keys()];
  asked.addEventListener("submit", () => {
    const chosen = new FormData(asked);
    picked(Object.fromEntries(names.map((name, n) => [name, chosen.get(`choose-${n}`)])));
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
}

// ── the draft of one form ──

const stored = JSON.parse(document.getElementById("draft")?.textContent ?? "{}");
const word = [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("");
const drafts = new Map();

function keepDraft(form) {
  const kept = stored[form.dataset.draft], conflicts = new Map(), seen = new Set();
  // After an answer to a post, or where values came with the address, nobody knows here what the form begins with, so all of it is kept.
  const whole = kept ? kept.shown : "whole" in form.dataset;
  const began = whole ? {} : textsOf(form), known = { ...kept?.fields };
  let id = kept?.id ?? "", sequence = kept?.sequence ?? 0, step = 0;
  let timer, since = 0, tries = 0, sending = null, taken = false, gone = false, failed = "", at = null, told = "";

  // The fields that the server does not have as they stand here.
  const changed = () => {
    const now = textsOf(form), found = {};
    for (const name of [...Object.keys(now), ...elementsOf(form).map((element) => bare(form, element.name))]) seen.add(name);
    for (const name of seen) {
      const mine = now[name] ?? [];
      if (!conflicts.has(name) && !same(mine, known[name] ?? began[name] ?? (whole ? [null] : []))) found[name] = mine;
    }
    // What the form was opened on goes with the first change.
    if (!id && Object.keys(found).length) for (const element of elementsOf(form)) if (element.type === "hidden") found[bare(form, element.name)] = [element.value];
    return found;
  };

  const post = (body, options) => fetch("/drafts/", {
    method: "POST", redirect: "manual", ...options,
    headers: { "Content-Type": "application/json", "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value },
    body: JSON.stringify({ path: form.dataset.path ?? location.pathname, form: form.dataset.draft, draft: id, base: sequence, page: word, step: step += 1, place: placeOf(form, at), ...body }),
  });

  const wait = (ms) => { clearTimeout(timer); timer = setTimeout(sync, ms); };
  const later = () => {
    since ||= Date.now();
    if (!gone) wait(Math.max(0, Math.min(PAUSE_MS, since + LONGEST_MS - Date.now())));
  };
  const fail = (problem, again = true) => {
    failed = problem;
    say(`Not saved${since ? ` since ${time(since)}` : ""}: ${problem}`);
    if (again) wait(Math.min(SELDOM_MS, AGAIN_MS * (tries += 1)));
    return problem;
  };

  // Sends what changed; the answer is what stands in the way of saving the form, or nothing. One message at a time.
  const sync = () => sending ??= send().finally(() => { sending = null; });
  async function send(second = false) {
    clearTimeout(timer);
    if (taken || gone) return told;
    const fields = changed();
    const problem = hindered && await hindrance();
    if (problem) return fail(problem);
    let answer, body;
    try {
      answer = await post({ changed: fields }, { signal: AbortSignal.timeout(ANSWER_MS) });
      body = answer.ok || answer.status === 409 ? await answer.json() : null;
    } catch {
      return fail("there is no connection. Keep this page open; it tries again.");
    }
    if (answer.type === "opaqueredirect" || answer.status === 403) {
      const hinders = await hindrance();
      return hinders ? fail(hinders) : second ? fail("your role does not include this form.", false) : send(true);
    }
    if (answer.status >= 500) return fail("the server could not keep it. Keep this page open; it tries again.");
    if (!body) { // nothing that another try would mend: the form itself can still be saved
      fail("it is too large for a draft or could not be read. Save the form itself.", false);
      return "";
    }
    return take(body, fields);
  }

  function take(body, fields) {
    failed = "", tries = 0;
    if (body.state === "gone") return leave();
    if (body.state === "kept") Object.assign(known, fields);
    id = body.draft ?? id, sequence = body.sequence ?? sequence;
    const mine = changed(), brought = [];
    let doubt = false;
    for (const [name, said] of Object.entries(body.theirs)) {
      const here = textsOf(form)[name] ?? [];
      known[name] = said.texts;
      if (same(here, said.texts)) conflicts.delete(name);
      else if (name in mine || conflicts.has(name)) doubt = Boolean(conflicts.set(name, said));
      else brought.push([name, said]);
    }
    if (brought.length) bring(brought);
    if (doubt) {
      note(form, "conflict", `Not saved: ${inTwoPlaces()} `, button("Choose", choice));
      choice();
    }
    if (Object.keys(changed()).length) {
      since = Date.now();
      wait(body.state === "kept" ? PAUSE_MS : 0);
    } else if (!conflicts.size) {
      since = 0;
      if (id) say(`Draft saved ${time(Date.now())}`);
    }
    if (conflicts.size) return fail(inTwoPlaces(), false);
    return brought.length ? `${told} Look at it, then press again.` : "";
  }

  // What others changed, and nobody here did, is shown here too.
  function bring(brought) {
    put(form, Object.fromEntries(brought.map(([name, said]) => [name, said.texts])));
    const who = [...new Set(brought.map(([, said]) => said.by))].join(", "), [, last] = brought.at(-1);
    told = `Changed elsewhere by ${who}, ${time(last.at)}: ${brought.map(([name]) => labelOf(form, name)).join(", ")}.`;
    note(form, "changed", told);
  }

  const inTwoPlaces = () => `changed in two places: ${[...conflicts.keys()].map((name) => labelOf(form, name)).join(", ")}. Choose which value counts.`;

  // Asks which value counts. It can be put off: until then neither these fields nor the form are sent.
  function choice() {
    choose(form, conflicts, textsOf(form), (picked) => {
      for (const [name, which] of Object.entries(picked)) {
        if (which === "theirs" && conflicts.has(name)) put(form, { [name]: conflicts.get(name).texts });
        conflicts.delete(name);
      }
      if (!conflicts.size) form.querySelector(".note-conflict")?.remove();
      later();
    });
  }

  // The form was taken or its draft discarded elsewhere: going on from here is for the person to say.
  function leave() {
    gone = true;
    told = fail("this form was saved, or its draft discarded, on another page. What you typed stands only here.", false);
    note(form, "gone", `Not saved: ${told} `, button("Show what is there now", () => { taken = true; location.reload(); }), " ", button("Go on with what I typed", () => {
      gone = false, id = "", sequence = 0, told = "";
      for (const name of Object.keys(known)) delete known[name];
      form.querySelector(".note-gone").remove();
      later();
    }));
    return told;
  }

  const touched = (event) => { if (event.target.name && !isOurs(event.target.name)) at = event.target; };
  form.addEventListener("focusin", touched);
  for (const kind of ["input", "change"]) form.addEventListener(kind, (event) => { touched(event); later(); });
  // The server forgets the draft of the form it took, in the state that this page knew, and no other.
  form.addEventListener("formdata", (event) => event.formData.set("draft", `${form.dataset.draft} ${id} ${sequence}`));
  // What is on its way to the server needs no draft, and must not come back as one on the next patient's form.
  form.addEventListener("submit", () => { taken = true; clearTimeout(timer); });
  document.addEventListener("visibilitychange", () => { if (document.hidden && since) sync(); });
  window.addEventListener("online", () => { if (since) sync(); });
  window.addEventListener("pagehide", () => {
    if (taken || gone) return;
    const fields = changed();
    if ((id && at) || Object.keys(fields).length) post({ changed: fields }, { keepalive: true }).catch(() => {});
  });
  window.addEventListener("beforeunload", (event) => { if (!taken && failed && (gone || conflicts.size || Object.keys(changed()).length)) event.preventDefault(); });

  if (whole) later();
  else if (kept) {
    put(form, kept.fields);
    const others = kept.by.length ? ` (with ${kept.by.join(", ")})` : "";
    note(form, "restored", `Restored what you typed${others} at ${time(kept.saved_at)}. `, button("Discard the draft", async () => {
      await post({ discard: true }).catch(() => {});
      taken = true;
      location.reload();
    }, "quiet"));
  }
  // Everything that is typed is kept, and what others typed is known, before the form itself is sent.
  return async () => {
    await sending;
    const problem = await sync();
    if (conflicts.size) choice();
    return problem;
  };
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
    const problem = await hindrance() || await drafts.get(form)?.();
    asking = false;
    form.querySelector(".note-unsent")?.remove();
    if (!problem) {
      free = true;
      form.requestSubmit(event.submitter);
      free = false;
    } else {
      const said = note(form, "unsent", `Not saved: ${problem}`);
      if (!document.querySelector("dialog[open]")) said.focus();
    }
  });
}

for (const form of document.querySelectorAll("form[data-draft]")) drafts.set(form, keepDraft(form));

// Back to where the person was, in the form that was changed last.
const last = [...drafts.keys()].filter((form) => stored[form.dataset.draft]?.place).sort((a, b) => stored[a.dataset.draft].saved_at < stored[b.dataset.draft].saved_at ? 1 : -1)[0];
if (last) window.addEventListener("load", () => returnTo(last, stored[last.dataset.draft].place));
