from django.urls import path

from pistor.clinic.injection_map import preview, views

app_name = "injection_map"
urlpatterns = [path("", views.show, name="show"), path("preview/", preview.preview, name="preview")]
