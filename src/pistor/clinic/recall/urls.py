from django.urls import path

from pistor.clinic.recall import views

app_name = "recall"
urlpatterns = [
    path("", views.index, name="index"),
    path("alerts/<uuid:alert_id>/", views.alert, name="alert"),
    path("<uuid:recall_id>/", views.show, name="show"),
    path("<uuid:recall_id>/contacts.csv", views.export, name="export"),
    path("<uuid:recall_id>/contacts/<uuid:contact_id>/", views.contact, name="contact"),
    path("<uuid:recall_id>/letters/<uuid:letters_id>.pdf", views.letters, name="letters"),
]
