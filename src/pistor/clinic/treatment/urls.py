from django.urls import path

from pistor.clinic.treatment import views

app_name = "treatment"
urlpatterns = [path("", views.show, name="show")]
