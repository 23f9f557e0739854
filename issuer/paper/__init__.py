"""Drawing: the codes that are printed, and a plain page that carries them."""
