"""Every address. A visit's pages all begin with ``visits/<id>/`` and bear the name of their step."""

from django.conf import settings
from django.urls import include, path

handler400 = "pistor.clinic.shared.errors.bad_request"
handler403 = "pistor.clinic.shared.errors.forbidden"
handler404 = "pistor.clinic.shared.errors.not_found"
handler500 = "pistor.clinic.shared.errors.server_error"

urlpatterns = [
    path("", include("pistor.clinic.shared.urls")),
    path("patients/", include("pistor.clinic.patients.urls")),
    path("stock/", include("pistor.clinic.stock.urls")),
    path("devices/", include("pistor.clinic.devices.urls")),
    path("recall/", include("pistor.clinic.recall.urls")),
    path("settings/", include("pistor.clinic.settings.urls")),
    path("library/", include("pistor.clinic.library.urls")),
    path("visits/<uuid:visit_id>/", include("pistor.clinic.visit.urls")),
    path("visits/<uuid:visit_id>/delivery/", include("pistor.clinic.delivery.urls")),
    path("visits/<uuid:visit_id>/syringes/", include("pistor.clinic.syringes.urls")),
    path("visits/<uuid:visit_id>/devices/", include("pistor.clinic.devices.visit_urls")),
    path("visits/<uuid:visit_id>/prescriptions/", include("pistor.clinic.prescriptions.urls")),
    path("visits/<uuid:visit_id>/treatment/photos/", include("pistor.clinic.photos.urls")),
    *(path(f"visits/<uuid:visit_id>/{step.replace('_', '-')}/", include(f"pistor.clinic.{step}.urls")) for step in settings.STEPS),
]
