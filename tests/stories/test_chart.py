"""Every application charted and signed in the browser, with a needle by hand, a gun and a roller; the chart by keyboard, and what it holds on a tablet."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

import pytest

from pistor.actions.alternatives import record_alternatives_talk
from pistor.actions.course import schedule_course
from pistor.actions.demo import KINDS
from pistor.actions.devices import use_device
from pistor.actions.formulation import compose_blend
from pistor.actions.injection_map import draw_map
from pistor.actions.outcomes import record_score
from pistor.care.formulation import Part, compose
from pistor.care.injection_map import Area, Generator, ZonePlan, make_map, zones_alike
from pistor.care.stock import plain
from pistor.knowledge import load
from pistor.records.plan import plan_so_far
from pistor.records.treatment import Treatment, ZoneDose
from tests import factories, ready
from tests.stories.story import Visit, kept
from tests.stories.test_accessibility import assert_none, look_at

pytestmark = [pytest.mark.story, pytest.mark.django_db(transaction=True)]

WAYS = {"needle": ("", ""), "gun": ("nappage", "meso_gun"), "roller": ("roller_passes", "microneedle_roller")}  # technique, device


# What dissolves fat goes under the skin, so a gun or a roller gives something else.
INTO_THE_SKIN = replace(KINDS["fat"], indication="cellulite", zone="thigh", protocol="cellulite_intradermal_blend", presentation="l_carnitine_200mg_ml")


@pytest.fixture
def practitioner(transactional_db, monkeypatch):
    """The server asks the real clock, so what is planned here is planned now."""
    now = dt.datetime.now(dt.UTC)
    for module in (factories, ready):
        monkeypatch.setattr(module, "NOW", now)
    monkeypatch.setattr(ready, "TODAY", now.date())
    clinic = factories.clinic(name="Clinique du Parc", jurisdiction="US", policy="mixture", time_zone="UTC")
    return factories.user(clinic, "practitioner")


def planned(by, application: str, way: str = "needle") -> Treatment:
    """A visit of the protocol, with everything done up to the consent, by the technique of a device."""
    kind, library, (technique, device) = KINDS[application], load(), WAYS[way]
    if application == "fat" and technique:
        kind = INTO_THE_SKIN
    person = factories.patient(by, sex="female")
    for key, value in (("weight_kg", "60"), ("height_cm", "170")):
        factories.history(person, "measurement", key, {"value": value, "unit": key.rpartition("_")[2]})
    factories.history(person, "pregnancy", "pregnancy", {"state": "not_pregnant"})
    course = factories.course(person, application=application, indication=kind.indication, zone=kind.zone, protocol=kind.protocol)
    visit = factories.visit(course, planned_on=ready.TODAY)
    for question in library.questions.values():
        if application in question.applications and question.id not in ("pregnancy", "weight_kg", "height_cm"):
            factories.history(person, "answer", question.id, {"value": ready.BEST.get(question.id, "no"), "note": ""})
    do = {"by": by, "at": ready.NOW}
    proposed = plan_so_far(course, ready.TODAY).injection_map or _on_one_thigh(library)
    zones = [_by(zone, technique, library) for zone in proposed.zone_plans] if technique else proposed.zone_plans
    volume = max(Decimal(2), proposed.volume_ml.to_integral_value(ROUND_CEILING))
    record_alternatives_talk(course=course, preference="undecided", **do)
    parts = [Part(kind.presentation, volume)]
    asked = compose(parts, library, policy="mixture", jurisdiction="US", application=application, protocol=kind.protocol).to_confirm
    compose_blend(course=course, parts=parts, confirmations={item.id: str(item.expected or "yes") for item in asked}, **do)
    draw_map(course=course, zones=zones, **do)
    schedule_course(course=course, start=ready.TODAY, sessions=kind.sessions, interval_days=kind.interval_days, reason="agreed", **do)
    scale = library.scales[kind.scale]
    record_score(treatment=visit, scale=kind.scale, items={scale.items[0].id: Decimal(kind.baseline[0])}, measured_on=ready.TODAY, token=None, **do)
    ready.review(visit, by)
    visit.refresh_from_db()
    ready.consented(visit, by)
    factories.product(by.clinic, kind.presentation, prescription="no")
    ready.lot(by.clinic, kind.presentation)
    if device:
        use_device(visit=visit, device=factories.device(by.clinic, kind=device), **do)
    return visit


def _on_one_thigh(library):
    """Where the protocol proposes no map."""
    body_map = library.zones["thigh"].body_map
    side = next(shape.side for shape in library.body_maps[body_map].zones if shape.zone == "thigh")
    generator = Generator("hexagonal", Decimal(30), Decimal("0.02"), Decimal(2), Decimal(45))
    return make_map(zones_alike([Area(body_map, "thigh", side)], generator, "papule"), library)


def _by(zone: ZonePlan, technique: str, library) -> ZonePlan:
    pattern = library.techniques[technique].pattern
    film = {"passes": 4, "on_skin_ml": Decimal(1)} if pattern == "passes" else {}
    wider = zone.generator.spacing_mm * Decimal("1.1")  # the dose on an area stays below the label's
    return replace(zone, technique=technique, generator=replace(zone.generator, pattern=pattern, spacing_mm=wider, **film))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("application", KINDS)
def test_each_application_is_charted_and_signed_with_each_device(open_page, practitioner, application, way):
    treatment = planned(practitioner, application, way)
    visit = Visit(open_page(820, 1180))
    visit.sign_in(practitioner)
    visit.address = f"/visits/{treatment.pk}/"
    visit.treats_as_planned()
    given = ZoneDose.objects.filter(treatment=treatment)
    assert given
    assert all((zone.points == 0 and zone.passes == 4) if way == "roller" else zone.points == zone.planned_points > 0 for zone in given)
    assert {zone.given["state"] for zone in given} == {"given"}


def opened(open_page, practitioner, *, width: int = 1024, height: int = 768, **options) -> Visit:
    """The chart of a visit whose syringe is made, its codes not read."""
    visit = Visit(open_page(width, height, **options))
    treatment = planned(practitioner, "pain")
    visit.sign_in(practitioner)
    visit.address = f"/visits/{treatment.pk}/"
    visit.opens_the_chart()
    return visit


def test_seven_things_are_seen_at_once_on_a_tablet_and_axe_finds_nothing(open_page, practitioner):
    """Row 44 of the reference: without scrolling at 1024 x 768."""
    visit = opened(open_page, practitioner)
    page = visit.page
    person = Treatment.objects.get(pk=visit.address.split("/")[2]).patient
    for allergy in ("Penicillin", "Latex", "Chlorhexidine"):
        factories.history(person, "allergy", allergy, {"label": allergy, "coding": [], "active": True, "refuted": False}, label=allergy)
    visit.go("treatment")
    seen = page.evaluate("""() => {
      const until = Math.min(innerHeight, document.querySelector('.chart-bar')?.getBoundingClientRect().top ?? innerHeight);
      return [...document.querySelectorAll('.review-item')].map(e => [e.querySelector('dt').textContent, e.getBoundingClientRect().bottom <= until, e.checkVisibility()]);
    }""")
    assert [name for name, inside, visible in seen if inside and visible] == [
        "Allergies", "Stops", "Consent", "Changed since last time", "Last treatment", "Reactions reported", "Prescription and syringe",
    ]  # fmt: skip
    assert all(allergy in page.locator(".review-item").first.inner_text() for allergy in ("Penicillin", "Latex", "Chlorhexidine"))


def test_the_chart_is_clean_for_axe_from_a_desk_to_a_phone(open_page, practitioner):
    visit = opened(open_page, practitioner)
    assert_none(look_at(visit.page, f"{visit.address}treatment/"))


def test_points_are_changed_with_the_keyboard_and_come_back_after_a_closed_tab(open_page, practitioner):
    visit = opened(open_page, practitioner)
    page, keys = visit.page, visit.page.keyboard
    page.locator("[data-brush-ml]").fill("0.05")
    page.locator("[data-stage]").focus()
    keys.press("Enter")
    keys.press("ArrowDown")
    keys.press("Enter")
    keys.press("n")
    keys.press("Delete")
    edits = page.locator("[name=edits_0]")
    assert edits.input_value().count('"ml":"0.05"') == 2
    assert "taken out" in page.locator("[data-told]").inner_text()
    assert page.locator("[name=state_0][value=changed]").is_checked()
    before = edits.input_value(), page.locator("[name=points_0]").input_value(), page.locator("[name=volume_0]").input_value()
    kept(page, edits_0=before[0])
    page.reload()
    assert (edits.input_value(), page.locator("[name=points_0]").input_value(), page.locator("[name=volume_0]").input_value()) == before
    page.get_by_role("button", name="Less was needed").first.click()
    page.get_by_role("button", name="All as planned").click()  # the other side
    visit.reads_both_codes()
    visit.ticks_the_checklist()
    page.locator("[name=skin_preparation]").fill("Alcohol")
    for name, value in (("anaesthesia", "none"), ("pain_score", "0"), ("reaction", "none")):
        visit.answers(name, value)
    visit.signs()
    dose, other = ZoneDose.objects.filter(treatment=visit.address.split("/")[2]).order_by("-deviation_reason")
    assert (other.points, other.given["state"]) == (other.planned_points, "given")
    assert (dose.points, dose.deviation_reason) == (dose.planned_points - 1, "Less was needed")
    assert sorted(change["ml"] for change in dose.given["edits"]["changed"].values()) == ["0.05", "0.05"]


def test_a_frame_changes_all_between_two_corners_by_keys_and_by_touch(open_page, practitioner):
    page = opened(open_page, practitioner, width=820, height=1180, has_touch=True).page
    stage, told = page.locator("[data-stage]"), page.locator("[data-told]")

    def left_out() -> int:
        return sum(len(json.loads(text)["removed"]) for text in page.locator("[name^=edits_]").evaluate_all("all => all.map(one => one.value)") if text)

    stage.focus()
    for key in ("Home", "f", "ArrowDown", "ArrowDown", "f"):
        page.keyboard.press(key)
    assert told.inner_text() == f"{left_out()} points in the frame: left out." and left_out() >= 3
    page.keyboard.press("u")
    assert left_out() == 0
    page.keyboard.press("f")
    page.keyboard.press("Escape")  # begins again
    page.get_by_role("button", name="Frame", exact=True).tap()
    stage.evaluate("stage => stage.scrollIntoView({ block: 'center' })")
    box = stage.bounding_box()
    for part in (0.01, 0.99):
        page.touchscreen.tap(box["x"] + part * box["width"], box["y"] + part * box["height"])
    planned = page.locator("[data-zone]").evaluate_all("all => all.reduce((sum, one) => sum + Number(one.dataset.points), 0)")
    assert left_out() == planned == 8
    assert page.locator("[data-sums]").inner_text().startswith("0 points")
    page.locator("[data-undo]").tap()
    assert left_out() == 0


def test_another_patients_code_stops_and_without_a_script_everything_can_be_charted(open_page, practitioner):
    visit = opened(open_page, practitioner, java_script_enabled=False, refused=(409,))
    page, treatment = visit.page, Treatment.objects.select_related("patient").get(pk=visit.address.split("/")[2])
    code = page.locator("[data-syringe]").get_attribute("data-syringe")
    page.locator("[name=note]").fill("half done")
    for number, said in (("P99999", "is not the number of this patient"), (treatment.patient.number, "Passed")):
        page.locator("[name=patient_code]").fill(number)
        page.locator("[name=syringe_code]").fill(code)
        page.get_by_role("button", name="Check both codes").click()
        assert said in page.locator("[data-time-out] > :last-child").inner_text()
        assert page.locator("[name=note]").input_value() == "half done"
    for box in page.locator("[name^=check_]").all():
        box.check()
    page.locator("[name=skin_preparation]").fill("Alcohol")
    for name, value in (("anaesthesia", "none"), ("pain_score", "0"), ("reaction", "none"), ("state_0", "given"), ("state_1", "given")):
        visit.answers(name, value)
    visit.press("Sign treatment")
    assert visit.state("Treatment").startswith("signed")


def test_a_zone_out_of_two_syringes_is_divided_by_the_page_as_by_the_server_on_a_phone(open_page, practitioner):
    treatment = planned(practitioner, "pain")
    whole = sum(zone.volume_ml for zone in ready.planned_zones(treatment.course))
    made = ((whole - Decimal("0.1"), 2), (Decimal("0.3"), 1))  # mL, and minutes ago
    one, two = (ready.syringe(treatment, practitioner, volume=str(ml), at=ready.NOW - dt.timedelta(minutes=ago)) for ml, ago in made)
    ready.read_codes(treatment, practitioner, at=ready.NOW)
    visit = Visit(open_page(390, 844))
    visit.sign_in(practitioner)
    visit.address = f"/visits/{treatment.pk}/"
    visit.go("treatment")
    page = visit.page
    assert not page.locator("[data-stage]").is_visible()  # the map opens by a press
    page.get_by_role("button", name="On the map").first.click()
    assert page.locator("[data-stage]").is_visible()
    page.get_by_role("button", name="All as planned").click()

    def said() -> list[str]:
        return page.locator(".zone [data-share-line]").all_inner_texts()

    def as_kept() -> list[str]:
        given: dict[str, list[str]] = {}
        for dose in ZoneDose.objects.filter(treatment=treatment).order_by("syringe__created_at"):
            given.setdefault(dose.plan, []).append(f"{plain(dose.volume_ml)} mL out of {dose.syringe.code}")
        return [", ".join(given[zone.plan]) for zone in ready.planned_zones(treatment.course)]

    by_itself = said()
    assert by_itself[-1] == f"{plain(Decimal(by_itself[-1].split()[0]))} mL out of {one.code}, 0.1 mL out of {two.code}"  # emptied, then the next
    assert page.locator("[data-left-in]").inner_text() == f"{one.code}: 0 mL left · {two.code}: 0.2 mL left"
    visit.press("Save")
    assert as_kept() == by_itself
    last = len(by_itself) - 1
    page.locator(f"[data-shares='{last}'] > summary").click()
    page.locator(f"[name=from_{last}_{two.code}]").fill("0.25")
    assert said()[-1].endswith(f"0.25 mL out of {two.code}")
    assert page.locator("[data-left-in]").inner_text() == f"{one.code}: 0.15 mL left · {two.code}: 0.05 mL left"
    page.locator(f"[name=from_{last}_{two.code}]").fill("9")
    assert "9 mL are said" in said()[-1]
    page.locator(f"[name=from_{last}_{two.code}]").fill("0.25")
    kept(page, **{f"from_{last}_{two.code}": "0.25"})
    visit.go("treatment")  # as after a closed tab
    assert said()[-1].endswith(f"0.25 mL out of {two.code}")
    visit.press("Save")
    assert as_kept() == said()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
