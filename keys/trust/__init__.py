"""Trust as values: anchors, authorisations, and the judgement of certificate chains."""
