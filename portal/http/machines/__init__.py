"""The interface for machines: payroll software asks and follows in the name of the employers that mandate it."""
