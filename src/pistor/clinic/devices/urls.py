"""The clinic's devices and rooms, and (in ``visit_urls``) those that treat the patient of a visit."""

from django.urls import path

from pistor.clinic.devices import rooms, views

app_name = "devices"
urlpatterns = [
    path("", views.list_, name="list"),
    path("rooms/", rooms.rooms, name="rooms"),
    path("rooms/<uuid:room_id>/", rooms.room, name="room"),
    path("<uuid:device_id>/", views.show, name="show"),
    path("<uuid:device_id>/cleaning/", views.cleaning, name="cleaning"),
]
