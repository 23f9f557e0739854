"""What the inspector role keeps."""
