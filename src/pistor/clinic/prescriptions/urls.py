from django.urls import path

from pistor.clinic.prescriptions import views

app_name = "prescriptions"
urlpatterns = [
    path("", views.show, name="show"),
    path("<uuid:prescription_id>/end/", views.end, name="end"),
]
