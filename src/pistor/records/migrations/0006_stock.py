"""Products, opened vials and the ledger of stock. Every lot that was on the shelf gets the product it is a lot of, counted in millilitres as before.

How much of such a lot is there stays unknown until somebody counts it: it gets no moves.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import pistor.records.base
from pistor.knowledge import load
from pistor.records.append_only import guard, unguard

PLACES = [(place, place) for place in ("outside", "shelf", "vial", "syringe", "patient", "waste", "count")]
UNITS = [("mL", "mL"), ("mg", "mg"), ("IU", "IU (international units)"), ("piece", "pieces")]
SALINE = "sodium_chloride_"


def products_of_lots(apps, editor):
    Lot, Product = apps.get_model("records", "Lot"), apps.get_model("records", "Product")
    known, made = load().presentations, {}
    for lot in Lot.objects.order_by("created_at"):
        key = lot.clinic_id, lot.presentation
        if key not in made:
            entry = known.get(lot.presentation)
            made[key] = Product.objects.create(
                clinic_id=lot.clinic_id, created_at=lot.created_at, created_by_id=lot.created_by_id, presentation=lot.presentation,
                name=entry.name[:200] if entry else lot.presentation.replace("_", " "),
                kind="diluent" if lot.presentation.startswith(SALINE) else "product", unit="mL",
            )  # fmt: skip
        lot.product = made[key]
        lot.save(update_fields=["product"])
    if editor.connection.vendor == "postgresql":  # or the table could not be changed while checks of its rows wait
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        editor.execute("SET CONSTRAINTS ALL DEFERRED")


def own():
    """What every clinical row has."""
    return [
        ("id", models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
        ("created_at", models.DateTimeField()),
        ("clinic", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.clinic")),
        ("created_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
    ]


def units(**more):
    return models.DecimalField(decimal_places=3, max_digits=9, **more)


class Migration(migrations.Migration):
    dependencies = [("records", "0005_open_reactions")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, lambda apps, editor: guard(editor.connection)),  # going back leaves the earlier tables guarded
        migrations.CreateModel(
            name="Product",
            fields=[
                *own(),
                ("presentation", models.CharField(blank=True, max_length=60)),
                ("name", models.CharField(max_length=200)),
                ("kind", models.CharField(choices=[("product", "Product to inject"), ("diluent", "Diluent"), ("item", "Single-use item")], max_length=8)),
                ("gtin", models.CharField(blank=True, max_length=14)),
                ("unit", models.CharField(choices=UNITS, max_length=5)),
                ("container_units", units(null=True)),
                ("prescription", models.CharField(choices=[("yes", "Prescription only"), ("no", "No prescription needed"), ("not_said", "Not known")], default="not_said", max_length=8)),
                ("storage", models.CharField(blank=True, max_length=200)),
                ("par_units", units(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["clinic", "presentation"], name="product_of_presentation")],
                "constraints": [
                    models.UniqueConstraint(condition=~Q(gtin=""), fields=("clinic", "gtin"), name="product_gtin_once_per_clinic"),
                    models.CheckConstraint(condition=Q(container_units__gt=0) | Q(container_units__isnull=True), name="product_units_positive"),
                ],
            },
        ),
        migrations.AddField("lot", "product", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="lots", to="records.product")),
        migrations.RunPython(products_of_lots, migrations.RunPython.noop),
        migrations.RemoveConstraint("lot", "lot_once_per_clinic"),
        migrations.AlterField("lot", "product", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lots", to="records.product")),
        migrations.AlterField("lot", "presentation", models.CharField(blank=True, max_length=60)),
        migrations.AddConstraint("lot", models.UniqueConstraint(fields=("product", "lot_number"), name="lot_once_per_product")),
        migrations.CreateModel(
            name="Vial",
            fields=[
                *own(),
                ("lot", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="vials", to="records.lot")),
                ("code", models.CharField(max_length=10)),
                ("container_units", units()),
                ("opened_at", models.DateTimeField()),
                ("patient", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="vials", to="records.patient")),
                ("discard_after", models.DateTimeField(null=True)),
                ("discard_basis", models.CharField(blank=True, max_length=200)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["lot", "opened_at"], name="vial_of_lot")],
                "constraints": [
                    models.UniqueConstraint(fields=("clinic", "code"), name="vial_code_once_per_clinic"),
                    models.CheckConstraint(condition=Q(container_units__gt=0), name="vial_units_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StockMove",
            fields=[
                *own(),
                ("lot", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="moves", to="records.lot")),
                ("vial", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="moves", to="records.vial")),
                ("taken_from", models.CharField(choices=PLACES, max_length=8)),
                ("put_into", models.CharField(choices=PLACES, max_length=8)),
                ("units", units()),
                ("unit", models.CharField(choices=UNITS, max_length=5)),
                ("booking", models.UUIDField()),
                ("reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "indexes": [models.Index(fields=["lot", "created_at"], name="stock_move_of_lot")],
                "constraints": [
                    models.UniqueConstraint(condition=Q(vial__isnull=True), fields=("booking", "lot", "taken_from", "put_into"), name="stock_move_booked_once"),
                    models.UniqueConstraint(condition=Q(vial__isnull=False), fields=("booking", "vial", "taken_from", "put_into"), name="stock_move_of_vial_booked_once"),
                    models.CheckConstraint(condition=(Q(units__gt=0) | Q(units=0) & (Q(taken_from="count") | Q(put_into="count"))) & ~Q(taken_from=F("put_into")), name="stock_move_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Discrepancy",
            fields=[
                *own(),
                ("lot", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="discrepancies", to="records.lot")),
                ("vial", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="discrepancies", to="records.vial")),
                ("expected_units", units()),
                ("found_units", units()),
                ("unit", models.CharField(choices=UNITS, max_length=5)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("resolved_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("explanation", models.CharField(blank=True, max_length=300)),
            ],
            options={"indexes": [models.Index(fields=["clinic", "resolved_at"], name="discrepancy_open_first")]},
        ),
        migrations.RunPython(lambda apps, editor: guard(editor.connection), lambda apps, editor: unguard(editor.connection)),
    ]
