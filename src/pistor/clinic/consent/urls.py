from django.urls import path

from pistor.clinic.consent import views

app_name = "consent"
urlpatterns = [path("", views.show, name="show")]
