from django.urls import path

from pistor.clinic.library import own, views

app_name = "library"
urlpatterns = [
    path("", views.index, name="index"),
    path("blend/", views.blend, name="blend"),
    path("own/", own.own, name="own"),
    path("own/<uuid:row_id>/", own.own_entry, name="own_entry"),
    path("<slug:kind>/", views.kind, name="kind"),
    path("<slug:kind>/<str:id_>/", views.entry, name="entry"),
    path("<slug:kind>/<str:id_>/copy/", own.copy, name="copy"),
]
