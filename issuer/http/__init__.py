"""HTTP of the issuer beside OpenID4VCI: what belongs to the visible digital seal."""
