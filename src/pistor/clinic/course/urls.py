from django.urls import path

from pistor.clinic.course import views

app_name = "course"
urlpatterns = [path("", views.show, name="show")]
