"""The office: the list of work, decisions by people, and what they ask of applicants."""
