"""What issuers publish about themselves beside their credentials."""
