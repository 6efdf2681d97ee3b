from django.urls import path

from pistor.clinic.delivery import views

app_name = "delivery"
urlpatterns = [path("", views.show, name="show"), path("field/", views.field, name="field"), path("points/", views.points, name="points")]
