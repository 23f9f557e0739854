"""What is done to a record that is kept: issued, issued again, prolonged, corrected, withdrawn, replaced."""
