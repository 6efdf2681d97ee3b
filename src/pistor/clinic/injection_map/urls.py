from django.urls import path

from pistor.clinic.injection_map import marks, preview, views

app_name = "injection_map"
urlpatterns = [
    path("", views.show, name="show"),
    path("preview/", preview.preview, name="preview"),
    path("marks/", marks.show, name="marks"),
    path("marks/<uuid:mark_id>/end/", marks.end, name="end_mark"),
]
