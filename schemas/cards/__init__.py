"""Cards: how a wallet shows a credential, drawn by us as SVG templates, a card for each type and language."""
