"""Documents on paper: typst pages, electronic seals on PDF files, and reading both back."""
