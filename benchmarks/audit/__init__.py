"""A large hostile dump of known content, and an audit of it held against that."""
