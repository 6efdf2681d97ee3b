from django.contrib.auth import views as auth
from django.urls import path

from pistor.clinic.shared import views
from pistor.clinic.shared.forms import SignInForm

urlpatterns = [
    path("", views.home, name="home"),
    path("drafts/", views.drafts, name="drafts"),
    path("signed-in/", views.signed_in, name="signed_in"),
    path("health/", views.health, name="health"),
    path(
        "sign-in/",
        auth.LoginView.as_view(template_name="shared/sign_in.html", authentication_form=SignInForm, redirect_authenticated_user=True),
        name="sign_in",
    ),
    path("sign-out/", auth.LogoutView.as_view(), name="sign_out"),
]
