from django.urls import path

from pistor.clinic.consent import views

app_name = "consent"
urlpatterns = [
    path("", views.show, name="show"),
    path("<uuid:consent_id>/withdraw/", views.withdraw, name="withdraw"),
    path("<uuid:consent_id>/consent.pdf", views.document, name="document"),
]
