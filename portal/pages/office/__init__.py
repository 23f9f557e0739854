"""The pages of an office, as content: the work list, a case, a decision, figures. Nothing is decided here."""
