from django.urls import path

from pistor.clinic.stock import views

app_name = "stock"
urlpatterns = [
    path("", views.list_, name="list"),
    path("<uuid:lot_id>/", views.show, name="show"),
]
