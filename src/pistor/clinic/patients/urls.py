from django.urls import path

from pistor.clinic.patients import views

app_name = "patients"
urlpatterns = [
    path("", views.list_, name="list"),
    path("new/", views.new, name="new"),
    path("<uuid:patient_id>/", views.show, name="show"),
    path("<uuid:patient_id>/edit/", views.edit, name="edit"),
    path("<uuid:patient_id>/label.pdf", views.label, name="label"),
    path("<uuid:patient_id>/start/", views.start, name="start"),
]
