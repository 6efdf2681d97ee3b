from django.urls import path

from pistor.clinic.patients import views

app_name = "patients"
urlpatterns = [path("", views.list_, name="list")]
