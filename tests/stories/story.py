"""A visit told as the people in it would tell it; each method is one thing a person does in the browser."""

from __future__ import annotations

import re
import time
from io import BytesIO
from typing import Any

from playwright.sync_api import expect
from pypdf import PdfReader

from pistor.records.drafts import Draft
from pistor.records.treatment import Treatment

PASSWORD = "a long enough password"


class Visit:
    """One browser window and the visit it walks through."""

    def __init__(self, page: Any) -> None:
        self.page, self.address = page, ""

    # ── arriving ──

    def sign_in(self, person: Any) -> None:
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
        self.page.goto("/sign-in/")
        self.page.get_by_label("Name").fill(person.username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", name=re.compile("^Today")).wait_for()

    def add_patient(self, family: str, given: str, born: str, sex: str) -> None:
        self.page.goto("/patients/new/")
        self.page.get_by_label("Family name").fill(family)
        self.page.get_by_label("Given name").fill(given)
        self.page.get_by_label("Date of birth").fill(born)
        self.page.get_by_label(sex, exact=True).check()
        self.page.get_by_role("button", name="Add patient").click()
        self.page.get_by_role("heading", name=f"{family}, {given}").wait_for()

    def start(self, indication: str) -> None:
        self.page.get_by_role("link", name="Start a visit").click()
        self.page.get_by_label(re.compile(indication)).first.check()
        self.page.get_by_role("button", name="Start the visit").click()
        self.page.get_by_role("heading", name="Steps").wait_for()
        self.address = re.search(r"/visits/[0-9a-f-]+/", self.page.url).group(0)  # type: ignore[union-attr]

    def document(self, address: str) -> str:
        """The text of a PDF that a page hands out."""
        answer = self.page.request.get(address)
        assert answer.status == 200, f"{address}: {answer.status}"
        return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(answer.body())).pages).split())

    def token(self) -> str:
        """The form token of this window, as any form of it sends it."""
        return self.page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value")

    def first_link(self, ending: str) -> str:
        return self.page.locator(f"main a[href$='{ending}']").first.get_attribute("href")

    def go(self, step: str = "") -> None:
        answer = self.page.goto(f"{self.address}{step}{'/' if step else ''}")
        assert answer.status == 200, f"{step}: {answer.status}"

    def press(self, name: str) -> None:
        """Press a button; the answer must not be a refusal."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).first.click()
        problems = self.page.locator(".error-summary, .notice.danger").all_inner_texts()
        assert not problems, problems

    def state(self, step: str) -> str:
        """The word the task list says for a step."""
        self.go()
        return self.page.locator(".task-list > li", has=self.page.get_by_role("link", name=step, exact=True)).locator(".task-state").inner_text()

    # ── consultation and candidacy ──

    def takes_the_history(self, *, weight_kg: str = "70", height_cm: str = "172", yes: tuple[str, ...] = (), medicine: str = "", **answers: str) -> None:
        """Everything asked; the answer is no unless said otherwise."""
        self.go("consultation")
        self.page.locator("[name=weight_kg]").fill(weight_kg)
        self.page.locator("[name=height_cm]").fill(height_cm)
        if self.page.locator("[name=pregnancy][value=not_pregnant]").count():
            self.page.locator("[name=pregnancy][value=not_pregnant]").check()
        for name in self.names_of("q_"):
            value = {"bdd_screen": "negative", **answers}.get(name[2:]) or ("yes" if name[2:] in yes else "no")
            choice = self.page.locator(f"[name={name}][value={value}]")
            if choice.count():
                self.reveal(choice)
                choice.check()
        if medicine:
            field = self.page.locator("[name=new_medicine_0]")
            self.reveal(field)
            field.fill(medicine)
        with self.page.expect_navigation():
            self.page.locator("main form").first.evaluate("form => form.querySelector('button.primary').click()")
        assert not self.page.locator(".error-summary").count(), self.page.locator(".error-summary").all_inner_texts()

    def names_of(self, prefix: str) -> list[str]:
        return self.page.evaluate("prefix => [...new Set([...document.querySelectorAll(`main [name^=${prefix}]`)].map(e => e.name))]", prefix)

    def reveal(self, locator: Any) -> None:
        """Open whatever is folded around a field."""
        locator.first.evaluate("e => { for (let d = e.closest('details'); d; d = d.parentElement.closest('details')) d.open = true; }")

    def answers_what_is_open(self, **answers: str) -> None:
        """The questions candidacy still asks, answered where they stand."""
        self.go("candidacy")
        radios = self.page.evaluate("[...new Set([...document.querySelectorAll('main input[type=radio]')].map(e => e.name))]")
        for name in radios:
            value = next((v for key, v in answers.items() if name.endswith(key)), "no")
            choice = self.page.locator(f"[name='{name}'][value='{value}']")
            if choice.count():
                self.reveal(choice)
                choice.check()
        if radios:
            with self.page.expect_navigation():
                self.page.get_by_role("button", name=re.compile("^Save")).first.click()

    def verdict(self) -> str:
        self.go("candidacy")
        return self.page.locator("main .verdict").first.inner_text().strip()

    def open_questions(self) -> str:
        self.go("candidacy")
        return self.page.locator("main").inner_text()

    def accepts_the_verdict(self) -> None:
        self.go("candidacy")
        self.press("Go on with this verdict")

    # ── plan ──

    def scores(self, scale: str, value: str) -> None:
        self.go("outcomes")
        field = self.page.locator(f"[name={scale}-total]")
        self.reveal(field)
        field.fill(value)
        with self.page.expect_navigation():
            field.evaluate("e => e.form.querySelector('button').click()")
        assert not self.page.locator(".error-summary").count(), self.page.locator(".error-summary").all_inner_texts()

    def talks_alternatives_through(self) -> None:
        self.go("alternatives")
        self.page.locator("[name=preference]").first.check()
        self.press("Record the talk")

    def composes_the_protocols_blend(self, concentration: str = "") -> None:
        self.go("formulation")
        if concentration:
            self.page.locator(f"main input[type=radio][name^=confirm][value='{concentration}']").check()
        for box in self.page.locator("main input[type=checkbox][name^=confirm]").all():
            box.check()
        self.press("Save blend")

    def draws_the_protocols_map(self, **numbers: str) -> None:
        self.go("injection-map")
        for name, value in numbers.items():
            self.page.locator(f"#zone-{name}").fill(value)
        self.press("Save injection map")

    def sets_the_dates(self) -> None:
        self.go("course")
        self.press("Save course")

    def patient_signs(self, name: str) -> None:
        """Draws a signature with the mouse, as on a tablet with a finger."""
        self.go("consent")
        for box in ("read", "asked"):
            self.page.locator(f"main [name={box}]").check()
        self.page.locator("main [name=signer_name]").fill(name)
        pad = self.page.locator("svg.pad")
        pad.scroll_into_view_if_needed()
        place = pad.bounding_box()
        self.page.mouse.move(place["x"] + 20, place["y"] + 60)
        self.page.mouse.down()
        for step in range(1, 12):
            self.page.mouse.move(place["x"] + 20 + step * 12, place["y"] + 60 + (step % 3) * 8)
        self.page.mouse.up()
        self.press({"en": "Sign consent", "fr": "Signer le consentement"}[self.page.locator("main article.text").get_attribute("lang")])
        assert self.state("Consent") == "completed"

    # ── treatment and after ──

    def treats_as_planned(self, *, sign: bool = True, given_on: str = "") -> None:
        self.opens_the_chart()
        if given_on:
            self.page.locator("[name=given_on]").fill(given_on)
        self.reads_both_codes()
        self.ticks_the_checklist()
        self.page.get_by_role("button", name="Povidone-iodine", exact=True).click()
        self.answers("anaesthesia", "none")
        self.page.get_by_role("button", name="All as planned").click()
        self.answers("pain_score", "2")
        self.answers("reaction", "none")
        if sign:
            self.signs()
        else:
            self.press("Save, sign later")

    def opens_the_chart(self) -> None:
        """With a syringe made from the lots that expire first."""
        self.go("treatment")
        for name, value in (("own_hours", "4"), ("own_basis", "our pharmacist")):
            field = self.page.locator(f"[name=make-{name}]")
            if field.count() and not field.input_value():
                field.fill(value)
        if self.page.locator("[name=make-own_hours]").count():
            self.press("Make syringe: I looked, no particles")

    def reads_both_codes(self) -> None:
        """With a hand scanner, which ends each code with Enter."""
        syringe = self.page.locator("[data-syringe]").first.get_attribute("data-syringe")
        number = Treatment.objects.select_related("patient").get(pk=self.address.split("/")[2]).patient.number
        for name, code in (("patient_code", f"P1:P:{number}"), ("syringe_code", f"P1:S:{syringe}")):
            self.page.locator(f"[name={name}]").fill(code)
            self.page.keyboard.press("Enter")
        self.page.locator("[data-time-out] .passed").wait_for()

    def ticks_the_checklist(self) -> None:
        for step in ("identity_consent", "emergency_kit"):
            self.page.locator(f"[name=check_{step}]").check()
        for button in self.page.locator("[data-together] button").all():
            button.click()

    def answers(self, name: str, value: str) -> None:
        self.page.locator(f"main [name={name}][value='{value}']").check()

    def missing(self) -> str:
        """What the bar says is missing, once the server has answered for what stands in the chart."""
        self.page.locator(".gate:not([aria-busy])").wait_for()
        return self.page.locator("[data-count]").inner_text()

    def signs(self) -> None:
        assert self.missing() == "Nothing is missing", self.page.locator(".gate-list").text_content()
        self.press("Sign treatment")
        assert self.state("Treatment").startswith(("signed", "completed"))  # completed: of an earlier day, so nobody waits to leave

    def gives_the_aftercare_sheet(self) -> None:
        self.go("aftercare")
        self.press("Give the sheet")
        assert self.state("Aftercare") == "completed"

    def reports(self, *signs: str, began_on: str) -> str:
        """A reaction report; returns what the page says about it."""
        self.go("reactions")
        for sign in signs:
            box = self.page.locator(f"[name=signs][value={sign}]")
            self.reveal(box)
            box.check()
        self.page.locator("[name=began_on]").fill(began_on)
        self.press("Sort this report")
        return self.page.locator("main").inner_text()

    def decides(self, choice: str, reason: str = "") -> None:
        self.go("maintenance")
        self.page.locator(f"[name=choice][value={choice}]").check()
        if reason:
            self.page.locator("main [name=reason]").fill(reason)
        self.press("Save decision")


def kept(page: Any, **fields: str) -> None:
    """The page says that it is kept, and the only draft holds these values: an earlier "saved" may still stand there."""
    until = time.monotonic() + 10
    while not all((draft := Draft.objects.first()) and draft.fields.get(name) == [text] for name, text in fields.items()):
        assert time.monotonic() < until, f"{sorted(fields)} did not reach the draft"
        page.wait_for_timeout(50)
    expect(page.locator("#saved")).to_have_text(re.compile("^Draft saved"))
