"""Composition: settings, the services of all roles, one application, the server that runs it."""
