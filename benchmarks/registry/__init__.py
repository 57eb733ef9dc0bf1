"""What a large registry costs: search by fingerprint, look-up by mark, size and memory."""
