from django.urls import path

from pistor.clinic.alternatives import views

app_name = "alternatives"
urlpatterns = [path("", views.show, name="show")]
