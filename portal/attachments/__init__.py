"""Files that applicants attach: looked at before they are believed, and kept outside the database."""
