"""The database: SQLAlchemy Core on SQLite or Postgres.

Functions take a transaction, never commit, and return domain values.
"""
