from django.urls import path

from pistor.clinic.photos import views

app_name = "photos"
urlpatterns = [
    path("", views.show, name="show"),
    path("<uuid:photo_id>/", views.photo, name="photo"),
    path("<uuid:photo_id>/picture.jpg", views.picture, name="picture"),
    path("<uuid:photo_id>/small.jpg", views.small, name="small"),
    path("<uuid:photo_id>/<str:use>.jpg", views.handed_out, name="handed_out"),
    path("<uuid:photo_id>/use/", views.use, name="use"),
    path("<uuid:photo_id>/erase/", views.erase, name="erase"),
]
