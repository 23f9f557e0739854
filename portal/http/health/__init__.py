"""The pages and the machine interface of health cards."""
