"""Addresses of the borrowers' pages."""

from django.urls import path

from xero_sync.portal import entry, views

urlpatterns = [
    path("connect/", entry.entry, name="customer-entry"),
    # Codat's portal has this one; it stands before what looks like a token.
    path("c/return/", views.back_from_xero, name="customer-return"),
    path("c/<str:token>/", views.home, name="customer"),
    path("c/<str:token>/connect/", views.connect, name="customer-connect"),
    path("c/<str:token>/renew/", views.renew, name="customer-renew"),
]
