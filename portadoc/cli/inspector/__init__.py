"""Commands of the inspection office: devices, visits and their exports, site dossiers."""
