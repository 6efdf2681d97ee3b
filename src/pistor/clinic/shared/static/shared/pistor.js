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
const frame = document.querySelector(".frame");
foldWhen(drawer, frame?.classList.contains("roomy") ? "(max-width: 1500px)" : "(max-width: 1180px)"); // as the style sheet has it
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
for (const kind of ["input", "draft-restored"]) frame?.querySelector("main").addEventListener(kind, () => frame.classList.add("changed"));
