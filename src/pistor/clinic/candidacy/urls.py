from django.urls import path

from pistor.clinic.candidacy import views

app_name = "candidacy"
urlpatterns = [path("", views.show, name="show")]
