"""The steps that an installation takes by itself: deciding and issuing, and what follows a release."""
