"""What interfaces for machines have in common: cursors of lists, keys of repeated requests, descriptions."""
