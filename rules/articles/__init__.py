"""The articles of Title II, one module for each group of rows of the decision table."""
