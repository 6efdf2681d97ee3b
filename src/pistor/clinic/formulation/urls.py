from django.urls import path

from pistor.clinic.formulation import views

app_name = "formulation"
urlpatterns = [path("", views.show, name="show")]
