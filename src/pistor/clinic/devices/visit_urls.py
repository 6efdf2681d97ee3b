from django.urls import path

from pistor.clinic.devices import views

app_name = "devices_used"
urlpatterns = [path("", views.used, name="show")]
