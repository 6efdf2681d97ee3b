from django.urls import path

from pistor.clinic.library import views

app_name = "library"
urlpatterns = [
    path("", views.index, name="index"),
    path("blend/", views.blend, name="blend"),
    path("<slug:kind>/", views.kind, name="kind"),
    path("<slug:kind>/<str:id_>/", views.entry, name="entry"),
]
