from django.urls import path

from pistor.clinic.visit import views

app_name = "visit"
urlpatterns = [path("", views.show, name="show")]
