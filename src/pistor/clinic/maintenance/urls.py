from django.urls import path

from pistor.clinic.maintenance import views

app_name = "maintenance"
urlpatterns = [path("", views.show, name="show")]
