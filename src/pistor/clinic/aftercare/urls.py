from django.urls import path

from pistor.clinic.aftercare import views

app_name = "aftercare"
urlpatterns = [
    path("", views.show, name="show"),
    path("<uuid:sheet_id>/aftercare.pdf", views.document, name="document"),
]
