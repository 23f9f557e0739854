"""The request form as data: what is asked, when, how an answer is read, and the facts that they give."""
