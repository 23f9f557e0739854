"""Groups with rules of their own: vessels, aircrew, contract staff of the Union, voluntary insurance."""
