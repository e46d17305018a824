"""Tests of what records an application, within the application."""
