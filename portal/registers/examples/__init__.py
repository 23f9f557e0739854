"""TEST DATA: register entries of fictional companies and persons."""
