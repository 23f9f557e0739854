"""Questions by purpose: what each purpose may see, what each preset asks, and a lint that compares the two."""
