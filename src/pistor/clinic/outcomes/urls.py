from django.urls import path

from pistor.clinic.outcomes import views

app_name = "outcomes"
urlpatterns = [path("", views.show, name="show")]
