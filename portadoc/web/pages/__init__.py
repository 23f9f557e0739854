"""What the pages of every role share: files beside them, templates, QR codes."""
