"""What the pages of the office and of site dossiers are made of."""
