"""The clinic's devices, and (in ``visit_urls``) those that treat the patient of a visit."""

from django.urls import path

from pistor.clinic.devices import views

app_name = "devices"
urlpatterns = [
    path("", views.list_, name="list"),
    path("<uuid:device_id>/", views.show, name="show"),
    path("<uuid:device_id>/cleaning/", views.cleaning, name="cleaning"),
]
