from django.urls import path

from pistor.clinic.syringes import views

app_name = "syringes"
urlpatterns = [
    path("", views.list_, name="list"),
    path("<uuid:syringe_id>/", views.show, name="show"),
    path("<uuid:syringe_id>/label.pdf", views.label, name="label"),
]
