from django.urls import path

from pistor.clinic.reactions import views

app_name = "reactions"
urlpatterns = [
    path("", views.show, name="show"),
    path("<uuid:report_id>/", views.report, name="report"),
]
