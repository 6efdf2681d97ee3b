from django.urls import path

from pistor.clinic.stock import views

app_name = "stock"
urlpatterns = [
    path("", views.list_, name="list"),
    path("scan/", views.scan, name="scan"),
    path("receive/", views.receive_, name="receive"),
    path("<uuid:lot_id>/", views.show, name="show"),
    path("<uuid:lot_id>/label.pdf", views.lot_label, name="lot_label"),
    path("<uuid:lot_id>/open/", views.open_, name="open"),
    path("<uuid:lot_id>/count/", views.count_, name="count"),
    path("<uuid:lot_id>/waste/", views.waste_, name="waste"),
    path("vials/<uuid:vial_id>/", views.vial, name="vial"),
    path("vials/<uuid:vial_id>/label.pdf", views.vial_label, name="vial_label"),
    path("vials/<uuid:vial_id>/close/", views.close, name="close"),
    path("vials/<uuid:vial_id>/waste/", views.waste_of_vial, name="waste_of_vial"),
    path("products/<uuid:product_id>/", views.product, name="product"),
    path("differences/<uuid:discrepancy_id>/", views.difference, name="difference"),
]
