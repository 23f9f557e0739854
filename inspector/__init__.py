"""The inspector role: the app for the field, the devices that it runs on, and what they bring back."""
