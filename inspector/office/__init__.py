"""The office: visits as they came in, exports that stand alone, dossiers of sites, and how long all is kept."""
