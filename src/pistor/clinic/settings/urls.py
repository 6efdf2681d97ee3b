from django.urls import path

from pistor.clinic.settings import views

app_name = "settings"
urlpatterns = [path("", views.show, name="show")]
