"""Bulk audit: one row for every image of a hostile dump; needs the extra `audit`.

sources -> chunks -> ledger -> isolated workers (bytes -> one row) -> Parquet parts -> summary
"""
